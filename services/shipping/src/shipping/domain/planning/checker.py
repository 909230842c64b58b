"""Recomputes a plan from the wave alone and lists every rule it breaks; shares no code with the search on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from shipping.domain.planning.checker_additions import check_additions
from shipping.domain.planning.checker_bill import check_bill, check_run
from shipping.domain.planning.checker_clock import Clock
from shipping.domain.planning.checker_reasons import check_reasons
from shipping.domain.planning.checker_witness import broken_witnesses
from shipping.domain.planning.faults import instants, moments
from shipping.domain.planning.model import DOOR, HEAVY, HOT_MEAL, KINDS, Gate, Plan, Ride, Run, Vehicle, Wave


def broken_rules(wave: Wave, plan: Plan, *, must: bool = True) -> tuple[str, ...]:
    """Every broken rule as "rule: what and where"; empty = the plan may go out.

    With `must` False pins and frozen runs are not asked for (a plan that is only priced may leave them out). Raises
    nothing: unknown ids and times without a zone are broken rules too.
    """
    return tuple(_Check(wave, plan).all(must))


def broken_by_runs(wave: Wave, runs: Sequence[Run]) -> tuple[str, ...]:
    """Every rule that these runs break, each alone or all together; what else a plan holds is not asked for."""
    check = _Check(wave, Plan(wave_id=wave.wave_id, runs=tuple(runs), reasons=()))
    alone = [rule for run in runs for rule in check.alone(run)]
    return tuple(alone or check.together(runs))


def drivable(wave: Wave, kept: Sequence[Run], more: Iterable[Run]) -> tuple[Run, ...]:
    """Those of `more`, first come first served, that can be driven beside `kept` without breaking a rule."""
    check, found = _Check(wave, Plan(wave_id=wave.wave_id, runs=(), reasons=())), list[Run]()
    for run in more:
        if not any(check.alone(run)) and not any(check.together([*kept, *found, run])):
            found.append(run)
    return tuple(found)


def frozen_runs(wave: Wave) -> tuple[Run, ...]:
    """Runs of the last plan that leave before the freeze time and can still be driven as they were told.

    Dropped, and planned anew, is a run that breaks a rule by now, alone or beside the pinned ones and those before it:
    its vehicle, a gate or a parcel is gone, its partner declined, a dispatcher wants one of its parcels to wait. The
    lead does not count: the run was booked when it was told.
    """
    if wave.last_plan is None or wave.freeze_time is None:
        return ()
    pinned = [replace(run, spare_partner_id="") for run in wave.pinned_runs]
    due = (run for run in wave.last_plan.runs if wave.decide_time <= run.leave_time < wave.freeze_time)
    return drivable(wave, wave.pinned_runs, [run for run in due if replace(run, spare_partner_id="") not in pinned])


class _Check:
    def __init__(self, wave: Wave, plan: Plan) -> None:
        self.wave, self.plan = wave, plan
        self.rides: dict[str, Ride] = {ride.parcel_id: ride for ride in wave.rides}
        self.gates: dict[str, Gate] = {gate.gate_id: gate for gate in wave.gates}
        self.vehicles: dict[str, Vehicle] = {vehicle.vehicle_id: vehicle for vehicle in wave.vehicles}
        self.hubs = {hub.hub_id: hub for hub in wave.hubs}
        self.clock = Clock(wave)

    def all(self, must: bool) -> Iterator[str]:
        if self.plan.wave_id != self.wave.wave_id:
            yield f"wave: this is the plan of {self.plan.wave_id!r}"
        unreadable = [*self.no_instants(), *(rule for run in self.plan.runs for rule in self.unknown(run))]
        yield from unreadable
        if unreadable:
            return
        yield from self.together(self.plan.runs)
        yield from check_reasons(self.wave, self.plan)
        yield from check_additions(self.wave, self.plan, self.clock)
        for run in self.plan.runs:
            yield from self.driven(run)
            yield from self.spare(run)
        yield from check_bill(self.wave, self.plan)
        yield from broken_witnesses(self.wave, self.plan)
        if must:
            yield from self.pins()

    def alone(self, run: Run) -> Iterator[str]:
        """Rules that a run breaks by itself, pins of its parcels among them."""
        unknown = list(self.unknown(run))
        yield from unknown
        if not unknown:
            yield from self.driven(run)
            yield from check_run(self.wave, self.clock.roads, self.rides, run)
            yield from self.pinned_elsewhere(run)

    def driven(self, run: Run) -> Iterator[str]:
        yield from self.vehicle_fits(run)
        yield from self.clock.times(self.vehicles[run.vehicle_id], run)
        yield from self.loads(run)
        for stop in run.stops:
            for parcel_id in stop.parcel_ids:
                yield from self.may_ride(run, self.rides[parcel_id])

    def together(self, runs: Sequence[Run]) -> Iterator[str]:
        """Rules that runs break only beside each other."""
        yield from self.once(runs)
        yield from self.fleet(runs)
        yield from self.partner_ceilings(runs)

    def no_instants(self) -> Iterator[str]:
        """Times that cannot be compared with those of the wave."""
        for run in (*self.plan.runs, *(one.run for one in self.plan.witnesses)):
            yield from moments(run, f"run of {run.vehicle_id}: ", ("leave_time", "return_time"))
            for stop in run.stops:
                yield from moments(stop, f"stop at {stop.gate_id}: ", ("arrive_time", "leave_time"))
        yield from instants("witness: decide_time", (one.decide_time for one in self.plan.witnesses))

    def unknown(self, run: Run) -> Iterator[str]:
        vehicle = self.vehicles.get(run.vehicle_id)
        if vehicle is None or (vehicle.partner_id, vehicle.kind) != (run.partner_id, run.kind):
            yield f"unknown vehicle: {run.vehicle_id}"
        if run.hub_id not in self.hubs:
            yield f"unknown hub: {run.hub_id}"
        for stop in run.stops:
            if stop.gate_id not in self.gates:
                yield f"unknown gate: {stop.gate_id}"
            for parcel_id in stop.parcel_ids:
                if parcel_id not in self.rides or self.rides[parcel_id].gate_id != stop.gate_id:
                    yield f"unknown parcel at {stop.gate_id}: {parcel_id}"

    def once(self, runs: Sequence[Run]) -> Iterator[str]:
        taken = Counter(p for run in runs for stop in run.stops for p in stop.parcel_ids)
        taken.update(p for addition in self.plan.additions for p in addition.parcel_ids)
        for parcel_id, times in taken.items():
            if times > 1:
                yield f"collected twice: {parcel_id}"
        outbound = Counter(o for run in runs for stop in run.stops for o in stop.outbound_ids)
        for outbound_id, times in outbound.items():
            if times > 1:
                yield f"brought twice: {outbound_id}"

    def fleet(self, runs: Sequence[Run]) -> Iterator[str]:
        used = Counter(run.vehicle_id for run in runs)
        for vehicle_id, number in used.items():
            if number > self.vehicles[vehicle_id].number:
                yield f"more vehicles than there are: {number} of {vehicle_id}"

    def partner_ceilings(self, runs: Sequence[Run]) -> Iterator[str]:
        """Additions count too, but for runs: theirs was counted when it was promised."""
        committed = {run.run_id: run.partner_id for run in self.wave.committed}
        added = [(committed.get(one.run_id), p) for one in self.plan.additions for p in one.parcel_ids]
        for day in self.wave.partners:
            own = [run for run in runs if run.partner_id == day.partner_id]
            along = [self.rides[p] for partner_id, p in added if partner_id == day.partner_id and p in self.rides]
            pieces = sum(self.rides[p].count for run in own for stop in run.stops for p in stop.parcel_ids)
            pieces += sum(ride.count for ride in along)
            if day.runs_max is not None and day.runs_today + len(own) > day.runs_max and own:
                yield f"partner ceiling: runs of {day.partner_id}"
            if day.parcels_max is not None and day.parcels_today + pieces > day.parcels_max and pieces:
                yield f"partner ceiling: parcels of {day.partner_id}"
            weight = sum(run.weight_g for run in own) + sum(ride.weight_g for ride in along)
            if day.weight_max_g is not None and day.weight_today_g + weight > day.weight_max_g and weight:
                yield f"partner ceiling: weight of {day.partner_id}"

    def vehicle_fits(self, run: Run) -> Iterator[str]:
        vehicle = self.vehicles[run.vehicle_id]
        if vehicle.hub_ids and run.hub_id not in vehicle.hub_ids:
            yield f"vehicle {run.vehicle_id} does not go to {run.hub_id}"
        if not run.stops or not any(stop.parcel_ids for stop in run.stops):
            yield f"empty run: {run.vehicle_id}"
        meals = [p for stop in run.stops for p in stop.parcel_ids if HOT_MEAL in self.rides[p].handling]
        if meals and sum(len(stop.parcel_ids) for stop in run.stops) > 1:
            yield f"hot meal batched: {meals[0]}"
        for stop in run.stops:
            gate = self.gates[stop.gate_id]
            if KINDS.index(run.kind) > KINDS.index(gate.largest_kind):
                yield f"vehicle too large for the gate: {run.kind} at {gate.gate_id}"
            if run.hub_id not in gate.hub_ids:
                yield f"hub not reachable from the gate: {run.hub_id} from {gate.gate_id}"
            for no in self.wave.forbidden:
                same = no.partner_id == run.partner_id and no.commune_code == gate.commune_code
                if same and self.wave.decide_time < no.until_time:
                    yield f"forbidden partner: {run.partner_id} in {gate.commune_code}"

    def may_ride(self, run: Run, ride: Ride) -> Iterator[str]:
        if run.partner_id not in ride.partner_ids:
            yield f"partner does not carry it: {ride.parcel_id} with {run.partner_id}"
        if (ride.needs_van or HEAVY in ride.handling) and run.kind == KINDS[0]:
            yield f"heavy on a motorbike: {ride.parcel_id}"
        if ride.latest and run.hub_id not in ride.latest:
            yield f"wrong hub: {ride.parcel_id} to {run.hub_id}"
        ready = ride.ready_time is not None and ride.ready_time <= self.wave.decide_time
        announced = ride.ready_expected_time or ride.ready_time
        if not ready and (self.wave.information != DOOR or announced is None):
            yield f"not ready: {ride.parcel_id}"
        if ride.known_time > self.wave.decide_time:
            yield f"not known yet: {ride.parcel_id}"

    def loads(self, run: Run) -> Iterator[str]:
        vehicle = self.vehicles[run.vehicle_id]
        outbound = {one.outbound_id: one for one in self.wave.outbound}
        aboard = [outbound[o] for stop in run.stops for o in stop.outbound_ids if o in outbound]
        if len(aboard) != sum(len(stop.outbound_ids) for stop in run.stops):
            yield f"unknown outbound load: {run.vehicle_id}"
        weight = sum(one.weight_g for one in aboard)
        volume, pieces = sum(one.volume_cm3 for one in aboard), sum(one.count for one in aboard)
        yield from self.leg(run, vehicle, weight, volume, pieces)
        for stop in run.stops:
            for one in (outbound[o] for o in stop.outbound_ids if o in outbound):
                if one.gate_id != stop.gate_id:
                    yield f"outbound load at the wrong gate: {one.outbound_id}"
                weight, volume, pieces = weight - one.weight_g, volume - one.volume_cm3, pieces - one.count
            for ride in (self.rides[p] for p in stop.parcel_ids):
                weight, volume, pieces = weight + ride.weight_g, volume + ride.volume_cm3, pieces + ride.count
            yield from self.leg(run, vehicle, weight, volume, pieces)
        if (run.weight_g, run.volume_cm3) != (weight, volume):
            yield f"wrong load of the run: {run.vehicle_id}"

    def leg(self, run: Run, vehicle: Vehicle, weight: int, volume: int, pieces: int) -> Iterator[str]:
        if weight > vehicle.weight_max_g:
            yield f"too heavy: {run.vehicle_id} with {weight} g"
        if vehicle.volume_max_cm3 is not None and volume > vehicle.volume_max_cm3:
            yield f"too voluminous: {run.vehicle_id} with {volume} cm³"
        if pieces > vehicle.parcels_max:
            yield f"too many parcels: {run.vehicle_id} with {pieces}"

    def spare(self, run: Run) -> Iterator[str]:
        """A spare partner has a vehicle left that could drive the same stops, and no parcel would become late by it."""
        name = run.spare_partner_id
        if name and not any(self.could(one, run) for one in self.wave.vehicles if one.partner_id == name):
            yield f"spare: {name} could not drive the run of {run.vehicle_id} instead"

    def could(self, vehicle: Vehicle, run: Run) -> bool:
        other = self.clock.driven(vehicle, run)
        if other is None or vehicle.partner_id == run.partner_id:
            return False
        parcels = [self.rides[p] for stop in run.stops for p in stop.parcel_ids]
        back = other.return_time + timedelta(seconds=self.hubs[run.hub_id].handling_seconds)
        promised = [ride.latest[run.hub_id] for ride in parcels if run.hub_id in ride.latest]
        later = other.return_time > run.return_time and any(back > latest for latest in promised)
        runs = [other if one is run else one for one in self.plan.runs]
        rules = self.driven(other), self.pinned_elsewhere(other), self.together(runs)
        return not later and not any(rule for found in rules for rule in found)

    def pinned_elsewhere(self, run: Run) -> Iterator[str]:
        aboard = {p for stop in run.stops for p in stop.parcel_ids}
        for pin in self.wave.pins:
            if pin.parcel_id in aboard and pin.rides is False:
                yield f"pin: {pin.parcel_id} must wait"
            if pin.parcel_id in aboard and pin.partner_id not in (None, run.partner_id):
                yield f"pin: {pin.parcel_id} rides with {pin.partner_id} only"

    def pins(self) -> Iterator[str]:
        where = {p: run.partner_id for run in self.plan.runs for stop in run.stops for p in stop.parcel_ids}
        by_id = {run.run_id: run.partner_id for run in self.wave.committed}
        where |= {p: by_id.get(a.run_id, "") for a in self.plan.additions for p in a.parcel_ids}
        reasons: Mapping[str, str] = {reason.parcel_id: reason.code for reason in self.plan.reasons}
        for pin in self.wave.pins:
            if pin.rides is False and pin.parcel_id in where:
                yield f"pin: {pin.parcel_id} must wait"
            if pin.rides and pin.parcel_id not in where and reasons.get(pin.parcel_id) != "PIN_IMPOSSIBLE":
                yield f"pin: {pin.parcel_id} must ride"
            if pin.partner_id and where.get(pin.parcel_id, pin.partner_id) != pin.partner_id:
                yield f"pin: {pin.parcel_id} rides with {pin.partner_id} only"
        here = [replace(run, spare_partner_id="") for run in self.plan.runs]
        for name, runs in (("pin", self.wave.pinned_runs), ("freeze", frozen_runs(self.wave))):
            for run in runs:
                if replace(run, spare_partner_id="") not in here:
                    yield f"{name}: run of {run.vehicle_id} at {run.leave_time} stays"
