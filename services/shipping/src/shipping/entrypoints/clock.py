"""The clock's work: plan due waves, let tenders lapse, apply closures, and finish what facts left open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.kernel import new_id
from chassis.wiring import Job, Runtime

from shipping.adapters import reads
from shipping.app.commands import (
    DropParcels,
    ExpireTender,
    LapseRun,
    MakePromise,
    MoveBatch,
    ResumeParcel,
    SkipClosedStops,
)
from shipping.app.handlers.parcels import WAIT_FOR_POINT
from shipping.domain.errors import PlanOutdated
from shipping.domain.wave import wave_id
from shipping.entrypoints.waves import Waves

WAVE_LATE_MAX = timedelta(hours=3)
"""A wave that could not be planned in time is still planned so much later, else the next one takes its parcels."""

PLAN_TRIES_MAX = 3
"""Plans in a row that parcels may outdate before the job waits for its next turn."""


@dataclass(frozen=True, slots=True)
class DueWaves:
    """Plans every area's latest wave once."""

    waves: Waves

    async def plan(self, runtime: Runtime, now: datetime) -> None:
        """Plan what is due; an area that fails does not keep the others back, but the job has failed."""
        network = self.waves.world.network
        latest = ((area, network.timetable(area).latest(now)) for area in network.hubs)
        due = {wave_id(area, wave): area for area, wave in latest if wave and now - wave <= WAVE_LATE_MAX}
        async with runtime.engine.connect() as connection:
            planned = await reads.planned_waves(connection, due) if due else set()
        failed: Exception | None = None
        for id in due.keys() - planned:
            try:
                await self._plan(runtime, id, due[id], now)
            except Exception as error:
                failed = failed or error
        if failed:
            raise failed

    async def _plan(self, runtime: Runtime, id: str, area: str, now: datetime) -> None:
        for tries_left in reversed(range(PLAN_TRIES_MAX)):
            command = await self.waves.prepare(runtime, id, area, now, pushed=False, take_all=False)
            try:
                await runtime.dispatch([command])
                return
            except PlanOutdated:
                if not tries_left:
                    raise


async def expire_tenders(runtime: Runtime, now: datetime) -> None:
    """Ask the next partner where one kept silent."""
    async with runtime.engine.connect() as connection:
        silent = await reads.silent_tenders(connection, now)
    commands = [
        ExpireTender(
            tender_id=tender.id,
            batch_id=batch.id,
            parcel_ids=batch.parcel_ids,
            next_tender_id=f"TD-{new_id()}",
        )
        for tender, batch in silent
    ]
    await runtime.dispatch(commands)


async def apply_closures(runtime: Runtime, now: datetime) -> None:
    """Move live runs off closed roads, and out of closed communes; also those saved while a closure was declared."""
    async with runtime.engine.connect() as connection:
        closures = await reads.closures_from(connection, now)
        roads = sorted({closure.road_id for closure in closures if closure.road_id})
        communes = sorted({closure.commune_code for closure in closures if closure.commune_code})
        moving = await reads.batches_by_roads(connection, roads) if roads else []
        visiting = await reads.batches_to_visit(connection, communes) if communes else []
    await runtime.dispatch([MoveBatch(batch_id=id) for id in moving])
    commands = [
        SkipClosedStops(batch_id=one.id, tender_id=one.tender_id, parcel_ids=one.parcel_ids)
        for one in visiting
        if one.closed_stops(closures, now)
    ]
    await runtime.dispatch(commands)


@dataclass(slots=True)
class Promises:
    """Makes promises anew, turn by turn through all that are broken: those that cannot be bettered keep none back."""

    _after: str = ""

    async def make(self, runtime: Runtime, now: datetime) -> None:
        """Say anew what can be kept where a closure broke the promise of parcels that wait, for the next of them."""
        async with runtime.engine.connect() as connection:
            broken = await reads.promises_broken(connection, now, self._after)
        self._after = broken[-1][0] if len(broken) == reads.PROMISES_MAX else ""
        await runtime.dispatch([MakePromise(parcel_id=id, version=version) for id, version in broken])


@dataclass(frozen=True, slots=True)
class Lapses:
    """Ends the wait for partners that took a run and never reported it, so long after its planned end."""

    grace: timedelta

    async def lapse_runs(self, runtime: Runtime, now: datetime) -> None:
        """Free the parcels that nobody reported."""
        back_before = now - self.grace
        async with runtime.engine.connect() as connection:
            found = await reads.unreported_runs(connection, back_before)
        commands = [LapseRun(batch_id=x.id, parcel_ids=x.parcel_ids, back_before=back_before) for x in found]
        await runtime.dispatch(commands)


async def drop_cancelled(runtime: Runtime, batch_id: str = "") -> None:
    """Take parcels off manifests that were called off, or that another run has; of one batch, or of all."""
    async with runtime.engine.connect() as connection:
        found = await reads.not_to_collect(connection, batch_id)
    by_batch: dict[tuple[str, str], list[str]] = {}
    for batch, tender, parcel in found:
        by_batch.setdefault((batch, tender), []).append(parcel)
    commands = [
        DropParcels(batch_id=batch, tender_id=tender, parcel_ids=tuple(ids))
        for (batch, tender), ids in by_batch.items()
    ]
    await runtime.dispatch(commands)


async def _drop_all_cancelled(runtime: Runtime, _now: datetime) -> None:
    await drop_cancelled(runtime)


async def resume_waiting(runtime: Runtime, now: datetime) -> None:
    """Go on with parcels whose pickup point has become known."""
    async with runtime.engine.connect() as connection:
        found = await reads.waiting_parcels(connection, now - WAIT_FOR_POINT)
    await runtime.dispatch([ResumeParcel(parcel_id=id, pickup_point_id=point) for id, point in found])


def jobs(waves: Waves, run_grace: timedelta) -> tuple[Job, ...]:
    """Everything the clock does here."""
    return (
        Job("plan_waves", DueWaves(waves).plan, every_seconds=0.5),
        Job("expire_tenders", expire_tenders, every_seconds=0.5),
        Job("apply_closures", apply_closures, every_seconds=0.5),
        Job("make_promises", Promises().make, every_seconds=5.0),
        Job("lapse_runs", Lapses(run_grace).lapse_runs, every_seconds=5.0),
        Job("drop_cancelled", _drop_all_cancelled, every_seconds=0.5),
        Job("resume_waiting", resume_waiting, every_seconds=0.5),
    )
