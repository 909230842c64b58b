"""A closure: a road or a commune that is closed for a while, and what that means for runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel import Aggregate

from shipping.domain.profile import Profile, Way

EVERY = "every"
"""The id under which all closures that are not over are read as one."""

OPEN_MIN = timedelta(hours=3)
"""So long on end a commune must be open for a run to come, collect and be on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure(Aggregate):
    """Either `road_id` or `commune_code` is closed from `from_time` until, not including, `to_time`."""

    road_id: str = ""
    commune_code: str = ""
    from_time: datetime
    to_time: datetime
    source: str = ""
    declared_by: str = ""

    def lifted(self, now: datetime) -> Closure:
        """Ended, or never begun; itself if it is over anyway."""
        return replace(self, from_time=min(self.from_time, now), to_time=now) if now < self.to_time else self

    def overlaps(self, first: datetime, last: datetime) -> bool:
        """Whether it holds at any moment between the two, both included."""
        return self.from_time <= last and first < self.to_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Closures(Aggregate):
    """All closures that are not over, read as one for decisions that cannot know which there are; never saved."""

    closures: tuple[Closure, ...] = ()


def open_ways(ways: Sequence[Way], closures: Iterable[Closure], first: datetime, last: datetime) -> tuple[Way, ...]:
    """The ways that stay open all the time between two moments, in their order."""
    closed = {closure.road_id for closure in closures if closure.road_id and closure.overlaps(first, last)}
    return tuple(way for way in ways if way.road_id not in closed)


def open_spans(
    commune_code: str, closures: Iterable[Closure], first: datetime, last: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches between two moments in which the commune can be served; none = it is closed all the time."""
    spans, start = [], first
    closed = sorted((c.from_time, c.to_time) for c in closures if c.commune_code == commune_code)
    for begins, ends in closed:
        if start < min(begins, last):
            spans.append((start, min(begins, last)))
        start = max(start, ends)
    return (*spans, (start, last)) if start < last else tuple(spans)


def is_closed(commune_code: str, closures: Iterable[Closure], first: datetime, last: datetime) -> bool:
    """Whether nothing can be collected in that commune at some moment between the two."""
    return any(c.commune_code == commune_code and c.overlaps(first, last) for c in closures)


def may_collect(profile: Profile, closures: Iterable[Closure], first: datetime, last: datetime) -> bool:
    """Whether a run planned at `first` can collect in the commune and be home over an open way by `last`."""
    known = tuple(closures)
    long_enough = min(OPEN_MIN, last - first)
    spans = open_spans(profile.commune_code, known, first, last)
    return bool(open_ways(profile.ways, known, first, last)) and any(end - start >= long_enough for start, end in spans)
