"""Prepares a wave: reads what is known, has it planned beside the event loop, and answers the command that saves it."""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.kernel import new_id
from chassis.wiring import Runtime
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import telemetry
from shipping.adapters import reads, wave_reads
from shipping.adapters.planner import Planner
from shipping.app.commands import OpenBatch, SavePlan
from shipping.domain.calendar import day_start, local_date
from shipping.domain.fleet import RECORD_DAYS
from shipping.domain.foreseeing import PARCELS_MAX, look_ahead
from shipping.domain.gathering import Gathered, Known
from shipping.domain.promise import World
from shipping.domain.wave import wave_id


@dataclass(frozen=True, slots=True)
class Waves:
    """Plans waves over the reference data with one planner; `seed` starts its dice."""

    world: World
    planner: Planner
    seed: int = 0

    async def prepare(
        self, runtime: Runtime, id: str, area_hub_id: str, now: datetime, *, pushed: bool, take_all: bool
    ) -> SavePlan:
        """The command that saves the wave; whoever dispatches it meets PlanOutdated if parcels changed meanwhile."""
        async with runtime.engine.connect() as connection:
            # Runs that nobody took give their parcels back, to be planned anew.
            unwanted = await wave_reads.open_batches(connection, area_hub_id)
            known = await self._known(connection, id, area_hub_id, now, take_all, [one.id for one in unwanted])
        gathered = Gathered(self.world, known)
        # Beside the event loop: the ways between all gates, and thousands of earlier parcels, take their time.
        wave = await asyncio.to_thread(gathered.wave)
        plan = await self.planner.plan(wave, zlib.crc32(id.encode(), self.seed))
        batches = gathered.batches(plan, [secrets.randbits(40) for _ in plan.runs], telemetry.cause())
        waits = {r.parcel_id: wave_id(area_hub_id, r.waits_for) for r in plan.reasons if r.waits_for}
        return SavePlan(
            wave_id=id,
            area_hub_id=area_hub_id,
            pushed=pushed,
            batches=batches,
            tender_ids=tuple(f"TD-{new_id()}" for _ in batches),
            reasons=plan.reasons,
            waits_for=waits,
            versions={parcel.id: parcel.version for parcel in known.parcels},
            open_batches=tuple(OpenBatch(batch_id=one.id, parcel_ids=one.parcel_ids) for one in unwanted),
        )

    async def _known(
        self,
        connection: AsyncConnection,
        id: str,
        area_hub_id: str,
        now: datetime,
        take_all: bool,
        freed_batch_ids: Sequence[str],
    ) -> Known:
        ahead = look_ahead(self.world, area_hub_id, now)
        since = local_date(now) - timedelta(days=RECORD_DAYS)
        parcels = await wave_reads.parcels_to_plan(connection, area_hub_id, freed_batch_ids)
        earlier = await wave_reads.earlier_parcels(connection, area_hub_id, ahead.days, PARCELS_MAX)
        point_ids = {parcel.pickup_point_id for parcel in (*parcels, *earlier)}
        return Known(
            wave_id=id,
            area_hub_id=area_hub_id,
            parcels=parcels,
            points=await reads.points(connection, point_ids),
            closures=await reads.closures_from(connection, now),
            now=now,
            take_all=take_all,
            ahead=ahead,
            earlier=earlier,
            batches=await wave_reads.batches_of_day(connection, local_date(now).isoformat()),
            refusals=await wave_reads.turned_down(connection, area_hub_id, day_start(local_date(now))),
            records=await wave_reads.records(connection, area_hub_id, since.isoformat()),
        )
