"""Possible coming parcels, drawn from the forecast, as search items that are released at the waves to come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from numpy.random import Generator, default_rng

from shipping.domain.planning.items import Item, Outlook
from shipping.domain.planning.model import DayBefore, Forecast, Pool, Rate, Ride
from shipping.domain.planning.packing import SPLIT, grow, make_items
from shipping.domain.planning.session import Session

PRIOR_HOURS = 1.0
"""Weight of "we have seen nothing yet" in a rate: a gate that was never watched is not certain to stay silent."""


class Scenarios:
    """Draws of what may come until a horizon (seconds from the decision)."""

    def __init__(self, session: Session, forecast: Forecast, waves: Sequence[int], seed: int) -> None:
        """`waves`: coming decisions inside the horizon, in order."""
        self.session, self.forecast, self.waves = session, forecast, list(waves)
        self.rng: Generator = default_rng([seed, len(session.items), 7])
        self._kinds: dict[tuple[object, ...], tuple[dict[int, int], frozenset[tuple[int, int]]]] = {}

    def draw(self, number: int) -> list[list[Item]]:
        """So many scenarios (fewer if days are given and there are fewer of them), each a list of items."""
        days = list(self.forecast.days)
        if days:
            order = self.rng.permutation(len(days))[:number]
            return [self._items(self._moved(days[int(n)].rides, days[int(n)].shift_days)) for n in order]
        if self.forecast.rates:
            return [self._items(self.from_rates(self.forecast.rates)) for _ in range(number)]
        if self.forecast.pool and self.forecast.pool.rides:
            return [self._items(self._from_pool(self.forecast.pool)) for _ in range(number)]
        return []

    def _moved(self, rides: Iterable[Ride], days: int) -> Iterator[Ride]:
        """An earlier day's parcels as if they came today, without those that would be here already."""
        shift, now = timedelta(days=days), self.session.wave.decide_time
        for ride in rides:
            ready = ride.ready_time or ride.ready_expected_time or ride.known_time
            if max(ride.known_time, ready) + shift > now:
                yield _shifted(ride, shift)

    def from_rates(self, rates: Iterable[Rate]) -> Iterator[Ride]:
        """Parcels at random, by gate and interval."""
        now = self.session.wave.decide_time
        for number, rate in enumerate(rates):
            start = max(rate.from_time, now)
            seconds = (rate.to_time - start).total_seconds()
            if seconds <= 0 or not rate.examples:
                continue
            mean = self.rng.gamma(rate.parcels_seen + 0.5, 1.0 / (rate.hours_seen + PRIOR_HOURS))
            for drawn in range(int(self.rng.poisson(mean * seconds / 3600))):
                example = rate.examples[int(self.rng.integers(len(rate.examples)))]
                ready = start + timedelta(seconds=int(self.rng.integers(1, int(seconds) + 1)))
                yield replace(example, parcel_id=f"~{number}-{drawn}", known_time=ready, ready_time=ready)

    def _from_pool(self, pool: Pool) -> Iterator[Ride]:
        """Place, window, load and service each from a row of its own."""
        rows = pool.rides
        for number, wave in enumerate(pool.wave_times):
            if wave <= self.session.wave.decide_time:
                continue
            for drawn in range(pool.draws_per_wave):
                place, window, load, service = (rows[int(n)] for n in self.rng.integers(len(rows), size=4))
                ride = replace(
                    place,
                    parcel_id=f"~{number}-{drawn}",
                    known_time=wave,
                    ready_time=wave,
                    open_time=window.open_time,
                    close_time=window.close_time,
                    weight_g=load.weight_g,
                    volume_cm3=load.volume_cm3,
                    count=load.count,
                    service_seconds=service.service_seconds,
                )
                if not pool.drop_unreachable or self._reachable(ride):
                    yield ride

    def _reachable(self, ride: Ride) -> bool:
        wave = self.session.ground.seconds_from_now(ride.known_time)
        _, allowed = self._kind(ride)
        homes = ((self.session.sorter.solo(ride, v, h, wave, 10**9), h) for v, h in sorted(allowed))
        latest, _ = self._kind(ride)
        return any(home is not None and home <= latest[hub] for home, hub in homes)

    def _kind(self, ride: Ride) -> tuple[dict[int, int], frozenset[tuple[int, int]]]:
        """Deadlines and vehicles of parcels like this one."""
        key = (ride.gate_id, tuple(ride.latest.items()), ride.partner_ids, ride.needs_van, ride.handling, ride.weight_g)
        if key not in self._kinds:
            ground = self.session.ground
            allowed = frozenset(
                (number, hub)
                for number, vehicle in enumerate(ground.vehicles)
                if ground.suits(vehicle, ride)
                for hub in ground.hubs_of(vehicle, ride)
            )
            latest = {}
            for hub in {hub for _, hub in allowed}:
                place = ground.hubs[hub]
                instant = ride.latest.get(place.hub_id)
                latest[hub] = 10**9 if instant is None else ground.seconds_from_now(instant) - place.handling_seconds
            self._kinds[key] = latest, allowed
        return self._kinds[key]

    def _items(self, rides: Iterable[Ride]) -> list[Item]:
        """Parcels alike in gate, wave, promise and window are taken together up to a fraction of a vehicle."""
        items: dict[tuple[object, ...], Item] = {}
        done: list[Item] = []
        for ride in rides:
            made = self._item(ride)
            if made is None:
                continue
            key = (made.place, made.release, tuple(made.latest.items()), made.allowed, made.opens, made.closes)
            last = items.get(key)
            small = min((self.session.ground.vehicles[v] for v, _ in made.allowed), key=lambda v: v.weight_max_g)
            fits = last is not None and last.weight + ride.weight_g <= small.weight_max_g // SPLIT
            if last is not None and fits and last.pieces + ride.count <= max(1, small.parcels_max // SPLIT):
                grow(last, ride)
                continue
            grow(made, ride)
            items[key] = made
            done.append(made)
        return done

    def _item(self, ride: Ride) -> Item | None:
        ground = self.session.ground
        if ride.gate_id not in ground.place:
            return None
        ready = ground.seconds_from_now(max(ride.ready_time or ride.known_time, ride.known_time))
        number = bisect_left(self.waves, ready)
        latest, allowed = self._kind(ride)
        if number == len(self.waves) or not allowed:
            return None
        opens = ground.seconds_from_now(ride.open_time) if ride.open_time else 0
        closes = ground.seconds_from_now(ride.close_time) if ride.close_time else 10**9
        lead = min(ground.vehicles[v].lead_seconds for v, _ in allowed)
        place = ground.place[ride.gate_id]
        return Item((ride,), place, self.waves[number] + lead, opens, closes, latest, allowed, coming=True)


def _shifted(ride: Ride, shift: timedelta) -> Ride:
    return replace(
        ride,
        known_time=ride.known_time + shift,
        ready_time=ride.ready_time + shift if ride.ready_time else None,
        ready_expected_time=ride.ready_expected_time + shift if ride.ready_expected_time else None,
        open_time=ride.open_time + shift if ride.open_time else None,
        close_time=ride.close_time + shift if ride.close_time else None,
        latest={hub: instant + shift for hub, instant in ride.latest.items()},
    )


def of_current(session: Session, outlooks: Iterable[Outlook]) -> list[Item]:
    """The wave's own parcels as look-ahead items, small ones of one gate together."""
    return make_items(session.ground, session.timer, outlooks, small=0)


def coming_rides(session: Session, forecast: Forecast, most: int, more: int = 0) -> list[list[tuple[Ride, int, int]]]:
    """Possible days to come: rides nobody has heard of yet, when each is ready, and the shift of its promise.

    The day after the first of an earlier day comes `more` times again: promises may reach beyond what it tells.
    """
    rng: Generator = default_rng([session.seed, len(session.items), 7])
    seconds = session.ground.seconds_from_now
    if forecast.days:
        order = rng.permutation(len(forecast.days))[:most]
        return [list(_unheard(session, forecast.days[int(n)], more)) for n in order]
    drawn = Scenarios(session, forecast, [], session.seed)
    many = range(most if forecast.rates else 0)
    return [[(r, seconds(r.ready_time or r.known_time), 0) for r in drawn.from_rates(forecast.rates)] for _ in many]


def _unheard(session: Session, day: DayBefore, more: int) -> Iterator[tuple[Ride, int, int]]:
    shift = day.shift_days * 86_400
    then = session.wave.decide_time - timedelta(days=day.shift_days)
    for ride in day.rides:
        if ride.known_time > then:
            ready = max(ride.ready_time or ride.ready_expected_time or ride.known_time, ride.known_time)
            again = more if ride.known_time.date() > then.date() else 0
            for later in range(0, (again + 1) * 86_400, 86_400):
                yield ride, int((ready - then).total_seconds()) + later, shift + later
