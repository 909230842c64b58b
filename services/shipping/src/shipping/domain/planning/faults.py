"""What is wrong with one field, said as "field: what is wrong with it"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
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
    """Fields that are no whole numbers, or too small; None stands for "no limit" and is the type's matter."""
    for name in names:
        value = getattr(holder, name)
        if value is None:
            continue
        if not (type(value) is int or isinstance(value, Integral)):
            yield f"{where}{name}: {value!r} is no whole number"
        elif value < least:
            yield f"{where}{name}: {value} is {'negative' if least == 0 else f'less than {least}'}"


def moments(holder: Any, where: str, names: Iterable[str]) -> Iterator[str]:
    """Fields that are no instants; None stands for "at any time" and is the type's matter."""
    for name in names:
        yield from instants(f"{where}{name}", (getattr(holder, name),))


def instants(name: str, times: Iterable[datetime | None]) -> Iterator[str]:
    """Times that name no instant, for want of a time zone."""
    for one in times:
        if one is not None and (not isinstance(one, datetime) or one.utcoffset() is None):
            yield f"{name}: {one} has no time zone"


def spans(name: str, windows: Iterable[Any]) -> Iterator[str]:
    """Windows without a time zone, or that end before they begin."""
    for window in windows:
        yield from instants(name, (window.from_time, window.to_time))
        yield from unless(window.from_time <= window.to_time, f"{name}: one ends before it begins")


def ride_faults(ride: Ride, where: str) -> Iterator[str]:
    """Amounts and times of a parcel."""
    yield from moments(ride, where, RIDE_TIMES)
    yield from instants(f"{where}latest", ride.latest.values())
    yield from amounts(ride, where, RIDE_AMOUNTS)
    yield from amounts(ride, where, ("count",), 1)
    if ride.open_time and ride.close_time and ride.close_time < ride.open_time:
        yield f"{where}close_time: is before open_time"
