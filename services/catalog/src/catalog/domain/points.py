"""Pickup points as things of their own: where one is, from when on, and whether one seller or several are there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel import Aggregate, Invalid

from catalog.domain.errors import PointTaken
from catalog.domain.places import PickupPoint

MOVES_AHEAD_MAX = 16


@dataclass(frozen=True, slots=True)
class DatedPickupPoint:
    """A pickup point and since when it is so."""

    pickup_point: PickupPoint
    from_time: datetime


Places = tuple[DatedPickupPoint, ...]
"""In the order of their times, at least one."""


def point_at(places: Places, time: datetime) -> PickupPoint:
    """What held at a moment; before the first, the first."""
    held = [dated for dated in places if dated.from_time <= time]
    return (held[-1] if held else places[0]).pickup_point


def with_move(places: Places, point: PickupPoint, from_time: datetime, now: datetime) -> Places:
    """The places with one more; raises Invalid if too many are planned. Only those of the past are forgotten."""
    kept = [dated for dated in places if dated.from_time != from_time]
    ordered = sorted([*kept, DatedPickupPoint(point, from_time)], key=lambda dated: dated.from_time)
    past = [dated for dated in ordered if dated.from_time <= now]
    ahead = [dated for dated in ordered if dated.from_time > now]
    if len(ahead) > MOVES_AHEAD_MAX:
        raise Invalid("effective_time", f"more than {MOVES_AHEAD_MAX} moves are planned already")
    # Parcels carry the place they were made with.
    return (*past[-2:], *ahead)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPoint(Aggregate):
    """A pickup point as it is for all who are collected there; id = pickup_point_id. Invariant: as of Places.

    `owner_id` is the seller that named it first: it or an operator moves it, for all who are collected there. Empty =
    several shared it before points were kept: only operators move it.
    """

    owner_id: str
    places: Places

    def at(self, time: datetime) -> PickupPoint:
        """What it was, is or will be at a moment."""
        return point_at(self.places, time)

    def move(self, point: PickupPoint, from_time: datetime, now: datetime) -> KnownPoint:
        """Be elsewhere, or otherwise, from a moment on, for all who share it."""
        if point == self.at(from_time):
            return self
        return replace(self, places=with_move(self.places, point, from_time, now))

    def share(self, point: PickupPoint, from_time: datetime) -> None:
        """A seller is collected here from a moment on; raises PointTaken if it names another place than holds then."""
        if _undated(point) != _undated(self.at(from_time)):
            raise PointTaken(pickup_point_id=self.id)


def _undated(point: PickupPoint) -> PickupPoint:
    """Without the day on which its commune's code is meant: who leaves it out says the same place."""
    return replace(point, place=replace(point.place, as_of_date=""))
