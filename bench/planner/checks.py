"""Refuses an instance that contradicts itself, with the field named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized

from bench.planner.instance import DAY_S, Instance, Pool, Span
from bench.planner.refusal import BadInstance

OTHER_UNITS = {"time": {"min", "minute", "minutes", "h", "hour", "hours", "ms"}, "distance": {"km", "mile", "miles"}}
"""Nothing is converted, so these would be misunderstood."""


def check(instance: Instance) -> None:
    """Refuse what cannot be meant; raises BadInstance."""
    places = _unique("places", (place.id for place in instance.places))
    hubs = _unique("hubs", (hub.id for hub in instance.hubs))
    _unique("parcels", (parcel.id for parcel in instance.parcels))
    _unique("vehicles", (vehicle.id for vehicle in instance.vehicles))
    for name, others in OTHER_UNITS.items():
        if (said := getattr(instance.units, name)).lower() in others:
            raise BadInstance(f"units.{name}: nothing is converted from {said}; seconds and metres are meant")
    if not instance.profiles:
        raise BadInstance("profiles: there is none")
    _matrices(instance)
    for hub in instance.hubs:
        _known(f"hubs[{hub.id}].place", hub.place, places)
        _span(f"hubs[{hub.id}].close", (hub.open, hub.close))
    for number, place in enumerate(instance.places):
        for span in place.windows:
            _span(f"places[{number}].windows", span)
    _parcels(instance, places, hubs)
    _vehicles(instance, places, hubs)
    _waves(instance)
    _forecast(instance, places, hubs)


def _parcels(instance: Instance, places: set[str], hubs: set[str]) -> None:
    for parcel in instance.parcels:
        where = f"parcels[{parcel.id}]"
        _known(f"{where}.place", parcel.place, places)
        for hub_id in parcel.latest:
            _known(f"{where}.latest", hub_id, hubs)
        if not parcel.latest:
            raise BadInstance(f"{where}.latest: needs an instant for one hub at least")
        if min(parcel.load.values(), default=0) < 0:
            raise BadInstance(f"{where}.load: is negative")
        _span(f"{where}.close", (parcel.open, parcel.close))


def _vehicles(instance: Instance, places: set[str], hubs: set[str]) -> None:
    for vehicle in instance.vehicles:
        where = f"vehicles[{vehicle.id}]"
        _known(f"{where}.profile", vehicle.profile, instance.profiles)
        _known(f"{where}.start", vehicle.start, places)
        _known(f"{where}.end", vehicle.end, hubs)
        for span in vehicle.shift:
            _span(f"{where}.shift", span)


def _waves(instance: Instance) -> None:
    decided = [wave.decide_at for wave in instance.waves]
    if decided != sorted(set(decided)):
        raise BadInstance("waves: decide_at must rise")
    for number, wave in enumerate(instance.waves):
        if wave.earliest_leave < wave.decide_at:
            raise BadInstance(f"waves[{number}].earliest_leave: is before decide_at")


def _forecast(instance: Instance, places: set[str], hubs: set[str]) -> None:
    for number, day in enumerate(instance.forecast.days):
        where = f"forecast.days[{number}]"
        for one in day:
            _known(f"{where}.place", one.place, places)
            for hub_id in one.latest:
                _known(f"{where}.latest", hub_id, hubs)
            if not one.latest:
                raise BadInstance(f"{where}.latest: needs an instant for one hub at least")
            _span(f"{where}.close", (one.open, one.close))
    if instance.forecast.pool:
        _pool(instance.forecast.pool, places)


def _pool(pool: Pool, places: set[str]) -> None:
    lists: dict[str, Sized] = {"window": pool.window, "load": pool.load, "service": pool.service}
    if odd := [name for name, rows in lists.items() if len(rows) != len(pool.place)]:
        name = odd[0] if len(odd) == 1 else "place"
        sizes = ", ".join(f"{len(rows)} of {other}" for other, rows in {"place": pool.place, **lists}.items())
        raise BadInstance(f"forecast.pool.{name}: the lists must be equally long, found {sizes}")
    for place in pool.place:
        _known("forecast.pool.place", place, places)
    for span in pool.window:
        _span("forecast.pool.window", span)


def _matrices(instance: Instance) -> None:
    size = len(instance.places)
    for name, profile in instance.profiles.items():
        periods = profile.periods
        if periods[0] != 0 or periods != sorted(set(periods)) or periods[-1] >= DAY_S:
            raise BadInstance(f"profiles[{name}].periods: must begin with 0, rise and stay below {DAY_S}")
        for field, cells in (("duration_s", profile.duration_s), ("distance_m", profile.distance_m)):
            if len(cells) != len(periods) or any(len(square) != size for square in cells):
                raise BadInstance(f"profiles[{name}].{field}: needs {len(periods)} matrices of {size} places")
            if any(len(row) != size for square in cells for row in square):
                raise BadInstance(f"profiles[{name}].{field}: needs rows of {size} places")


def _span(field: str, span: Span) -> None:
    if span[1] < span[0]:
        raise BadInstance(f"{field}: ends at {span[1]}, before it begins at {span[0]}")


def _unique(field: str, ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise BadInstance(f"{field}: {one} is there twice")
        seen.add(one)
    return seen


def _known(field: str, one: str, known: Iterable[str] | Mapping[str, object]) -> None:
    if one not in known:
        raise BadInstance(f"{field}: {one} is unknown")
