"""Questions to the database: views for callers, and what the clock's jobs must look at. Waves have their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chassis.kernel import NotFound
from chassis.paging import Place
from chassis.store import AggregateStore
from sqlalchemy.ext.asyncio import AsyncConnection

from shipping.adapters import tables
from shipping.domain.batch import Batch
from shipping.domain.calendar import DAYS_SEARCHED_MAX
from shipping.domain.closure import EVERY, Closure
from shipping.domain.line import Line, line_id
from shipping.domain.parcel import Parcel
from shipping.domain.pickup_point import PickupPoint
from shipping.domain.share import Counts, share_of
from shipping.domain.tender import Tender
from shipping.domain.wave import Decision

PARCELS = AggregateStore(Parcel, tables.parcels)
BATCHES = AggregateStore(Batch, tables.batches)
LINES = AggregateStore(Line, tables.lines)
TENDERS = AggregateStore(Tender, tables.tenders)
CLOSURES = tables.ClosuresStore()
POINTS = AggregateStore(PickupPoint, tables.pickup_points)
DECISIONS = AggregateStore(Decision, tables.decisions)

PROMISES_MAX = 500
"""Broken promises looked at in one turn."""


async def ids_of(connection: AsyncConnection, sql: str, *values: Any) -> list[str]:
    """The first column of what a query answers."""
    result = await connection.exec_driver_sql(sql, values)
    return [row[0] for row in result]


async def parcel(connection: AsyncConnection, parcel_id: str) -> Parcel:
    """A parcel; raises NotFound, also for one that was called off before it existed."""
    found = await PARCELS.load(connection, [parcel_id], lock=False)
    if not found or found[0].state == "called_off":
        raise NotFound(kind="Parcel", id=parcel_id)
    return found[0]


async def run_of(connection: AsyncConnection, parcel_id: str, partner_id: str) -> str:
    """The run a partner took that a parcel is on, or was on and not refused, the latest; "" = none."""
    sql = """
        SELECT b.id FROM lines l JOIN batches b ON b.id = l.batch_id JOIN tenders t ON t.id = b.tender_id
        WHERE l.parcel_id = $1 AND t.partner_id = $2 AND t.state = 'accepted' AND l.state <> 'refused'
        ORDER BY l.live DESC, b.create_time DESC, b.id LIMIT 1"""
    found = await ids_of(connection, sql, parcel_id, partner_id)
    return found[0] if found else ""


async def live_batch(connection: AsyncConnection, parcel_id: str) -> tuple[str, str]:
    """The live run a parcel is on and its partner; two empty words if there is none."""
    result = await connection.exec_driver_sql(
        "SELECT b.id, b.partner_id FROM lines l JOIN batches b ON b.id = l.batch_id WHERE l.parcel_id = $1 AND l.live",
        (parcel_id,),
    )
    rows: Sequence[Any] = result.all()
    return (rows[0][0], rows[0][1]) if rows else ("", "")


async def latest_decision(connection: AsyncConnection, parcel_id: str) -> tuple[Decision | None, Line | None]:
    """What a wave decided last about a parcel, and what became of it on the run planned then; None = nothing."""
    sql = "SELECT id FROM decisions WHERE parcel_id = $1 ORDER BY decide_time DESC, wave_id DESC LIMIT 1"
    found = await DECISIONS.load(connection, await ids_of(connection, sql, parcel_id), lock=False)
    ids = [line_id(decision.batch_id, parcel_id) for decision in found]
    return next(iter(found), None), next(iter(await LINES.load(connection, ids, lock=False)), None)


async def decisions(connection: AsyncConnection, parcel_id: str, local_date: str) -> list[Decision]:
    """What the waves of a local day decided about a parcel, oldest first."""
    ids = await ids_of(
        connection, "SELECT id FROM decisions WHERE parcel_id = $1 AND local_date = $2", parcel_id, local_date
    )
    return sorted(await DECISIONS.load(connection, ids, lock=False), key=lambda one: (one.decide_time, one.wave_id))


async def batch(connection: AsyncConnection, batch_id: str) -> Batch:
    """A batch; raises NotFound."""
    found = await BATCHES.load(connection, [batch_id], lock=False)
    if not found:
        raise NotFound(kind="Batch", id=batch_id)
    return found[0]


async def lines(connection: AsyncConnection, batch_id: str, commune_code: str = "") -> list[Line]:
    """Every line a batch ever had, by parcel; of one commune's parcels, or of all."""
    sql = """
        SELECT l.id FROM lines l JOIN parcels p ON p.id = l.parcel_id
        WHERE l.batch_id = $1 AND ($2 = '' OR p.origin_commune_code = $2)"""
    ids = await ids_of(connection, sql, batch_id, commune_code)
    return sorted(await LINES.load(connection, ids, lock=False), key=lambda line: line.parcel_id)


async def shares(connection: AsyncConnection, found: Iterable[Batch], commune_code: str) -> list[Batch]:
    """One commune's shares of these batches."""
    sql = """
        SELECT l.batch_id, count(*), count(*) FILTER (WHERE l.state = 'picked'),
               count(*) FILTER (WHERE l.state IN ('missed', 'lapsed')),
               sum((p.shipment -> 'size' ->> 'weight_g')::bigint)::bigint
        FROM lines l JOIN parcels p ON p.id = l.parcel_id
        WHERE l.batch_id = ANY($1::text[]) AND p.origin_commune_code = $2 GROUP BY l.batch_id"""
    runs = list(found)
    result = await connection.exec_driver_sql(sql, ([one.id for one in runs], commune_code))
    rows: Sequence[Any] = result.all()
    counted = {row[0]: Counts(*row[1:]) for row in rows}
    return [share_of(one, commune_code, counted.get(one.id, Counts())) for one in runs]


async def tenders_of(connection: AsyncConnection, batch_id: str) -> list[Tender]:
    """The offers of a batch, oldest first."""
    ids = await ids_of(connection, "SELECT id FROM tenders WHERE batch_id = $1", batch_id)
    return sorted(await TENDERS.load(connection, ids, lock=False), key=lambda one: one.answer_deadline_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilter:
    """Which batches; empty = any. `before` is where the page before ended."""

    state: str = ""
    commune_code: str = ""
    leave_date: str = ""
    partner_id: str = ""
    before: Place | None = None


async def list_batches(connection: AsyncConnection, wanted: BatchFilter, count: int) -> list[Batch]:
    """Batches, newest first."""
    sql = """
        SELECT id FROM batches
        WHERE ($1 = '' OR state = $1) AND ($2 = '' OR commune_codes ? $2) AND ($3 = '' OR leave_date = $3)
          AND ($4 = '' OR partner_id = $4)
          AND ($5::timestamptz IS NULL OR (create_time, id) < ($5, $6))
        ORDER BY create_time DESC, id DESC LIMIT $7"""
    before = wanted.before or (None, "")
    values = (wanted.state, wanted.commune_code, wanted.leave_date, wanted.partner_id, *before, count)
    ids = await ids_of(connection, sql, *values)
    found = {one.id: one for one in await BATCHES.load(connection, ids, lock=False)}
    return [found[id] for id in ids]


async def tender_for(connection: AsyncConnection, tender_id: str, partner_id: str) -> tuple[Tender, Batch]:
    """A partner's own tender with its batch; raises NotFound for everybody else's."""
    found = await TENDERS.load(connection, [tender_id], lock=False)
    if not found:
        raise NotFound(kind="Tender", id=tender_id)
    tender = found[0].owned_by(partner_id)
    return tender, await batch(connection, tender.batch_id)


async def open_tenders(
    connection: AsyncConnection, partner_id: str, now: datetime, after: Place | None, count: int
) -> list[tuple[Tender, Batch]]:
    """A partner's offers that can still be answered, soonest deadline first."""
    sql = """
        SELECT id FROM tenders
        WHERE partner_id = $1 AND state = 'offered' AND answer_deadline_time >= $2
          AND ($3::timestamptz IS NULL OR (answer_deadline_time, id) > ($3, $4))
        ORDER BY answer_deadline_time, id LIMIT $5"""
    ids = await ids_of(connection, sql, partner_id, now, *(after or (None, "")), count)
    found = {one.id: one for one in await TENDERS.load(connection, ids, lock=False)}
    runs = {one.id: one for one in await BATCHES.load(connection, [t.batch_id for t in found.values()], lock=False)}
    return [(found[id], runs[found[id].batch_id]) for id in ids]


async def parcels(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Parcel]:
    """Parcels by id."""
    return {one.id: one for one in await PARCELS.load(connection, ids, lock=False)}


async def points(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, PickupPoint]:
    """Pickup points by id."""
    return {one.id: one for one in await POINTS.load(connection, sorted(set(ids)), lock=False)}


async def silent_tenders(connection: AsyncConnection, now: datetime) -> list[tuple[Tender, Batch]]:
    """Offers whose deadline passed without an answer."""
    sql = "SELECT id FROM tenders WHERE state = 'offered' AND answer_deadline_time < $1 ORDER BY id LIMIT 100"
    found = await TENDERS.load(connection, await ids_of(connection, sql, now), lock=False)
    runs = {one.id: one for one in await BATCHES.load(connection, [t.batch_id for t in found], lock=False)}
    return [(tender, runs[tender.batch_id]) for tender in found]


async def not_to_collect(connection: AsyncConnection, batch_id: str = "") -> list[tuple[str, str, str]]:
    """Parcels on a manifest that were called off, or that another run has: batch, its tender, parcel. "" = any run."""
    sql = """
        SELECT l.batch_id, b.tender_id, l.parcel_id
        FROM lines l JOIN parcels p ON p.id = l.parcel_id JOIN batches b ON b.id = l.batch_id
        WHERE l.live AND l.state = 'planned' AND ($1 = '' OR l.batch_id = $1)
          AND (p.state = 'cancelled' OR p.batch_id NOT IN ('', l.batch_id))
        ORDER BY 1, 3 LIMIT 500"""
    result = await connection.exec_driver_sql(sql, (batch_id,))
    rows: Sequence[Any] = result.all()
    return [(row[0], row[1], row[2]) for row in rows]


async def unreported_runs(connection: AsyncConnection, back_before: datetime) -> list[Batch]:
    """Runs that should have been back before a moment, with parcels that nobody reported or scanned."""
    sql = f"""
        SELECT id FROM batches
        WHERE {tables.LIVE_BATCH} AND state IN ('accepted', 'collecting') AND return_time < $1
          AND EXISTS (SELECT FROM lines l JOIN parcels p ON p.id = l.parcel_id
                      WHERE l.batch_id = batches.id AND l.state = 'planned'
                        AND p.state IN ('created', 'ready', 'on_hold'))
        ORDER BY id LIMIT 100"""
    return await BATCHES.load(connection, await ids_of(connection, sql, back_before), lock=False)


async def waiting_parcels(connection: AsyncConnection, refuse_before: datetime) -> list[tuple[str, str]]:
    """Parcels whose pickup point has become known, or that waited too long; with their pickup points' ids."""
    sql = """
        SELECT p.id, p.pickup_point_id FROM parcels p
        WHERE p.state = 'waiting'
          AND (p.create_time < $1 OR EXISTS (SELECT FROM pickup_points x WHERE x.id = p.pickup_point_id))
        ORDER BY p.create_time LIMIT 200"""
    result = await connection.exec_driver_sql(sql, (refuse_before,))
    rows: Sequence[Any] = result.all()
    return [(row[0], row[1]) for row in rows]


async def closures_from(connection: AsyncConnection, now: datetime) -> list[Closure]:
    """Closures that hold now or will, by their beginning: those that commands read too."""
    (every,) = await CLOSURES.load(connection, [EVERY], lock=False)
    return [closure for closure in every.closures if closure.to_time > now]


async def promises_broken(connection: AsyncConnection, now: datetime, after: str) -> list[tuple[str, int]]:
    """Parcels on no run whose commune is closed, from now or the night before, until late on the day of their promise.

    The next of them after an id, at most PROMISES_MAX, with the versions they have while they are on no run. Such a
    promise is made anew to a later day, so that each is answered once; not where it stays closed beyond the days in
    which a wave is searched for, for then nothing better is known.
    """
    sql = """
        SELECT DISTINCT p.id, p.version FROM parcels p JOIN closures c ON c.commune_code = p.origin_commune_code
        CROSS JOIN LATERAL (SELECT (p.promise ->> 'handover_deadline_time')::timestamptz AS promised) d
        WHERE p.state IN ('created', 'ready') AND c.to_time > $1 AND c.to_time < $2 AND p.id > $3
          AND c.from_time <= greatest($1, d.promised - interval '1 day') AND c.to_time > d.promised - interval '5 hours'
          AND NOT EXISTS (SELECT FROM lines l WHERE l.parcel_id = p.id AND l.live)
        ORDER BY p.id LIMIT $4"""
    values = (now, now + timedelta(days=DAYS_SEARCHED_MAX), after, PROMISES_MAX)
    result = await connection.exec_driver_sql(sql, values)
    rows: Sequence[Any] = result.all()
    return [(row[0], row[1]) for row in rows]


async def batches_by_roads(connection: AsyncConnection, road_ids: Sequence[str]) -> list[str]:
    """Live runs that reach their hub by one of these roads."""
    sql = f"SELECT id FROM batches WHERE {tables.LIVE_BATCH} AND road_id = ANY($1::text[]) ORDER BY id"
    return await ids_of(connection, sql, list(road_ids))


async def batches_to_visit(connection: AsyncConnection, commune_codes: Sequence[str]) -> list[Batch]:
    """Runs that have not begun and have, or had, a stop in one of these communes."""
    sql = f"""
        SELECT id FROM batches
        WHERE {tables.LIVE_BATCH} AND state IN ('tendered', 'accepted') AND commune_codes ?| $1::text[] ORDER BY id"""
    ids = await ids_of(connection, sql, list(commune_codes))
    return await BATCHES.load(connection, ids, lock=False)


async def planned_waves(connection: AsyncConnection, wave_ids: Iterable[str]) -> set[str]:
    """Which of these waves were planned."""
    return set(await ids_of(connection, "SELECT id FROM waves WHERE id = ANY($1::text[])", list(wave_ids)))
