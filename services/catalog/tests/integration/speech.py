"""What sellers, hosts and orders say to catalog in the tests."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1.seller_event_pb2 import SELLER_KIND_HOUSEHOLD, PickupPoint
from chophien.common.v1.common_pb2 import HANDLING_DRY_FOOD, GeoPoint, Line, Place, Size
from chophien.orders.v1.order_event_pb2 import OrderEvent

NOW = datetime(2026, 2, 4, 6, tzinfo=UTC)
PRICE, OFFER_PRICE = 60_000, 45_000


def order_id() -> str:
    return f"DH260204{uuid.uuid4().hex[:12].upper()}"


def point(point_id: str = "pp-binh-lu-zone") -> PickupPoint:
    return PickupPoint(
        pickup_point_id=point_id,
        name="Khu miến dong Bình Lư",
        place=Place(commune_code="03390", hamlet="Toòng Pẳn"),
        location=GeoPoint(latitude=22.325, longitude=103.625),
        contact_name="Vàng Thị Mai",
        contact_phone="0912345678",
    )


def registration(seller_id: str = "seller-1", **changes: Any) -> pb.RegisterSellerRequest:
    stated: dict[str, Any] = {
        "request_id": f"register-{seller_id}",
        "seller_id": seller_id,
        "legal_name": "Hộ kinh doanh Vàng A Páo",
        "kind": SELLER_KIND_HOUSEHOLD,
        "tax_id": "6200123456",
        "home": Place(commune_code="03390"),
        "public_phone": "0912345678",
        "return_policy": "Đổi trả trong 7 ngày",
        "complaint_policy": "Gọi số điện thoại trên",
        "pickup_point": point(),
    }
    return pb.RegisterSellerRequest(**(stated | changes))


def publication(product_id: str = "noodles", seller_id: str = "seller-1", **changes: Any) -> pb.PublishProductRequest:
    stated: dict[str, Any] = {
        "request_id": f"publish-{product_id}",
        "product_id": product_id,
        "seller_id": seller_id,
        "name": "Miến dong 500 g",
        "list_price_vnd": PRICE,
        "size": Size(weight_g=550, length_cm=35, width_cm=20, height_cm=10),
        "handling": [HANDLING_DRY_FOOD],
        "ocop": {"stars": 4, "group": 1, "decision_number": "123/QĐ-UBND", "issue_date": "2024-02-29"},
    }
    return pb.PublishProductRequest(**(stated | changes))


def count(on_hand: int, expected: int, product_id: str = "noodles") -> pb.SetStockRequest:
    return pb.SetStockRequest(
        request_id=uuid.uuid4().hex,
        product_id=product_id,
        on_hand_quantity=on_hand,
        expected_stock_version=expected,
    )


def start(session_id: str = "live-1") -> pb.StartLivestreamRequest:
    return pb.StartLivestreamRequest(
        request_id=f"start-{session_id}",
        session_id=session_id,
        host_id="host-1",
        host_verification=pb.HostVerification(method="VNEID", reference="ref-1"),
        seller_ids=["seller-1"],
    )


def offer(quota: int = 5, session_id: str = "live-1") -> pb.OpenOfferRequest:
    return pb.OpenOfferRequest(
        request_id=f"offer-{session_id}",
        session_id=session_id,
        product_id="noodles",
        offer_price_vnd=OFFER_PRICE,
        quota=quota,
    )


async def open_shop(stub: Any) -> None:
    await stub.RegisterSeller(registration())
    await stub.PublishProduct(publication())
    await stub.SetStock(count(10, 0))
    await stub.StartLivestream(start())
    await stub.OpenOffer(offer())


def line(quantity: int = 1, price: int = PRICE, session_id: str = "", product_id: str = "noodles") -> Line:
    return Line(product_id=product_id, quantity=quantity, unit_price_vnd=price, session_id=session_id)


def placed(order: str, *lines: Line) -> OrderEvent:
    """Each line in a part of its own."""
    event = OrderEvent(order_id=order, version=1)
    event.order_placed.place_time.FromDatetime(NOW)
    for number, one in enumerate(lines, 1):
        event.order_placed.parts.add(part_id=f"{order}-{number}", lines=[one], seller_ids=["seller-1"])
    return event


def confirmed(order: str, *lines: Line) -> OrderEvent:
    event = OrderEvent(order_id=order, version=3)
    for number, one in enumerate(lines, 1):
        event.order_confirmed.parts.add(part_id=f"{order}-{number}", lines=[one])
    return event


def part_cancelled(order: str, number: int, *back: Line) -> OrderEvent:
    event = OrderEvent(order_id=order, version=4)
    event.order_part_cancelled.part_id = f"{order}-{number}"
    event.order_part_cancelled.restock_lines.extend(back)
    return event


def cancelled(order: str, *open_numbers: int) -> OrderEvent:
    event = OrderEvent(order_id=order, version=5)
    event.order_cancelled.reason = "BUYER_CANCELLED"
    event.order_cancelled.open_part_ids.extend(f"{order}-{number}" for number in open_numbers)
    return event
