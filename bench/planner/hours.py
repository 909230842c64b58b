"""Reads hours that stand in the first day only as the hours of every day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from bench.planner.instance import DAY_S, Hub, Instance, Span
from bench.planner.rows import Note

ALWAYS = Hub(id="", place="").close
NEVER = (0, 0)
TAKEN = "stands in the first day only and is taken for every day"


def daily(instance: Instance, note: Note) -> Instance:
    """The instance with its hours told day by day; `note` hears of what was guessed.

    Shifts, and a hub's hours and cut-offs, are daily if all of them that end before the last wave stand in the first
    day. Hours of a hub bind the vehicles that end there like a shift.
    """
    leaves = [wave.earliest_leave for wave in instance.waves]
    days, last = {leave // DAY_S for leave in leaves}, max(leaves, default=0)
    vehicles, hubs = instance.vehicles, instance.hubs
    if _first_day_only([span for vehicle in vehicles for span in vehicle.shift], last):
        vehicles = [replace(one, shift=_every_day(one.shift, days, last)) for one in vehicles]
        note(f"vehicles[].shift: {TAKEN}")
    if _first_day_only([(hub.open, hub.close) for hub in hubs], last):
        opened = {hub.id: _every_day([(hub.open, hub.close)], days, last) for hub in hubs}
        vehicles = [replace(one, shift=_both(one.shift, opened[one.end])) for one in vehicles]
        hubs = [replace(hub, open=0, close=ALWAYS) if hub.close <= last else hub for hub in hubs]
        note(f"hubs[].close: {TAKEN}")
    if (cuts := [cut for hub in hubs for cut in hub.cutoffs]) and max(cuts) < DAY_S <= last:
        again = {day + more for day in days for more in (0, 1)}
        hubs = [replace(hub, cutoffs=sorted(c + day * DAY_S for c in hub.cutoffs for day in again)) for hub in hubs]
        note(f"hubs[].cutoffs: {TAKEN}")
    return replace(instance, vehicles=vehicles, hubs=hubs)


def _first_day_only(spans: Iterable[Span], last: int) -> bool:
    """Whether the spans that end before the last wave, if there are any, all stand in the first of several days."""
    ended = [span for span in spans if span[1] <= last]
    return last >= DAY_S and bool(ended) and all(0 <= low < DAY_S and high - low <= DAY_S for low, high in ended)


def _every_day(spans: Sequence[Span], days: Collection[int], last: int) -> list[Span]:
    """The spans on every day that has waves; empty = always."""
    if any(high - low == DAY_S for low, high in spans):
        return []
    if any(high > last for _, high in spans):
        return list(spans)
    found = {
        (low + day * DAY_S, high + day * DAY_S)
        for low, high in spans
        for day in (*days, *(day - 1 for day in days if high > DAY_S))
    }
    return sorted(found)


def _both(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Where spans and others overlap; empty = always."""
    if not spans or not others:
        return list(spans or others)
    found = {(max(a, c), min(b, d)) for a, b in spans for c, d in others if max(a, c) < min(b, d)}
    return sorted(found) or [NEVER]
