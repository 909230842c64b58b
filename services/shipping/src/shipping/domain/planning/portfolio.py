"""Several searches over the same items with different fleets, and one more from the best choice of their runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from shipping.domain.planning.engine import Found, Habits, Trip, search
from shipping.domain.planning.items import Item, bundled, merged
from shipping.domain.planning.model_vrp import UNBOUND, Option, Written, write
from shipping.domain.planning.router import STEPS_MAX, Candidate, Routed, Router, kind_order, missed_vnd

FIRST_SHARE = 0.7
"""Of the time, this much goes to the different fleets, the rest to going on from the best choice of them."""

MIXES_MAX = 8

SMALL_MOST = (0, 1, 2, 3)
"""So many of each smaller vehicle beside all of the largest are fleets worth a search of their own."""

COARSE_FROM = 30
"""With more items than this, the first searches move a gate's parcels together as far as the smallest vehicle allows.

Hardly any good plan divides what one vehicle can take, and twenty gates are searched far faster than 150 parcels.
"""

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
        mixes, pool = self._mixes(), self._hinted()
        middle = begin + (until - begin) * FIRST_SHARE
        whole = len(self.items) > COARSE_FROM
        bundles = bundled(self.items, self.ground, 1) if whole else [[item] for item in self.items]
        coarse = [merged(bundle) for bundle in bundles]
        for number, mix in enumerate(mixes):
            if number and not self.router.meter.allows(middle):
                break
            share = begin + (middle - begin) * (number + 1) / len(mixes)
            pool += self._search(write(self.ground, coarse, mix), share, number, bundles)
        best = self.router.pick(self.items, pool + self._solos())
        prizes = [missed_vnd(item) for item in self.items] if best.left else None
        written = write(self.ground, self.items, self.options, prizes)
        fine = [[item] for item in self.items]
        return [*pool, *best.runs, *self._search(written, until, len(mixes), fine, self._trips(best))]

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
        return mixes[:MIXES_MAX]

    def _kind(self, option: Option) -> str:
        return self.ground.vehicles[option.vehicle].kind

    def _fewer(self, largest: str, number: Callable[[int], int]) -> list[Option]:
        """All of the largest vehicles, and of every other one as many as `number` says."""
        options = [one if self._kind(one) == largest else replace(one, number=number(one.number)) for one in self.options]
        return [one for one in options if one.number]

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
        written: Written,
        share: float,
        number: int,
        bundles: Sequence[Sequence[Item]],
        start: Sequence[Trip] | None = None,
    ) -> list[Candidate]:
        steps = self.router.meter.search(share, STEPS_MAX)
        found: Found = search(written, steps, self.router.seed + number, start, self.router.habits or HABITS)
        made = [
            self.router.candidate(trip.option.vehicle, trip.option.hub, [one for n in trip.items for one in bundles[n]])
            for trip in [*found.trips, *found.seen]
        ]
        return [one for one in made if one]

    def _trips(self, best: Routed) -> list[Trip]:
        number = {id(item): n for n, item in enumerate(self.items)}
        option = {(o.vehicle, o.hub): o for o in self.options}
        return [Trip(option[one.vehicle, one.hub], tuple(number[id(i)] for i in one.items)) for one in best.runs]
