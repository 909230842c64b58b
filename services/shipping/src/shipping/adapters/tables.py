"""The tables of shipping, and which aggregate lives in which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.store import AggregateStore, aggregate_columns
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import sql, tables
from shipping.domain.batch import Batch
from shipping.domain.closure import Closure, Closures
from shipping.domain.line import Line
from shipping.domain.parcel import Parcel
from shipping.domain.pickup_point import PickupPoint
from shipping.domain.scan import Scan
from shipping.domain.tender import Tender
from shipping.domain.wave import Decision, PlannedWave

metadata = tables.attach(MetaData())


def _columns(kind: Any, *names: str) -> list[Column[Any]]:
    return [Column(name, kind, nullable=False) for name in names]


def _text(*names: str) -> list[Column[Any]]:
    return _columns(Text, *names)


def _whole(*names: str) -> list[Column[Any]]:
    return _columns(BigInteger, *names)


def _json(*names: str) -> list[Column[Any]]:
    return _columns(JSONB, *names)


def _time(*names: str) -> list[Column[Any]]:
    return _columns(DateTime(timezone=True), *names)


def _maybe_time(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True))


parcels = Table(
    "parcels",
    metadata,
    *aggregate_columns(),
    *_whole("facts"),
    *_text("state", "order_id", "pickup_point_id", "area_hub_id", "origin_commune_code", "origin_hamlet"),
    *_json("shipment"),
    Column("promise", JSONB),
    *_time("create_time"),
    _maybe_time("ready_time"),
    *_whole("attempt"),
    *_text("batch_id", "partner_id", "reason"),
    Column("return_wanted", Boolean, nullable=False),
    *_json("history"),
)
Index("parcels_open", parcels.c.area_hub_id, postgresql_where=text("state IN ('created', 'ready')"))
Index("parcels_ready", parcels.c.area_hub_id, parcels.c.ready_time)
Index("parcels_waiting", parcels.c.create_time, postgresql_where=text("state = 'waiting'"))

batches = Table(
    "batches",
    metadata,
    *aggregate_columns(),
    *_whole("facts", "feed"),
    *_text("state", "wave_id", "area_hub_id", "hub_id", "road_id"),
    *_json("ways", "commune_codes"),
    *_text("partner_id"),
    *_json("partners_left"),
    *_text("tender_id", "vehicle_kind"),
    *_json("stops"),
    *_time("leave_time", "return_time"),
    *_text("leave_date", "manifest_hash", "closure_id"),
    *_whole("parcels_planned", "parcels_picked", "parcels_missed", "weight_g"),
    *_time("create_time"),
    *_json("history"),
)
LIVE_BATCH = "state NOT IN ('failed', 'handed_over', 'withdrawn')"
Index("batches_live", batches.c.area_hub_id, postgresql_where=text(LIVE_BATCH))
Index("batches_leave", batches.c.leave_date)
Index("batches_newest", batches.c.create_time, batches.c.id)

lines = Table(
    "lines",
    metadata,
    *aggregate_columns(),
    *_text("batch_id", "parcel_id", "state"),
    Column("live", Boolean, nullable=False),
    *_whole("attempt"),
    *_text("reason"),
    _maybe_time("report_time"),
)
Index("lines_one_live_batch", lines.c.parcel_id, unique=True, postgresql_where=text("live"))
Index("lines_batch", lines.c.batch_id)
Index("lines_parcel", lines.c.parcel_id)

tenders = Table(
    "tenders",
    metadata,
    *aggregate_columns(),
    *_text("batch_id", "partner_id", "state"),
    *_time("answer_deadline_time"),
    *_text("reason"),
)
Index("tenders_offered", tenders.c.answer_deadline_time, postgresql_where=text("state = 'offered'"))
Index(
    "tenders_turned_down",
    tenders.c.answer_deadline_time,
    postgresql_where=text("state IN ('declined', 'expired')"),
)
Index("tenders_batch", tenders.c.batch_id)

closures = Table(
    "closures",
    metadata,
    *aggregate_columns(),
    *_text("road_id", "commune_code"),
    *_time("from_time", "to_time"),
    *_text("source", "declared_by"),
)
Index("closures_to", closures.c.to_time)

pickup_points = Table("pickup_points", metadata, *aggregate_columns(), *_json("gates"))

scans = Table(
    "scans",
    metadata,
    *aggregate_columns(),
    *_text("partner_id", "scan_id", "parcel_id", "kind"),
    *_time("scan_time", "receive_time"),
    *_text("outcome"),
    *_columns(LargeBinary, "raw"),
)
Index("scans_parcel", scans.c.parcel_id)

waves = Table(
    "waves",
    metadata,
    *aggregate_columns(),
    *_text("area_hub_id"),
    *_time("decide_time"),
    Column("pushed", Boolean, nullable=False),
    *_json("batch_ids"),
    *_whole("parcels_planned", "parcels_held"),
)

decisions = Table(
    "decisions",
    metadata,
    *aggregate_columns(),
    *_text("wave_id", "parcel_id", "local_date"),
    *_time("decide_time"),
    Column("rides", Boolean, nullable=False),
    *_text("code", "waits_for_wave_id", "batch_id"),
    *_whole("marginal_cost_vnd"),
    *_json("figures"),
)
Index("decisions_parcel", decisions.c.parcel_id, decisions.c.decide_time)

NOT_OVER = """
    SELECT id FROM closures
    WHERE to_time > coalesce((SELECT business_time FROM ticks WHERE job = 'apply_closures'), '-infinity')"""
"""The ids of closures that are not over; one that ended since the clock last applied them may be among them."""


class ClosuresStore(AggregateStore[Closures]):
    """Closures that are not over, read as one by their beginning; cannot save."""

    def __init__(self) -> None:
        """Reads the table of closures."""
        self.kind, self.table = Closures, closures
        self._each = AggregateStore(Closure, closures)

    async def load(self, connection: AsyncConnection, ids: Iterable[str], lock: bool) -> list[Closures]:
        """The same for every id."""
        rows = await sql.fetch(connection, NOT_OVER)
        found = await self._each.load(connection, [row[0] for row in rows], lock) if rows else []
        every = tuple(sorted(found, key=lambda one: (one.from_time, one.id)))
        return [Closures(id=id, closures=every) for id in ids]


STORES = (
    AggregateStore(Parcel, parcels),
    AggregateStore(Batch, batches),
    AggregateStore(Line, lines),
    AggregateStore(Tender, tenders),
    AggregateStore(Closure, closures),
    ClosuresStore(),
    AggregateStore(PickupPoint, pickup_points),
    AggregateStore(Scan, scans),
    AggregateStore(PlannedWave, waves),
    AggregateStore(Decision, decisions),
)
