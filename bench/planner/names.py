"""What the planner calls places and hubs, which have one list of names there and two in the format."""

from __future__ import annotations

from dataclasses import dataclass

from bench.planner.instance import Instance


@dataclass(frozen=True, slots=True)
class Names:
    """The name of each place, and all names with the number of the place they stand for, as rows of the matrices."""

    of: dict[str, str]
    rows: tuple[tuple[str, int], ...]


def names_of(instance: Instance) -> Names:
    """A place with a hub is called as the hub, unless somebody collects there or that name is another place's."""
    hubs = {hub.id: hub.place for hub in instance.hubs}
    places = {place.id: number for number, place in enumerate(instance.places)}
    shared = len(set(hubs.values())) < len(hubs) or set(hubs.values()) & _gates(instance)
    if shared or any(hub in places and hub != place for hub, place in hubs.items()):
        of = {place: f"place {place}" for place in places}
        return Names(of, (*((of[place], n) for place, n in places.items()), *((h, places[p]) for h, p in hubs.items())))
    of = {place: place for place in places} | {place: hub for hub, place in hubs.items()}
    return Names(of, tuple((of[place], number) for place, number in places.items()))


def _gates(instance: Instance) -> set[str]:
    """Where parcels stand or may come."""
    forecast = instance.forecast
    found = {parcel.place for parcel in instance.parcels} | {one.place for day in forecast.days for one in day}
    return found | set(forecast.pool.place if forecast.pool else ())
