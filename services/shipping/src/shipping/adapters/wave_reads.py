"""What a wave asks the database: parcels that wait, runs of the day, and how partners kept their word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shipping.adapters.reads import BATCHES, PARCELS, ids_of
from shipping.domain.batch import AWARDED, Batch
from shipping.domain.fleet import Record, TurnedDown
from shipping.domain.foreseeing import LikeDay
from shipping.domain.parcel import Parcel


async def open_batches(connection: AsyncConnection, area_hub_id: str) -> list[Batch]:
    """Runs of an area that no partner took."""
    ids = await ids_of(connection, "SELECT id FROM batches WHERE state = 'open' AND area_hub_id = $1", area_hub_id)
    return await BATCHES.load(connection, ids, lock=False)


async def parcels_to_plan(
    connection: AsyncConnection, area_hub_id: str, freed_batch_ids: Sequence[str]
) -> list[Parcel]:
    """The parcels of an area that are on no run but those, and not collected yet, packed or not."""
    sql = """
        SELECT p.id FROM parcels p
        WHERE p.area_hub_id = $1 AND p.state IN ('created', 'ready')
          AND NOT EXISTS (SELECT FROM lines l WHERE l.parcel_id = p.id AND l.live AND l.batch_id <> ALL($2::text[]))"""
    ids = await ids_of(connection, sql, area_hub_id, list(freed_batch_ids))
    return await PARCELS.load(connection, ids, lock=False)


async def earlier_parcels(
    connection: AsyncConnection, area_hub_id: str, days: Sequence[LikeDay], count: int
) -> list[Parcel]:
    """Up to so many parcels of an area that became ready on these days and were not called off, newest first."""
    sql = """
        SELECT p.id FROM parcels p
        JOIN unnest($2::timestamptz[], $3::timestamptz[]) AS d(first, past)
          ON p.ready_time >= d.first AND p.ready_time < d.past
        WHERE p.area_hub_id = $1 AND p.promise IS NOT NULL AND p.state <> 'cancelled'
        ORDER BY p.ready_time DESC, p.id LIMIT $4"""
    firsts, pasts = [day.first for day in days], [day.past for day in days]
    ids = await ids_of(connection, sql, area_hub_id, firsts, pasts, count)
    found = {one.id: one for one in await PARCELS.load(connection, ids, lock=False)}
    return [found[id] for id in ids if id in found]


async def batches_of_day(connection: AsyncConnection, leave_date: str) -> list[Batch]:
    """Every run that leaves on a local day, whatever became of it."""
    ids = await ids_of(connection, "SELECT id FROM batches WHERE leave_date = $1 ORDER BY id", leave_date)
    return await BATCHES.load(connection, ids, lock=False)


async def turned_down(connection: AsyncConnection, area_hub_id: str, since: datetime) -> list[TurnedDown]:
    """What partners declined, or let pass, in an area; the time is when they should have answered."""
    sql = """
        SELECT t.partner_id, ARRAY(SELECT jsonb_array_elements_text(b.commune_codes)), t.answer_deadline_time
        FROM tenders t JOIN batches b ON b.id = t.batch_id
        WHERE t.state IN ('declined', 'expired') AND t.answer_deadline_time >= $2 AND b.area_hub_id = $1
        ORDER BY t.answer_deadline_time, t.id"""
    result = await connection.exec_driver_sql(sql, (area_hub_id, since))
    rows: Sequence[Any] = result.all()
    return [TurnedDown(row[0], tuple(row[1]), row[2]) for row in rows]


async def records(connection: AsyncConnection, area_hub_id: str, since_date: str) -> dict[str, Record]:
    """How many runs of an area each partner took that left since a local day, and how many of them lapsed."""
    sql = """
        SELECT partner_id, count(*), count(*) FILTER (WHERE history @> '[["BatchLapsed"]]'::jsonb) FROM batches
        WHERE leave_date >= $2 AND area_hub_id = $1 AND state = ANY($3::text[]) GROUP BY partner_id"""
    result = await connection.exec_driver_sql(sql, (area_hub_id, since_date, list(AWARDED)))
    rows: Sequence[Any] = result.all()
    return {row[0]: Record(row[1], row[2]) for row in rows}
