"""Proves that holding is safe: runs on later waves, with the vehicles known today, bring every held parcel home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning.answer import Run, Witness
from shipping.domain.planning.bookings import Bookings, Trip
from shipping.domain.planning.insertion import insertion
from shipping.domain.planning.items import Item
from shipping.domain.planning.model import Vehicle
from shipping.domain.planning.packing import bundled, merged
from shipping.domain.planning.router import stops_of
from shipping.domain.planning.session import Session

TRIES_MAX = 12_000
"""So often is an item held against a run in one construction, 0.3 CPU-s outside the budget; 400 gates need several.
What is not reached by then stays unproved and is told so."""

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


def witnesses(
    session: Session, held: Sequence[Item], riding: Sequence[Run] = (), left: Sequence[Item] = ()
) -> tuple[list[Witness], list[Item]]:
    """Runs on later waves for the held items beside this wave's runs, and the items for which there is none.

    A construction, not a search: earliest promise first, each where it adds least to the first later run with room, or
    in a new one on the last wave that still does. What it cannot place is not proved impossible; it rides now to be
    safe. An item that is in neither answer was not reached within TRIES_MAX. Those `left` behind by this wave's runs
    come last: they cannot ride now, so they are in the runs or in neither answer.
    """
    bundles, found = _bundles(session, held), list[tuple[_Maker, list[Item]]]()
    for largest_first in (False, True):
        maker = _Maker(session, riding, largest_first)
        unproved = [item for bundle in bundles if not maker.place(merged(bundle)) for item in bundle]
        found.append((maker, unproved))
        if not unproved or maker.tries <= 0:
            break
    maker, unproved = min(found, key=lambda one: len(one[1]))
    for bundle in _bundles(session, left):
        maker.place(merged(bundle))
    return maker.made(), unproved


def _bundles(session: Session, items: Sequence[Item]) -> list[list[Item]]:
    """Earliest promise first."""
    order = sorted(items, key=lambda item: (min(item.latest.values(), default=0), item.place, item.rides[0].parcel_id))
    return bundled(order, session.ground, SPLIT)


class _Maker:
    def __init__(self, session: Session, riding: Sequence[Run], largest_first: bool) -> None:
        self.session, self.ground, self.largest_first = session, session.ground, largest_first
        self.bookings = Bookings(session.ground, riding, session.additions)
        self.trips, self.tries = self.bookings.trips, TRIES_MAX
        self._homes: dict[int, dict[int, int]] = {}
        self._cars: dict[tuple[int, int], Vehicle] = {}

    def place(self, item: Item) -> bool:
        """Into a run that exists, or a new one; also true if nobody can tell any more."""
        if any(self._taken(trip, item) for trip in self.trips):
            return True
        for trip in self._fresh(item):
            if self._taken(trip, item):
                self.trips.append(trip)
                return True
        return self.tries <= 0

    def _fresh(self, item: Item) -> list[Trip]:
        """Possible new runs for an item, latest wave first, vehicles with room for one more there."""
        last = self.session.outlook(item).last_wave
        waves = [wave for wave in reversed(self._later(item)) if last is not None and wave <= last]
        sign = -1 if self.largest_first else 1
        pairs = sorted(item.allowed, key=lambda pair: (sign * self.ground.vehicles[pair[0]].weight_max_g, pair))
        return [self._trip(wave, v, h) for wave in waves for v, h in pairs]

    def _trip(self, wave: int, number: int, hub: int) -> Trip:
        leave = self._leave(wave, number)
        return Trip(wave, number, hub, leave, self.bookings.shift_ends(self.ground.vehicles[number], leave))

    def _leave(self, wave: int, number: int) -> int:
        return max(self.ground.earliest(self.ground.vehicles[number]), wave + self.ground.vehicles[number].lead_seconds)

    def _later(self, item: Item) -> dict[int, int]:
        """The later waves of an item's gate in order, and when their vehicles must be home."""
        seconds = self.ground.seconds_from_now
        if item.place not in self._homes:
            later = self.ground.gates[item.place].later_waves
            self._homes[item.place] = {seconds(one.decide_time): seconds(one.home_time) for one in later}
        return self._homes[item.place]

    def _taken(self, trip: Trip, item: Item) -> bool:
        """Put an item on a run if that can still be driven, and its vehicle is there for so long."""
        if not self._fits(trip, item):
            return False
        self.tries -= 1
        where, longer = insertion(self.ground, trip.vehicle, trip.hub, trip.leave, trip.items, item)
        home_by = min(trip.home_by, self._later(item)[trip.wave], item.latest[trip.hub])
        if trip.leave + trip.busy + longer > home_by:
            return False
        run = self._run(trip, items := [*trip.items[:where], item, *trip.items[where:]], home_by)
        if run is None:
            return False
        leave, home = self.ground.seconds_from_now(run.leave_time), self.ground.seconds_from_now(run.return_time)
        if not self.bookings.free(trip, leave, home, item):
            return False
        trip.run, trip.items, trip.home_by, trip.leave, trip.home = run, items, home_by, leave, home
        trip.count(item, longer)
        return True

    def _fits(self, trip: Trip, item: Item) -> bool:
        """What can be told before the run is timed."""
        vehicle = self.ground.vehicles[trip.vehicle]
        if self.tries <= 0 or (trip.vehicle, trip.hub) not in item.allowed or trip.wave not in self._later(item):
            return False
        if trip.items and (item.hot or trip.items[0].hot):
            return False
        if trip.weight + item.weight > vehicle.weight_max_g or trip.pieces + item.pieces > vehicle.parcels_max:
            return False
        if vehicle.volume_max_cm3 is not None and trip.volume + item.volume > vehicle.volume_max_cm3:
            return False
        return bool(trip.items) or self.bookings.free(trip, trip.leave, trip.leave + 1, item)

    def _run(self, trip: Trip, items: Sequence[Item], home_by: int) -> Run | None:
        vehicle = self.ground.vehicles[trip.vehicle]
        if (trip.vehicle, home_by) not in self._cars:
            self._cars[trip.vehicle, home_by] = replace(vehicle, home_time=self.ground.moment(home_by))
        car, stops = self._cars[trip.vehicle, home_by], stops_of(items, self.ground)
        return self.session.timer.run(car, stops, trip.hub, self._leave(trip.wave, trip.vehicle))

    def made(self) -> list[Witness]:
        """The runs, with the wave that would decide them."""
        waves = ((self.ground.moment(trip.wave), trip.run) for trip in self.trips)
        return [Witness(decide_time=moment, run=run) for moment, run in waves if run]
