"""The checker's rules for reasons: one a parcel, true to the runs, and none that the wave itself contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from shipping.domain.planning.model import Plan, Reason, Ride, Wave

RIDES = {"MUST_GO", "NO_WITNESS", "RIDES_ALONG", "NOT_ON_TIME_ANY_MORE", "RUN_STAYS", "ADDED_TO_RUN"}
CANNOT = {
    "NOT_READY",
    "NO_REACHABLE_HUB",
    "NO_PARTNER_LEFT",
    "NO_VEHICLE_FITS",
    "GATE_CLOSED",
    "NO_WAY",
    "NOT_HOME_IN_TIME",
    "NO_CAPACITY",
    "PINNED_TO_WAIT",
    "PIN_IMPOSSIBLE",
}
HELD = "HELD_FOR_LATER_WAVE"


def check_reasons(wave: Wave, plan: Plan) -> Iterator[str]:
    """Every broken rule of the reasons. Whether a vehicle would have had room is not asked: that is the search."""
    if [reason.parcel_id for reason in plan.reasons] != [ride.parcel_id for ride in wave.rides]:
        yield "reasons: not one for every parcel of the wave, in its order"
        return
    aboard = {p: i for i, run in enumerate(plan.runs) for stop in run.stops for p in stop.parcel_ids}
    added = {p for addition in plan.additions for p in addition.parcel_ids}
    waves = {gate.gate_id: [later.decide_time for later in gate.later_waves] for gate in wave.gates}
    for ride, reason in zip(wave.rides, plan.reasons, strict=True):
        if reason.rides != (reason.parcel_id in aboard or reason.parcel_id in added):
            yield f"reasons: {reason.parcel_id} says rides={reason.rides}"
        elif reason.run_index != aboard.get(reason.parcel_id):
            yield f"reasons: {reason.parcel_id} names the wrong run"
        elif reason.code not in (RIDES if reason.rides else {HELD, *CANNOT}):
            yield f"reasons: {reason.parcel_id} says {reason.code} and rides={reason.rides}"
        elif reason.code == HELD:
            yield from _held(ride, reason, waves.get(ride.gate_id, []))


def _held(ride: Ride, reason: Reason, waves: Sequence[datetime]) -> Iterator[str]:
    """The planner's own word to wait needs a wave to wait for, and names its witness; the caller's needs neither."""
    if ride.must_ride:
        yield f"reasons: {ride.parcel_id} must ride"
    if ride.must_ride is None and reason.waits_for not in waves:
        yield f"reasons: {ride.parcel_id} waits for no wave of its gate"
    if ride.must_ride is None and "witness_time" not in dict(reason.figures):
        yield f"reasons: {ride.parcel_id} names no witness"
