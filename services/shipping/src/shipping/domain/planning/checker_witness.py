"""Checks witnesses: each later run can be driven with what would be there then; shares no code with the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from shipping.domain.planning.checker_bill import RoadBook
from shipping.domain.planning.model import (
    HEAVY,
    HOT_MEAL,
    KINDS,
    Committed,
    Gate,
    Plan,
    Ride,
    Run,
    Vehicle,
    Wave,
    Witness,
)


def broken_witnesses(wave: Wave, plan: Plan) -> Iterator[str]:
    """Every broken witness as "witness: what and where", and every held parcel whose reason names one it is not in.

    The plan's runs name only what the wave knows; unknown ids in witnesses are broken rules.
    """
    if plan.witnesses or any(name == "witness_time" for reason in plan.reasons for name, _ in reason.figures):
        yield from _Witnesses(wave, plan).all()


class _Witnesses:
    def __init__(self, wave: Wave, plan: Plan) -> None:
        self.wave, self.plan = wave, plan
        self.rides = {ride.parcel_id: ride for ride in wave.rides}
        self.gates = {gate.gate_id: gate for gate in wave.gates}
        self.vehicles = {vehicle.vehicle_id: vehicle for vehicle in wave.vehicles}
        self.hubs = {hub.hub_id: hub for hub in wave.hubs}
        self.roads = RoadBook(wave)

    def all(self) -> Iterator[str]:
        yield from self.claims()
        unknown = [one for one in self.plan.witnesses if not self.known(one.run)]
        for one in unknown:
            yield f"witness: unknown vehicle, hub, gate or parcel: {one.run.vehicle_id} at {one.decide_time}"
        if unknown:
            return
        for one in self.plan.witnesses:
            yield from self.at_its_wave(one)
            yield from self.drives(one)
            yield from self.carries(one)
        yield from self.numbers()
        yield from self.ceilings()

    def known(self, run: Run) -> bool:
        vehicle = self.vehicles.get(run.vehicle_id)
        if vehicle is None or (vehicle.partner_id, vehicle.kind) != (run.partner_id, run.kind) or not run.stops:
            return False
        stops = all(stop.gate_id in self.gates and stop.parcel_ids for stop in run.stops)
        parcels = [(p, stop.gate_id) for stop in run.stops for p in stop.parcel_ids]
        return (
            stops
            and run.hub_id in self.hubs
            and all(p in self.rides and self.rides[p].gate_id == g for p, g in parcels)
        )

    def claims(self) -> Iterator[str]:
        """Nobody rides and waits, nobody has two witnesses, and who names a witness is in it."""
        of = [(p, one.decide_time) for one in self.plan.witnesses for stop in one.run.stops for p in stop.parcel_ids]
        for parcel_id, times in Counter(p for p, _ in of).items():
            if times > 1:
                yield f"witness: twice: {parcel_id}"
        waves = {p: moment.isoformat() for p, moment in of}
        for reason in self.plan.reasons:
            named = dict(reason.figures).get("witness_time", "none")
            if reason.rides and reason.parcel_id in waves:
                yield f"witness: for a parcel that rides: {reason.parcel_id}"
            if named not in ("none", waves.get(reason.parcel_id)):
                yield f"witness: {reason.parcel_id} is in none at {named}"

    def at_its_wave(self, one: Witness) -> Iterator[str]:
        """A wave of each of its gates; home by then, after the lead, inside shift, breaks and the hub's hours."""
        run, vehicle = one.run, self.vehicles[one.run.vehicle_id]
        for stop in run.stops:
            homes = [w.home_time for w in self.gates[stop.gate_id].later_waves if w.decide_time == one.decide_time]
            if not homes:
                yield f"witness: no wave of {stop.gate_id} at {one.decide_time}"
            elif run.return_time > homes[0]:
                yield f"witness: home after its wave's end: {run.vehicle_id}"
        if run.leave_time < one.decide_time + timedelta(seconds=vehicle.lead_seconds):
            yield f"witness: leaves before the lead is over: {run.vehicle_id}"
        if vehicle.available_time and run.leave_time < vehicle.available_time:
            yield f"witness: leaves before it is available: {run.vehicle_id}"
        for why in self.off_duty(vehicle, run.hub_id, run.leave_time, run.return_time):
            yield f"witness: {why}: {run.vehicle_id}"

    def off_duty(self, vehicle: Vehicle, hub_id: str, leave: datetime, home: datetime) -> Iterator[str]:
        """On later days a shift ends at the same hour."""
        hub, days = self.hubs[hub_id], max(0, (self.day(leave) - self.first_day(vehicle)).days)
        if home > vehicle.home_time + timedelta(days=days):
            yield "home after the shift"
        if vehicle.run_seconds_max is not None and home - leave > timedelta(seconds=vehicle.run_seconds_max):
            yield "run too long"
        if any(rest.from_time < home and leave < rest.to_time for rest in vehicle.breaks):
            yield "under way in a break"
        if (hub.close_time and home > hub.close_time) or (hub.open_time and home < hub.open_time):
            yield "hub not open"

    def drives(self, one: Witness) -> Iterator[str]:
        """Ways, stops and windows in time, and every parcel at the hub by its instant."""
        run, vehicle = one.run, self.vehicles[one.run.vehicle_id]
        clock, here = run.leave_time, vehicle.start_id
        for stop in run.stops:
            driven = self.roads.seconds(vehicle.profile, here, stop.gate_id, clock)
            if driven is None or stop.arrive_time != clock + timedelta(seconds=driven):
                yield f"witness: cannot be there then: {stop.gate_id}"
                return
            gate, clock, here = self.gates[stop.gate_id], stop.arrive_time, stop.gate_id
            clock += timedelta(seconds=gate.stop_seconds)
            for ride in (self.rides[p] for p in stop.parcel_ids):
                start = self.start(clock, gate, ride)
                if start is None:
                    yield f"witness: outside its window: {ride.parcel_id}"
                    return
                clock = start + timedelta(seconds=ride.service_seconds)
        driven = self.roads.seconds(vehicle.profile, here, run.hub_id, clock)
        if driven is None or run.return_time != clock + timedelta(seconds=driven):
            yield f"witness: cannot be home then: {run.vehicle_id}"
            return
        for ride in (self.rides[p] for stop in run.stops for p in stop.parcel_ids):
            if not self.in_time(run, ride):
                yield f"witness: late: {ride.parcel_id}"

    def start(self, clock: datetime, gate: Gate, ride: Ride) -> datetime | None:
        """When collecting starts for someone there at `clock`; None = never, or not any more."""
        packed = ride.ready_time is not None and ride.ready_time <= self.wave.decide_time
        expected = None if packed else ride.ready_expected_time or ride.ready_time
        start = max(moment for moment in (clock, ride.open_time, expected) if moment)
        if gate.windows:
            opens = [max(start, window.from_time) for window in gate.windows if window.to_time >= start]
            if not opens:
                return None
            start = min(opens)
        return None if ride.close_time and start > ride.close_time else start

    def in_time(self, run: Run, ride: Ride) -> bool:
        """By its instant; what nobody could bring in time even now, by a later line haul."""
        there = run.return_time + timedelta(seconds=self.hubs[run.hub_id].handling_seconds)
        if there <= ride.latest.get(run.hub_id, there):
            return True
        cuts = self.hubs[run.hub_id].cutoff_times
        return not self.could_ride(ride) and (not cuts or there <= max(cuts))

    def could_ride(self, ride: Ride) -> bool:
        """Whether a run for this parcel alone that leaves as soon as it may would keep the promise."""
        gate = self.gates[ride.gate_id]
        for vehicle in self.vehicles.values():
            hubs = [h for h in gate.hub_ids if not [*self.unfit(vehicle, h, ride, self.wave.decide_time)]]
            for hub_id in (hubs if self.wave.any_hub else hubs[:1]) if self.has_one(vehicle) else ():
                home, due = self.alone(vehicle, hub_id, gate, ride), ride.latest.get(hub_id)
                if home and due and home + timedelta(seconds=self.hubs[hub_id].handling_seconds) <= due:
                    return True
        return False

    def has_one(self, vehicle: Vehicle) -> bool:
        """Whether one of it is there beside the plan's runs, and its partner drives once more today."""
        used = sum(run.vehicle_id == vehicle.vehicle_id for run in self.plan.runs)
        driven = sum(run.partner_id == vehicle.partner_id for run in self.plan.runs)
        days = (day for day in self.wave.partners if day.partner_id == vehicle.partner_id)
        tops = (day.runs_max - day.runs_today for day in days if day.runs_max is not None)
        return used < vehicle.number and all(driven < top for top in tops)

    def alone(self, vehicle: Vehicle, hub_id: str, gate: Gate, ride: Ride) -> datetime | None:
        leave = self.wave.decide_time + timedelta(seconds=vehicle.lead_seconds)
        leave = max(leave, vehicle.available_time or leave)
        there = self.roads.seconds(vehicle.profile, vehicle.start_id, gate.gate_id, leave)
        start = there is not None and self.start(leave + timedelta(seconds=there + gate.stop_seconds), gate, ride)
        if not start:
            return None
        done = start + timedelta(seconds=ride.service_seconds)
        back = self.roads.seconds(vehicle.profile, gate.gate_id, hub_id, done)
        home = done + timedelta(seconds=back or 0)
        return None if back is None or [*self.off_duty(vehicle, hub_id, leave, home)] else home

    def carries(self, one: Witness) -> Iterator[str]:
        """Loads on board, and whether each parcel may ride so at all."""
        run = one.run
        vehicle, rides = self.vehicles[run.vehicle_id], [self.rides[p] for stop in run.stops for p in stop.parcel_ids]
        for why in overloaded(vehicle, rides):
            yield f"witness: {why}: {run.vehicle_id}"
        if len(rides) > 1 and any(HOT_MEAL in ride.handling for ride in rides):
            yield f"witness: hot meal batched: {run.vehicle_id}"
        for ride in rides:
            for why in self.unfit(vehicle, run.hub_id, ride, one.decide_time):
                yield f"witness: {why}: {ride.parcel_id} with {run.vehicle_id} to {run.hub_id}"

    def unfit(self, vehicle: Vehicle, hub_id: str, ride: Ride, moment: datetime) -> Iterator[str]:
        gate = self.gates[ride.gate_id]
        if hub_id not in gate.hub_ids or hub_id not in (vehicle.hub_ids or gate.hub_ids):
            yield "wrong hub"
        if ride.latest and hub_id not in ride.latest:
            yield "wrong hub for it"
        yield from overloaded(vehicle, [ride])
        if vehicle.partner_id not in ride.partner_ids:
            yield "partner does not carry it"
        if KINDS.index(vehicle.kind) > KINDS.index(gate.largest_kind):
            yield "vehicle too large for the gate"
        if vehicle.kind == KINDS[0] and (ride.needs_van or HEAVY in ride.handling):
            yield "heavy on a motorbike"
        for no in self.wave.forbidden:
            if (no.partner_id, no.commune_code) == (vehicle.partner_id, gate.commune_code) and moment < no.until_time:
                yield "forbidden partner"
        for pin in self.wave.pins:
            if pin.parcel_id == ride.parcel_id and pin.partner_id not in (None, vehicle.partner_id):
                yield "pinned to another partner"

    def numbers(self) -> Iterator[str]:
        """No more of a vehicle than there will be, by the scope of its number."""
        for vehicle in self.vehicles.values():
            later = [one for one in self.plan.witnesses if one.run.vehicle_id == vehicle.vehicle_id]
            if later and self.too_many(
                vehicle, later, [r for r in self.plan.runs if r.vehicle_id == vehicle.vehicle_id]
            ):
                yield f"witness: more vehicles than there will be: {vehicle.vehicle_id} ({vehicle.number_scope})"

    def too_many(self, vehicle: Vehicle, later: Sequence[Witness], now: Sequence[Run]) -> bool:
        there = vehicle.number if vehicle.number_later is None else vehicle.number_later
        promised = [run for run in self.wave.committed if run.vehicle_id == vehicle.vehicle_id]
        if vehicle.number_scope == "wave":
            return max(Counter(one.decide_time for one in later).values()) > there
        if vehicle.number_scope == "day":
            gone = Counter(self.day(run.leave_time) for run in (*now, *(one.run for one in later)))
            gone.update(day for run in promised if (day := self.promised_on(run)) > self.day(self.wave.decide_time))
            first = self.first_day(vehicle)
            days = {self.day(one.run.leave_time) for one in later}
            return any(gone[day] > (min(there, vehicle.number) if day == first else there) for day in days)
        backs = Counter(vehicle.returning_times) | Counter(run.return_time for run in promised)
        there += backs.total() if vehicle.number_later is None else 0
        spans = [(one.leave_time, one.return_time) for one in (*now, *(one.run for one in later))]
        for one in (one.run for one in later):
            for moment in (begin for begin, _ in spans if one.leave_time <= begin < one.return_time):
                away = sum(begin <= moment < end for begin, end in spans) + sum(moment < b for b in backs.elements())
                if away > there:
                    return True
        return False

    def ceilings(self) -> Iterator[str]:
        """What partners carry on a day, today's runs and additions with it."""
        today = self.day(self.wave.decide_time)
        for limits in self.wave.partners:
            later = [one.run for one in self.plan.witnesses if one.run.partner_id == limits.partner_id]
            for day in sorted({self.day(run.leave_time) for run in later}):
                runs = [
                    r
                    for r in (*later, *self.plan.runs)
                    if (r.partner_id, self.day(r.leave_time)) == (limits.partner_id, day)
                ]
                rides = [self.rides[p] for run in runs for stop in run.stops for p in stop.parcel_ids]
                number = len(runs)
                if day == today:
                    rides += self.added(limits.partner_id)
                    number += limits.runs_today
                else:
                    number += sum(
                        (r.partner_id, self.promised_on(r)) == (limits.partner_id, day) for r in self.wave.committed
                    )
                pieces = sum(ride.count for ride in rides) + (limits.parcels_today if day == today else 0)
                weight = sum(ride.weight_g for ride in rides) + (limits.weight_today_g if day == today else 0)
                most = limits.runs_max, limits.parcels_max, limits.weight_max_g
                if any(
                    top is not None and used > top for used, top in zip((number, pieces, weight), most, strict=True)
                ):
                    yield f"witness: partner ceiling: {limits.partner_id} on {day}"

    def added(self, partner_id: str) -> list[Ride]:
        mine = {run.run_id for run in self.wave.committed if run.partner_id == partner_id}
        return [self.rides[p] for one in self.plan.additions if one.run_id in mine for p in one.parcel_ids]

    def promised_on(self, run: Committed) -> date:
        return self.day(run.stops[0].arrive_time if run.stops else run.return_time)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.wave.decide_time.tzinfo).date()

    def first_day(self, vehicle: Vehicle) -> date:
        """The day of the first run that could leave now."""
        leave = self.wave.decide_time + timedelta(seconds=vehicle.lead_seconds)
        return self.day(max(leave, vehicle.available_time or leave))


def overloaded(vehicle: Vehicle, rides: Sequence[Ride]) -> Iterator[str]:
    """By weight, pieces or volume."""
    if sum(ride.weight_g for ride in rides) > vehicle.weight_max_g:
        yield "too heavy"
    if sum(ride.count for ride in rides) > vehicle.parcels_max:
        yield "too many parcels"
    if vehicle.volume_max_cm3 is not None and sum(ride.volume_cm3 for ride in rides) > vehicle.volume_max_cm3:
        yield "too voluminous"
