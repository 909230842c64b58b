"""Names a spare partner for each run: one that could drive it as it is, if its own did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning.answer import Run
from shipping.domain.planning.ceilings import load, spent
from shipping.domain.planning.model import Ride, Vehicle
from shipping.domain.planning.outbound import has_room
from shipping.domain.planning.session import Session
from shipping.domain.planning.timing import Stop


def with_spares(session: Session, runs: Sequence[Run]) -> list[Run]:
    """The runs of a plan, each with the first partner that could drive it instead ("" = nobody), same kind first.

    It could if a vehicle of it that the plan does not use may go to all the stops with all the loads, within the
    partner's ceilings beside what it drives already; and if, leaving with the run or as soon as it can, it keeps every
    window, its shift and the hub's hours, and is home when the run is or no parcel is late. Each run is asked for
    alone: one vehicle may be the spare of several.
    """
    spares = _Spares(session, runs)
    return [replace(run, spare_partner_id=spares.of(run)) for run in runs]


class _Spares:
    def __init__(self, session: Session, runs: Sequence[Run]) -> None:
        self.session, self.ground = session, session.ground
        self.used = Counter(run.vehicle_id for run in runs)
        self.rides: dict[str, Ride] = {ride.parcel_id: ride for ride in session.wave.rides}
        pinned = len(session.wave.pinned_runs)
        loads = [load(run, self.rides) for run in runs[pinned:]]
        self.days = {day.partner_id: day for day in spent(session.router.partners, loads)}

    def of(self, run: Run) -> str:
        """The spare partner of one run."""
        others = [(n, v) for n, v in enumerate(self.ground.vehicles) if v.partner_id != run.partner_id]
        others.sort(key=lambda one: one[1].kind != run.kind)
        return next((v.partner_id for n, v in others if self._may(n, v, run) and self._in_time(v, run)), "")

    def _may(self, number: int, vehicle: Vehicle, run: Run) -> bool:
        if self.used[vehicle.vehicle_id] >= vehicle.number or not self._under_ceilings(vehicle, run):
            return False
        pair = number, self.ground.hub_number[run.hub_id]
        aboard = [self.rides[p] for stop in run.stops for p in stop.parcel_ids]
        if not all(pair in self.session.sorter.fitting(ride) for ride in aboard):
            return False
        return has_room(self.session.wave.outbound, vehicle, self.rides, run.stops)

    def _under_ceilings(self, vehicle: Vehicle, run: Run) -> bool:
        day = self.days.get(vehicle.partner_id)
        if day is None:
            return True
        more = load(run, self.rides)
        uses = (
            (day.runs_max, day.runs_today + 1),
            (day.parcels_max, day.parcels_today + more.pieces),
            (day.weight_max_g, day.weight_today_g + more.weight_g),
        )
        return all(most is None or use <= most for most, use in uses)

    def _in_time(self, vehicle: Vehicle, run: Run) -> bool:
        ground, hub = self.ground, self.ground.hub_number[run.hub_id]
        stops = [Stop(s.gate_id, tuple(self.rides[p] for p in s.parcel_ids), s.outbound_ids) for s in run.stops]
        leave = max(ground.seconds_from_now(run.leave_time), ground.earliest(vehicle))
        home = self.session.timer.home(vehicle, stops, hub, leave)
        if home is None or not self._open(vehicle, hub, leave, home):
            return False
        back = ground.moment(home + ground.hubs[hub].handling_seconds)
        promised = (ride.latest.get(run.hub_id) for stop in stops for ride in stop.rides)
        return ground.moment(home) <= run.return_time or all(one is None or back <= one for one in promised)

    def _open(self, vehicle: Vehicle, hub: int, leave: int, home: int) -> bool:
        """Whether shift, breaks, run length and the hub's hours allow this."""
        ground, place = self.ground, self.ground.hubs[hub]
        lasts = [vehicle.home_time] + ([place.close_time] if place.close_time else [])
        if any(home > ground.seconds_from_now(last) for last in lasts):
            return False
        if place.open_time and home < ground.seconds_from_now(place.open_time):
            return False
        if vehicle.run_seconds_max is not None and home - leave > vehicle.run_seconds_max:
            return False
        return all(leave >= end or start >= home for start, end in ground.windows(vehicle.breaks))
