"""The planner's own sums over runs: where the money goes, who is late, what discounts give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shipping.domain.planning.answer import Addition, CostSplit, Run
from shipping.domain.planning.ground import Ground
from shipping.domain.planning.model import HubPlace, Ride, Vehicle, Wave
from shipping.domain.planning.supply import PartnerDay

DAY_SECONDS = 86_400


def late_parcels(wave: Wave, runs: Iterable[Run]) -> list[tuple[str, int]]:
    """Parcels that reach their hub after their instant, handling counted, with the days begun since."""
    rides = {ride.parcel_id: ride for ride in wave.rides}
    hubs = {hub.hub_id: hub for hub in wave.hubs}
    found = []
    for run in runs:
        for parcel_id in parcels_of(run):
            days = days_late(rides[parcel_id], hubs[run.hub_id], run.return_time) if parcel_id in rides else 0
            if days:
                found.append((parcel_id, days))
    return found


def days_late(ride: Ride, hub: HubPlace, home: datetime) -> int:
    """Days begun since its instant when a parcel that is home then has been handled; 0 = it is on time."""
    latest = ride.latest.get(hub.hub_id)
    there = home + timedelta(seconds=hub.handling_seconds)
    return 0 if latest is None or there <= latest else -(-int((there - latest).total_seconds()) // DAY_SECONDS)


def late_vnd(wave: Wave, days: int) -> int:
    """The price of a parcel that is so many days late."""
    return wave.late_vnd + wave.late_day_vnd * days if days else 0


def unreliable_vnd(wave: Wave, vehicle: Vehicle) -> int:
    """What it costs to trust a parcel to a partner that is not always on time."""
    return round((1 - vehicle.on_time) * wave.late_vnd)


def parcels_of(run: Run) -> list[str]:
    """All parcels of a run in order."""
    return [parcel_id for stop in run.stops for parcel_id in stop.parcel_ids]


def chargeable_g(ride: Ride) -> int:
    """Grams that count for the price."""
    return ride.weight_g if ride.chargeable_g is None else ride.chargeable_g


def parcels_vnd(vehicle: Vehicle, pieces: int, grams: int) -> int:
    """What a run's parcels cost beside its way and stops."""
    return pieces * vehicle.per_parcel_vnd + grams * vehicle.per_kg_vnd // 1000


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
        aboard = [rides[p] for p in parcels_of(run)]
        parcels += parcels_vnd(cars[run.vehicle_id], sum(r.count for r in aboard), sum(map(chargeable_g, aboard)))
    bills = sum(run.cost_vnd for run in runs)
    late = sum(late_vnd(wave, days) for _, days in late_parcels(wave, runs))
    late += sum(unreliable_vnd(wave, cars[run.vehicle_id]) * len(parcels_of(run)) for run in runs)
    waited = sum(waited_seconds(rides[p], run.leave_time, run.return_time) for run in runs for p in parcels_of(run))
    return CostSplit(
        fixed_vnd=fixed,
        way_vnd=bills - fixed - fees - parcels,
        stops_vnd=fees,
        parcels_vnd=parcels + sum(one.cost_vnd for one in additions),
        discount_vnd=sum(discount(day, rides, runs) for day in wave.partners),
        late_vnd=late,
        wait_vnd=waited * wave.wait_hour_vnd // 3600,
        change_vnd=_changed(wave, runs),
    )


def waited_seconds(ride: Ride, leave: datetime, home: datetime) -> int:
    """From when a parcel is ready until it is home."""
    return max(0, int((home - (ride.ready_time or leave)).total_seconds()))


def discount(day: PartnerDay, rides: dict[str, Ride], runs: Iterable[Run]) -> int:
    """What a partner takes off today's bill for these runs, beyond what it has granted already."""
    own = [run for run in runs if run.partner_id == day.partner_id]
    pieces = sum(rides[p].count for run in own for p in parcels_of(run))
    return discount_of(day, len(own), sum(run.cost_vnd for run in own), pieces)


def discount_of(day: PartnerDay, runs: int, bill_vnd: int, pieces: int) -> int:
    """The same, of so many runs with this bill and so many pieces."""
    if not runs:
        return 0
    before = day.bill_today_vnd * _off(day, day.parcels_today) // 1000
    return (day.bill_today_vnd + bill_vnd) * _off(day, day.parcels_today + pieces) // 1000 - before


def _off(day: PartnerDay, parcels: int) -> int:
    return max((step.off_permille for step in day.discounts if step.parcels_from <= parcels), default=0)


def told(wave: Wave) -> dict[str, tuple[str, datetime]]:
    """Vehicle and time of leaving that were announced for parcels of this wave; empty if a change costs nothing.

    Runs whose vehicle or gates are no more are left out: nobody could keep them.
    """
    if wave.last_plan is None or not wave.change_vnd:
        return {}
    here = {ride.parcel_id for ride in wave.rides}
    gates, cars = {gate.gate_id for gate in wave.gates}, {vehicle.vehicle_id for vehicle in wave.vehicles}
    return {
        p: (run.vehicle_id, run.leave_time)
        for run in wave.last_plan.runs
        if run.vehicle_id in cars and all(stop.gate_id in gates for stop in run.stops)
        for p in parcels_of(run)
        if p in here
    }


def _changed(wave: Wave, runs: Iterable[Run]) -> int:
    after = {p: (run.vehicle_id, run.leave_time) for run in runs for p in parcels_of(run)}
    return wave.change_vnd * sum(after.get(p) != before for p, before in told(wave).items())
