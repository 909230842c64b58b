"""Local days and hours: working days, breaks such as Tết, cut-offs and the moments of waves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

DAYS_SEARCHED_MAX = 60
"""No calendar is closed for longer; a search that goes further is a mistake in the data."""

DAY_END = time(23, 59)


class NeverOpen(Exception):
    """A calendar has no open day within reach; the data are wrong."""


@dataclass(frozen=True, slots=True)
class Break:
    """Closed days, both inclusive."""

    first: date
    last: date
    name: str


@dataclass(frozen=True, slots=True)
class ServiceCalendar:
    """On which local days something is done. `weekdays`: 0 = Monday."""

    weekdays: frozenset[int]
    breaks: tuple[Break, ...] = ()

    def open_on(self, day: date) -> bool:
        """Whether that day is served."""
        return day.weekday() in self.weekdays and not any(b.first <= day <= b.last for b in self.breaks)

    def open_from(self, day: date) -> date:
        """That day or the next one that is served; raises NeverOpen."""
        return next(_days(day, self.open_on))

    def after(self, day: date, count: int) -> date:
        """The `count`-th served day after `day`; raises NeverOpen."""
        for _ in range(count):
            day = self.open_from(day + timedelta(days=1))
        return day


def _days(first: date, wanted: Callable[[date], bool]) -> Iterator[date]:
    for number in range(DAYS_SEARCHED_MAX):
        if wanted(day := first + timedelta(days=number)):
            yield day
    raise NeverOpen(f"no open day within {DAYS_SEARCHED_MAX} days of {first}")


def local_date(moment: datetime) -> date:
    """The local day of an instant: 17:00Z belongs to the next day here."""
    return moment.astimezone(LOCAL).date()


def local_time(moment: datetime) -> time:
    """The local time of day of an instant."""
    return moment.astimezone(LOCAL).time()


@lru_cache(maxsize=1024)
def instant(day: date, at: time) -> datetime:
    """A local day and time of day as an instant, UTC."""
    return datetime.combine(day, at, LOCAL).astimezone(UTC)


def day_start(day: date) -> datetime:
    """Local midnight at which a day begins, as an instant."""
    return instant(day, time())


def day_end(day: date) -> datetime:
    """23:59 of a local day, as an instant."""
    return instant(day, DAY_END)


def label(moment: datetime) -> str:
    """An instant as the local minute, e.g. 2026-02-04T14:45."""
    return moment.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class Timetable:
    """The moments at which a commune's runs are planned: times of day on some weekdays."""

    times: tuple[time, ...]
    weekdays: frozenset[int]

    def on(self, day: date) -> tuple[datetime, ...]:
        """The waves of a local day, in order."""
        return tuple(instant(day, at) for at in self.times) if day.weekday() in self.weekdays else ()

    def after(
        self,
        moment: datetime,
        open_on: Callable[[date], bool],
        count: int,
        counts: Callable[[datetime], bool] = lambda _wave: True,
    ) -> list[datetime]:
        """The next `count` waves later than `moment` that count, on days that are open; fewer if the search ends."""
        found: list[datetime] = []
        for number in range(DAYS_SEARCHED_MAX):
            day = local_date(moment) + timedelta(days=number)
            found += [wave for wave in (self.on(day) if open_on(day) else ()) if wave > moment and counts(wave)]
            if len(found) >= count:
                break
        return found[:count]

    def latest(self, moment: datetime) -> datetime | None:
        """The last wave of the same local day that is not later than `moment`; None if there was none yet."""
        return max((wave for wave in self.on(local_date(moment)) if wave <= moment), default=None)
