"""What a dispatcher asks before saying yes: the price of a pin, and what changed since the plan that was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shipping.domain.planning.answer import Plan, Run
from shipping.domain.planning.model import DOOR, Budget, Pin, Ride, Wave
from shipping.domain.planning.supply import Forbidden

CALLS_MAX = 5
CALL_REACH = timedelta(hours=2)
"""A parcel expected later than this is not worth a call for this wave."""


@dataclass(frozen=True, slots=True)
class Priced:
    """The plan that would result, and what it costs more than the present one; late parcels come first."""

    plan: Plan
    more_late: int
    more_vnd: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Parcels that ride now but did not, do not any more, or ride on another run; runs that are new or gone."""

    rides_now: tuple[str, ...]
    waits_now: tuple[str, ...]
    moved: tuple[str, ...]
    runs_new: tuple[Run, ...]
    runs_gone: tuple[Run, ...]


def price_of(
    wave: Wave,
    plan: Plan,
    budget: Budget,
    *,
    pins: Sequence[Pin] = (),
    runs: Sequence[Run] = (),
    forbidden: Sequence[Forbidden] = (),
) -> Priced:
    """Plan the wave again under more pins, runs that stay and forbidden pairs, with the seed of `plan`."""
    from shipping.domain.planning.plan import plan_wave

    other = replace(
        wave,
        pins=(*wave.pins, *pins),
        pinned_runs=(*wave.pinned_runs, *runs),
        forbidden=(*wave.forbidden, *forbidden),
    )
    made = plan_wave(other, budget, plan.seed)
    return Priced(made, made.late_parcels - plan.late_parcels, made.cost.total_vnd - plan.cost.total_vnd)


def difference(before: Plan, after: Plan) -> Difference:
    """What a dispatcher has to tell anew."""
    old, new = _rides(before), _rides(after)
    return Difference(
        rides_now=tuple(sorted(new.keys() - old.keys())),
        waits_now=tuple(sorted(old.keys() - new.keys())),
        moved=tuple(sorted(p for p in old.keys() & new.keys() if old[p] != new[p])),
        runs_new=tuple(run for run in after.runs if run not in before.runs),
        runs_gone=tuple(run for run in before.runs if run not in after.runs),
    )


def _rides(plan: Plan) -> dict[str, tuple[str, object]]:
    return {p: (run.vehicle_id, run.leave_time) for run in plan.runs for stop in run.stops for p in stop.parcel_ids}


def frozen_runs(wave: Wave) -> tuple[Run, ...]:
    """Runs of the last plan that leave before the freeze time and whose parcels are all still there."""
    if wave.last_plan is None or wave.freeze_time is None:
        return ()
    here = {ride.parcel_id for ride in wave.rides}
    return tuple(
        run
        for run in wave.last_plan.runs
        if wave.decide_time <= run.leave_time < wave.freeze_time
        and all(p in here for stop in run.stops for p in stop.parcel_ids)
        and run not in wave.pinned_runs
    )


def sellers_to_call(wave: Wave, plan: Plan) -> tuple[str, ...]:
    """Announced parcels, not packed yet, at gates where a run of this plan has room: packed now, they would ride."""
    if wave.information == DOOR:
        return ()
    cars = {vehicle.vehicle_id: vehicle for vehicle in wave.vehicles}
    rides = {ride.parcel_id: ride for ride in wave.rides}
    found: list[Ride] = []
    for run in plan.runs:
        gates = {stop.gate_id for stop in run.stops}
        weight = cars[run.vehicle_id].weight_max_g - run.weight_g
        pieces = cars[run.vehicle_id].parcels_max - sum(rides[p].count for s in run.stops for p in s.parcel_ids)
        for ride in wave.rides:
            expected = ride.ready_expected_time
            packed = ride.ready_time is not None and ride.ready_time <= wave.decide_time
            if packed or ride in found or expected is None or ride.gate_id not in gates:
                continue
            fits = ride.weight_g <= weight and ride.count <= pieces and run.partner_id in ride.partner_ids
            if fits and expected <= wave.decide_time + CALL_REACH:
                found.append(ride)
    found.sort(key=lambda ride: (min(ride.latest.values(), default=wave.decide_time), ride.parcel_id))
    return tuple(ride.parcel_id for ride in found[:CALLS_MAX])
