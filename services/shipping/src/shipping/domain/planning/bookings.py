"""What later waves can still book: vehicles by the scope of their number, runs and loads by partner and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from shipping.domain.planning.answer import Addition, Run
from shipping.domain.planning.ground import Ground
from shipping.domain.planning.items import Item
from shipping.domain.planning.supply import Vehicle

DAY_SECONDS = 86_400
EVER = -(10**9)


@dataclass(slots=True)
class Trip:
    """A run on a later wave that is home by a second; its items in the order of its stops.

    `busy`: seconds it takes at least.
    """

    wave: int
    vehicle: int
    hub: int
    leave: int
    home_by: int
    home: int = 0
    busy: int = 0
    run: Run | None = None
    items: list[Item] = field(default_factory=list)
    weight: int = 0
    volume: int = 0
    pieces: int = 0

    def count(self, item: Item, longer: int) -> None:
        """One more item makes it heavier, and longer by so much."""
        self.busy += longer
        self.weight += item.weight
        self.volume += item.volume
        self.pieces += item.pieces


class Bookings:
    """Counts this wave's runs, those that were promised before, and later ones as they are booked.

    A run's day is the one on which it leaves.
    """

    def __init__(self, ground: Ground, riding: Sequence[Run], additions: Iterable[Addition]) -> None:
        """`riding`: all runs of this wave; `additions`: what committed runs take along."""
        self.ground, self.trips = ground, list[Trip]()
        self._today = ground.wave.decide_time.date()
        self._away = [self._backs(vehicle) for vehicle in ground.vehicles]
        self._spans = [self._out(number, riding) for number in range(len(ground.vehicles))]
        self._left = Counter((run.vehicle_id, self._local(run.leave_time)) for run in riding)
        self._partners = {day.partner_id: day for day in ground.wave.partners}
        self._carried = self._of_today(riding, additions)
        self._add_committed()

    def shift_ends(self, vehicle: Vehicle, leave: int) -> int:
        """Until when a vehicle that leaves then is on duty: on later days until the same hour."""
        days = (self._day(leave) - self._day(self.ground.earliest(vehicle))).days
        return self.ground.seconds_from_now(vehicle.home_time) + DAY_SECONDS * max(0, days)

    def free(self, trip: Trip, leave: int, home: int, more: Item) -> bool:
        """Whether this run may take one more item, and be under way from then to then, beside all others."""
        return self._has_vehicle(trip, leave, home) and self._has_room(trip, leave, more)

    def _has_vehicle(self, trip: Trip, leave: int, home: int) -> bool:
        vehicle = self.ground.vehicles[trip.vehicle]
        there = vehicle.number if vehicle.number_later is None else vehicle.number_later
        others = [other for other in self.trips if other.vehicle == trip.vehicle and other is not trip]
        if vehicle.number_scope == "wave":
            return sum(other.wave == trip.wave for other in others) < there
        if vehicle.number_scope == "day":
            day = self._day(leave)
            if day == self._day(self.ground.earliest(vehicle)):
                there = min(there, vehicle.number)
            return self._left[vehicle.vehicle_id, day] + sum(self._day(one.leave) == day for one in others) < there
        if vehicle.number_later is None:
            there += len(self._away[trip.vehicle])
        spans = [*self._spans[trip.vehicle], *((other.leave, other.home) for other in others)]
        moments = [leave, *(begin for begin, _ in spans if leave < begin < home)]
        return max(sum(begin <= moment < end for begin, end in spans) for moment in moments) < there

    def _has_room(self, trip: Trip, leave: int, more: Item) -> bool:
        partner_id, day = self.ground.vehicles[trip.vehicle].partner_id, self._day(leave)
        limits = self._partners.get(partner_id)
        if limits is None:
            return True
        others = [one for one in self.trips if one is not trip and self._day(one.leave) == day]
        mine = [one for one in others if self.ground.vehicles[one.vehicle].partner_id == partner_id]
        runs, pieces, weight = self._carried.get((partner_id, day), (0, 0, 0))
        runs += 1 + len(mine)
        pieces += trip.pieces + more.pieces + sum(one.pieces for one in mine)
        weight += trip.weight + more.weight + sum(one.weight for one in mine)
        most = limits.runs_max, limits.parcels_max, limits.weight_max_g
        return all(top is None or used <= top for used, top in zip((runs, pieces, weight), most, strict=True))

    def _backs(self, vehicle: Vehicle) -> list[int]:
        """When those that are on the road or promised are back; whoever is named as both counts once."""
        promised = [run.return_time for run in self.ground.wave.committed if run.vehicle_id == vehicle.vehicle_id]
        backs = Counter(vehicle.returning_times) | Counter(promised)
        return sorted(self.ground.seconds_from_now(back) for back in backs.elements())

    def _out(self, number: int, riding: Sequence[Run]) -> list[tuple[int, int]]:
        seconds, vehicle_id = self.ground.seconds_from_now, self.ground.vehicles[number].vehicle_id
        mine = [run for run in riding if run.vehicle_id == vehicle_id]
        runs = [(seconds(run.leave_time), seconds(run.return_time)) for run in mine]
        return [*runs, *((EVER, back) for back in self._away[number])]

    def _of_today(self, riding: Sequence[Run], additions: Iterable[Addition]) -> dict[tuple[str, date], list[int]]:
        """Runs, pieces and grams by partner and day, this wave's with them."""
        wave = self.ground.wave
        rides, carrier = {ride.parcel_id: ride for ride in wave.rides}, {r.run_id: r.partner_id for r in wave.committed}
        found = {(d.partner_id, self._today): [d.runs_today, d.parcels_today, d.weight_today_g] for d in wave.partners}
        taken = [(run.partner_id, run.leave_time, 1, [p for s in run.stops for p in s.parcel_ids]) for run in riding]
        taken += [(carrier[one.run_id], wave.decide_time, 0, list(one.parcel_ids)) for one in additions]
        for partner_id, moment, runs, parcel_ids in taken:
            sums = found.setdefault((partner_id, self._local(moment)), [0, 0, 0])
            sums[0] += runs
            sums[1] += sum(rides[p].count for p in parcel_ids if p in rides)
            sums[2] += sum(rides[p].weight_g for p in parcel_ids if p in rides)
        return found

    def _add_committed(self) -> None:
        """Promised runs of later days; those of today are in this wave's numbers already."""
        for run in self.ground.wave.committed:
            day = self._local(run.stops[0].arrive_time if run.stops else run.return_time)
            if day > self._today:
                self._left[run.vehicle_id, day] += 1
                self._carried.setdefault((run.partner_id, day), [0, 0, 0])[0] += 1

    def _day(self, seconds: int) -> date:
        return self.ground.moment(seconds).date()

    def _local(self, moment: datetime) -> date:
        return self._day(self.ground.seconds_from_now(moment))
