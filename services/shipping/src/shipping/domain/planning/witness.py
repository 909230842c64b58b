"""Proves that holding is safe: runs on later waves, with the vehicles known today, bring every held parcel home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shipping.domain.planning.answer import Run, Witness
from shipping.domain.planning.items import Item
from shipping.domain.planning.model import Vehicle
from shipping.domain.planning.packing import bundled, merged
from shipping.domain.planning.router import stops_of
from shipping.domain.planning.session import Session

BUNDLES_MAX = 120
SPLIT = 4
"""Parcels of one gate are placed together up to this fraction of the smallest vehicle."""


def along(session: Session, riding: Sequence[Item], unproved: Sequence[Item]) -> list[Item]:
    """What may ride with the unproved: what else stands at their gates, earliest promise first, up to a small vehicle.

    A vehicle goes there anyway, and may be gone when all that waits must go.
    """
    chosen = set(map(id, (*riding, *unproved)))
    waiting = [one for one in session.items if id(one) not in chosen and one.rides[0].must_ride is None and not one.hot]
    waiting.sort(key=lambda one: (min(one.latest.values(), default=0), one.rides[0].parcel_id))
    found: list[Item] = []
    for place in sorted({item.place for item in unproved}):
        here = [item for item in unproved if item.place == place]
        cars = [session.ground.vehicles[number] for item in here for number, _ in item.allowed]
        small = min(cars, key=lambda car: (car.weight_max_g, car.parcels_max))
        weight, pieces = sum(item.weight for item in here), sum(item.pieces for item in here)
        for item in waiting:
            fits = weight + item.weight <= small.weight_max_g and pieces + item.pieces <= small.parcels_max
            if item.place == place and fits:
                weight, pieces = weight + item.weight, pieces + item.pieces
                found.append(item)
    return found


@dataclass(slots=True)
class _Trip:
    wave: int
    vehicle: int
    hub: int
    items: list[Item] = field(default_factory=list)
    home: int = 0


def witnesses(session: Session, held: Sequence[Item]) -> tuple[list[Witness], list[Item]]:
    """Runs on later waves for the held items, and the items no such run was found for.

    A construction, not a search: earliest promise first, each into the first later run with room, or a new one on the
    last wave that still does. What it cannot place is not proved impossible; it rides now to be safe. More bundles
    than BUNDLES_MAX are too many to time one by one: nothing is said about them.
    """
    order = sorted(held, key=lambda item: (min(item.latest.values(), default=0), item.place, item.rides[0].parcel_id))
    bundles = bundled(order, session.ground, SPLIT)
    if len(bundles) > BUNDLES_MAX:
        return [], []
    found: list[tuple[list[Witness], list[Item]]] = []
    for largest_first in (False, True):
        maker = _Maker(session, largest_first)
        unproved = [item for bundle in bundles if not maker.place(merged(bundle)) for item in bundle]
        found.append((maker.made(), unproved))
        if not unproved:
            break
    return min(found, key=lambda one: len(one[1]))


class _Maker:
    def __init__(self, session: Session, largest_first: bool) -> None:
        self.session, self.ground, self.largest_first = session, session.ground, largest_first
        self.trips: list[_Trip] = []

    def place(self, item: Item) -> bool:
        """Into a run that exists, or a new one."""
        for trip in self.trips:
            if (trip.vehicle, trip.hub) in item.allowed and self._taken(trip, item):
                return True
        for trip in self._fresh(item):
            if self._taken(trip, item):
                self.trips.append(trip)
                return True
        return False

    def _taken(self, trip: _Trip, item: Item) -> bool:
        """Put an item on a run if that can still be driven, and its vehicle is there for so long."""
        run = self._run(trip, [*trip.items, item])
        if run is None or not self._free(trip, home := self.ground.seconds_from_now(run.return_time)):
            return False
        trip.items.append(item)
        trip.home = home
        return True

    def _fresh(self, item: Item) -> list[_Trip]:
        """Possible new runs for an item, latest wave first, vehicles with room for one more there."""
        gate = self.ground.gates[item.place]
        waves = [self.ground.seconds_from_now(later.decide_time) for later in reversed(gate.later_waves)]
        sign = -1 if self.largest_first else 1
        pairs = sorted(item.allowed, key=lambda pair: (sign * self.ground.vehicles[pair[0]].weight_max_g, pair))
        return [_Trip(wave, v, h) for wave in waves for v, h in pairs]

    def _free(self, trip: _Trip, home: int) -> bool:
        """Whether there is a vehicle for this run; one that comes back can go again."""
        vehicle = self.ground.vehicles[trip.vehicle]
        there = vehicle.number if vehicle.number_later is None else vehicle.number_later
        mine = [other for other in self.trips if other.vehicle == trip.vehicle and other is not trip]
        if vehicle.number_scope == "wave":
            return sum(other.wave == trip.wave for other in mine) < there
        if vehicle.number_scope == "day":
            day = self.ground.moment(trip.wave).date()
            return sum(self.ground.moment(other.wave).date() == day for other in mine) < there
        lead = vehicle.lead_seconds
        return sum(other.wave + lead < home and trip.wave + lead < other.home for other in mine) < there

    def _run(self, trip: _Trip, items: Sequence[Item]) -> Run | None:
        """The run on its later wave, if every limit allows it."""
        vehicle = self.ground.vehicles[trip.vehicle]
        later = {
            self.ground.seconds_from_now(one.decide_time): one.home_time
            for item in items
            for one in self.ground.gates[item.place].later_waves
        }
        if trip.wave not in later or (len(items) > 1 and any(item.hot for item in items)):
            return None
        if sum(i.weight for i in items) > vehicle.weight_max_g or sum(i.pieces for i in items) > vehicle.parcels_max:
            return None
        if vehicle.volume_max_cm3 is not None and sum(item.volume for item in items) > vehicle.volume_max_cm3:
            return None
        same = replace(vehicle, home_time=later[trip.wave], available_time=None)
        leave = trip.wave + vehicle.lead_seconds
        nearby = self._nearest_next(vehicle, items)
        run = self.session.timer.run(same, stops_of(nearby, self.ground), trip.hub, leave)
        if run is None or self.ground.seconds_from_now(run.return_time) > min(i.latest[trip.hub] for i in items):
            return None
        return run

    def _nearest_next(self, vehicle: Vehicle, items: Sequence[Item]) -> list[Item]:
        """The items in the order of always driving to the nearest gate; ties in the order given."""
        _, seconds = self.ground.table(vehicle.profile, 0)
        left, here, order = list(items), self.ground.place[vehicle.start_id], []
        while left:
            nearest = min(left, key=lambda item: int(seconds[here, item.place]))
            left.remove(nearest)
            order.append(nearest)
            here = nearest.place
        return order

    def made(self) -> list[Witness]:
        """The runs, with the wave that would decide them."""
        found = []
        for trip in self.trips:
            run = self._run(trip, trip.items)
            assert run is not None, "a witness run was timed before"
            found.append(Witness(decide_time=self.ground.moment(trip.wave), run=run))
        return found
