"""Looks up ways in an instance's profiles and drives one run through them, as the driver would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.planner.instance import DAY_S, KINDS, Hub, Instance, Parcel, Place, Vehicle


class BrokenOrder(Exception):
    """An order breaks a rule of the instance; the message says which and where."""


class Ground:
    """An instance by id, built once and shared by everything that replays it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.index = {place.id: number for number, place in enumerate(instance.places)}
        self.places: dict[str, Place] = {place.id: place for place in instance.places}
        self.hubs: dict[str, Hub] = {hub.id: hub for hub in instance.hubs}
        self.vehicles: dict[str, Vehicle] = {vehicle.id: vehicle for vehicle in instance.vehicles}
        self.parcels: dict[str, Parcel] = {parcel.id: parcel for parcel in instance.parcels}

    def way(self, profile: str, here: str, there: str, leave: int) -> tuple[int, int] | None:
        """Seconds and metres; None = cannot be driven when leaving at that moment."""
        if here == there:
            return 0, 0
        roads, second = self.instance.profiles[profile], leave % DAY_S
        period = max(number for number, start in enumerate(roads.periods) if start <= second)
        row, column = self.index[here], self.index[there]
        seconds, metres = roads.duration_s[period][row][column], roads.distance_m[period][row][column]
        return None if seconds is None or metres is None else (seconds, metres)

    @cached_property
    def last_decision(self) -> int:
        """When the last wave is decided."""
        return self.instance.waves[-1].decide_at if self.instance.waves else 0

    def starts_at(self, parcel: Parcel, clock: int, ready: int | None = None) -> int | None:
        """When collecting begins for someone who is there at `clock`; None = too late for its window."""
        start = max(clock, parcel.open, ready or 0)
        windows = self.places[parcel.place].windows
        if windows:
            start = min((max(start, low) for low, high in windows if high >= start), default=-1)
        return start if 0 <= start <= parcel.close else None


@dataclass(frozen=True, slots=True)
class Order:
    """What a policy sends: a vehicle, when it leaves, and the parcels in the order in which they are collected."""

    vehicle: str
    leave: int
    parcels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A run as it really went; `missed` were planned but not ready at the door."""

    vehicle: str
    wave: int
    leave: int
    home: int
    parcels: tuple[str, ...]
    missed: tuple[str, ...]
    metres: int
    drive_s: int
    stops: int
    bill: float


def stops_of(ground: Ground, parcel_ids: Sequence[str]) -> list[tuple[str, list[Parcel]]]:
    """The parcels as stops: those in a row at one place share one."""
    stops: list[tuple[str, list[Parcel]]] = []
    for parcel in (ground.parcels[one] for one in parcel_ids):
        if not stops or stops[-1][0] != parcel.place:
            stops.append((parcel.place, []))
        stops[-1][1].append(parcel)
    return stops


def bill_of(ground: Ground, vehicle: Vehicle, sent: Sequence[int], places: Sequence[str], parcels: int) -> float:
    """Money for a run: `sent` is metres, seconds of driving and seconds of duty."""
    metres, drive_s, duty_s = sent
    money = vehicle.fixed + metres * vehicle.per_m + drive_s * vehicle.per_drive_s + duty_s * vehicle.per_duty_s
    money += sum(vehicle.per_stop + ground.places[place].stop_fee for place in places)
    return money + parcels * vehicle.per_parcel


def check_order(ground: Ground, vehicle: Vehicle, parcels: Sequence[Parcel]) -> None:
    """Kinds and capacity; raises BrokenOrder."""
    for parcel in parcels:
        if _rank(vehicle.kind) > _rank(ground.places[parcel.place].max_kind, high=True):
            raise BrokenOrder(f"{vehicle.id} is too large for {parcel.place}")
        if parcel.min_kind and _rank(vehicle.kind, high=True) < _rank(parcel.min_kind):
            raise BrokenOrder(f"{parcel.id} is too heavy for {vehicle.id}")
        if vehicle.end not in parcel.latest:
            raise BrokenOrder(f"{parcel.id} does not go to {vehicle.end}")
    for name, most in vehicle.capacity.items():
        if sum(parcel.load.get(name, 0) for parcel in parcels) > most:
            raise BrokenOrder(f"{vehicle.id} carries more than {most} {name}")


def check_span(ground: Ground, vehicle: Vehicle, leave: int, home: int) -> None:
    """Shift, run length and hub; raises BrokenOrder."""
    hub = ground.hubs[vehicle.end]
    if vehicle.shift and not any(low <= leave and home <= high for low, high in vehicle.shift):
        raise BrokenOrder(f"{vehicle.id} from {leave} to {home} is outside its shift")
    if vehicle.max_run_s is not None and home - leave > vehicle.max_run_s:
        raise BrokenOrder(f"{vehicle.id} is under way too long")
    if not hub.open <= home <= hub.close:
        raise BrokenOrder(f"{vehicle.id} comes to a closed hub")


def _rank(kind: str | None, high: bool = False) -> int:
    """Place in KINDS; a kind that is not there fits everything."""
    return KINDS.index(kind) if kind in KINDS else (len(KINDS) if high else -1)
