"""What a plan would cost less without one parcel, everything else as it is: the true difference of its price.

Without the parcel its run keeps its other stops in their order, timed anew; nothing else is planned anew. Counted are
the bill, discounts that are no longer reached, lateness and waiting of all parcels of the run, and changes of what was
announced. Where the rest of the run could not be driven without the parcel the answer is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipping.domain.planning.answer import Addition, Run
from shipping.domain.planning.model import HubPlace, Ride, Vehicle
from shipping.domain.planning.money import (
    chargeable_g,
    days_late,
    discount_of,
    late_vnd,
    parcels_vnd,
    told,
    unreliable_vnd,
    waited_seconds,
)
from shipping.domain.planning.session import Session
from shipping.domain.planning.timing import Stop


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a run costs the objective beyond its bill, if it leaves and returns at certain times."""

    vnd: int
    wait_seconds: int

    def without(self, other: _Terms) -> _Terms:
        return _Terms(self.vnd - other.vnd, self.wait_seconds - other.wait_seconds)


NOTHING = _Terms(0, 0)


@dataclass(frozen=True, slots=True)
class _Aboard:
    """A run taken apart."""

    run: Run
    vehicle: Vehicle
    hub: HubPlace
    stops: tuple[Stop, ...]
    rides: tuple[Ride, ...]
    pieces: int
    grams: int


class Marginals:
    """Marginal costs of the parcels of one plan. Neighbours that are alike to the clock share its work."""

    def __init__(self, session: Session, runs: Sequence[Run]) -> None:
        """`runs` are all the plan's, the pinned ones first."""
        self.session, self.wave = session, session.wave
        self.told = told(session.wave)
        rides = {ride.parcel_id: ride for ride in session.wave.rides}
        self.aboard = [self._apart(run, rides) for run in runs]
        self.place = {p: place for one in self.aboard for p, place in self._places(one)}
        self.pinned = len(session.wave.pinned_runs)
        self._sums: dict[tuple[int, datetime, datetime], _Terms] = {}
        self._timed: dict[tuple[int, int, int], list[tuple[datetime, datetime, int]]] = {}
        self.now = [self._terms(number, run.leave_time, run.return_time) for number, run in enumerate(runs)]
        self.wait_seconds = sum(terms.wait_seconds for terms in self.now)

    def riding(self, number: int, ride: Ride) -> int:
        """Of a parcel on this run."""
        one = self.aboard[number]
        if len(one.rides) == 1:
            return self._saved(number, ride, 0, NOTHING)
        rest = parcels_vnd(one.vehicle, one.pieces - ride.count, one.grams - chargeable_g(ride))
        saved = [
            self._saved(number, ride, bare + rest, self._terms(number, leave, home).without(own))
            for leave, home, bare in self._without(number, ride)
            for own in [self._own(one, ride, leave, home)]
        ]
        return max(saved, default=0)

    def added(self, addition: Addition, ride: Ride) -> int:
        """Of a parcel that a committed run takes along: its share of the addition's price."""
        run = next(run for run in self.wave.committed if run.run_id == addition.run_id)
        return run.per_parcel_vnd * ride.count + self.waiting(ride)

    def waiting(self, ride: Ride) -> int:
        """Of a parcel that rides on no run: only that it was announced to."""
        return self.wave.change_vnd if ride.parcel_id in self.told else 0

    def _apart(self, run: Run, rides: dict[str, Ride]) -> _Aboard:
        ground = self.session.ground
        stops = tuple(Stop(s.gate_id, tuple(rides[p] for p in s.parcel_ids), s.outbound_ids) for s in run.stops)
        aboard = tuple(ride for stop in stops for ride in stop.rides)
        vehicle = next(one for one in ground.vehicles if one.vehicle_id == run.vehicle_id)
        hub = ground.hubs[ground.hub_number[run.hub_id]]
        return _Aboard(
            run, vehicle, hub, stops, aboard, sum(r.count for r in aboard), sum(chargeable_g(r) for r in aboard)
        )

    def _saved(self, number: int, ride: Ride, bill: int, terms: _Terms) -> int:
        """The difference of the objective if this is what the run costs without the parcel."""
        one, now, price = self.aboard[number], self.now[number], self.wave.wait_hour_vnd
        waited = self.wait_seconds * price // 3600
        less = (self.wait_seconds - now.wait_seconds + terms.wait_seconds) * price // 3600
        return one.run.cost_vnd - bill - self._discount(one, ride, bill) + now.vnd - terms.vnd + waited - less

    def _discount(self, one: _Aboard, ride: Ride, bill: int) -> int:
        """What less the run's partner takes off its bill without the parcel."""
        day = next((day for day in self.wave.partners if day.partner_id == one.run.partner_id), None)
        if day is None or not day.discounts:
            return 0
        own = [other for other in self.aboard if other.run.partner_id == one.run.partner_id]
        bills, pieces = sum(other.run.cost_vnd for other in own), sum(other.pieces for other in own)
        left = len(own) - (len(one.rides) == 1)
        after = discount_of(day, left, bills - one.run.cost_vnd + bill, pieces - ride.count)
        return discount_of(day, len(own), bills, pieces) - after

    def _places(self, one: _Aboard) -> Iterator[tuple[str, tuple[int, int]]]:
        """By parcel its stop, and which group there of neighbours whose order does not matter to the clock."""
        for number, stop in enumerate(one.stops):
            group, before = 0, None
            for ride in stop.rides:
                alike = ride.service_seconds, self.session.timer.opens(ride), ride.close_time
                group, before = group + (alike != before), alike
                yield ride.parcel_id, (number, group)

    def _without(self, number: int, ride: Ride) -> list[tuple[datetime, datetime, int]]:
        """When the run would leave and return without the parcel, and its bill but for parcels.

        It leaves when it does now, or as early as it can if that is earlier and nobody was told.
        """
        one, timer, ground = self.aboard[number], self.session.timer, self.session.ground
        at, group = self.place[ride.parcel_id]
        key = number, at, group
        if key not in self._timed:
            leaves = [ground.seconds_from_now(one.run.leave_time)]
            if number >= self.pinned and (earliest := ground.earliest(one.vehicle)) < leaves[0]:
                leaves.append(earliest)
            hub, stops = ground.hub_number[one.hub.hub_id], _less(one.stops, at, ride)
            made = [run for leave in leaves if (run := timer.run(one.vehicle, stops, hub, leave))]
            rest = parcels_vnd(one.vehicle, one.pieces - ride.count, one.grams - chargeable_g(ride))
            self._timed[key] = [(run.leave_time, run.return_time, run.cost_vnd - rest) for run in made]
        return self._timed[key]

    def _terms(self, number: int, leave: datetime, home: datetime) -> _Terms:
        key = number, leave, home
        if key not in self._sums:
            each = [self._own(self.aboard[number], ride, leave, home) for ride in self.aboard[number].rides]
            self._sums[key] = _Terms(sum(one.vnd for one in each), sum(one.wait_seconds for one in each))
        return self._sums[key]

    def _own(self, one: _Aboard, ride: Ride, leave: datetime, home: datetime) -> _Terms:
        """What a parcel adds to the run's terms."""
        before = self.told.get(ride.parcel_id)
        vnd = late_vnd(self.wave, days_late(ride, one.hub, home)) + unreliable_vnd(self.wave, one.vehicle)
        if before is not None and before != (one.vehicle.vehicle_id, leave):
            vnd += self.wave.change_vnd
        return _Terms(vnd, waited_seconds(ride, leave, home))


def _less(stops: Sequence[Stop], at: int, ride: Ride) -> list[Stop]:
    """The stops without a parcel; a stop that nothing else is collected at is left out."""
    found: list[Stop] = []
    for number, stop in enumerate(stops):
        rides = tuple(one for one in stop.rides if number != at or one is not ride)
        if not rides:
            continue
        if found and found[-1].gate_id == stop.gate_id:
            found[-1] = Stop(stop.gate_id, found[-1].rides + rides, found[-1].outbound_ids + stop.outbound_ids)
        else:
            found.append(Stop(stop.gate_id, rides, stop.outbound_ids))
    return found
