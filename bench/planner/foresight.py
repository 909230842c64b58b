"""What an instance says about coming parcels, in the planner's words; and instants and amounts for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shipping.domain.planning import model

from bench.planner.instance import DAY_S, Expected, Hub, Instance, WaveTime
from bench.planner.refusal import BadInstance
from bench.planner.roads import Ground

ORIGIN = datetime(2026, 3, 2, tzinfo=UTC)
HISTORY_SHIFT_DAYS = 100
"""Earlier days stand this long before the first day, so that none can be taken for the present."""
FOR_EVER_S = 36_500 * DAY_S
"""Later than this is as good as never; calendars end somewhere."""
WEIGHTS, COUNTS, VOLUMES = ("g", "kg", "weight", "load", "demand"), ("parcels", "count"), ("cm3", "volume")
Dimensions = tuple[str, str, str]


def at(seconds: int) -> datetime:
    """The instant of so many seconds after the first midnight."""
    return ORIGIN + timedelta(seconds=max(-FOR_EVER_S, min(seconds, FOR_EVER_S)))


def seconds_at(moment: datetime) -> int:
    """Seconds from the first midnight to an instant."""
    return round((moment - ORIGIN).total_seconds())


def dimensions(instance: Instance) -> Dimensions:
    """Which dimension of the loads is the planner's weight, count and volume; one of any other name is weight."""
    names = {name for parcel in instance.parcels for name in parcel.load}
    names |= {name for vehicle in instance.vehicles for name in vehicle.capacity}
    found = [next((name for name in known if name in names), "") for known in (WEIGHTS, COUNTS, VOLUMES)]
    others = sorted(names - set(found))
    for slot in (0, 2):
        if others and not found[slot]:
            found[slot] = others.pop(0)
    if others:
        raise BadInstance(f"parcels.load: cannot plan with {', '.join(others)} beside {', '.join(filter(None, found))}")
    return found[0], found[1], found[2]


def amounts(names: Dimensions, load: Mapping[str, int]) -> dict[str, Any]:
    """A load in the planner's fields."""
    weight, count, volume = names
    return {"weight_g": load.get(weight, 0), "count": load.get(count, 1), "volume_cm3": load.get(volume, 0)}


class Foresight:
    """The forecast of one instance; earlier days are translated once."""

    def __init__(self, ground: Ground, names: Mapping[str, str], shape: Dimensions, partners: tuple[str, ...]) -> None:
        self.instance, self.names, self.shape, self.partners = ground.instance, names, shape, partners
        days = self.instance.forecast.days
        rides = [self._rides(day, number) for number, day in enumerate(days)]
        following = [rides[(number + 1) % len(rides)] for number in range(len(rides))]
        self.days = [today + _tomorrow(then) for today, then in zip(rides, following, strict=True)]

    def places(self) -> set[str]:
        """Where parcels may come from."""
        forecast = self.instance.forecast
        return {one.place for day in forecast.days for one in day} | set(forecast.pool.place if forecast.pool else ())

    def at_wave(self, wave: int) -> model.Forecast | None:
        """What a wave may be told; None = nothing is known, or nothing can come."""
        forecast, later = self.instance.forecast, self.instance.waves[wave + 1 :]
        if not later or not (forecast.days or forecast.pool):
            return None
        shift = HISTORY_SHIFT_DAYS + self.instance.waves[wave].decide_at // DAY_S
        return model.Forecast(
            wave_times=tuple(at(one.decide_at) for one in later),
            days=tuple(model.DayBefore(rides=rides, shift_days=shift) for rides in self.days),
            pool=self._pool(later),
        )

    def _pool(self, later: Sequence[WaveTime]) -> model.Pool | None:
        pool = self.instance.forecast.pool
        if pool is None:
            return None
        due = {hub.id: at(self._closes(hub)) for hub in self.instance.hubs}
        rides = tuple(
            model.Ride(
                parcel_id=f"pool-{number}",
                gate_id=self.names[place],
                known_time=ORIGIN,
                ready_time=None,
                latest=due,
                partner_ids=self.partners,
                open_time=at(window[0]),
                close_time=at(window[1]),
                service_seconds=service,
                **amounts(self.shape, load),
            )
            for number, (place, window, load, service) in enumerate(
                zip(pool.place, pool.window, pool.load, pool.service, strict=True)
            )
        )
        return model.Pool(
            wave_times=tuple(at(one.decide_at) for one in later),
            draws_per_wave=pool.draws_per_wave,
            rides=rides,
            drop_unreachable=pool.drop_unreachable,
        )

    def _closes(self, hub: Hub) -> int:
        """When a hub closes; where only the parcels say so, what comes is not promised for later than they are."""
        return min(hub.close, max((one.latest.get(hub.id, 0) for one in self.instance.parcels), default=0) or hub.close)

    def _rides(self, day: Sequence[Expected], number: int) -> tuple[model.Ride, ...]:
        base = -HISTORY_SHIFT_DAYS * DAY_S
        return tuple(
            model.Ride(
                parcel_id=f"day-{number}-{index}",
                gate_id=self.names[one.place],
                known_time=at(base + one.known_at),
                ready_time=at(base + one.ready),
                latest={hub: at(base + due) for hub, due in one.latest.items()},
                partner_ids=self.partners,
                open_time=at(base + one.open),
                close_time=at(base + one.close),
                service_seconds=one.service_s,
                **amounts(self.shape, one.load),
            )
            for index, one in enumerate(day)
        )


def _tomorrow(rides: Sequence[model.Ride]) -> tuple[model.Ride, ...]:
    day = timedelta(days=1)
    return tuple(
        replace(
            ride,
            parcel_id=f"{ride.parcel_id}+1",
            known_time=ride.known_time + day,
            ready_time=ride.ready_time + day if ride.ready_time else None,
            latest={hub: due + day for hub, due in ride.latest.items()},
            open_time=ride.open_time + day if ride.open_time else None,
            close_time=ride.close_time + day if ride.close_time else None,
        )
        for ride in rides
    )
