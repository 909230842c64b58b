"""The wiring of Chophien as a table: who publishes, who hears, who calls; tests hold the running services to it."""

from __future__ import annotations

from dataclasses import dataclass

FOR_EVER = 0
SERVICES = ("catalog", "orders", "payments", "shipping")
PARTNERS = ("partner-a", "partner-b")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: who says it, who hears it, its shape; retention 0 keeps facts for ever, cleanup is delete."""

    published_by: str
    heard_by: tuple[str, ...]
    key: str
    partitions: int
    retention_hours: int


TWO_WEEKS = 336
TOPICS = {
    "chophien.catalog.v1.SellerEvent": Topic("catalog", ("orders", "shipping"), "seller_id", 3, FOR_EVER),
    "chophien.catalog.v1.ProductEvent": Topic("catalog", ("orders",), "product_id", 3, FOR_EVER),
    "chophien.catalog.v1.StockEvent": Topic("catalog", ("orders",), "order_id", 6, TWO_WEEKS),
    "chophien.catalog.v1.LivestreamEvent": Topic("catalog", ("orders",), "session_id", 3, FOR_EVER),
    "chophien.orders.v1.OrderEvent": Topic("orders", ("catalog", "payments", "shipping"), "order_id", 6, TWO_WEEKS),
    "chophien.payments.v1.PaymentEvent": Topic("payments", ("orders",), "order_id", 6, TWO_WEEKS),
    "chophien.shipping.v1.ParcelEvent": Topic("shipping", ("orders", "payments"), "parcel_id", 6, TWO_WEEKS),
    "chophien.shipping.v1.PickupBatchEvent": Topic("shipping", (), "batch_id", 3, TWO_WEEKS),
    **{
        f"chophien.shipping.v1.CourierFeed.{partner}": Topic("shipping", (), "batch_id", 3, TWO_WEEKS)
        for partner in PARTNERS
    },
}

CALLS = {"shipping": ("chophien.orders.v1.OrdersService/GetContacts",)}
"""Which service calls which RPC of another; everything else travels as facts."""


def message_of(topic: str) -> str:
    """Full name of the message a topic carries; a partner's feed adds the partner's id to it."""
    for partner in PARTNERS:
        topic = topic.removesuffix(f".{partner}")
    return topic


def published_by(service: str) -> set[str]:
    """Topics a service says."""
    return {name for name, topic in TOPICS.items() if topic.published_by == service}


def heard_by(service: str) -> set[str]:
    """Topics a service hears."""
    return {name for name, topic in TOPICS.items() if service in topic.heard_by}
