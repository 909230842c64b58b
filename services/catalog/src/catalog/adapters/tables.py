"""Catalog's tables: one row an aggregate."""

from __future__ import annotations

from typing import Any

from chassis.store import AggregateStore, aggregate_columns
from chassis.tables import attach
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Index, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from catalog.domain.holds import StockHold
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.points import KnownPoint
from catalog.domain.products import Product
from catalog.domain.restocks import Restock
from catalog.domain.sellers import Seller
from catalog.domain.stock import Stock

metadata = attach(MetaData())


def _needed(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _time(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


sellers = Table(
    "sellers",
    metadata,
    *aggregate_columns(),
    _needed("public_block", JSONB),
    *(_needed(name, Text) for name in ("commune_code", "commune_as_of_date", "hamlet")),
    _needed("pickup_points", JSONB),
    _time("suspend_time", nullable=True),
    _needed("suspend_reason", Text),
)
Index("sellers_commune", sellers.c.commune_code)

pickup_points = Table(
    "pickup_points", metadata, *aggregate_columns(), _needed("owner_id", Text), _needed("places", JSONB)
)

products = Table(
    "products",
    metadata,
    *aggregate_columns(),
    _needed("seller_id", Text),
    _needed("description", JSONB),
    _needed("prices", JSONB),
    _time("publish_time"),
    _time("withdraw_time", nullable=True),
)
Index("products_seller", products.c.seller_id, products.c.id)

stocks = Table(
    "stocks",
    metadata,
    *aggregate_columns(),
    *(_needed(name, BigInteger) for name in ("on_hand_quantity", "held_quantity", "sold_quantity", "stock_version")),
    _needed("offers", JSONB),
    # The domain keeps this; the database is the last to notice if it does not.
    CheckConstraint(
        "held_quantity BETWEEN 0 AND on_hand_quantity AND sold_quantity >= 0", name="stocks_are_never_negative"
    ),
    # A hot row is rewritten all day: room for its next versions on the same page.
    postgresql_with={"fillfactor": "50"},
)

livestream_sessions = Table(
    "livestream_sessions",
    metadata,
    *aggregate_columns(),
    _needed("host_id", Text),
    _needed("host_verification", JSONB),
    _needed("seller_ids", JSONB),
    _time("start_time"),
    _needed("offer_count", BigInteger),
    _time("end_time", nullable=True),
    *(_needed(name, Text) for name in ("end_reason", "authority_reference")),
)

stock_holds = Table(
    "stock_holds",
    metadata,
    *aggregate_columns(),
    _needed("state", Text),
    _needed("lines", JSONB),
    _needed("settled", JSONB),
    _time("expire_time", nullable=True),
    _time("commit_time", nullable=True),
)
Index("stock_holds_committed", stock_holds.c.commit_time, postgresql_where=text("commit_time IS NOT NULL"))
Index("stock_holds_expiring", stock_holds.c.expire_time, postgresql_where=text("state = 'HELD'"))

restocks = Table(
    "restocks",
    metadata,
    *aggregate_columns(),
    _needed("moves", JSONB),
    _needed("done", Boolean),
)
Index("restocks_owed", restocks.c.id, postgresql_where=text("NOT done"))

SELLERS = AggregateStore(Seller, sellers)
POINTS = AggregateStore(KnownPoint, pickup_points)
PRODUCTS = AggregateStore(Product, products)
STOCKS = AggregateStore(Stock, stocks)
SESSIONS = AggregateStore(LivestreamSession, livestream_sessions)
HOLDS = AggregateStore(StockHold, stock_holds)
RESTOCKS = AggregateStore(Restock, restocks)
STORES = (SELLERS, POINTS, PRODUCTS, STOCKS, SESSIONS, HOLDS, RESTOCKS)
