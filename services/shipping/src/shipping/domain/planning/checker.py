"""Recomputes a plan from the wave alone and lists every rule it breaks; shares no code with the search on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from shipping.domain.planning.checker_bill import RoadBook, check_bill
from shipping.domain.planning.model import DOOR, HEAVY, HOT_MEAL, KINDS, Gate, Plan, Ride, Run, Vehicle, Wave


def broken_rules(wave: Wave, plan: Plan, *, must: bool = True) -> tuple[str, ...]:
    """Every broken rule as "rule: what and where"; empty = the plan may go out.

    With `must` False pins are not asked for (a plan that is only priced may leave them out). Raises nothing: unknown
    ids are broken rules too.
    """
    return tuple(_Check(wave, plan).all(must))


class _Check:
    def __init__(self, wave: Wave, plan: Plan) -> None:
        self.wave, self.plan = wave, plan
        self.rides: dict[str, Ride] = {ride.parcel_id: ride for ride in wave.rides}
        self.gates: dict[str, Gate] = {gate.gate_id: gate for gate in wave.gates}
        self.vehicles: dict[str, Vehicle] = {vehicle.vehicle_id: vehicle for vehicle in wave.vehicles}
        self.hubs = {hub.hub_id: hub for hub in wave.hubs}
        self.roads = RoadBook(wave)

    def all(self, must: bool) -> Iterator[str]:
        unknown = list(self.unknown())
        yield from unknown
        if unknown:
            return
        yield from self.once()
        yield from self.reasons()
        yield from self.fleet()
        yield from self.partner_ceilings()
        yield from self.additions()
        for run in self.plan.runs:
            yield from self.vehicle_fits(run)
            yield from self.times(run)
            yield from self.loads(run)
            for stop in run.stops:
                for parcel_id in stop.parcel_ids:
                    yield from self.may_ride(run, self.rides[parcel_id])
        yield from check_bill(self.wave, self.plan)
        if must:
            yield from self.pins()

    def unknown(self) -> Iterator[str]:
        for run in self.plan.runs:
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

    def once(self) -> Iterator[str]:
        taken = Counter(p for run in self.plan.runs for stop in run.stops for p in stop.parcel_ids)
        taken.update(p for addition in self.plan.additions for p in addition.parcel_ids)
        for parcel_id, times in taken.items():
            if times > 1:
                yield f"collected twice: {parcel_id}"
        outbound = Counter(o for run in self.plan.runs for stop in run.stops for o in stop.outbound_ids)
        for outbound_id, times in outbound.items():
            if times > 1:
                yield f"brought twice: {outbound_id}"

    def reasons(self) -> Iterator[str]:
        if [reason.parcel_id for reason in self.plan.reasons] != [ride.parcel_id for ride in self.wave.rides]:
            yield "reasons: not one for every parcel of the wave, in its order"
            return
        aboard = {p: i for i, run in enumerate(self.plan.runs) for stop in run.stops for p in stop.parcel_ids}
        added = {p for addition in self.plan.additions for p in addition.parcel_ids}
        for reason in self.plan.reasons:
            if reason.rides != (reason.parcel_id in aboard or reason.parcel_id in added):
                yield f"reasons: {reason.parcel_id} says rides={reason.rides}"
            elif reason.parcel_id in aboard and reason.run_index != aboard[reason.parcel_id]:
                yield f"reasons: {reason.parcel_id} names the wrong run"

    def fleet(self) -> Iterator[str]:
        used = Counter(run.vehicle_id for run in self.plan.runs)
        for vehicle_id, number in used.items():
            if number > self.vehicles[vehicle_id].number:
                yield f"more vehicles than there are: {number} of {vehicle_id}"

    def partner_ceilings(self) -> Iterator[str]:
        for day in self.wave.partners:
            runs = [run for run in self.plan.runs if run.partner_id == day.partner_id]
            pieces = sum(self.rides[p].count for run in runs for stop in run.stops for p in stop.parcel_ids)
            if day.runs_max is not None and day.runs_today + len(runs) > day.runs_max and runs:
                yield f"partner ceiling: runs of {day.partner_id}"
            if day.parcels_max is not None and day.parcels_today + pieces > day.parcels_max and pieces:
                yield f"partner ceiling: parcels of {day.partner_id}"
            weight = sum(run.weight_g for run in runs)
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

    def times(self, run: Run) -> Iterator[str]:
        vehicle, hub = self.vehicles[run.vehicle_id], self.hubs[run.hub_id]
        if run.leave_time < self.wave.decide_time + timedelta(seconds=vehicle.lead_seconds):
            yield f"leaves before the lead is over: {run.vehicle_id}"
        if vehicle.available_time and run.leave_time < vehicle.available_time:
            yield f"leaves before it is available: {run.vehicle_id}"
        clock, here = run.leave_time, vehicle.start_id
        for stop in run.stops:
            driven = self.roads.seconds(vehicle.profile, here, stop.gate_id, clock)
            if driven is None:
                yield f"cannot be driven: {here} to {stop.gate_id}"
                return
            if stop.arrive_time != clock + timedelta(seconds=driven):
                yield f"wrong arrival: {stop.gate_id}"
            clock = stop.arrive_time + timedelta(seconds=self.gates[stop.gate_id].stop_seconds)
            for parcel_id in stop.parcel_ids:
                clock = self.collect(clock, self.rides[parcel_id])
                yield from self.in_windows(clock, self.rides[parcel_id])
                clock += timedelta(seconds=self.rides[parcel_id].service_seconds)
            known = {outbound.outbound_id: outbound.service_seconds for outbound in self.wave.outbound}
            clock += timedelta(seconds=sum(known.get(outbound_id, 0) for outbound_id in stop.outbound_ids))
            if stop.leave_time != clock:
                yield f"wrong leaving: {stop.gate_id}"
            here = stop.gate_id
        driven = self.roads.seconds(vehicle.profile, here, run.hub_id, clock)
        if driven is None:
            yield f"cannot be driven: {here} to {run.hub_id}"
            return
        home = clock + timedelta(seconds=driven)
        if run.return_time != home:
            yield f"wrong return: {run.vehicle_id}"
        if home > vehicle.home_time or (hub.close_time and home > hub.close_time):
            yield f"home too late: {run.vehicle_id}"
        if hub.open_time and home < hub.open_time:
            yield f"hub not open yet: {run.vehicle_id}"
        if vehicle.run_seconds_max is not None and (home - run.leave_time).total_seconds() > vehicle.run_seconds_max:
            yield f"run too long: {run.vehicle_id}"
        for rest in vehicle.breaks:
            if run.leave_time < rest.to_time and rest.from_time < home:
                yield f"under way in a break: {run.vehicle_id}"

    def collect(self, clock: datetime, ride: Ride) -> datetime:
        """When collecting starts: not before the parcel is (expected to be) ready, nor before its gate opens."""
        starts = [clock]
        gate_opens = [w for w in self.gates[ride.gate_id].windows if w.to_time >= clock]
        ready = ride.ready_time is not None and ride.ready_time <= self.wave.decide_time
        if not ready and (expected := ride.ready_expected_time or ride.ready_time):
            starts.append(expected)
        if ride.open_time:
            starts.append(ride.open_time)
        latest = max(starts)
        following = sorted(w.from_time for w in gate_opens if w.to_time >= latest)
        return max(latest, following[0]) if following else latest

    def in_windows(self, start: datetime, ride: Ride) -> Iterator[str]:
        windows = self.gates[ride.gate_id].windows
        if windows and not any(window.from_time <= start <= window.to_time for window in windows):
            yield f"gate closed: {ride.parcel_id}"
        if ride.close_time and start > ride.close_time:
            yield f"outside its window: {ride.parcel_id}"

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

    def additions(self) -> Iterator[str]:
        committed = {run.run_id: run for run in self.wave.committed}
        loads: Counter[tuple[str, str]] = Counter()
        for addition in self.plan.additions:
            run = committed.get(addition.run_id)
            stops = {stop.gate_id: stop.arrive_time for stop in run.stops} if run else {}
            if run is None or addition.gate_id not in stops:
                yield f"addition: no such stop: {addition.run_id} at {addition.gate_id}"
                continue
            for parcel_id in addition.parcel_ids:
                yield from self.added(run.partner_id, run.kind, run.hub_id, stops[addition.gate_id], parcel_id)
                ride = self.rides.get(parcel_id)
                if ride:
                    _add(loads, addition.run_id, ride)
                    late = run.return_time + timedelta(seconds=self.hubs[run.hub_id].handling_seconds)
                    if late > ride.latest.get(run.hub_id, late) or ride.gate_id != addition.gate_id:
                        yield f"addition: late or elsewhere: {parcel_id}"
        for run_id, one in committed.items():
            volume = one.volume_left_cm3 is not None and loads[run_id, "cm3"] > one.volume_left_cm3
            if loads[run_id, "g"] > one.weight_left_g or loads[run_id, "pieces"] > one.parcels_left or volume:
                yield f"addition: no room left: {run_id}"

    def added(self, partner: str, kind: str, hub: str, arrive: datetime, parcel_id: str) -> Iterator[str]:
        ride = self.rides.get(parcel_id)
        if ride is None or partner not in ride.partner_ids or (ride.latest and hub not in ride.latest):
            yield f"addition: may not ride with {partner} to {hub}: {parcel_id}"
            return
        heavy = (ride.needs_van or HEAVY in ride.handling) and kind == KINDS[0]
        ready = ride.ready_time is not None and ride.ready_time <= self.wave.decide_time <= arrive
        if heavy or HOT_MEAL in ride.handling or not ready:
            yield f"addition: not on such a run: {parcel_id}"

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
        for run in self.wave.pinned_runs:
            if run not in self.plan.runs:
                yield f"pin: run of {run.vehicle_id} at {run.leave_time} stays"


def _add(loads: Counter[tuple[str, str]], run_id: str, ride: Ride) -> None:
    loads[run_id, "g"] += ride.weight_g
    loads[run_id, "cm3"] += ride.volume_cm3
    loads[run_id, "pieces"] += ride.count
