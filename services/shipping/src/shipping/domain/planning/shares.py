"""Shares scarce vehicles out among the bounds of promises: the search counts its vehicles for each bound anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning.items import Item
from shipping.domain.planning.model_vrp import Option, bounds_of
from shipping.domain.planning.router import Candidate


class Shares:
    """Each vehicle for one bound, as in some runs; those to spare go to what they leave out, what must go first."""

    def __init__(self, items: Sequence[Item], options: Sequence[Option], runs: Sequence[Candidate]) -> None:
        """`options`: one for each vehicle and hub."""
        self.given = {(one.vehicle, one.hub): one for one in options}
        hubs = {one.hub: max(other.home_by for other in options if other.hub == one.hub) for one in options}
        self.bounds = {hub: bounds_of(items, hub, home) for hub, home in hubs.items()}
        self.counts = Counter((one.vehicle, one.hub, self._bound(one.hub, one.items)) for one in runs)
        spare = {one.vehicle: one.number for one in options}
        for one in runs:
            spare[one.vehicle] -= 1
        served = {id(item) for one in runs for item in one.items}
        for item in sorted((one for one in items if id(one) not in served), key=lambda item: not item.must):
            pairs = [pair for pair in sorted(item.allowed) if pair in self.given and spare[pair[0]] > 0]
            for vehicle, hub in pairs[-1:]:
                self.counts[vehicle, hub, self._bound(hub, [item])] += 1
                spare[vehicle] -= 1

    def _bound(self, hub: int, items: Sequence[Item]) -> int:
        """The bound by which a run of these items is counted."""
        due = min(item.latest[hub] for item in items)
        return max((bound for bound in self.bounds[hub] if bound <= due), default=self.bounds[hub][0])

    def options(self) -> list[Option]:
        """The options with a bound each; what is not used stays with none to drive, for the same bounds."""
        used = [replace(self.given[v, h], number=n, bound=bound) for (v, h, bound), n in sorted(self.counts.items())]
        seen = {(one.vehicle, one.hub) for one in used}
        return used + [replace(one, number=0) for pair, one in self.given.items() if pair not in seen]

    def option(self, one: Candidate) -> Option:
        """The option a run is counted for."""
        return replace(self.given[one.vehicle, one.hub], bound=self._bound(one.hub, one.items))
