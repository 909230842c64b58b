"""Refuses waves that make no sense, with the field named, so that nothing raises from the depth of a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shipping.domain.planning.errors import InvalidWave
from shipping.domain.planning.model import DOOR, FROZEN, KINDS, Budget, Table, Wave

SCOPES = ("wave", "in_use", "day")
SECONDS_MAX = 10_000_000
"""A longer way is taken for a mistake (it is how the search writes "cannot be driven")."""


def refuse_invalid(wave: Wave) -> None:
    """Raise InvalidWave at the first field that cannot be meant."""
    for look in (_ids, _amounts, _references, _vehicles, _partners, _matrices, _runs):
        for found in look(wave):
            raise InvalidWave(found)


def refuse_invalid_budget(budget: Budget) -> None:
    """Raise InvalidWave for a budget without sense."""
    if not budget.cpu_seconds >= 0:
        raise InvalidWave(f"budget.cpu_seconds: {budget.cpu_seconds} is negative")


def _twice(name: str, ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            yield f"{name}: {one!r} is there twice"
        if not one:
            yield f"{name}: an id is empty"
        seen.add(one)


def _ids(wave: Wave) -> Iterator[str]:
    yield from _twice("rides.parcel_id", (ride.parcel_id for ride in wave.rides))
    yield from _twice("gates.gate_id", (gate.gate_id for gate in wave.gates))
    yield from _twice("hubs.hub_id", (hub.hub_id for hub in wave.hubs))
    yield from _twice("vehicles.vehicle_id", (vehicle.vehicle_id for vehicle in wave.vehicles))
    yield from _twice("partners.partner_id", (day.partner_id for day in wave.partners))
    yield from _twice("committed.run_id", (run.run_id for run in wave.committed))
    yield from _twice("outbound.outbound_id", (load.outbound_id for load in wave.outbound))
    if wave.decide_time.tzinfo is None:
        yield "decide_time: has no time zone"
    if wave.information not in (FROZEN, DOOR):
        yield f"information: {wave.information!r} is neither {FROZEN!r} nor {DOOR!r}"


def _amounts(wave: Wave) -> Iterator[str]:
    for name in ("late_vnd", "late_day_vnd", "wait_hour_vnd", "change_vnd"):
        yield from _negative(wave, name, "")
    for ride in wave.rides:
        yield from _negative(ride, "weight_g", f"rides[{ride.parcel_id}].")
        yield from _negative(ride, "volume_cm3", f"rides[{ride.parcel_id}].")
        yield from _negative(ride, "service_seconds", f"rides[{ride.parcel_id}].")
        if ride.count < 1:
            yield f"rides[{ride.parcel_id}].count: {ride.count} is less than one"
        if ride.chargeable_g is not None:
            yield from _negative(ride, "chargeable_g", f"rides[{ride.parcel_id}].")
        if ride.open_time and ride.close_time and ride.close_time < ride.open_time:
            yield f"rides[{ride.parcel_id}].close_time: is before open_time"
    for gate in wave.gates:
        yield from _negative(gate, "stop_seconds", f"gates[{gate.gate_id}].")
        yield from _negative(gate, "stop_vnd", f"gates[{gate.gate_id}].")
        if gate.largest_kind not in KINDS:
            yield f"gates[{gate.gate_id}].largest_kind: {gate.largest_kind!r} is none of {', '.join(KINDS)}"
        if any(window.to_time < window.from_time for window in gate.windows):
            yield f"gates[{gate.gate_id}].windows: one ends before it begins"
    for hub in wave.hubs:
        yield from _negative(hub, "handling_seconds", f"hubs[{hub.hub_id}].")
    for load in wave.outbound:
        yield from _negative(load, "weight_g", f"outbound[{load.outbound_id}].")


def _negative(holder: Any, name: str, where: str) -> Iterator[str]:
    value = getattr(holder, name)
    if value < 0:
        yield f"{where}{name}: {value} is negative"


def _references(wave: Wave) -> Iterator[str]:
    gates, hubs = {gate.gate_id for gate in wave.gates}, {hub.hub_id for hub in wave.hubs}
    for ride in wave.rides:
        if ride.gate_id not in gates:
            yield f"rides[{ride.parcel_id}].gate_id: gate {ride.gate_id!r} is unknown"
    for gate in wave.gates:
        for hub in gate.hub_ids:
            if hub not in hubs:
                yield f"gates[{gate.gate_id}].hub_ids: hub {hub!r} is unknown"
        times = [later.decide_time for later in gate.later_waves]
        if times != sorted(times) or (times and times[0] <= wave.decide_time):
            yield f"gates[{gate.gate_id}].later_waves: not in order, or not later"
    parcels = {ride.parcel_id for ride in wave.rides}
    for pin in wave.pins:
        if pin.parcel_id not in parcels:
            yield f"pins: parcel {pin.parcel_id!r} is unknown"
    for load in wave.outbound:
        if load.gate_id not in gates:
            yield f"outbound[{load.outbound_id}].gate_id: gate {load.gate_id!r} is unknown"


def _vehicles(wave: Wave) -> Iterator[str]:
    hubs = {hub.hub_id for hub in wave.hubs}
    amounts = ("weight_max_g", "parcels_max", "number", "lead_seconds", "fixed_vnd", "per_km_vnd", "per_stop_vnd")
    more = ("per_parcel_vnd", "per_kg_vnd", "per_drive_hour_vnd", "per_duty_hour_vnd")
    for vehicle in wave.vehicles:
        where = f"vehicles[{vehicle.vehicle_id}]."
        for name in amounts + more:
            yield from _negative(vehicle, name, where)
        if vehicle.kind not in KINDS:
            yield f"{where}kind: {vehicle.kind!r} is none of {', '.join(KINDS)}"
        if not 0 <= vehicle.on_time <= 1:
            yield f"{where}on_time: {vehicle.on_time} is no share"
        if vehicle.number_scope not in SCOPES:
            yield f"{where}number_scope: {vehicle.number_scope!r} is none of {', '.join(SCOPES)}"
        for hub in vehicle.hub_ids:
            if hub not in hubs:
                yield f"{where}hub_ids: hub {hub!r} is unknown"
        if wave.tables and vehicle.profile not in {table.profile for table in wave.tables}:
            yield f"{where}profile: no table of {vehicle.profile!r}"


def _partners(wave: Wave) -> Iterator[str]:
    for day in wave.partners:
        where = f"partners[{day.partner_id}]."
        for name in ("parcels_today", "bill_today_vnd", "runs_today", "weight_today_g"):
            yield from _negative(day, name, where)
        steps = [step.parcels_from for step in day.discounts]
        offs = [step.off_permille for step in day.discounts]
        if steps != sorted(set(steps)) or offs != sorted(offs) or not all(0 <= off <= 1000 for off in offs):
            yield f"{where}discounts: steps and shares must rise, shares at most 1000"


def _matrices(wave: Wave) -> Iterator[str]:
    for table in wave.tables:
        yield from _table(table)
    places: dict[str, tuple[str, ...]] = {}
    for table in wave.tables:
        if places.setdefault(table.profile, table.place_ids) != table.place_ids:
            yield f"tables[{table.profile}].place_ids: differ between periods"
    if wave.tables:
        return
    for name, ways in (("metres", wave.matrix.metres), ("seconds", wave.matrix.seconds)):
        bad = next((way for way, value in ways.items() if not 0 <= value < SECONDS_MAX), None)
        if bad:
            yield f"matrix.{name}: {ways[bad]} from {bad[0]!r} to {bad[1]!r}"
    missing = next((way for way in wave.matrix.seconds if way not in wave.matrix.metres), None)
    if missing:
        yield f"matrix.metres: no value from {missing[0]!r} to {missing[1]!r}"


def _table(table: Table) -> Iterator[str]:
    size, where = len(table.place_ids), f"tables[{table.profile}]."
    for name in ("metres", "seconds"):
        values = getattr(table, name)
        if getattr(values, "shape", None) != (size, size):
            yield f"{where}{name}: shape {getattr(values, 'shape', None)} is not {(size, size)}"
        elif values.dtype.kind not in "iu":
            yield f"{where}{name}: {values.dtype} is no integer type"
        elif size and (values.max() >= SECONDS_MAX or values.min() < -1):
            yield f"{where}{name}: a value is out of range"


def _unless(good: bool, text: str) -> Iterator[str]:
    if not good:
        yield text


def _runs(wave: Wave) -> Iterator[str]:
    gates, hubs = {gate.gate_id for gate in wave.gates}, {hub.hub_id for hub in wave.hubs}
    cars, parcels = {v.vehicle_id for v in wave.vehicles}, {ride.parcel_id for ride in wave.rides}
    for run in wave.pinned_runs:
        yield from _unless(run.vehicle_id in cars, f"pinned_runs: vehicle {run.vehicle_id!r} is unknown")
        yield from _unless(run.hub_id in hubs, f"pinned_runs: hub {run.hub_id!r} is unknown")
        for stop in run.stops:
            yield from _unless(stop.gate_id in gates, f"pinned_runs: gate {stop.gate_id!r} is unknown")
            yield from _unless(set(stop.parcel_ids) <= parcels, f"pinned_runs: unknown parcels at {stop.gate_id!r}")
    for one in wave.committed:
        yield from _unless(one.hub_id in hubs, f"committed[{one.run_id}].hub_id: hub {one.hub_id!r} is unknown")
        for halt in one.stops:
            yield from _unless(
                halt.gate_id in gates, f"committed[{one.run_id}].stops: gate {halt.gate_id!r} is unknown"
            )
