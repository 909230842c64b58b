"""What rides where vehicles are far too few: promises that can still be kept, the most pressing and lightest first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from shipping.domain.planning.advice import Advice, Crowd
from shipping.domain.planning.items import Item
from shipping.domain.planning.region import Region
from shipping.domain.planning.session import Session

FILL = 0.97
"""Runs are packed to about this part of what they can carry."""

HALF = 0.5
"""Of what takes more of a vehicle than this no two share one."""

OFFERED = 1.2
"""So many times what the runs can carry is offered to the search, which leaves out what fits worst."""

REACH = 1
"""What must leave within so many waves leaves now: a run with many stops takes longer than the solo runs that tell."""

FLOW = 2
"""Vehicles with one run a day wait for what presses until so many waves are left today; then each leaves as it fills,
and all at the last."""


class Triage:
    """The parcels of one hub that should ride now, when not all can be on time."""

    def __init__(self, region: Region) -> None:
        """Every parcel becomes an item of its own: light ones shall not wait for a heavy one they were packed with."""
        self.region, self.items = region, region.split()
        self.now = sum(fleet.now for fleet in region.fleets)
        self.parts = parts_of(region, self.items)
        self.lost = np.array([item.late for item in self.items], bool)
        self.presses = pressing(region, self.items)
        self.vehicles = min(self.now, self._needed())

    def advice(self) -> Advice:
        """What is offered to the search: what presses, what may wait, and what is late already where there is room."""
        sizes = self.parts.sum(1) / np.array([len(item.rides) for item in self.items])
        last = np.array([self.region.last(item) for item in self.items], int)
        order = np.lexsort((sizes, last, self.lost, ~self.presses))
        within = np.cumsum(self.parts[order], 0).max(1) <= np.where(self.lost[order], 1.0, OFFERED) * self.vehicles
        return Advice(
            "triage", self._ids(order[within]), {}, Crowd(self._ids(np.flatnonzero(self.presses)), self._spare())
        )

    def _ids(self, numbers: np.ndarray) -> frozenset[str]:
        return frozenset(ride.parcel_id for n in numbers.tolist() for ride in self.items[n].rides)

    def _needed(self) -> int:
        """As many as are needed by what presses, and those that cannot be used better later."""
        pressed, full = (float(self.parts[some].sum(0).max()) for some in (self.presses, ~self.lost))
        needed = max(math.ceil(pressed / FILL), int((self.parts[self.presses] > HALF).any(1).sum()))
        if all(fleet.vehicle.number_scope == "day" for fleet in self.region.fleets):
            dates = [moment.date() for moment in self.region.moments]
            waves = dates.count(dates[0])
            return self.now if waves == 1 else max(needed, int(full)) if waves <= FLOW else needed
        return max(needed, int(full))

    def _spare(self) -> dict[str, int]:
        """Vehicles that stay for later waves; of several kinds the search chooses itself."""
        router, ground = self.region.session.router, self.region.ground
        spare, found = self.now - self.vehicles if len(self.region.fleets) == 1 else 0, dict[str, int]()
        for number, vehicle in enumerate(ground.vehicles):
            found[vehicle.vehicle_id] = min(spare, router.left(number))
            spare -= found[vehicle.vehicle_id]
        return found


def parts_of(region: Region, items: Sequence[Item]) -> np.ndarray:
    """Weight and pieces of every item as parts of a mean vehicle."""
    cars = [(fleet.vehicle, max(fleet.now, fleet.later)) for fleet in region.fleets]
    weight, pieces = (sum(getattr(v, size) * n for v, n in cars) for size in ("weight_max_g", "parcels_max"))
    loads = np.array([(item.weight, item.pieces) for item in items], float).reshape(-1, 2)
    found: np.ndarray = loads * sum(n for _, n in cars) / (weight, pieces)
    return found


def pressing(region: Region, items: Sequence[Item]) -> np.ndarray:
    """Which items can still be on time, but hardly later."""
    return np.array([not item.late and region.last(item) <= REACH for item in items], bool)


def is_overrun(region: Region) -> bool:
    """Whether what presses is more than all vehicles that are there now can carry."""
    parts = parts_of(region, region.items)[pressing(region, region.items)]
    return bool((parts.sum(0) > sum(fleet.now for fleet in region.fleets)).any())


def joined(crowds: Sequence[Crowd]) -> Crowd | None:
    """The crowds of several hubs as one."""
    if not crowds:
        return None
    spare = Counter[str]()
    for crowd in crowds:
        spare.update(crowd.spare)
    return Crowd(frozenset[str]().union(*(crowd.pressing for crowd in crowds)), spare)


def apply(session: Session, advice: Advice, crowd: Crowd) -> list[Item]:
    """The items that ride by this advice; the vehicles that stay are not the router's any more."""
    for number, vehicle in enumerate(session.ground.vehicles):
        session.router.used[vehicle.vehicle_id] += min(
            crowd.spare.get(vehicle.vehicle_id, 0), session.router.left(number)
        )
    session.split()
    for item in session.items:
        item.must = item.rides[0].parcel_id in crowd.pressing
    return [item for item in session.items if item.rides[0].parcel_id in advice.parcel_ids]
