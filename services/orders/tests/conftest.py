"""A small shop for tests: two sellers with a pickup point each, and short words for what the others say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chassis.kernel import Outcome
from chassis.testing import Memory, carry_out, carry_out_twice
from orders.app import commands
from orders.app.handlers import HANDLERS
from orders.domain.events import OrderCancelled
from orders.domain.goods import Handling, Line, ParcelState, PaymentMethod, Size
from orders.domain.order import Order, OrderState, PaymentAnswer, StockAnswer, Wait
from orders.domain.views import ProductView, SellerView, for_sale

T0 = datetime(2026, 2, 4, 6, 0, tzinfo=UTC)
ID = "DH260204ABCDEFGHJKMN"


def place_command(**changes: Any) -> commands.PlaceOrder:
    command = commands.PlaceOrder(
        order_id=ID,
        contact_id="contact-1",
        channel="livestream",
        channel_order_id="",
        placed_by="channel-a",
        session_id="",
        name="Lò Thị Sáng",
        phone="+84912345678",
        address="Số 1",
        commune_code="00004",
        as_of_date="",
        hamlet="",
        payment_method=PaymentMethod.QR,
        lines=(Line("noodles", 2, 0), Line("tea", 1, 0)),
        client_time=None,
    )
    return replace(command, **changes)


@dataclass
class Shop:
    """Memory with views of two products at two pickup points, and what others say about the order ID."""

    memory: Memory = field(default_factory=Memory)
    now: datetime = T0

    def do(self, command: object) -> Outcome:
        """Carry out once."""
        outcome = carry_out(HANDLERS, self.memory, command, self.now)
        self._join_views()
        return outcome

    def twice(self, command: object) -> Outcome:
        """Carry out as a redelivery would."""
        outcome = carry_out_twice(HANDLERS, self.memory, command, self.now)
        self._join_views()
        return outcome

    def _join_views(self) -> None:
        for product in list(self.memory.all(ProductView)):
            seller = next((one for one in self.memory.all(SellerView) if one.id == product.seller_id), None)
            self.memory.put(for_sale(product, seller))

    def later(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    @property
    def order(self) -> Order:
        return self.memory.get(Order, ID)

    @property
    def said(self) -> list[str]:
        """Names of all facts so far."""
        return [type(fact).__name__ for fact in self.memory.facts]

    def last(self, kind: type) -> Any:
        """The last fact of a kind."""
        return [fact for fact in self.memory.facts if isinstance(fact, kind)][-1]

    def publish(self, product_id: str, seller_id: str, price: int = 50_000, version: int = 1, **changes: Any) -> None:
        command = commands.NoteProductPublished(
            product_id=product_id,
            fact_version=version,
            seller_id=seller_id,
            list_price_vnd=price,
            size=Size(500, 30, 20, 5),
            handling=(Handling.DRY_FOOD,),
            publish_time=T0 - timedelta(days=1),
        )
        self.twice(replace(command, **changes))

    def seller(self, seller_id: str, point: str, version: int = 1, at: datetime = T0 - timedelta(days=2)) -> None:
        self.twice(
            commands.NotePickupPoint(
                seller_id=seller_id, fact_version=version, pickup_point_id=point, effective_time=at
            )
        )

    def live(self, *offers: tuple[str, int]) -> None:
        """Session live-1 starts, with products at prices of their own."""
        self.twice(commands.NoteLivestreamStarted(session_id="live-1", start_time=self.now))
        for version, (product_id, price) in enumerate(offers, start=2):
            offer = commands.NoteOfferOpened(
                session_id="live-1",
                fact_version=version,
                product_id=product_id,
                offer_price_vnd=price,
                from_time=self.now,
            )
            self.twice(offer)

    def end_session(self, reason: str) -> None:
        """Session live-1 is over."""
        self.twice(commands.NoteLivestreamEnded(session_id="live-1", end_time=self.now, reason=reason))

    def place(self, **changes: Any) -> Outcome:
        return self.do(place_command(**changes))

    def stock(self, answer: StockAnswer | None, kind: str = "") -> None:
        kind = kind or f"Stock{str(answer).title()}"
        self.twice(commands.NoteStock(order_id=ID, kind=kind, detail="", time=None, answer=answer))

    def payment(self, answer: PaymentAnswer | None, kind: str = "", detail: str = "") -> None:
        kind = kind or f"Payment{str(answer).title()}"
        self.twice(commands.NotePayment(order_id=ID, kind=kind, detail=detail, time=self.now, answer=answer))

    def parcel(self, number: int, answer: ParcelState | None, kind: str = "") -> None:
        kind = kind or f"Parcel {answer}"
        self.twice(
            commands.NoteParcel(
                order_id=ID, parcel_id=f"{ID}-{number}", kind=kind, detail="", time=self.now, answer=answer
            )
        )

    def cancel(self, placed_by: str = "") -> Outcome:
        return self.twice(commands.CancelOrder(order_id=ID, placed_by=placed_by))

    def give_up(self) -> None:
        self.twice(commands.GiveUpWait(order_id=ID))

    def until(self, step: str) -> None:
        """Bring a fresh order of two parts to the wait named."""
        self.place()
        if step == "STOCK":
            return
        self.stock(StockAnswer.RESERVED)
        if step == "PAYMENT":
            return
        self.payment(PaymentAnswer.AUTHORIZED)
        if step == "PARCELS":
            return
        self.parcel(1, ParcelState.CREATED)
        self.parcel(2, ParcelState.CREATED)
        if step == "RETURN":
            self.cancel()

    def assert_clean_slate(self, reason: str) -> None:
        """Nothing is open, awaited or due any more, and the order says why."""
        order = self.order
        assert (order.state, order.wait, order.deadline_time) == (OrderState.CANCELLED, Wait.NOTHING, None)
        assert order.cancel_reason == self.last(OrderCancelled).reason == reason


def _new_shop() -> Shop:
    shop = Shop()
    shop.seller("seller-a", "pp-zone")
    shop.seller("seller-b", "pp-hill")
    shop.publish("noodles", "seller-a")
    shop.publish("tea", "seller-b", price=120_000)
    return shop


@pytest.fixture
def shop() -> Shop:
    return _new_shop()


@pytest.fixture
def new_shop() -> Callable[[], Shop]:
    return _new_shop
