"""What is wrong with a forecast."""

from __future__ import annotations

from collections.abc import Iterator

from shipping.domain.planning.faults import amounts, instants, moments, ride_faults, unless
from shipping.domain.planning.forecast import Forecast, Rate
from shipping.domain.planning.model import Ride, Wave


def forecast_faults(wave: Wave) -> Iterator[str]:
    """Days, rates and pool; nothing where there is no forecast."""
    if wave.forecast is None:
        return
    yield from amounts(wave.forecast, "forecast.", ("scenarios_max",))
    yield from instants("forecast.wave_times", wave.forecast.wave_times)
    for rate in wave.forecast.rates:
        yield from _rate(rate)
    if wave.forecast.pool is not None:
        yield from amounts(wave.forecast.pool, "forecast.pool.", ("draws_per_wave",))
        yield from instants("forecast.pool.wave_times", wave.forecast.pool.wave_times)
    for name, ride in _rides(wave.forecast):
        yield from ride_faults(ride, name)


def _rate(rate: Rate) -> Iterator[str]:
    yield from moments(rate, "forecast.rates.", ("from_time", "to_time"))
    yield from unless(rate.from_time <= rate.to_time, "forecast.rates.to_time: is before from_time")
    yield from amounts(rate, "forecast.rates.", ("parcels_seen",))
    yield from unless(rate.hours_seen > 0, f"forecast.rates.hours_seen: {rate.hours_seen} is no time at all")


def _rides(forecast: Forecast) -> Iterator[tuple[str, Ride]]:
    for day in forecast.days:
        yield from ((f"forecast.days[{ride.parcel_id}].", ride) for ride in day.rides)
    for rate in forecast.rates:
        yield from ((f"forecast.rates[{ride.parcel_id}].", ride) for ride in rate.examples)
    if forecast.pool is not None:
        yield from ((f"forecast.pool[{ride.parcel_id}].", ride) for ride in forecast.pool.rides)
