"""Several searches over the same items with different fleets, and one more from the best choice of their runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from shipping.domain.planning.engine import Habits, Trip, search
from shipping.domain.planning.items import Item
from shipping.domain.planning.model_vrp import UNBOUND, Option, write
from shipping.domain.planning.packing import SPLIT, bundled, merged
from shipping.domain.planning.router import STEPS_MAX, Candidate, Routed, Router, kind_order, missed_vnd
from shipping.domain.planning.shares import Shares

FIRST_SHARE = 0.7
"""Of the time, this much goes to the different fleets, the rest to going on from the best choice of them."""

MIXES_LEAST, MIXES_MAX = 3, 8

SMALL_MOST = (0, 1, 2, 3)
"""So many of each smaller vehicle beside all of the largest are fleets worth a search of their own."""

COARSE_FROM = 30
"""With more items than this, the first searches move a gate's parcels together as far as the smallest vehicle allows.

Hardly any good plan divides what one vehicle can take, and twenty gates are searched far faster than 150 parcels.
"""

STRICT = 1000.0
"""Where something must be left out, that is punished so much that at first broken limits must be punished harder."""

MANY = 250
"""With more items than this none moves alone in the end, and runs once refused are not weighed again: it takes long."""

HABITS = Habits(perturbations=25)
"""Of twenty gates many must move at once to get from one division among the vehicles to another."""


class Portfolio:
    """One set of items, searched several times."""

    def __init__(self, router: Router, items: Sequence[Item]) -> None:
        """Options are every vehicle and hub that some item may use."""
        self.router, self.items, self.ground = router, list(items), router.ground
        pairs = sorted({pair for item in items for pair in item.allowed})
        self.options = [self._option(v, h) for v, h in pairs if router.left(v)]

    def _option(self, number: int, hub: int) -> Option:
        vehicle, place = self.ground.vehicles[number], self.ground.hubs[hub]
        home_by = self.ground.seconds_from_now(vehicle.home_time)
        if place.close_time:
            home_by = min(home_by, self.ground.seconds_from_now(place.close_time))
        earliest = self.ground.earliest(vehicle)
        return Option(number, hub, self.router.left(number), earliest, home_by, start_late=UNBOUND)

    def run(self, begin: float, until: float) -> list[Candidate]:
        """Candidates from all searches."""
        if not self.options:
            return []
        middle = begin + (until - begin) * FIRST_SHARE
        pools = self._first(begin, middle)
        pool, best = [one for found in pools for one in found], self._chosen(pools)
        if best.left and len(self.items) <= MANY:
            return [*pool, *best.runs, *self._scarce(best, middle, until)]
        parts, trips = self._parted(best)
        more, _ = self._search(parts, self.options, until, MIXES_MAX, bool(best.left), trips)
        return [*(pool if len(self.items) <= MANY else ()), *best.runs, *more]

    def _chosen(self, pools: Sequence[Sequence[Candidate]]) -> Routed:
        """The best choice of all these runs; of many items' one search after the other, for at once it takes long."""
        solos, best = self._solos(), Routed([], [], 0)
        at_once = pools if len(self.items) > MANY else [[one for found in pools for one in found]]
        for found in at_once:
            best = self.router.pick(self.items, [*best.runs, *found, *solos])
        return best

    def _scarce(self, best: Routed, begin: float, until: float) -> list[Candidate]:
        """Where vehicles are too few for all: what comes first alone, then ever more along with that."""
        runs, pool, firsts = best.runs, list[Candidate](), self._firsts(best.left)
        step = (until - begin) / (len(firsts) + 2)
        if firsts:
            pool = self._search([[item] for item in firsts[0]], self.options, begin + step, MIXES_MAX, False)[0]
        for number, some in enumerate(firsts, 2):
            pool += [one for run in (*best.runs, *runs) if (one := self._only(run, some))]
            found = self.router.pick(some, pool)
            if found.left:
                found = self.router.pick(some, [*pool, *self._shared(some, found.runs, begin + number * step)])
            runs = found.runs
        return [*pool, *runs, *self._shared(self.items, runs, until)]

    def _firsts(self, left: Sequence[Item]) -> list[list[Item]]:
        """Promises that can be kept only now, then all that must go: if some of it is left for others."""
        must = [item for item in self.items if item.must]
        promised = [item for item in must if not item.late]
        behind = set(map(id, left))
        firsts = [promised, must] if len(promised) < len(must) else [must]
        return [some for some in firsts if len(some) < len(self.items) and any(id(item) in behind for item in some)]

    def _only(self, run: Candidate, items: Sequence[Item]) -> Candidate | None:
        """A run with these items alone."""
        kept = tuple(item for item in run.items if item in items)
        return self.router.candidate(run.vehicle, run.hub, kept) if kept else None

    def _shared(self, items: Sequence[Item], runs: Sequence[Candidate], until: float) -> list[Candidate]:
        """A search on from runs that must not use more vehicles than there are, and leaves out what is worth least."""
        shares, number = Shares(items, self.options, runs), {id(item): n for n, item in enumerate(items)}
        trips = [Trip(shares.option(one), tuple(number[id(item)] for item in one.items)) for one in runs]
        alone = [[item] for item in items]
        return self._search(alone, shares.options(), until, MIXES_MAX, True, trips, STRICT)[0]

    def _first(self, begin: float, until: float) -> list[list[Candidate]]:
        """Runs by search: of the whole fleet, with those look-ahead had in mind, then of each other one.

        Where the whole fleet cannot take all, it is searched again, in parts, in the place of the others.
        """
        gates, parts, mixes = self._bundles(self.items, 1), self._bundles(self.items, SPLIT), self._mixes()
        step = (until - begin) / len(mixes)
        found, served = self._search(gates, self.options, begin + step, 0, not self._can(self.options))
        pools = [[*self._hinted(), *found]]
        for number, mix in enumerate(mixes[1:], 1):
            if not self.router.meter.allows(until):
                break
            whole = not served or mix is self.options
            bundles, fleet = (parts, self.options) if whole else (gates, mix)
            pools.append(self._search(bundles, fleet, begin + step * (number + 1), number, not served)[0])
        return pools

    def _hinted(self) -> list[Candidate]:
        """Runs that look-ahead had in mind, as far as they carry these items."""
        of = {ride.parcel_id: item for item in self.items for ride in item.rides}
        made = []
        for vehicle, hub, parcel_ids in self.router.hints:
            order = list(dict.fromkeys(of[one] for one in parcel_ids if one in of))
            if order and (candidate := self.router.candidate(vehicle, hub, order)):
                made.append(candidate)
        return made

    def _solos(self) -> list[Candidate]:
        made = [self.router.candidate(v, h, (item,)) for item in self.items for v, h in sorted(item.allowed)]
        return [one for one in made if one]

    def _mixes(self) -> list[list[Option]]:
        """The whole fleet, all of the largest vehicles with half or a few of the smaller ones, and each kind alone.

        From many small vehicles a search hardly ever finds the large one that would take half of everything.
        """
        kinds = sorted({self._kind(option) for option in self.options}, key=kind_order)
        numbers = sorted({option.number for option in self.options if self._kind(option) != kinds[-1]})
        half = [self._fewer(kinds[-1], lambda number: max(1, number // 2))]
        few = [self._fewer(kinds[-1], partial(min, most)) for most in SMALL_MOST if numbers and most < numbers[-1]]
        alone = [[one for one in self.options if self._kind(one) == kind] for kind in kinds]
        mixes = [self.options]
        for mix in [*half, *few, *alone]:
            if mix and mix not in mixes and self._can(mix):
                mixes.append(mix)
        again = [self.options] * max(1, MIXES_LEAST - len(mixes))
        return [*mixes[: MIXES_MAX - len(again)], *again]

    def _kind(self, option: Option) -> str:
        return self.ground.vehicles[option.vehicle].kind

    def _fewer(self, largest: str, number: Callable[[int], int]) -> list[Option]:
        """All of the largest vehicles, and of every other one as many as `number` says."""
        rest = [replace(one, number=number(one.number)) for one in self.options if self._kind(one) != largest]
        return [*(one for one in self.options if self._kind(one) == largest), *(one for one in rest if one.number)]

    def _can(self, mix: Sequence[Option]) -> bool:
        """Whether these vehicles may and can carry everything, as far as sums tell."""
        cars = [(self.ground.vehicles[number], most) for number, most in {(o.vehicle, o.number) for o in mix}]
        if sum(item.weight for item in self.items) > sum(car.weight_max_g * number for car, number in cars):
            return False
        if sum(item.pieces for item in self.items) > sum(car.parcels_max * number for car, number in cars):
            return False
        return all(any((o.vehicle, o.hub) in item.allowed for o in mix) for item in self.items)

    def _search(
        self,
        bundles: Sequence[Sequence[Item]],
        fleet: Sequence[Option],
        until: float,
        number: int,
        short: bool,
        start: Sequence[Trip] | None = None,
        strictness: float | None = None,
    ) -> tuple[list[Candidate], bool]:
        """Runs of bundles, and whether they serve all; where vehicles are `short` what is worth least stays behind."""
        items = [merged(bundle) for bundle in bundles]
        written = write(self.ground, items, fleet, [missed_vnd(item) for item in items] if short else None)
        steps = self.router.meter.search(until, STEPS_MAX)
        habits = self.router.habits or HABITS
        habits = habits if strictness is None else replace(habits, strictness=strictness)
        found = search(written, steps, self.router.seed + number, start, habits)
        made = [
            self.router.candidate(trip.option.vehicle, trip.option.hub, [one for n in trip.items for one in bundles[n]])
            for trip in [*found.trips, *found.seen]
        ]
        return [one for one in made if one], found.cost is not None and not found.unserved

    def _parted(self, best: Routed) -> tuple[list[list[Item]], list[Trip]]:
        """The items in parts for going on from a choice, and its runs as trips of them."""
        option = {(o.vehicle, o.hub): o for o in self.options}
        parts: list[list[Item]] = []
        trips = []
        for one in best.runs:
            first, parts = len(parts), [*parts, *self._bundles(one.items, SPLIT)]
            trips.append(Trip(option[one.vehicle, one.hub], tuple(range(first, len(parts)))))
        return [*parts, *self._bundles(best.left, SPLIT)], trips

    def _bundles(self, items: Sequence[Item], split: int) -> list[list[Item]]:
        """Items of one gate together up to this fraction of the smallest vehicle, or all apart if they are few."""
        if len(self.items) <= COARSE_FROM:
            return [[item] for item in items]
        return bundled(items, self.ground, split)
