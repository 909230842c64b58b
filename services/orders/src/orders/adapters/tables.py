"""The tables of orders, one an aggregate, and the view that joins products with their sellers."""

from __future__ import annotations

from chassis.store import AggregateStore, aggregate_columns
from chassis.tables import attach
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from orders.domain.contact import Contact
from orders.domain.order import Order
from orders.domain.placing import ChannelOrder
from orders.domain.views import ForSale, ProductView, SellerView, SessionView

metadata = attach(MetaData())
views = MetaData()
"""What the database computes; alembic compares only tables."""


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _time(name: str, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _json(*names: str) -> list[Column[object]]:
    return [Column(name, JSONB, nullable=False) for name in names]


orders = Table(
    "orders",
    metadata,
    *aggregate_columns(),
    *_texts("state", "wait"),
    _time("deadline_time", nullable=True),
    Column("overdue", Boolean, nullable=False),
    *_texts(
        "cancel_reason", "stock", "payment", "contact_id", "channel", "channel_order_id", "placed_by", "session_id"
    ),
    *_json("destination"),
    *_texts("payment_method"),
    *_json("parts"),
    Column("total_vnd", BigInteger, nullable=False),
    _time("place_time"),
    _time("client_time", nullable=True),
    *_json("history"),
)
Index("orders_deadline", orders.c.deadline_time, postgresql_where=text("deadline_time IS NOT NULL"))
Index("orders_session", orders.c.session_id, orders.c.id, postgresql_where=text("session_id <> ''"))
Index("orders_overdue", orders.c.id, postgresql_where=text("overdue"))
Index("orders_channel_order", orders.c.channel_order_id, postgresql_where=text("channel_order_id <> ''"))

contacts = Table(
    "contacts",
    metadata,
    *aggregate_columns(),
    *_texts("name", "phone", "address"),
    _time("place_time", nullable=True),
    _time("erase_time", nullable=True),
)
Index("contacts_phone", contacts.c.phone, postgresql_where=text("phone <> ''"))
Index("contacts_kept", contacts.c.place_time, postgresql_where=text("erase_time IS NULL"))

channel_orders = Table(
    "channel_orders",
    metadata,
    *aggregate_columns(),
    *_texts("order_id"),
    *(Column(name, Text, nullable=False, server_default=text("''")) for name in ("placed_by", "content")),
    Column("total_vnd", BigInteger, nullable=False),
    _time("place_time"),
    *_json("parts"),
)

product_views = Table(
    "product_views",
    metadata,
    *aggregate_columns(),
    Column("published", BigInteger, nullable=False),
    Column("withdrawn", BigInteger, nullable=False),
    *_texts("seller_id"),
    *_json("prices", "size", "handling"),
)

seller_views = Table(
    "seller_views",
    metadata,
    *aggregate_columns(),
    Column("is_suspended", Boolean, nullable=False),
    Column("suspension_version", BigInteger, nullable=False, server_default=text("0")),
    *_json("pickup_points"),
)

session_views = Table(
    "session_views",
    metadata,
    *aggregate_columns(),
    _time("start_time", nullable=True),
    _time("end_time", nullable=True),
    Column("end_reason", Text, nullable=False, server_default=text("''")),
    *_json("offers"),
)

for_sale = Table(
    "for_sale",
    views,
    *aggregate_columns(),
    Column("published", BigInteger, nullable=False),
    Column("withdrawn", BigInteger, nullable=False),
    *_texts("seller_id"),
    *_json("prices", "size", "handling"),
    Column("seller_is_suspended", Boolean, nullable=False),
    *_json("pickup_points"),
)
"""product_views with their sellers: placing an order reads both in one statement, without locks."""

ORDERS = AggregateStore(Order, orders)
CONTACTS = AggregateStore(Contact, contacts)

STORES = (
    ORDERS,
    CONTACTS,
    AggregateStore(ChannelOrder, channel_orders),
    AggregateStore(ProductView, product_views),
    AggregateStore(SellerView, seller_views),
    AggregateStore(SessionView, session_views),
    AggregateStore(ForSale, for_sale),
)
