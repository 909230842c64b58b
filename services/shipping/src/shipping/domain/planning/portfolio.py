"""Several searches over the same items with different fleets, and one more from the best choice of their runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning.engine import Found, Trip, search
from shipping.domain.planning.items import Item, bundled, merged
from shipping.domain.planning.model_vrp import UNBOUND, Option, Written, write
from shipping.domain.planning.router import STEPS_MAX, Candidate, Routed, Router, kind_order, missed_vnd
from shipping.domain.planning.shares import Shares

FIRST_SHARE = 0.65
"""Of the time, this much goes to the different fleets, the rest to going on from the best choice of them."""

MIXES_MAX = 4

STRICT = 1000.0
"""Where something must be left out, that is punished so much that at first broken limits must be punished harder."""

COARSE_FROM = 30
"""With more items than this, the first searches move small parcels of one gate together."""


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
        bundles = bundled(self.items, self.ground) if len(self.items) > COARSE_FROM else [[item] for item in self.items]
        coarse = [merged(bundle) for bundle in bundles]
        for number, mix in enumerate(mixes):
            share = begin + (middle - begin) * (number + 1) / len(mixes)
            if number and not self.router.meter.allows(share):
                continue  # Even a search without a step takes its time.
            pool += self._search(write(self.ground, coarse, mix), share, number, bundles)
        best = self.router.pick(self.items, pool + self._solos())
        if best.left:
            return [*pool, *best.runs, *self._scarce(best, middle, until)]
        written, fine = write(self.ground, self.items, self.options), [[item] for item in self.items]
        return [*pool, *best.runs, *self._search(written, until, len(mixes), fine, self._trips(best.runs, self.items))]

    def _scarce(self, best: Routed, begin: float, until: float) -> list[Candidate]:
        """Where vehicles are too few for all: first what must go alone, then the rest along with that."""
        must = [item for item in self.items if item.must]
        runs, pool = best.runs, list[Candidate]()
        if len(must) < len(self.items) and any(item.must for item in best.left):
            third = (until - begin) / 3
            pool = [one for run in runs if (one := self._only(run, must))]
            pool += self._search(write(self.ground, must, self.options), begin + third, MIXES_MAX, [[i] for i in must])
            found = self.router.pick(must, pool)
            if found.left:
                found = self.router.pick(must, [*pool, *self._shared(must, found.runs, begin + 2 * third)])
            runs = found.runs
        return [*pool, *runs, *self._shared(self.items, runs, until)]

    def _only(self, run: Candidate, items: Sequence[Item]) -> Candidate | None:
        """A run with these items alone."""
        kept = tuple(item for item in run.items if item in items)
        return self.router.candidate(run.vehicle, run.hub, kept) if kept else None

    def _shared(self, items: Sequence[Item], runs: Sequence[Candidate], until: float) -> list[Candidate]:
        """A search on from runs that must not use more vehicles than there are, and leaves out what is worth least."""
        shares = Shares(items, self.options, runs)
        written = write(self.ground, items, shares.options(), [missed_vnd(item) for item in items])
        steps = self.router.meter.search(until, STEPS_MAX)
        habits = replace(self.router.habits, strictness=STRICT)
        found = search(written, steps, self.router.seed + MIXES_MAX, self._trips(runs, items, shares), habits)
        return self._candidates(found, [[item] for item in items])

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
        """The whole fleet, half of its smaller vehicles with all of the largest, each kind alone, or the whole again.

        From many small vehicles a search hardly ever finds the large one that would take half of everything.
        """
        kinds = sorted({self.ground.vehicles[o.vehicle].kind for o in self.options}, key=kind_order)
        alone = [[o for o in self.options if self.ground.vehicles[o.vehicle].kind == kind] for kind in kinds]
        able = [mix for mix in alone if len(kinds) > 1 and self._can(mix)]
        return [self.options, *self._fewer_small(kinds[-1]), *able, self.options][:MIXES_MAX]

    def _fewer_small(self, largest: str) -> list[list[Option]]:
        half = [
            option
            if self.ground.vehicles[option.vehicle].kind == largest
            else replace(option, number=max(1, option.number // 2))
            for option in self.options
        ]
        return [half] if half != self.options and self._can(half) else []

    def _can(self, mix: Sequence[Option]) -> bool:
        """Whether these vehicles may and can carry everything, as far as sums tell."""
        cars = [(self.ground.vehicles[number], self.router.left(number)) for number in {o.vehicle for o in mix}]
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
        found: Found = search(written, steps, self.router.seed + number, start, self.router.habits)
        return self._candidates(found, bundles)

    def _candidates(self, found: Found, bundles: Sequence[Sequence[Item]]) -> list[Candidate]:
        made = [
            self.router.candidate(trip.option.vehicle, trip.option.hub, [one for n in trip.items for one in bundles[n]])
            for trip in [*found.trips, *found.seen]
        ]
        return [one for one in made if one]

    def _trips(self, runs: Sequence[Candidate], items: Sequence[Item], shares: Shares | None = None) -> list[Trip]:
        number = {id(item): n for n, item in enumerate(items)}
        given = {(o.vehicle, o.hub): o for o in self.options}
        options = [shares.option(one) if shares else given[one.vehicle, one.hub] for one in runs]
        return [Trip(o, tuple(number[id(i)] for i in one.items)) for o, one in zip(options, runs, strict=True)]
