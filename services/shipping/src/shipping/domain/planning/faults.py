"""What is wrong with one field, said as "field: what is wrong with it"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from numbers import Integral
from typing import Any

from shipping.domain.planning.model import Ride

RIDE_TIMES = ("known_time", "ready_time", "ready_expected_time", "open_time", "close_time")
RIDE_AMOUNTS = ("weight_g", "volume_cm3", "service_seconds", "chargeable_g")


def unless(good: bool, text: str) -> Iterator[str]:
    """The text, if it is not good."""
    if not good:
        yield text


def twice(name: str, ids: Iterable[str]) -> Iterator[str]:
    """Ids that are there twice, or empty."""
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            yield f"{name}: {one!r} is there twice"
        if not one:
            yield f"{name}: an id is empty"
        seen.add(one)


def amounts(holder: Any, where: str, names: Iterable[str], least: int = 0) -> Iterator[str]:
    """Fields that are no whole numbers, or too small; None only where the field may be None."""
    for name in names:
        value = getattr(holder, name)
        if value is None and _may_be_none(holder.__class__, name):
            continue
        if not (type(value) is int or isinstance(value, Integral)):
            yield f"{where}{name}: {value!r} is no whole number"
        elif value < least:
            yield f"{where}{name}: {value} is {'negative' if least == 0 else f'less than {least}'}"


def moments(holder: Any, where: str, names: Iterable[str]) -> Iterator[str]:
    """Fields that are no instants; None only where the field may be None."""
    for name in names:
        if getattr(holder, name) is not None or not _may_be_none(holder.__class__, name):
            yield from instants(f"{where}{name}", (getattr(holder, name),))


@cache
def _may_be_none(holder: Any, name: str) -> bool:
    """Whether a dataclass says so of its field; annotations are text."""
    return "None" in str(holder.__dataclass_fields__[name].type)


def instants(name: str, times: Iterable[Any]) -> Iterator[str]:
    """What names no instant: it is no time, or has no zone."""
    for one in times:
        if not isinstance(one, datetime):
            yield f"{name}: {one!r} is no instant"
        elif one.utcoffset() is None:
            yield f"{name}: {one} has no time zone"


def spans(name: str, windows: Iterable[Any]) -> Iterator[str]:
    """Windows without a time zone, or that end before they begin."""
    for window in windows:
        yield from instants(name, (window.from_time, window.to_time))
        yield from unless(window.from_time <= window.to_time, f"{name}: one ends before it begins")


def ride_faults(ride: Ride, where: str) -> Iterator[str]:
    """Amounts and times of a parcel."""
    if not _is_usual(ride):
        yield from _ride_faults(ride, where)


def _is_usual(ride: Ride) -> bool:
    """Nothing is wrong for sure: a forecast has tens of thousands of parcels, and looking closely takes its time."""
    if type(ride.latest) is not dict or type(ride.count) is not int:
        return False
    opens, closes = ride.open_time, ride.close_time
    charged = 0 if ride.chargeable_g is None else ride.chargeable_g
    for time in (ride.known_time, ride.ready_time, ride.ready_expected_time, opens, closes, *ride.latest.values()):
        if time is not None and (type(time) is not datetime or time.utcoffset() is None):
            return False
    for amount in (ride.weight_g, ride.volume_cm3, ride.service_seconds, ride.count - 1, charged):
        if type(amount) is not int or amount < 0:
            return False
    needed = ride.known_time is not None and None not in ride.latest.values()
    return needed and (opens is None or closes is None or opens <= closes)


def _ride_faults(ride: Ride, where: str) -> Iterator[str]:
    yield from moments(ride, where, RIDE_TIMES)
    if not isinstance(ride.latest, Mapping):
        yield f"{where}latest: {ride.latest!r} is no instant by hub"
        return
    yield from instants(f"{where}latest", ride.latest.values())
    yield from amounts(ride, where, RIDE_AMOUNTS)
    yield from amounts(ride, where, ("count",), 1)
    if ride.open_time and ride.close_time and ride.close_time < ride.open_time:
        yield f"{where}close_time: is before open_time"
