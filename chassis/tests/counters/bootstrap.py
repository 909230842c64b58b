"""Connects the counters' rooms, as a service's bootstrap does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chassis.store import AggregateStore, aggregate_columns
from chassis.tables import attach
from chassis.wiring import Hearing, Service, TopicShape
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Double, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from counters import wire
from counters.domain import HANDLERS, Counter, Limit

metadata = attach(MetaData())
counters = Table(
    "counters",
    metadata,
    *aggregate_columns(),
    Column("total", BigInteger, CheckConstraint("total <= 1000000", name="counters_total_max"), nullable=False),
    Column("mood", Text, nullable=False),
    Column("ratio", Double, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("counted_time", DateTime(timezone=True)),
    Column("notes", JSONB, nullable=False),
    Column("box", JSONB),
)
limits = Table("limits", metadata, *aggregate_columns(), Column("most", BigInteger, nullable=False))


def service(heard_topic: str = "counters.v1.Heard", **others: Any) -> Service:
    """The service, hearing one topic of its own kind of facts."""
    parts: dict[str, Any] = {
        "name": "counters",
        "handlers": HANDLERS,
        "stores": (AggregateStore(Limit, limits), AggregateStore(Counter, counters)),
        "encode": wire.encode,
        "migrations": Path(__file__).parent / "migrations",
        "hears": {heard_topic: Hearing(wire.CounterEvent, {"counted": wire.count})},
        "heard_shapes": {heard_topic: TopicShape(3, 24)},
        "publishes": {wire.TOPIC: TopicShape(3)},
    }
    return Service(**(parts | others))
