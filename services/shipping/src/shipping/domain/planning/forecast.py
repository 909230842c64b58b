"""What is known of coming parcels, from earlier days only; none of it may come from the day that is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipping.domain.planning.model import Ride


@dataclass(frozen=True, slots=True)
class DayBefore:
    """All parcels of one earlier day, or days in a row; moved `shift_days` ahead they stand for the coming ones."""

    rides: tuple[Ride, ...]
    shift_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Parcels an hour at a gate between two instants to come: `parcels_seen` of them in `hours_seen` hours of the past.

    What is drawn looks like one of `examples`, its times moved so that it becomes ready inside the interval; `latest`
    is kept as the examples give it.
    """

    from_time: datetime
    to_time: datetime
    parcels_seen: int
    hours_seen: float
    examples: tuple[Ride, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Draws from a given set: at each of `wave_times`, so many parcels, whose place, window, load and service are drawn
    each on its own from `rides`; with `drop_unreachable`, those that no solo run could serve any more are dropped.
    """

    wave_times: tuple[datetime, ...]
    draws_per_wave: int
    rides: tuple[Ride, ...]
    drop_unreachable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Any of the three sources; with none of them nothing is thought to come but what is announced.

    Where vehicles are ample a pool goes before days and rates.

    `wave_times` are the coming decisions of the region, in order, as far as look-ahead should see.
    """

    wave_times: tuple[datetime, ...]
    days: tuple[DayBefore, ...] = ()
    rates: tuple[Rate, ...] = ()
    pool: Pool | None = None
    scenarios_max: int = 8
