"""Sellers worth a call: their announced parcels would ride in this wave if they were packed now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shipping.domain.planning.answer import Plan, Run
from shipping.domain.planning.ceilings import Load, load, spent
from shipping.domain.planning.ground import Ground
from shipping.domain.planning.items import Outlook, Sorter
from shipping.domain.planning.model import DOOR, HOT_MEAL, Ride, Wave
from shipping.domain.planning.money import days_late
from shipping.domain.planning.outbound import has_room
from shipping.domain.planning.supply import PartnerDay
from shipping.domain.planning.timing import Stop, Timer

CALLS_MAX = 5
CALL_REACH = timedelta(hours=2)
"""A parcel expected later than this is not worth a call for this wave."""


def sellers_to_call(wave: Wave, plan: Plan) -> tuple[str, ...]:
    """Announced parcels whose readiness decides a run, those that cannot wait first, then the earliest promise.

    A parcel that keeps its promise only if it goes now would start a run of its own or join one; any other would join
    a run that stops at its gate anyway, has room, and is home in time with it. Runs that stay as they are take nobody.
    Under the door rule announced parcels are planned already, so nobody is called.
    """
    announced = [] if wave.information == DOOR else [ride for ride in wave.rides if _announced(wave, ride)]
    if not announced:
        return ()
    look = _Look(wave, plan, announced)
    found = [(not urgent, _promise(wave, ride), ride.parcel_id) for ride in look.packed for urgent in look.would(ride)]
    return tuple(parcel_id for _, _, parcel_id in sorted(found)[:CALLS_MAX])


def _announced(wave: Wave, ride: Ride) -> bool:
    """Whether a parcel is known, not packed yet, and expected soon."""
    expected, now = ride.ready_expected_time or ride.ready_time, wave.decide_time
    packed = ride.ready_time is not None and ride.ready_time <= now
    return not packed and ride.known_time <= now and expected is not None and expected <= now + CALL_REACH


def _promise(wave: Wave, ride: Ride) -> timedelta:
    return min(ride.latest.values(), default=wave.decide_time + timedelta(days=365)) - wave.decide_time


class _Look:
    """The wave as if the announced parcels were packed, with no more places than they and their runs need."""

    def __init__(self, wave: Wave, plan: Plan, announced: Sequence[Ride]) -> None:
        self.wave = wave
        self.packed = tuple(replace(ride, ready_time=wave.decide_time) for ride in announced)
        gates = {ride.gate_id for ride in announced}
        stay = [replace(run, spare_partner_id="") for run in wave.pinned_runs]
        open_runs = [run for run in plan.runs if replace(run, spare_partner_id="") not in stay]
        self.runs = [run for run in open_runs if any(stop.gate_id in gates for stop in run.stops)]
        gates |= {stop.gate_id for run in self.runs for stop in run.stops}
        kept = tuple(gate for gate in wave.gates if gate.gate_id in gates)
        small = replace(wave, rides=self.packed, gates=kept, pinned_runs=(), committed=(), forecast=None)
        self.ground = Ground(small)
        self.timer = Timer(self.ground)
        self.sorter = Sorter(self.ground, self.timer)
        self.rides = {ride.parcel_id: ride for ride in wave.rides} | {ride.parcel_id: ride for ride in self.packed}
        self.used = Counter(run.vehicle_id for run in plan.runs)
        self.days = {day.partner_id: day for day in spent(wave.partners, self._loads(plan))}

    def _loads(self, plan: Plan) -> list[Load]:
        partner = {run.run_id: run.partner_id for run in self.wave.committed}
        added = [(partner[one.run_id], self.rides[p]) for one in plan.additions for p in one.parcel_ids]
        along = [Load(partner_id, 0, ride.count, ride.weight_g, 0) for partner_id, ride in added]
        return [*(load(run, self.rides) for run in plan.runs), *along]

    def would(self, ride: Ride) -> list[bool]:
        """Whether it would ride because it cannot wait; nothing if it would not ride at all."""
        outlook = self.sorter.outlook(ride)
        if outlook.refusal or outlook.late:
            return []
        if any(self._joins(run, ride) for run in self.runs) or (outlook.must and self._alone(outlook)):
            return [outlook.must]
        return []

    def _alone(self, outlook: Outlook) -> bool:
        cars = [self.ground.vehicles[number] for number, _ in outlook.allowed]
        free = [car for car in cars if self.used[car.vehicle_id] < car.number]
        return any(self._under_ceilings(car.partner_id, outlook.ride, 1) for car in free)

    def _under_ceilings(self, partner_id: str, ride: Ride, runs: int) -> bool:
        day = self.days.get(partner_id, PartnerDay(partner_id=partner_id))
        uses = (
            (day.runs_max, day.runs_today + runs),
            (day.parcels_max, day.parcels_today + ride.count),
            (day.weight_max_g, day.weight_today_g + ride.weight_g),
        )
        return all(most is None or use <= most for most, use in uses)

    def _joins(self, run: Run, ride: Ride) -> bool:
        """Whether the run takes it along at a stop it makes anyway, and everybody is still on time."""
        number = next(n for n, one in enumerate(self.ground.vehicles) if one.vehicle_id == run.vehicle_id)
        vehicle, hub = self.ground.vehicles[number], self.ground.hub_number[run.hub_id]
        aboard = [self.rides[p] for stop in run.stops for p in stop.parcel_ids]
        hot = any(HOT_MEAL in one.handling for one in (*aboard, ride))
        if hot or (number, hub) not in self.sorter.fitting(ride):
            return False
        at = next((n for n, stop in enumerate(run.stops) if stop.gate_id == ride.gate_id), None)
        if at is None or not self._under_ceilings(run.partner_id, ride, 0):
            return False
        stops = [Stop(s.gate_id, tuple(self.rides[p] for p in s.parcel_ids), s.outbound_ids) for s in run.stops]
        stops[at] = replace(stops[at], rides=(*stops[at].rides, ride))
        made = self.timer.run(vehicle, stops, hub, self.ground.seconds_from_now(run.leave_time))
        if made is None or not has_room(self.wave.outbound, vehicle, self.rides, made.stops):
            return False
        place = self.ground.hubs[hub]
        later = any(days_late(r, place, made.return_time) > days_late(r, place, run.return_time) for r in aboard)
        return not later and not days_late(ride, place, made.return_time)
