"""Things catalog's tests start from: a seller with a product in a memory, and the commands of an order's life."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalog.app import commands
from catalog.app.handlers import HANDLERS
from catalog.domain.events import EndReason, SellerKind
from catalog.domain.goods import Handling, Line, Ocop, Size
from catalog.domain.holds import HeldLine, StockHold
from catalog.domain.livestreams import HostVerification
from catalog.domain.places import PickupPoint, Place
from catalog.domain.products import Description
from catalog.domain.restocks import Restock
from catalog.domain.sellers import PublicBlock
from catalog.domain.stock import Stock
from chassis.kernel import Outcome
from chassis.testing import Memory, carry_out, carry_out_twice

NOW = datetime(2026, 2, 4, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRICE = 60_000
OFFER_PRICE = 45_000
OCOP = Ocop(4, 1, "123/QĐ-UBND", date(2024, 2, 29))
POINT = PickupPoint(
    "pp-binh-lu-zone",
    "Khu miến dong Bình Lư",
    Place("03390", hamlet="Toòng Pẳn"),
    22.325,
    103.625,
    "Vàng Thị Mai",
    "+84912345678",
)


def block(**changes: Any) -> PublicBlock:
    stated: dict[str, Any] = {
        "legal_name": "Hộ kinh doanh Vàng A Páo",
        "kind": SellerKind.HOUSEHOLD,
        "tax_id": "6200123456",
        "registration_number": "",
        "public_phone": "+84912345678",
        "return_policy": "Đổi trả trong 7 ngày",
        "complaint_policy": "Gọi số điện thoại trên",
        "price_includes_shipping": True,
    }
    return PublicBlock(**(stated | changes))


def register(seller_id: str = "seller-1", point: PickupPoint = POINT, acting: str = "") -> commands.RegisterSeller:
    return commands.RegisterSeller(
        acting_seller_id=acting,
        seller_id=seller_id,
        public_block=block(),
        home=Place("03390"),
        pickup_point=point,
    )


def publish(
    product_id: str = "noodles", seller_id: str = "seller-1", acting: str = "", **changes: Any
) -> commands.PublishProduct:
    described: dict[str, Any] = {
        "name": "Miến dong 500 g",
        "size": Size(550, 35, 20, 10),
        "handling": (Handling.DRY_FOOD,),
        "ocop": OCOP,
    }
    price = changes.pop("list_price_vnd", PRICE)
    return commands.PublishProduct(
        acting_seller_id=acting,
        product_id=product_id,
        seller_id=seller_id,
        description=Description(**(described | changes)),
        list_price_vnd=price,
    )


def count(on_hand: int, expected: int = 0, product_id: str = "noodles", acting: str = "") -> commands.SetStock:
    return commands.SetStock(
        acting_seller_id=acting, product_id=product_id, on_hand_quantity=on_hand, expected_stock_version=expected
    )


def start(session_id: str = "live-1", *, acting: str = "", **changes: Any) -> commands.StartLivestream:
    stated: dict[str, Any] = {
        "host_id": "host-1",
        "host_verification": HostVerification("VNEID", "ref-1"),
        "seller_ids": ("seller-1",),
    }
    return commands.StartLivestream(acting_seller_id=acting, session_id=session_id, **(stated | changes))


def offer(quota: int = 0, product_id: str = "noodles", session_id: str = "live-1", acting: str = "") -> Any:
    return commands.OpenOffer(
        acting_seller_id=acting,
        session_id=session_id,
        product_id=product_id,
        offer_price_vnd=OFFER_PRICE,
        quota=quota,
    )


def end(session_id: str = "live-1", acting: str = "") -> commands.EndLivestream:
    return commands.EndLivestream(
        acting_seller_id=acting, session_id=session_id, reason=EndReason.FINISHED, authority_reference=""
    )


def line(quantity: int = 1, product_id: str = "noodles", price: int = PRICE, session_id: str = "") -> Line:
    return Line(product_id, quantity, price, session_id)


def offered(quantity: int = 1, product_id: str = "noodles") -> Line:
    return line(quantity, product_id, OFFER_PRICE, "live-1")


def parts(order_id: str, *lines: Line) -> tuple[HeldLine, ...]:
    """Each line in a part of its own."""
    return tuple(HeldLine(f"{order_id}-{number}", one) for number, one in enumerate(lines, 1))


def place(order_id: str, *lines: Line, place_time: datetime = NOW) -> commands.ReserveStock:
    return commands.ReserveStock(
        order_id=order_id,
        lines=parts(order_id, *lines),
        seller_ids=("seller-1",),
        place_time=place_time,
        expire_time=place_time + 3 * HOUR,
    )


def confirm(order_id: str, *lines: Line) -> commands.CommitStock:
    return commands.CommitStock(order_id=order_id, lines=parts(order_id, *lines))


def cancel(order_id: str, *open_part_ids: str) -> commands.ReleaseStock:
    return commands.ReleaseStock(order_id=order_id, open_part_ids=frozenset(open_part_ids))


def cancel_part(part_id: str, *back: Line) -> commands.ReleasePart:
    return commands.ReleasePart(order_id=part_id.rsplit("-", 1)[0], part_id=part_id, restock_lines=back)


def lapse(memory: Memory, order_id: str) -> commands.ExpireHold:
    hold = memory.get(StockHold, order_id)
    return commands.ExpireHold(order_id=order_id, product_ids=tuple(one.line.product_id for one in hold.lines))


def shelve(memory: Memory) -> None:
    """What the clock job does: all owed restocks, in the order of their ids."""
    for one in sorted(memory.all(Restock), key=lambda restock: restock.id):
        if not one.done:
            products = tuple(moved.line.product_id for moved in one.moves)
            does_twice(memory, commands.FinishRestock(restock_id=one.id, product_ids=products))


def does(memory: Memory, command: object, now: datetime = NOW) -> Outcome:
    return carry_out(HANDLERS, memory, command, now)


def does_twice(memory: Memory, command: object, now: datetime = NOW) -> Outcome:
    """As a redelivered fact: the second time changes nothing."""
    return carry_out_twice(HANDLERS, memory, command, now)


def shop(on_hand: int = 10, quota: int = 0) -> Memory:
    """Noodles of seller-1 on the shelf, offered live with a quota (0 = no limit)."""
    memory = Memory()
    for command in (register(), publish(), count(on_hand), start(), offer(quota)):
        does(memory, command)
    return memory


def levels(memory: Memory, product_id: str = "noodles") -> tuple[int, int, int]:
    """On hand, held, sold."""
    stock = memory.get(Stock, product_id)
    return stock.on_hand_quantity, stock.held_quantity, stock.sold_quantity


def last_fact(memory: Memory) -> Any:
    return memory.facts[-1]
