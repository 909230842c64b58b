"""What earlier days say about the parcels to come: which days stand for today, and the planner's forecast of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shipping.domain import planning
from shipping.domain.calendar import day_start, local_date
from shipping.domain.promise import World

LIKE_DAYS_MAX = 10
"""Weeks looked back."""

LIKE_DAYS_MIN = 3
"""With fewer days nothing is foreseen, and the planner's simple rule plans."""

PARCELS_MAX = 5_000
"""Earlier parcels that are looked at; the oldest day is left out if there are more."""

WAVES_MAX = 12
"""Coming waves that are looked at, however many there are a day."""


@dataclass(frozen=True, slots=True)
class LikeDay:
    """An earlier day of the same weekday, with the days after it as far as a forecast looks; `past` is not in it."""

    first: datetime
    past: datetime
    shift_days: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far a forecast looks: the waves left today and those of the next day that has any; and the days to ask."""

    wave_times: tuple[datetime, ...]
    days: tuple[LikeDay, ...]


def look_ahead(world: World, area_hub_id: str, now: datetime) -> Ahead:
    """Like days newest first; those on which nobody collected say nothing."""
    today = local_date(now)
    waves = world.network.timetable(area_hub_id).after(now, world.collected_on, WAVES_MAX)
    last = min((day for wave in waves if (day := local_date(wave)) > today), default=today)
    earlier = (today - timedelta(weeks=number) for number in range(1, LIKE_DAYS_MAX + 1))
    days = tuple(_like(day, today, last) for day in earlier if world.collected_on(day))
    return Ahead(tuple(wave for wave in waves if local_date(wave) <= last), days)


def _like(day: date, today: date, last: date) -> LikeDay:
    past = day + (last - today) + timedelta(days=1)
    return LikeDay(day_start(day), day_start(past), (today - day).days)


def forecast(ahead: Ahead, rides: Sequence[planning.Ride]) -> planning.Forecast | None:
    """The earlier parcels by like day; None while there are too few such days.

    A day without parcels counts only if an older one has some: before that, nobody sent anything from here yet.
    """
    days = [planning.DayBefore(_ready_in(rides, day), day.shift_days) for day in ahead.days]
    while days and not days[-1].rides:
        days.pop()
    if len(rides) >= PARCELS_MAX:
        days = days[:-1]
    if len(days) < LIKE_DAYS_MIN or not ahead.wave_times:
        return None
    return planning.Forecast(wave_times=ahead.wave_times, days=tuple(days))


def _ready_in(rides: Sequence[planning.Ride], day: LikeDay) -> tuple[planning.Ride, ...]:
    return tuple(ride for ride in rides if ride.ready_time and day.first <= ride.ready_time < day.past)
