"""Refuses waves that make no sense, with the field named, so that nothing raises from the depth of a search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Integral, Real

from shipping.domain.planning.errors import InvalidWave
from shipping.domain.planning.faults import amounts, instants, moments, ride_faults, spans, twice, unless
from shipping.domain.planning.model import DOOR, FROZEN, KINDS, Budget, Gate, Wave
from shipping.domain.planning.validate_ahead import forecast_faults
from shipping.domain.planning.validate_fleet import committed_faults, partner_faults, pinned_faults, vehicle_faults
from shipping.domain.planning.validate_ways import way_faults

SEEDS = 2**32
"""Seeds are below this: what the dice of the search take."""


def refuse_invalid(wave: Wave) -> None:
    """Raise InvalidWave at the first field that cannot be meant; the last look is at runs that break a rule.

    Time zones come first: whatever is compared later on can be.
    """
    for look in (_wave, _rides, _gates, _hubs, vehicle_faults, _partners, _others, committed_faults):
        for found in look(wave):
            raise InvalidWave(found)
    for look in (_ids, _references, _pins, way_faults, forecast_faults, pinned_faults):
        for found in look(wave):
            raise InvalidWave(found)


def refuse_invalid_budget(budget: Budget) -> None:
    """Raise InvalidWave for a budget without sense."""
    seconds = budget.cpu_seconds
    if not isinstance(seconds, Real) or not (seconds >= 0 and math.isfinite(seconds)):
        raise InvalidWave(f"budget.cpu_seconds: {seconds!r} is no time to spend")
    if any(not isinstance(step, Integral) or step < 0 for step in budget.trace or ()):
        raise InvalidWave("budget.trace: a step is no number, or negative")


def refuse_invalid_seed(seed: int) -> None:
    """Raise InvalidWave for a seed that the dice do not take."""
    if type(seed) is not int or not 0 <= seed < SEEDS:
        raise InvalidWave(f"seed: {seed!r} is no whole number from 0 to {SEEDS - 1}")


def _wave(wave: Wave) -> Iterator[str]:
    yield from moments(wave, "", ("decide_time", "freeze_time"))
    yield from amounts(wave, "", ("late_vnd", "late_day_vnd", "wait_hour_vnd", "change_vnd"))
    if wave.information not in (FROZEN, DOOR):
        yield f"information: {wave.information!r} is neither {FROZEN!r} nor {DOOR!r}"


def _ids(wave: Wave) -> Iterator[str]:
    yield from twice("rides.parcel_id", (ride.parcel_id for ride in wave.rides))
    yield from twice("gates.gate_id", (gate.gate_id for gate in wave.gates))
    yield from twice("hubs.hub_id", (hub.hub_id for hub in wave.hubs))
    yield from twice("vehicles.vehicle_id", (vehicle.vehicle_id for vehicle in wave.vehicles))
    yield from twice("committed.run_id", (run.run_id for run in wave.committed))
    yield from twice("outbound.outbound_id", (load.outbound_id for load in wave.outbound))


def _rides(wave: Wave) -> Iterator[str]:
    for ride in wave.rides:
        yield from ride_faults(ride, f"rides[{ride.parcel_id}].")


def _gates(wave: Wave) -> Iterator[str]:
    for gate in wave.gates:
        where = f"gates[{gate.gate_id}]."
        yield from amounts(gate, where, ("stop_seconds", "stop_vnd"))
        yield from spans(f"{where}windows", gate.windows)
        yield from unless(
            gate.largest_kind in KINDS, f"{where}largest_kind: {gate.largest_kind!r} is none of {', '.join(KINDS)}"
        )
        yield from _later(wave, gate, where)


def _later(wave: Wave, gate: Gate, where: str) -> Iterator[str]:
    times = [later.decide_time for later in gate.later_waves]
    yield from instants(f"{where}later_waves", [*times, *(later.home_time for later in gate.later_waves)])
    if times != sorted(times) or (times and times[0] <= wave.decide_time):
        yield f"{where}later_waves: not in order, or not later"


def _hubs(wave: Wave) -> Iterator[str]:
    for hub in wave.hubs:
        where = f"hubs[{hub.hub_id}]."
        yield from amounts(hub, where, ("handling_seconds",))
        yield from moments(hub, where, ("open_time", "close_time"))
        yield from instants(f"{where}cutoff_times", hub.cutoff_times)


def _partners(wave: Wave) -> Iterator[str]:
    yield from partner_faults(wave.partners, "partners")


def _others(wave: Wave) -> Iterator[str]:
    for load in wave.outbound:
        where = f"outbound[{load.outbound_id}]."
        yield from amounts(load, where, ("weight_g", "volume_cm3", "count", "service_seconds"))
    for no in wave.forbidden:
        yield from instants(f"forbidden[{no.partner_id}].until_time", (no.until_time,))


def _references(wave: Wave) -> Iterator[str]:
    gates, hubs = {gate.gate_id for gate in wave.gates}, {hub.hub_id for hub in wave.hubs}
    for ride in wave.rides:
        where = f"rides[{ride.parcel_id}]."
        if ride.gate_id not in gates:
            yield f"{where}gate_id: gate {ride.gate_id!r} is unknown"
        for hub in ride.latest:
            if hub not in hubs:
                yield f"{where}latest: hub {hub!r} is unknown"
    for gate in wave.gates:
        for hub in gate.hub_ids:
            if hub not in hubs:
                yield f"gates[{gate.gate_id}].hub_ids: hub {hub!r} is unknown"
    for load in wave.outbound:
        if load.gate_id not in gates:
            yield f"outbound[{load.outbound_id}].gate_id: gate {load.gate_id!r} is unknown"


def _pins(wave: Wave) -> Iterator[str]:
    if not wave.pins:
        return
    parcels = {ride.parcel_id for ride in wave.rides}
    partners = {one.partner_id for group in (wave.vehicles, wave.partners, wave.committed) for one in group}
    partners |= {partner_id for ride in wave.rides for partner_id in ride.partner_ids}
    said: dict[tuple[str, str], object] = {}
    for pin in wave.pins:
        if pin.parcel_id not in parcels:
            yield f"pins: parcel {pin.parcel_id!r} is unknown"
        if pin.partner_id is not None and pin.partner_id not in partners:
            yield f"pins[{pin.parcel_id}].partner_id: partner {pin.partner_id!r} is unknown"
        for name in ("rides", "partner_id"):
            word = getattr(pin, name)
            if word is not None and said.setdefault((pin.parcel_id, name), word) != word:
                yield f"pins[{pin.parcel_id}].{name}: {said[pin.parcel_id, name]} and {word} cannot both hold"
