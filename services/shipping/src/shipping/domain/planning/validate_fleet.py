"""What is wrong with vehicles, partners, and runs that are given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shipping.domain.planning.checker import broken_by_runs
from shipping.domain.planning.faults import amounts, instants, moments, spans, twice, unless
from shipping.domain.planning.model import KINDS, Run, Wave
from shipping.domain.planning.supply import Committed, PartnerDay, Vehicle

SCOPES = ("wave", "in_use", "day")
VEHICLE_AMOUNTS = (
    "weight_max_g",
    "parcels_max",
    "number",
    "lead_seconds",
    "fixed_vnd",
    "per_km_vnd",
    "per_stop_vnd",
    "per_parcel_vnd",
    "per_kg_vnd",
    "per_drive_hour_vnd",
    "per_duty_hour_vnd",
    "volume_max_cm3",
    "run_seconds_max",
    "number_later",
)
DAY_AMOUNTS = (
    "parcels_today",
    "bill_today_vnd",
    "runs_today",
    "weight_today_g",
    "parcels_max",
    "runs_max",
    "weight_max_g",
)


def vehicle_faults(wave: Wave) -> Iterator[str]:
    """Everything but their ids."""
    hubs = {hub.hub_id for hub in wave.hubs}
    for vehicle in wave.vehicles:
        where = f"vehicles[{vehicle.vehicle_id}]."
        yield from _vehicle(vehicle, where)
        for hub in vehicle.hub_ids:
            yield from unless(hub in hubs, f"{where}hub_ids: hub {hub!r} is unknown")
        if wave.tables and vehicle.profile not in {table.profile for table in wave.tables}:
            yield f"{where}profile: no table of {vehicle.profile!r}"


def _vehicle(vehicle: Vehicle, where: str) -> Iterator[str]:
    yield from amounts(vehicle, where, VEHICLE_AMOUNTS)
    yield from moments(vehicle, where, ("home_time", "available_time"))
    yield from instants(f"{where}returning_times", vehicle.returning_times)
    yield from spans(f"{where}breaks", vehicle.breaks)
    yield from unless(vehicle.kind in KINDS, f"{where}kind: {vehicle.kind!r} is none of {', '.join(KINDS)}")
    yield from unless(0 <= vehicle.on_time <= 1, f"{where}on_time: {vehicle.on_time} is no share")
    known = vehicle.number_scope in SCOPES
    yield from unless(known, f"{where}number_scope: {vehicle.number_scope!r} is none of {', '.join(SCOPES)}")


def partner_faults(days: Sequence[PartnerDay], name: str) -> Iterator[str]:
    """What partners have carried, their ceilings and discounts."""
    yield from twice(f"{name}.partner_id", (day.partner_id for day in days))
    for day in days:
        where = f"{name}[{day.partner_id}]."
        yield from amounts(day, where, DAY_AMOUNTS)
        for step in day.discounts:
            yield from amounts(step, f"{where}discounts.", ("parcels_from", "off_permille"))
        steps = [step.parcels_from for step in day.discounts]
        offs = [step.off_permille for step in day.discounts]
        if steps != sorted(set(steps)) or offs != sorted(offs) or not all(off <= 1000 for off in offs):
            yield f"{where}discounts: steps and shares must rise, shares at most 1000"


def committed_faults(wave: Wave) -> Iterator[str]:
    """Runs that are promised already; their vehicle need not be among those of the wave."""
    gates, hubs = {gate.gate_id for gate in wave.gates}, {hub.hub_id for hub in wave.hubs}
    for one in wave.committed:
        where = f"committed[{one.run_id}]."
        yield from _committed(one, where)
        yield from unless(one.hub_id in hubs, f"{where}hub_id: hub {one.hub_id!r} is unknown")
        for stop in one.stops:
            yield from unless(stop.gate_id in gates, f"{where}stops: gate {stop.gate_id!r} is unknown")


def _committed(one: Committed, where: str) -> Iterator[str]:
    yield from amounts(
        one, where, ("weight_left_g", "parcels_left", "volume_left_cm3", "per_parcel_vnd", "spare_seconds")
    )
    yield from moments(one, where, ("return_time",))
    yield from instants(f"{where}stops", (stop.arrive_time for stop in one.stops))
    yield from unless(one.kind in KINDS, f"{where}kind: {one.kind!r} is none of {', '.join(KINDS)}")


def pinned_faults(wave: Wave) -> Iterator[str]:
    """Runs that a dispatcher wants kept, but that could not be driven: the first rule they break.

    The times of the runs of the last plan are looked at here too.
    """
    for name, runs in (("pinned_runs", wave.pinned_runs), ("last_plan", wave.last_plan.runs if wave.last_plan else ())):
        for run in runs:
            yield from _run_times(name, run)
    for rule in broken_by_runs(wave, wave.pinned_runs):
        yield f"pinned_runs: {rule}"


def _run_times(name: str, run: Run) -> Iterator[str]:
    yield from moments(run, f"{name}.", ("leave_time", "return_time"))
    for stop in run.stops:
        yield from moments(stop, f"{name}.", ("arrive_time", "leave_time"))
