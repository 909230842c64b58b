"""Which parcels should ride now if what comes is drawn from a pool: scenarios of coming waves, agreed by prices.

What is there is routed with what may come, many times. Then whoever is sent in some scenarios and waits in others gets
a price in each, so that those to which it matters least give way (progressive hedging, Rockafellar and Wets, 1991).
At last those who wait may ride along in the runs that go (`ridealong.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from shipping.domain.planning.advice import Advice
from shipping.domain.planning.drawing import Draws
from shipping.domain.planning.engine import Habits, Trip, search
from shipping.domain.planning.items import Item
from shipping.domain.planning.lookahead import UNSERVED_VND
from shipping.domain.planning.model import Forecast
from shipping.domain.planning.model_vrp import Option, Written, priced, write
from shipping.domain.planning.rations import Rations, are_few
from shipping.domain.planning.ridealong import overhead_vnd, ride_along
from shipping.domain.planning.router import STEPS_MAX, stops_of
from shipping.domain.planning.session import Session

ITEMS_LEAST = 10
"""With no more items than this, those of one coming wave counted, whole candidates are judged (`lookahead.py`)."""

AMPLE = 2
"""Vehicles are ample if there is one for every so many items."""

WAVES_SEEN, WAVES_PER_SECOND, WAVES_SEEN_MOST = 2, 1 / 60, 4
"""Coming waves in a scenario. With one, what may wait long looks dearer to keep than it is; with all, searches are
too short for so many items, unless there is much time. Where few vehicles drive, come back and drive again, one must
see them do so."""

NEAR, NEAR_PER_SECOND, NEAR_MOST = 56, 0.4, 100
"""How many others an item may be moved to: many requests stand at one gate and differ only in their windows. 40 are too
near each other, 90 take too long within 10 s."""

SCENARIOS, SECONDS_PER_SCENARIO, SCENARIOS_MOST = 2, 2.5, 30
ROUNDS = 3
"""Few scenarios, searched well: half a second for 340 items ends 3 to 15 % above the best, and who rides in such routes
is half chance."""

DISPATCH_SHARE, SCENARIOS_SHARE = 0.8, 0.7
"""Of the budget, with and without the search for who rides along; the routes of what rides are found soon."""

FIRST_ROUND_SHARE = 0.5
"""Of the time for scenarios; later rounds go on from the routes of the round before."""

HABITS = Habits(history=1, perturbations=25, strictness=0.3, updates=20)
"""A scenario gets a few hundred steps for some 300 items. Routes become fewer only over solutions that break limits a
little, so these cost little at first, and often soon more; and only what is better is gone on from."""

PULL = 0.3
"""How hard prices pull, in average costs of an item. At 1 the first round's majority wins too soon."""

SEND_SHARE = 0.5
"""What this part of the scenarios sends at the end is sent."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def suits(session: Session, forecast: Forecast) -> bool:
    """Whether what comes is drawn from a pool, there is more to decide than a few items, and vehicles are ample.

    Where they run out, who waits may never ride, and a vote does not see that; but of vehicles counted by the day, as
    many as there are may go at whatever wave is best.
    """
    return _is_much(session, forecast) and (_is_daily(session) or _is_ample(session))


def suits_short(session: Session, forecast: Forecast) -> bool:
    """Whether it is as in `suits`, but vehicles may run out, and others stand there at every wave.

    One that does not drive now is lost then. Those counted by number in use can go later.
    """
    lost = all(vehicle.number_scope == "wave" for vehicle in session.ground.vehicles)
    return lost and _is_much(session, forecast) and not _is_ample(session)


def _is_much(session: Session, forecast: Forecast) -> bool:
    return forecast.pool is not None and len(session.items) + forecast.pool.draws_per_wave > ITEMS_LEAST


def _is_daily(session: Session) -> bool:
    return all(vehicle.number_scope == "day" for vehicle in session.ground.vehicles)


def _is_ample(session: Session) -> bool:
    return AMPLE * sum(vehicle.number for vehicle in session.ground.vehicles) >= len(session.items)


@dataclass(slots=True, eq=False)
class Scenario:
    """One draw of what comes, whom of the current items its routes send now (1), and what it is to pay for that.

    `grudge` grows where it was outvoted; `prices` are what its next search meets, below 0 for waiting.
    """

    written: Written
    sent: Floats
    grudge: Floats
    prices: Ints
    trips: list[Trip] = field(default_factory=list)
    item_cost: float | None = None


class Dispatch:
    """Look-ahead for one wave whose coming parcels are drawn from a pool."""

    def __init__(self, session: Session, forecast: Forecast) -> None:
        """Hot meals ride alone and are left to the rule."""
        self.session, self.ground, self.pool = session, session.ground, forecast.pool
        self.ample = _is_ample(session)
        self.is_enough = self.ample or not _is_daily(session)
        self.current = [item for item in session.items if not item.hot and item.allowed]
        self.free = np.array([not item.must for item in self.current], dtype=float)
        draws = self.pool.draws_per_wave if self.pool else 0
        few = [car for car in self.ground.vehicles if are_few(car, len(self.current) + draws)]
        self.comes_back = any(car.number_scope == "in_use" for car in few)
        waves = sorted(self.ground.seconds_from_now(moment) for moment in forecast.wave_times)
        today = max((self._home(number) for number in range(len(self.ground.vehicles))), default=0)
        waves = [wave for wave in waves if 0 < wave < today]
        seen = session.meter.scaled(WAVES_SEEN, WAVES_PER_SECOND, WAVES_SEEN_MOST)
        self.waves = waves[: WAVES_SEEN_MOST if self.comes_back else seen]
        self.near = session.meter.scaled(NEAR, NEAR_PER_SECOND, NEAR_MOST)
        self.rations = Rations(session, self.waves, len(self.current), len(self.waves) * draws, len(waves) * draws)

    def advise(self) -> Advice | None:
        """Who rides when the scenarios have agreed as far as they do; None if there is nothing to weigh."""
        if self.pool is None or not self.waves or not self.free.any():
            return None
        number = self.session.meter.scaled(SCENARIOS, 1 / SECONDS_PER_SCENARIO, SCENARIOS_MOST)
        draws = Draws(self.session, self.pool, self.waves)
        scenarios = [self._scenario(draws.items()) for _ in range(number)]
        begin, pull = 0.0, 0.0
        votes = np.zeros(len(self.current))
        for turn, end in enumerate(_ends(DISPATCH_SHARE if self.comes_back else SCENARIOS_SHARE)):
            for n, one in enumerate(scenarios):
                if turn:
                    self._persuade(one, votes / number, pull)
                elif n:
                    one.trips = self._start(scenarios[n - 1])
                votes -= one.sent
                self._solve(one, n, begin + (end - begin) * (n + 1) / number)
                votes += one.sent
            begin, pull = end, pull or _pull(scenarios)
            self.rations.learn(self._now(scenarios))
        self.session.router.habits = HABITS
        sent = self._along(votes >= SEND_SHARE * number, scenarios)
        return Advice("dispatch", frozenset(ride.parcel_id for item in sent for ride in item.rides), {})

    def _scenario(self, coming: Sequence[Item]) -> Scenario:
        items, size = [*self.current, *coming], len(self.current)
        prizes = None if self.is_enough else [UNSERVED_VND * len(item.rides) for item in items]
        written = write(self.ground, items, self._options(items), prizes, self.near)
        return Scenario(written, np.zeros(size), np.zeros(size), np.zeros(size, np.int64))

    def _persuade(self, one: Scenario, shares: Floats, pull: float) -> None:
        """Make riding now dearer for whom this scenario sends more than the others do, and for whom most hold."""
        one.grudge += pull * (one.sent - shares)
        one.prices = np.rint((one.grudge + pull * (0.5 - shares)) * self.free).astype(np.int64)

    def _solve(self, one: Scenario, number: int, share: float) -> None:
        """Search on from the scenario's routes, and see whom they send now."""
        steps = self.session.meter.search(share, STEPS_MAX)
        written = priced(self.rations.applied(one.written), one.prices)
        found = search(written, steps, self.session.seed + number, one.trips, HABITS)
        one.trips = found.trips
        items = sum(len(trip.items) for trip in found.trips)
        one.item_cost = found.cost / items if found.cost is not None and items else None
        one.sent[:] = 0.0
        for trip in found.trips:
            known = [n for n in trip.items if n < len(self.current)]
            if trip.option.now and not self._puts_off(one, trip, known):
                one.sent[known] = 1.0

    def _now(self, scenarios: Sequence[Scenario]) -> dict[int, float]:
        """How many runs of each vehicle go now, on the mean over the scenarios."""
        found = Counter(
            trip.option.vehicle
            for one in scenarios
            for trip in one.trips
            if trip.option.now and any(n < len(self.current) and one.sent[n] for n in trip.items)
        )
        return {vehicle: runs / len(scenarios) for vehicle, runs in found.items()}

    def _along(self, votes: NDArray[np.bool_], scenarios: Sequence[Scenario]) -> list[Item]:
        """What is sent by these votes, and who rides along; the runs they were found in are hints for the router.

        Where vehicles come back a longer run keeps one away for longer, so there nobody rides along.
        """
        chosen = list(zip(self.current, votes, strict=True))
        sent = [item for item, is_sent in chosen if item.must or is_sent]
        held = [item for item, is_sent in chosen if not (item.must or is_sent)]
        worth = round(overhead_vnd([(one.written, one.trips) for one in scenarios]))
        if not sent or not held or not worth or self.comes_back:
            return sent
        steps = self.session.meter.search(DISPATCH_SHARE, STEPS_MAX)
        options = [option for option in self._options(self.current) if option.now]
        items = [*sent, *held]
        trips = ride_along(self.session, options, (sent, held), worth, steps, HABITS, self.near)
        self.session.router.hints = [
            (trip.option.vehicle, trip.option.hub, tuple(r.parcel_id for n in trip.items for r in items[n].rides))
            for trip in trips
        ]
        return [items[n] for trip in trips for n in trip.items] or sent

    def _start(self, other: Scenario) -> list[Trip]:
        """Another scenario's routes without what was drawn for it."""
        size = len(self.current)
        kept = [replace(trip, items=tuple(n for n in trip.items if n < size)) for trip in other.trips]
        return [trip for trip in kept if trip.items]

    def _puts_off(self, one: Scenario, trip: Trip, known: Sequence[int]) -> bool:
        """Whether a run of now would do one wave later as well, at no higher price."""
        items = [self.current[n] for n in known]
        if any(item.must for item in items):
            return False
        if len(known) < len(trip.items):
            return True  # The search found nothing feasible, and takes along what is yet to come.
        if one.prices[known].sum() < 0 or not self.ample:
            return False  # It pays to go, or the vehicle is there now and one wave later all may be taken.
        vehicle = self.ground.vehicles[trip.option.vehicle]
        leave = self.waves[0] + vehicle.lead_seconds
        home = self.session.timer.home(vehicle, stops_of(items, self.ground), trip.option.hub, leave)
        return home is not None and home <= min(item.latest[trip.option.hub] for item in items)

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


def _ends(share: float) -> list[float]:
    """Shares of the budget at which the rounds end; all of them take this one."""
    first = share * FIRST_ROUND_SHARE
    return [first + (share - first) * turn / max(1, ROUNDS - 1) for turn in range(ROUNDS)]


def _pull(scenarios: Sequence[Scenario]) -> float:
    """What prices are measured in: a part of the average cost of an item."""
    costs = [one.item_cost for one in scenarios if one.item_cost is not None]
    return PULL * sum(costs) / len(costs) if costs else 0.0
