"""The checker's rules for parcels that committed runs take along: nothing of such a run may change or be delayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from shipping.domain.planning.checker_clock import Clock
from shipping.domain.planning.model import HEAVY, HOT_MEAL, KINDS, Addition, Committed, Plan, Ride, Wave


def check_additions(wave: Wave, plan: Plan, clock: Clock) -> Iterator[str]:
    """Every broken rule of the plan's additions."""
    committed = {run.run_id: run for run in wave.committed}
    loads: Counter[tuple[str, str]] = Counter()
    for addition in plan.additions:
        run = committed.get(addition.run_id) if addition.gate_id in clock.gates else None
        times = [stop.arrive_time for stop in run.stops if stop.gate_id == addition.gate_id] if run else []
        if run is None or not times:
            yield f"addition: no such stop: {addition.run_id} at {addition.gate_id}"
            continue
        yield from _stop(wave, run, addition)
        for parcel_id in addition.parcel_ids:
            ride = clock.rides.get(parcel_id)
            if ride is None or not _carries(run, ride):
                yield f"addition: may not ride with {run.partner_id} to {run.hub_id}: {parcel_id}"
                continue
            delay = timedelta(seconds=loads[run.run_id, "s"])
            yield from _added(clock, run, addition, ride, [time + delay for time in times if time >= wave.decide_time])
            loads[run.run_id, "s"] += ride.service_seconds
            loads[run.run_id, "g"] += ride.weight_g
            loads[run.run_id, "cm3"] += ride.volume_cm3
            loads[run.run_id, "pieces"] += ride.count
    for run_id, one in committed.items():
        volume = one.volume_left_cm3 is not None and loads[run_id, "cm3"] > one.volume_left_cm3
        if loads[run_id, "g"] > one.weight_left_g or loads[run_id, "pieces"] > one.parcels_left or volume:
            yield f"addition: no room left: {run_id}"
        if loads[run_id, "s"] > one.spare_seconds:
            yield f"addition: no time left: {run_id}"


def _carries(run: Committed, ride: Ride) -> bool:
    return run.partner_id in ride.partner_ids and (not ride.latest or run.hub_id in ride.latest)


def _stop(wave: Wave, run: Committed, addition: Addition) -> Iterator[str]:
    gate = next(gate for gate in wave.gates if gate.gate_id == addition.gate_id)
    if KINDS.index(run.kind) > KINDS.index(gate.largest_kind):
        yield f"addition: vehicle too large for the gate: {run.kind} at {gate.gate_id}"
    if run.hub_id not in gate.hub_ids:
        yield f"addition: hub not reachable from the gate: {run.hub_id} from {gate.gate_id}"
    for no in wave.forbidden:
        same = (no.partner_id, no.commune_code) == (run.partner_id, gate.commune_code)
        if same and wave.decide_time < no.until_time:
            yield f"addition: forbidden partner: {run.partner_id} in {gate.commune_code}"


def _added(clock: Clock, run: Committed, addition: Addition, ride: Ride, times: list[datetime]) -> Iterator[str]:
    """`times`: when the run is at the gate yet, with what was added before on board."""
    decided, gate = clock.wave.decide_time, clock.gates[addition.gate_id]
    late = run.return_time + timedelta(seconds=clock.hubs[run.hub_id].handling_seconds)
    if late > ride.latest.get(run.hub_id, late) or ride.gate_id != addition.gate_id:
        yield f"addition: late or elsewhere: {ride.parcel_id}"
        return
    heavy = (ride.needs_van or HEAVY in ride.handling) and run.kind == KINDS[0]
    ready = ride.ready_time is not None and ride.ready_time <= decided and ride.known_time <= decided
    if heavy or HOT_MEAL in ride.handling or not ready:
        yield f"addition: not on such a run: {ride.parcel_id}"
    coming = [time + timedelta(seconds=gate.stop_seconds) for time in times]
    if not coming:
        yield f"addition: the stop is over: {ride.parcel_id}"
    elif wrong := [list(clock.shut(start, ride)) for start in coming]:
        yield from (f"addition: {found}" for found in min(wrong, key=len))
