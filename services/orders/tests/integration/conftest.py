"""A migrated database of orders, a served service on it, and the others' words as records."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chassis.access import Caller
from chassis.testing.house import House as ServiceHouse
from chassis.testing.house import housed, migrated, record_of
from chassis.testing.serving import CALLERS
from chophien.catalog.v1.livestream_event_pb2 import LivestreamEvent
from chophien.catalog.v1.product_event_pb2 import ProductEvent
from chophien.catalog.v1.seller_event_pb2 import SellerEvent
from chophien.catalog.v1.stock_event_pb2 import StockEvent
from chophien.common.v1.common_pb2 import HANDLING_DRY_FOOD, PAYMENT_METHOD_QR, Line, Place
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.orders.v1.orders_service_pb2_grpc import OrdersServiceStub
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from google.protobuf.message import Message
from orders.bootstrap import SERVICE

NOW = datetime(2026, 2, 4, 6, tzinfo=UTC)


def catalog_facts() -> list[Message]:
    """Two sellers, a product each, and a session with an offer."""
    facts: list[Message] = []
    for seller_id, point, product_id, price in (
        ("seller-a", "pp-zone", "noodles", 50_000),
        ("seller-b", "pp-hill", "tea", 120_000),
    ):
        seller = SellerEvent(seller_id=seller_id, version=1)
        seller.seller_registered.pickup_point.pickup_point_id = point
        seller.seller_registered.register_time.FromDatetime(NOW - timedelta(days=9))
        product = ProductEvent(product_id=product_id, version=1)
        published = product.product_published
        published.seller_id, published.list_price_vnd = seller_id, price
        published.size.weight_g, published.size.length_cm = 500, 30
        published.size.width_cm, published.size.height_cm = 20, 5
        published.handling.append(HANDLING_DRY_FOOD)
        published.publish_time.FromDatetime(NOW - timedelta(days=8))
        facts += [seller, product]
    live, offer = LivestreamEvent(session_id="live-1", version=1), LivestreamEvent(session_id="live-1", version=2)
    live.livestream_started.start_time.FromDatetime(NOW)
    offer.offer_opened.product_id, offer.offer_opened.offer_price_vnd = "tea", 99_000
    offer.offer_opened.from_time.FromDatetime(NOW)
    return [*facts, live, offer]


def place_request(request_id: str = "", **changes: Any) -> pb.PlaceOrderRequest:
    fields: dict[str, Any] = {
        "request_id": request_id or uuid.uuid4().hex,
        "channel": "livestream",
        "buyer": pb.Buyer(name="Lò Thị Sáng", phone="+84912345678", address="Bản Thẳm"),
        "destination": Place(commune_code="00004"),
        "payment_method": PAYMENT_METHOD_QR,
        "lines": [Line(product_id="noodles", quantity=2), Line(product_id="tea", quantity=1, session_id="live-1")],
    }
    return pb.PlaceOrderRequest(**(fields | changes))


class House(ServiceHouse):
    """Orders under test."""

    stubs = (OrdersServiceStub,)

    async def said(self, order_id: str) -> list[OrderEvent]:
        """What orders said of an order, in order."""
        found = await self.rows(f"SELECT payload FROM outbox WHERE key = '{order_id}' ORDER BY seq")
        return [OrderEvent.FromString(row[0]) for row in found]

    async def kinds(self, order_id: str) -> list[str]:
        return [event.WhichOneof("fact") or "" for event in await self.said(order_id)]

    async def get(self, order_id: str) -> pb.GetOrderResponse:
        answer: pb.GetOrderResponse = await self.stub().GetOrder(pb.GetOrderRequest(order_id=order_id))
        return answer


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    async with migrated(postgres, SERVICE) as url:
        yield url


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """The service on empty tables that has heard the catalog."""
    other = Caller(identity="other-channel", role="buyer_channel")
    async with housed(House, SERVICE, database, NOW, (*CALLERS, other)) as house:
        await house.hear(*catalog_facts())
        yield house


class Say:
    """What the others say of an order of two parts."""

    def stock_reserved(self, order_id: str) -> StockEvent:
        event = StockEvent(order_id=order_id, version=1)
        event.stock_reserved.expire_time.FromDatetime(NOW + timedelta(hours=3))
        return event

    def authorized(self, order_id: str) -> PaymentEvent:
        event = PaymentEvent(order_id=order_id, version=2)
        event.payment_authorized.amount_vnd = 199_000
        event.payment_authorized.authorize_time.FromDatetime(NOW)
        return event

    def parcel(self, order_id: str, number: int, kind: str) -> ParcelEvent:
        event = ParcelEvent(order_id=order_id, parcel_id=f"{order_id}-{number}", version=1)
        getattr(event, kind).SetInParent()
        return event

    def until_created(self, order_id: str) -> list[Message]:
        return [
            self.stock_reserved(order_id),
            self.authorized(order_id),
            self.parcel(order_id, 1, "parcel_created"),
            self.parcel(order_id, 2, "parcel_created"),
        ]


@pytest.fixture
def say() -> Say:
    return Say()


@pytest.fixture
def place() -> Any:
    """Makes requests to place an order."""
    return place_request


@pytest.fixture
def record() -> Any:
    """Makes records of events."""
    return record_of


@pytest.fixture
def catalog() -> Any:
    """Makes the catalog's facts."""
    return catalog_facts


@pytest.fixture
def now() -> datetime:
    return NOW
