"""Drives an order through the instance under its information rule and says what really happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.planner.instance import Parcel, Vehicle
from bench.planner.roads import BrokenOrder, Ground, Order, Sent, bill_of, check_order, check_span, stops_of


@dataclass(slots=True)
class _Trip:
    """A run under way."""

    clock: int
    here: str
    metres: int = 0
    drive_s: int = 0


def drive(ground: Ground, order: Order, wave: int, openly: Mapping[str, Parcel]) -> Sent:
    """Send one run; `openly` are the parcels that are known and not collected. Raises BrokenOrder."""
    vehicle = ground.vehicles[order.vehicle]
    planned = [_open(openly, parcel_id) for parcel_id in order.parcels]
    if not planned:
        raise BrokenOrder(f"{vehicle.id} has nothing to collect")
    check_order(ground, vehicle, planned)
    if order.leave < ground.instance.waves[wave].earliest_leave:
        raise BrokenOrder(f"{vehicle.id} leaves before the lead is over")
    if ground.instance.information == "frozen":
        decided = ground.instance.waves[wave].decide_at
        if early := [parcel.id for parcel in planned if parcel.really_ready > decided]:
            raise BrokenOrder(f"{early[0]} is not ready")
    trip, taken, missed, places = _Trip(order.leave, vehicle.start), list[Parcel](), list[Parcel](), list[str]()
    later = list(planned)
    for place, parcels in stops_of(ground, order.parcels):
        _go(ground, vehicle, trip, place)
        arrived = trip.clock
        trip.clock += ground.places[place].stop_service_s
        places.append(place)
        for parcel in parcels:
            later.remove(parcel)
            if ground.instance.information == "door" and parcel.really_ready > max(arrived, parcel.ready):
                missed.append(parcel)
                continue
            _collect(ground, trip, parcel)
            taken.append(parcel)
        if ground.instance.information == "door":
            aboard = {parcel.id for parcel in (*planned, *taken)}
            at_stop = (one for one in openly.values() if one.place == place and one.id not in aboard)
            taken += _extra(vehicle, at_stop, taken, later, arrived)
    _go(ground, vehicle, trip, ground.hubs[vehicle.end].place)
    check_span(ground, vehicle, order.leave, trip.clock)
    sums = (trip.metres, trip.drive_s, trip.clock - order.leave)
    return Sent(
        vehicle=vehicle.id,
        wave=wave,
        leave=order.leave,
        home=trip.clock,
        parcels=tuple(parcel.id for parcel in taken),
        missed=tuple(parcel.id for parcel in missed),
        metres=trip.metres,
        drive_s=trip.drive_s,
        stops=len(places),
        bill=bill_of(ground, vehicle, sums, places, len(taken)),
    )


def _open(openly: Mapping[str, Parcel], parcel_id: str) -> Parcel:
    if parcel_id not in openly:
        raise BrokenOrder(f"{parcel_id} is not known, or collected already")
    return openly[parcel_id]


def _go(ground: Ground, vehicle: Vehicle, trip: _Trip, place: str) -> None:
    way = ground.way(vehicle.profile, trip.here, place, trip.clock)
    if way is None:
        raise BrokenOrder(f"{vehicle.id} cannot drive from {trip.here} to {place} at {trip.clock}")
    trip.clock, trip.here = trip.clock + way[0], place
    trip.drive_s, trip.metres = trip.drive_s + way[0], trip.metres + way[1]


def _collect(ground: Ground, trip: _Trip, parcel: Parcel) -> None:
    ready = parcel.ready if ground.instance.information == "door" else None
    start = ground.starts_at(parcel, trip.clock, ready)
    if start is None:
        raise BrokenOrder(f"{parcel.id}: its gate is closed at {trip.clock}")
    trip.clock = start + parcel.service_s


def _extra(
    vehicle: Vehicle, here: Iterable[Parcel], taken: list[Parcel], later: list[Parcel], arrived: int
) -> list[Parcel]:
    """Announced parcels that are ready on arrival, earliest promise first, where later loads leave room; no delay."""
    aboard, out = [*taken, *later], list[Parcel]()
    for parcel in sorted(here, key=lambda one: (min(one.latest.values()), one.id)):
        fits = all(
            sum(one.load.get(name, 0) for one in (*aboard, *out, parcel)) <= most
            for name, most in vehicle.capacity.items()
        )
        if parcel.really_ready <= arrived and fits and vehicle.end in parcel.latest and parcel.service_s == 0:
            if not parcel.open <= arrived <= parcel.close or (parcel.min_kind and parcel.min_kind != vehicle.kind):
                continue
            out.append(parcel)
    return out
