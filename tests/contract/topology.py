"""The wiring of Chophien as a table: who publishes, who hears, who calls; tests hold the running services to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FOR_EVER = 0
SERVICES = ("catalog", "orders", "payments", "shipping")
PARTNERS = ("partner-a", "partner-b")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: who says it, who hears it, its shape; retention 0 keeps facts for ever."""

    published_by: str
    heard_by: tuple[str, ...]
    key: str
    partitions: int
    retention_hours: int
    cleanup: str


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a hearer does with each kind of fact of a topic: acts on it, or leaves it, and why."""

    acts: frozenset[str]
    ignores: Mapping[str, str]


TWO_WEEKS = 336
DELETE = "delete"
"""Old facts are forgotten whole; compaction would forget what an order was before."""

TOPICS = {
    "chophien.catalog.v1.SellerEvent": Topic("catalog", ("orders", "shipping"), "seller_id", 3, FOR_EVER, DELETE),
    "chophien.catalog.v1.ProductEvent": Topic("catalog", ("orders",), "product_id", 3, FOR_EVER, DELETE),
    "chophien.catalog.v1.StockEvent": Topic("catalog", ("orders",), "order_id", 6, TWO_WEEKS, DELETE),
    "chophien.catalog.v1.LivestreamEvent": Topic("catalog", ("orders",), "session_id", 3, FOR_EVER, DELETE),
    "chophien.orders.v1.OrderEvent": Topic(
        "orders", ("catalog", "payments", "shipping"), "order_id", 6, TWO_WEEKS, DELETE
    ),
    "chophien.payments.v1.PaymentEvent": Topic("payments", ("orders",), "order_id", 6, TWO_WEEKS, DELETE),
    "chophien.shipping.v1.ParcelEvent": Topic("shipping", ("orders", "payments"), "parcel_id", 6, TWO_WEEKS, DELETE),
    "chophien.shipping.v1.PickupBatchEvent": Topic("shipping", (), "batch_id", 3, TWO_WEEKS, DELETE),
    **{
        f"chophien.shipping.v1.CourierFeed.{partner}": Topic("shipping", (), "batch_id", 3, TWO_WEEKS, DELETE)
        for partner in PARTNERS
    },
}

CALLS = {"shipping": ("chophien.orders.v1.OrdersService/GetContacts",)}
"""Which service calls which RPC of another; everything else travels as facts."""


def kinds(acts: str, **ignores: str) -> Kinds:
    """Names of facts with blanks between, and those that are left with the reason."""
    return Kinds(frozenset(acts.split()), ignores)


KINDS: dict[tuple[str, str], Kinds] = {
    ("catalog", "chophien.orders.v1.OrderEvent"): kinds(
        "order_placed order_confirmed order_part_cancelled order_cancelled",
        payment_due="stock waits for the confirmation",
        order_completed="stock was sold at the confirmation",
    ),
    ("orders", "chophien.catalog.v1.SellerEvent"): kinds(
        "seller_registered pickup_point_changed seller_suspended seller_reinstated"
    ),
    ("orders", "chophien.catalog.v1.ProductEvent"): kinds("product_published product_withdrawn price_changed"),
    ("orders", "chophien.catalog.v1.StockEvent"): kinds("stock_reserved stock_refused stock_released stock_committed"),
    ("orders", "chophien.catalog.v1.LivestreamEvent"): kinds("livestream_started offer_opened livestream_ended"),
    ("orders", "chophien.payments.v1.PaymentEvent"): kinds(
        "payment_requested payment_authorized payment_declined payment_expired payment_voided refund_due"
        " payment_refunded cod_collected cod_remitted"
    ),
    ("orders", "chophien.shipping.v1.ParcelEvent"): kinds(
        "parcel_created parcel_refused promise_made parcel_ready parcel_picked_up pickup_failed parcel_in_transit"
        " delivery_failed parcel_delivered parcel_returned parcel_lost parcel_cancelled parcel_cancel_refused"
    ),
    ("payments", "chophien.orders.v1.OrderEvent"): kinds(
        "payment_due order_part_cancelled order_cancelled",
        order_placed="money is asked for once stock is held",
        order_confirmed="payments said so itself, by authorising",
        order_completed="money moved part by part",
    ),
    ("payments", "chophien.shipping.v1.ParcelEvent"): kinds(
        "parcel_delivered",
        **dict.fromkeys(
            ("parcel_created", "promise_made", "parcel_ready", "parcel_picked_up", "pickup_failed"),
            "money moves at the buyer's door",
        ),
        **dict.fromkeys(("parcel_in_transit", "delivery_failed"), "money moves at the buyer's door"),
        **dict.fromkeys(
            ("parcel_refused", "parcel_returned", "parcel_lost", "parcel_cancelled", "parcel_cancel_refused"),
            "orders decides, and says OrderPartCancelled",
        ),
    ),
    ("shipping", "chophien.catalog.v1.SellerEvent"): kinds(
        "seller_registered pickup_point_changed",
        seller_suspended="parcels under way go on",
        seller_reinstated="parcels under way went on",
    ),
    ("shipping", "chophien.orders.v1.OrderEvent"): kinds(
        "order_confirmed order_part_cancelled order_cancelled",
        order_placed="a parcel is made once stock and money are settled",
        payment_due="a parcel is made once stock and money are settled",
        order_completed="shipping said so itself, parcel by parcel",
    ),
}
"""By hearer and topic; every kind of every heard topic stands on one side."""


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
