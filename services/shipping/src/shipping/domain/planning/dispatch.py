"""Which parcels of a large wave should ride now: iterative conditional dispatch over scenarios of the next waves.

After Lan, van Doorn, Wouda, Rijal and Bhulai (Transportation Science, 2024): route what is there with what may come,
many times; what half of the scenarios send now is sent, what nearly all put off is held, and the rest is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from shipping.domain.planning.advice import Advice
from shipping.domain.planning.engine import Found, Trip, search
from shipping.domain.planning.items import NEVER, Item
from shipping.domain.planning.model import Forecast, Pool, Ride
from shipping.domain.planning.model_vrp import Option, write
from shipping.domain.planning.router import STEPS_MAX, stops_of
from shipping.domain.planning.session import Session

LARGE = 100
"""More items than this, with those of one coming wave, are a large wave."""

AMPLE = 2
"""Vehicles are ample if there is one for every so many items."""

WAVES_SEEN = 2
"""Coming waves in a scenario. With one, what may wait long looks dearer to keep than it is; with all, searches are
too short for so many items."""

SCENARIOS, SCENARIOS_PER_SECOND, SCENARIOS_MOST = 6, 1, 40
ROUNDS = 2
DISPATCH_SHARE = 0.8
"""Of the budget; the routes of what rides are found soon."""

FIRST_ROUND_SHARE = 0.6
"""Of the time for scenarios; later rounds go on from the routes of the round before."""

HISTORY = 15
"""Late-acceptance memory: a scenario gets a few hundred steps."""

SEND_SHARE, HOLD_SHARE = 0.5, 0.8
"""The two thresholds: in how many of the scenarios an item must ride now to be sent, or wait to be held."""


def is_large(session: Session, forecast: Forecast) -> bool:
    """Whether a wave is too large for its candidates to be judged one by one, and what comes is drawn from a pool.

    Vehicles must be ample: where they run out, who waits may never ride, and a vote does not see that.
    """
    if forecast.pool is None:
        return False
    items = len(session.items) + forecast.pool.draws_per_wave
    runs = sum(vehicle.number for vehicle in session.ground.vehicles)
    return items > LARGE and AMPLE * runs >= len(session.items)


class Dispatch:
    """Look-ahead for one large wave whose coming parcels are drawn from a pool."""

    def __init__(self, session: Session, forecast: Forecast) -> None:
        """Hot meals ride alone and are left to the rule."""
        self.session, self.ground, self.pool = session, session.ground, forecast.pool
        self.current = [item for item in session.items if not item.hot and item.allowed]
        waves = sorted(self.ground.seconds_from_now(moment) for moment in forecast.wave_times)
        today = max((self._home(number) for number in range(len(self.ground.vehicles))), default=0)
        self.waves = [wave for wave in waves if 0 < wave < today][:WAVES_SEEN]
        self._routes: dict[int, list[Trip]] = {}

    def advise(self) -> Advice | None:
        """Who rides by the vote of the scenarios; None if there is nothing to weigh."""
        if self.pool is None or not self.waves or all(item.must for item in self.current):
            return None
        number = self.session.meter.scaled(SCENARIOS, SCENARIOS_PER_SECOND, SCENARIOS_MOST)
        draws = Draws(self.session, self.pool, self.waves)
        drawn = [draws.items() for _ in range(number)]
        sent, held = {n for n, item in enumerate(self.current) if item.must}, set[int]()
        begin = 0.0
        for end in _ends():
            votes = self._votes(drawn, sent, held, begin, end)
            sent |= {n for n, count in enumerate(votes) if count >= SEND_SHARE * number} - held
            held |= {n for n, count in enumerate(votes) if number - count >= HOLD_SHARE * number} - sent
            begin = end
            if len(sent) + len(held) == len(self.current):
                break
        return Advice("dispatch", frozenset(ride.parcel_id for n in sent for ride in self.current[n].rides), {})

    def _votes(
        self, drawn: Sequence[Sequence[Item]], sent: set[int], held: set[int], begin: float, end: float
    ) -> list[int]:
        """How many scenarios send each current item now."""
        votes = [0] * len(self.current)
        following = self.waves[0] + min(vehicle.lead_seconds for vehicle in self.ground.vehicles)
        current = [
            replace(item, must=n in sent, release=following if n in held else item.release)
            for n, item in enumerate(self.current)
        ]
        for number, coming in enumerate(drawn):
            share = begin + (end - begin) * (number + 1) / len(drawn)
            for n in self._sent(self._solved([*current, *coming], number, share), sent, held):
                votes[n] += 1
        return votes

    def _solved(self, items: Sequence[Item], number: int, share: float) -> Found:
        """One scenario, going on from its routes of the last round, or from another scenario's."""
        written = write(self.ground, items, self._options(items))
        steps = self.session.meter.search(share, STEPS_MAX)
        start = self._routes.get(number) or self._start(number)
        found = search(written, steps, self.session.seed + number, start, HISTORY)
        self._routes[number] = found.trips
        return found

    def _start(self, number: int) -> list[Trip]:
        """The last scenario's routes without what was drawn for it."""
        size = len(self.current)
        kept = [
            replace(trip, items=tuple(n for n in trip.items if n < size)) for trip in self._routes.get(number - 1, ())
        ]
        return [trip for trip in kept if trip.items]

    def _options(self, items: Sequence[Item]) -> list[Option]:
        """Every vehicle twice: for runs that leave before the next wave's could, and for those."""
        options = []
        for number, hub in sorted({pair for item in items for pair in item.allowed}):
            vehicle, close = self.ground.vehicles[number], self.ground.hubs[hub].close_time
            home = self._home(number)
            home = min(home, self.ground.seconds_from_now(close)) if close else home
            earliest, following = self.ground.earliest(vehicle), self.waves[0] + vehicle.lead_seconds
            if left := self.session.router.left(number):
                options.append(Option(number, hub, left, earliest, home, start_late=max(earliest, following - 1)))
            if later := vehicle.number if vehicle.number_later is None else vehicle.number_later:
                options.append(Option(number, hub, later * len(self.waves), following, home, now=False))
        return options

    def _home(self, number: int) -> int:
        return self.ground.seconds_from_now(self.ground.vehicles[number].home_time)

    def _sent(self, found: Found, sent: set[int], held: set[int]) -> set[int]:
        """Who rides now in a scenario: who shares a run with what is sent, or one that neither can wait nor has to."""
        size = len(self.current)
        chosen: set[int] = set()
        for trip in found.trips:
            if any(n in sent for n in trip.items):
                chosen.update(n for n in trip.items if n < size)
            elif all(n < size and n not in held for n in trip.items) and not self._can_wait(trip):
                chosen.update(trip.items)
        return chosen

    def _can_wait(self, trip: Trip) -> bool:
        """Whether the same run would do one wave later."""
        items = [self.current[n] for n in trip.items]
        vehicle = self.ground.vehicles[trip.option.vehicle]
        leave = self.waves[0] + vehicle.lead_seconds
        home = self.session.timer.home(vehicle, stops_of(items, self.ground), trip.option.hub, leave)
        return home is not None and home <= min(item.latest[trip.option.hub] for item in items)


def _ends() -> list[float]:
    """Shares of the budget at which the rounds end."""
    first = DISPATCH_SHARE * FIRST_ROUND_SHARE
    return [first + (DISPATCH_SHARE - first) * turn / max(1, ROUNDS - 1) for turn in range(ROUNDS)]


class Draws:
    """Draws of coming items from a pool: place, window, load and service each from a row of its own."""

    def __init__(self, session: Session, pool: Pool, waves: Sequence[int]) -> None:
        """Looks every row of the pool up once."""
        self.ground, self.pool, self.waves = session.ground, pool, waves
        self.rng = default_rng([session.seed, len(session.items), 11])
        ground, rides = self.ground, pool.rides
        seconds = ground.seconds_from_now
        self.place = [ground.place[ride.gate_id] for ride in rides]
        self.opens = np.array([seconds(ride.open_time) if ride.open_time else 0 for ride in rides])
        self.closes = np.array([seconds(ride.close_time) if ride.close_time else NEVER for ride in rides])
        self.service = np.array([ride.service_seconds for ride in rides])
        self.allowed = [self._allowed(ride) for ride in rides]
        self.latest = [self._latest(ride, allowed) for ride, allowed in zip(rides, self.allowed, strict=True)]

    def items(self) -> list[Item]:
        """One scenario."""
        return [item for wave in self.waves for item in self._at(wave)]

    def _at(self, wave: int) -> list[Item]:
        rows = self.rng.integers(len(self.pool.rides), size=(4, self.pool.draws_per_wave))
        able = self._reachable(wave, rows) if self.pool.drop_unreachable else np.ones(rows.shape[1], bool)
        lead = min(vehicle.lead_seconds for vehicle in self.ground.vehicles)
        made = (self._item(wave + lead, *row) for row in rows[:, able].T.tolist())
        return [item for item in made if item.allowed]

    def _item(self, release: int, place: int, window: int, load: int, service: int) -> Item:
        ride, cars = self.pool.rides[load], self.ground.vehicles
        fits = frozenset((v, h) for v, h in self.allowed[place] if ride.weight_g <= cars[v].weight_max_g)
        return Item(
            rides=(ride,),
            place=self.place[place],
            release=release,
            opens=int(self.opens[window]),
            closes=int(self.closes[window]),
            latest=self.latest[place],
            allowed=fits,
            coming=True,
            weight=ride.weight_g,
            volume=ride.volume_cm3,
            pieces=ride.count,
            charged=ride.weight_g if ride.chargeable_g is None else ride.chargeable_g,
            service=int(self.service[service]),
        )

    def _reachable(self, wave: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a run of its own that is decided at the wave could bring each draw home in time."""
        able = np.zeros(rows.shape[1], bool)
        gates = np.array(self.place)[rows[0]]
        for number, hub in sorted({pair for allowed in self.allowed for pair in allowed}):
            vehicle = self.ground.vehicles[number]
            leave = wave + vehicle.lead_seconds
            _, times = self.ground.price(number, leave)
            out = times[self.ground.place[vehicle.start_id], gates]
            back = times[gates, self.ground.place[self.ground.hubs[hub].hub_id]]
            latest = np.array([self.latest[row].get(hub, -NEVER) for row in rows[0].tolist()])
            start = np.maximum(leave + out, self.opens[rows[1]])
            able |= (start <= self.closes[rows[1]]) & (start + self.service[rows[3]] + back <= latest)
        return able

    def _allowed(self, ride: Ride) -> frozenset[tuple[int, int]]:
        ground = self.ground
        suited = [(n, vehicle) for n, vehicle in enumerate(ground.vehicles) if ground.suits(vehicle, ride)]
        return frozenset((n, hub) for n, vehicle in suited for hub in ground.hubs_of(vehicle, ride))

    def _latest(self, ride: Ride, allowed: frozenset[tuple[int, int]]) -> dict[int, int]:
        found = {}
        for hub in sorted({hub for _, hub in allowed}):
            place = self.ground.hubs[hub]
            instant = ride.latest.get(place.hub_id)
            found[hub] = NEVER if instant is None else self.ground.seconds_from_now(instant) - place.handling_seconds
        return found
