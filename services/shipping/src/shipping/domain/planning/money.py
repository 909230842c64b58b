"""The planner's own sums over runs: where the money goes, who is late, what discounts give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from shipping.domain.planning.answer import Addition, CostSplit, Run
from shipping.domain.planning.ground import Ground
from shipping.domain.planning.model import Ride, Wave
from shipping.domain.planning.supply import PartnerDay

DAY_SECONDS = 86_400


def late_parcels(wave: Wave, runs: Iterable[Run]) -> list[tuple[str, int]]:
    """Parcels that reach their hub after their instant, handling counted, with the days begun since."""
    rides = {ride.parcel_id: ride for ride in wave.rides}
    handling = {hub.hub_id: timedelta(seconds=hub.handling_seconds) for hub in wave.hubs}
    found = []
    for run in runs:
        there = run.return_time + handling[run.hub_id]
        for parcel_id in parcels_of(run):
            latest = rides[parcel_id].latest.get(run.hub_id) if parcel_id in rides else None
            if latest is not None and there > latest:
                found.append((parcel_id, -(-int((there - latest).total_seconds()) // DAY_SECONDS)))
    return found


def parcels_of(run: Run) -> list[str]:
    """All parcels of a run in order."""
    return [parcel_id for stop in run.stops for parcel_id in stop.parcel_ids]


def split(ground: Ground, runs: Sequence[Run], additions: Sequence[Addition] = ()) -> CostSplit:
    """The cost of runs by what it is paid for."""
    wave = ground.wave
    rides = {ride.parcel_id: ride for ride in wave.rides}
    cars = {vehicle.vehicle_id: vehicle for vehicle in ground.vehicles}
    fixed = sum(cars[run.vehicle_id].fixed_vnd for run in runs)
    fees = sum(
        cars[run.vehicle_id].per_stop_vnd + ground.gates[ground.place[stop.gate_id]].stop_vnd
        for run in runs
        for stop in run.stops
    )
    parcels = 0
    for run in runs:
        aboard, car = [rides[p] for p in parcels_of(run)], cars[run.vehicle_id]
        charged = sum(r.weight_g if r.chargeable_g is None else r.chargeable_g for r in aboard)
        parcels += sum(r.count for r in aboard) * car.per_parcel_vnd + charged * car.per_kg_vnd // 1000
    bills = sum(run.cost_vnd for run in runs)
    late = late_parcels(wave, runs)
    late_vnd = sum(wave.late_vnd + wave.late_day_vnd * days for _, days in late)
    late_vnd += sum(round((1 - cars[run.vehicle_id].on_time) * wave.late_vnd) * len(parcels_of(run)) for run in runs)
    return CostSplit(
        fixed_vnd=fixed,
        way_vnd=bills - fixed - fees - parcels,
        stops_vnd=fees,
        parcels_vnd=parcels + sum(one.cost_vnd for one in additions),
        discount_vnd=sum(discount(day, rides, runs) for day in wave.partners),
        late_vnd=late_vnd,
        wait_vnd=_waited_seconds(rides, runs) * wave.wait_hour_vnd // 3600,
        change_vnd=_changed(wave, runs),
    )


def _waited_seconds(rides: dict[str, Ride], runs: Iterable[Run]) -> int:
    spans = (run.return_time - (rides[p].ready_time or run.leave_time) for run in runs for p in parcels_of(run))
    return sum(max(0, int(span.total_seconds())) for span in spans)


def discount(day: PartnerDay, rides: dict[str, Ride], runs: Iterable[Run]) -> int:
    """What a partner takes off today's bill for these runs, beyond what it has granted already."""
    own = [run for run in runs if run.partner_id == day.partner_id]
    if not own:
        return 0
    pieces = sum(rides[p].count for run in own for p in parcels_of(run))
    bill = day.bill_today_vnd + sum(run.cost_vnd for run in own)
    before = day.bill_today_vnd * _off(day, day.parcels_today) // 1000
    return bill * _off(day, day.parcels_today + pieces) // 1000 - before


def _off(day: PartnerDay, parcels: int) -> int:
    return max((step.off_permille for step in day.discounts if step.parcels_from <= parcels), default=0)


def _changed(wave: Wave, runs: Iterable[Run]) -> int:
    if wave.last_plan is None or not wave.change_vnd:
        return 0
    here = {ride.parcel_id for ride in wave.rides}
    before = {p: (run.vehicle_id, run.leave_time) for run in wave.last_plan.runs for p in parcels_of(run)}
    after = {p: (run.vehicle_id, run.leave_time) for run in runs for p in parcels_of(run)}
    return wave.change_vnd * sum(p in here and after.get(p) != told for p, told in before.items())
