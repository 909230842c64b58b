"""The rule of today behind the planner's call: hold until something must go, then take all that is ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipping.domain.planning.model import KINDS, Budget, Gate, Plan, Reason, Ride, Run, Vehicle, Wave
from shipping.domain.planning.route import solo_home, split, timed, without_vnd


def plan_wave(wave: Wave, budget: Budget, seed: int) -> Plan:
    """Plan one wave. Same wave, budget and seed, same plan; never raises for a wave that cannot be served.

    The rule needs no search, so it spends no budget and takes no steps.
    """
    planner = _Planner(wave)
    for hub_id, rides in planner.ready_by_hub().items():
        planner.decide(hub_id, rides)
    reasons = tuple(planner.reasons[ride.parcel_id] for ride in wave.rides)
    return Plan(wave_id=wave.wave_id, runs=tuple(planner.runs), reasons=reasons, steps=0, seed=seed)


@dataclass(frozen=True, slots=True)
class _Hold:
    """Until when a parcel may wait: the last later wave that keeps its promise, and when it would be home then."""

    wave_time: datetime
    home_time: datetime


class _Planner:
    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.gates = {gate.gate_id: gate for gate in wave.gates}
        self.runs: list[Run] = []
        self.reasons: dict[str, Reason] = {}
        self.used: dict[str, int] = {}

    def ready_by_hub(self) -> dict[str, list[Ride]]:
        """The parcels that could ride now, by the hub they would go to; all others get their reason here."""
        groups: dict[str, list[Ride]] = {}
        for ride in sorted(self.wave.rides, key=lambda one: one.parcel_id):
            gate = self.gates[ride.gate_id]
            if ride.ready_time is None or ride.ready_time > self.wave.decide_time:
                self._hold(ride, "NOT_READY")
            elif not gate.hub_ids:
                self._hold(ride, "NO_REACHABLE_HUB")
            elif not self._vehicles(ride):
                self._hold(ride, "NO_PARTNER_LEFT")
            else:
                groups.setdefault(gate.hub_ids[0], []).append(ride)
        return dict(sorted(groups.items()))

    def decide(self, hub_id: str, rides: Sequence[Ride]) -> None:
        """Hold, or take everything that is ready for this hub."""
        holds = {ride.parcel_id: self._may_wait(ride, hub_id) for ride in rides}
        if all(holds.values()) and not self.wave.take_all:
            for ride in rides:
                self._hold(ride, "HELD_FOR_LATER_WAVE", holds[ride.parcel_id])
            return
        left = list(rides)
        for vehicle in self.wave.vehicles:
            left = self._fill(vehicle, hub_id, left, holds)
        for ride in left:
            self._hold(ride, "NO_CAPACITY", holds[ride.parcel_id])

    def _fill(self, vehicle: Vehicle, hub_id: str, rides: list[Ride], holds: dict[str, _Hold | None]) -> list[Ride]:
        """Runs of one kind of vehicle; answers what it could not take."""
        fitting = [ride for ride in rides if vehicle in self._vehicles(ride)]
        free = vehicle.number - self.used.get(vehicle.vehicle_id, 0)
        taken: set[str] = set()
        for load in split(fitting, vehicle, self.wave.matrix)[:free]:
            run = timed(self.wave, load, vehicle, hub_id, self.gates)
            if run is None:
                continue
            self.used[vehicle.vehicle_id] = self.used.get(vehicle.vehicle_id, 0) + 1
            self.runs.append(run)
            for ride in (ride for rides_there in load.rides.values() for ride in rides_there):
                taken.add(ride.parcel_id)
                self._take(ride, run, vehicle, holds[ride.parcel_id])
        return [ride for ride in rides if ride.parcel_id not in taken]

    def _take(self, ride: Ride, run: Run, vehicle: Vehicle, hold: _Hold | None) -> None:
        latest = ride.latest[run.hub_id]
        code = "RIDES_ALONG" if hold else "MUST_GO" if run.return_time <= latest else "NOT_ON_TIME_ANY_MORE"
        self.reasons[ride.parcel_id] = Reason(
            parcel_id=ride.parcel_id,
            code=code,
            rides=True,
            run_index=len(self.runs) - 1,
            marginal_cost_vnd=run.cost_vnd - without_vnd(self.wave, run, vehicle, ride.parcel_id),
            figures=(
                ("hub_id", run.hub_id),
                ("deadline_time", latest.isoformat()),
                ("return_time", run.return_time.isoformat()),
                ("weight_g", str(ride.weight_g)),
                ("run_weight_g", str(run.weight_g)),
                ("run_parcels", str(sum(len(stop.parcel_ids) for stop in run.stops))),
            ),
        )

    def _hold(self, ride: Ride, code: str, hold: _Hold | None = None) -> None:
        gate = self.gates[ride.gate_id]
        following = gate.later_waves[0].decide_time if gate.later_waves else None
        figures = [("deadline_time", min(ride.latest.values()).isoformat())] if ride.latest else []
        if hold:
            figures.append(("return_time_if_held", hold.home_time.isoformat()))
        self.reasons[ride.parcel_id] = Reason(
            parcel_id=ride.parcel_id,
            code=code,
            rides=False,
            waits_for=hold.wave_time if hold and code == "HELD_FOR_LATER_WAVE" else following,
            figures=tuple(figures),
        )

    def _may_wait(self, ride: Ride, hub_id: str) -> _Hold | None:
        """The last later wave that permits a run for it in time; None = it must go now, if only because it is late."""
        gate, found = self.gates[ride.gate_id], None
        for later in gate.later_waves:
            for vehicle in self._vehicles(ride):
                home = solo_home(ride, gate, vehicle, hub_id, self.wave.matrix, later.decide_time)
                if home is not None and home <= min(ride.latest[hub_id], later.home_time):
                    found = _Hold(later.decide_time, home)
        return found

    def _vehicles(self, ride: Ride) -> list[Vehicle]:
        gate = self.gates[ride.gate_id]
        return [vehicle for vehicle in self.wave.vehicles if _suits(vehicle, ride, gate)]


def _suits(vehicle: Vehicle, ride: Ride, gate: Gate) -> bool:
    if vehicle.partner_id not in ride.partner_ids or ride.weight_g > vehicle.weight_max_g:
        return False
    if ride.needs_van and vehicle.kind == KINDS[0]:
        return False
    return KINDS.index(vehicle.kind) <= KINDS.index(gate.largest_kind)
