"""The checker's own arithmetic: roads by profile and period, what each run costs, discounts, lateness and waiting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shipping.domain.planning.model import CostSplit, Plan, Ride, Run, Wave


class RoadBook:
    """Looks up one way at a time in the wave's tables, or in its one matrix."""

    def __init__(self, wave: Wave) -> None:
        self._wave = wave
        self._tables = sorted(wave.tables, key=lambda one: (one.from_time is not None, one.from_time))
        self._places = {table.profile: {p: i for i, p in enumerate(table.place_ids)} for table in wave.tables}

    def seconds(self, profile: str, here: str, there: str, leave: datetime) -> int | None:
        """Driving time; None = cannot be driven."""
        found = self._look(profile, here, there, leave)
        return None if found is None else found[1]

    def metres(self, profile: str, here: str, there: str, leave: datetime) -> int:
        """Length of the way; 0 where it cannot be driven."""
        found = self._look(profile, here, there, leave)
        return 0 if found is None else found[0]

    def _look(self, profile: str, here: str, there: str, leave: datetime) -> tuple[int, int] | None:
        if not self._wave.tables:
            matrix = self._wave.matrix
            return (
                (matrix.metres[here, there], matrix.seconds[here, there]) if (here, there) in matrix.seconds else None
            )
        valid = [t for t in self._tables if t.profile == profile and (t.from_time is None or t.from_time <= leave)]
        places = self._places.get(profile, {})
        if not valid or here not in places or there not in places:
            return None
        metres, seconds = valid[-1].metres, valid[-1].seconds
        row, column = places[here], places[there]
        return (int(metres[row, column]), int(seconds[row, column])) if seconds[row, column] >= 0 else None


def check_bill(wave: Wave, plan: Plan) -> Iterator[str]:
    """Wrong sums, as broken rules."""
    book, rides = RoadBook(wave), {ride.parcel_id: ride for ride in wave.rides}
    split = dict.fromkeys(("fixed", "way", "stops", "parcels"), 0)
    for run in plan.runs:
        sums, metres = _run_sums(wave, book, rides, run)
        yield from _told_wrong(run, sums, metres)
        for name, vnd in sums.items():
            split[name] += vnd
    for one in plan.additions:
        vnd = _addition_vnd(wave, rides, one.run_id, one.parcel_ids)
        split["parcels"] += vnd
        if one.cost_vnd != vnd:
            yield f"addition: wrong cost: {one.run_id} at {one.gate_id} says {one.cost_vnd}, costs {vnd}"
    late, late_vnd, wait_vnd = _waiting(wave, plan, rides)
    if late != plan.late_parcels:
        yield f"wrong number of late parcels: says {plan.late_parcels}, are {late}"
    cost = CostSplit(
        fixed_vnd=split["fixed"],
        way_vnd=split["way"],
        stops_vnd=split["stops"],
        parcels_vnd=split["parcels"],
        discount_vnd=_discounts(wave, plan, rides),
        late_vnd=late_vnd,
        wait_vnd=wait_vnd,
        change_vnd=_changes(wave, plan),
    )
    if cost != plan.cost:
        yield f"wrong cost split: says {plan.cost}, is {cost}"


def check_run(wave: Wave, book: RoadBook, rides: dict[str, Ride], run: Run) -> Iterator[str]:
    """Wrong sums of one run."""
    yield from _told_wrong(run, *_run_sums(wave, book, rides, run))


def _told_wrong(run: Run, sums: dict[str, int], metres: int) -> Iterator[str]:
    if run.metres != metres:
        yield f"wrong metres: {run.vehicle_id} says {run.metres}, drives {metres}"
    if run.cost_vnd != sum(sums.values()):
        yield f"wrong cost: {run.vehicle_id} says {run.cost_vnd}, costs {sum(sums.values())}"


def _run_sums(wave: Wave, book: RoadBook, rides: dict[str, Ride], run: Run) -> tuple[dict[str, int], int]:
    vehicle = next(one for one in wave.vehicles if one.vehicle_id == run.vehicle_id)
    gates = {gate.gate_id: gate for gate in wave.gates}
    metres, driven, here, clock = 0, 0, vehicle.start_id, run.leave_time
    for place, leaves in [(s.gate_id, s.leave_time) for s in run.stops] + [(run.hub_id, run.return_time)]:
        metres += book.metres(vehicle.profile, here, place, clock)
        driven += book.seconds(vehicle.profile, here, place, clock) or 0
        here, clock = place, leaves
    duty = int((run.return_time - run.leave_time).total_seconds())
    aboard = [rides[p] for stop in run.stops for p in stop.parcel_ids]
    grams = sum(ride.weight_g if ride.chargeable_g is None else ride.chargeable_g for ride in aboard)
    way = metres * vehicle.per_km_vnd // 1000
    way += driven * vehicle.per_drive_hour_vnd // 3600 + duty * vehicle.per_duty_hour_vnd // 3600
    sums = {
        "fixed": vehicle.fixed_vnd,
        "way": way,
        "stops": sum(vehicle.per_stop_vnd + gates[stop.gate_id].stop_vnd for stop in run.stops),
        "parcels": sum(ride.count for ride in aboard) * vehicle.per_parcel_vnd + grams * vehicle.per_kg_vnd // 1000,
    }
    return sums, metres


def _addition_vnd(wave: Wave, rides: dict[str, Ride], run_id: str, parcel_ids: tuple[str, ...]) -> int:
    price = {run.run_id: run.per_parcel_vnd for run in wave.committed}.get(run_id, 0)
    return price * sum(rides[p].count for p in parcel_ids if p in rides)


def _waiting(wave: Wave, plan: Plan, rides: dict[str, Ride]) -> tuple[int, int, int]:
    """Late parcels, their price with that of unreliable partners, and the price of waiting."""
    hubs = {hub.hub_id: hub for hub in wave.hubs}
    on_time = {vehicle.vehicle_id: vehicle.on_time for vehicle in wave.vehicles}
    late, late_vnd, wait_seconds = 0, 0, 0
    for run in plan.runs:
        there = run.return_time + timedelta(seconds=hubs[run.hub_id].handling_seconds)
        for ride in (rides[p] for stop in run.stops for p in stop.parcel_ids):
            latest = ride.latest.get(run.hub_id)
            wait_seconds += max(0, int((run.return_time - (ride.ready_time or run.leave_time)).total_seconds()))
            late_vnd += round((1 - on_time[run.vehicle_id]) * wave.late_vnd)
            if latest is not None and there > latest:
                days = -(-int((there - latest).total_seconds()) // 86_400)
                late, late_vnd = late + 1, late_vnd + wave.late_vnd + wave.late_day_vnd * days
    return late, late_vnd, wait_seconds * wave.wait_hour_vnd // 3600


def _discounts(wave: Wave, plan: Plan, rides: dict[str, Ride]) -> int:
    """All units: the step that the day's parcels reach holds for the whole day's bill; earlier steps were granted."""
    total = 0
    for day in wave.partners:
        runs = [run for run in plan.runs if run.partner_id == day.partner_id]
        pieces = sum(rides[p].count for run in runs for stop in run.stops for p in stop.parcel_ids)
        bill = sum(run.cost_vnd for run in runs)
        before = max([s.off_permille for s in day.discounts if s.parcels_from <= day.parcels_today], default=0)
        after = max([s.off_permille for s in day.discounts if s.parcels_from <= day.parcels_today + pieces], default=0)
        if runs:
            total += (day.bill_today_vnd + bill) * after // 1000 - day.bill_today_vnd * before // 1000
    return total


def _changes(wave: Wave, plan: Plan) -> int:
    """Announced parcels that ride at another time, with another vehicle, or not at all any more.

    Runs whose vehicle or gates are no more do not count: nobody could keep them.
    """
    if wave.last_plan is None or not wave.change_vnd:
        return 0
    present = {ride.parcel_id for ride in wave.rides}
    known = {vehicle.vehicle_id for vehicle in wave.vehicles} | {gate.gate_id for gate in wave.gates}
    still = [r for r in wave.last_plan.runs if {r.vehicle_id, *(s.gate_id for s in r.stops)} <= known]
    told = {p: (r.vehicle_id, r.leave_time) for r in still for s in r.stops for p in s.parcel_ids}
    now = {p: (r.vehicle_id, r.leave_time) for r in plan.runs for s in r.stops for p in s.parcel_ids}
    return wave.change_vnd * sum(now.get(p) != how for p, how in told.items() if p in present)
