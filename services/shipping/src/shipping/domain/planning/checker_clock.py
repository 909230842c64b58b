"""The checker's own clock: when a run is where, and which rules of time it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from shipping.domain.planning.checker_bill import RoadBook
from shipping.domain.planning.model import Gate, Ride, Run, RunStop, Vehicle, Wave


class Clock:
    """Follows runs of one wave stop by stop."""

    def __init__(self, wave: Wave) -> None:
        self.wave, self.roads = wave, RoadBook(wave)
        self.rides: dict[str, Ride] = {ride.parcel_id: ride for ride in wave.rides}
        self.gates: dict[str, Gate] = {gate.gate_id: gate for gate in wave.gates}
        self.hubs = {hub.hub_id: hub for hub in wave.hubs}
        self.outbound = {load.outbound_id: load.service_seconds for load in wave.outbound}
        self.told = [replace(run, spare_partner_id="") for run in wave.last_plan.runs] if wave.last_plan else []

    def times(self, vehicle: Vehicle, run: Run) -> Iterator[str]:
        """Every broken rule of time of a run. A run that the last plan told was booked then: its lead is over."""
        lead = 0 if replace(run, spare_partner_id="") in self.told else vehicle.lead_seconds
        if run.leave_time < self.wave.decide_time + timedelta(seconds=lead):
            yield f"leaves before the lead is over: {run.vehicle_id}"
        if vehicle.available_time and run.leave_time < vehicle.available_time:
            yield f"leaves before it is available: {run.vehicle_id}"
        clock, here = run.leave_time, vehicle.start_id
        for stop in run.stops:
            driven = self.roads.seconds(vehicle.profile, here, stop.gate_id, clock)
            if driven is None:
                yield f"cannot be driven: {here} to {stop.gate_id}"
                return
            if stop.arrive_time != clock + timedelta(seconds=driven):
                yield f"wrong arrival: {stop.gate_id}"
            clock, closed = self._served(stop, stop.arrive_time)
            yield from closed
            if stop.leave_time != clock:
                yield f"wrong leaving: {stop.gate_id}"
            here = stop.gate_id
        driven = self.roads.seconds(vehicle.profile, here, run.hub_id, clock)
        if driven is None:
            yield f"cannot be driven: {here} to {run.hub_id}"
            return
        if run.return_time != clock + timedelta(seconds=driven):
            yield f"wrong return: {run.vehicle_id}"
        yield from self._home(vehicle, run, clock + timedelta(seconds=driven))

    def _home(self, vehicle: Vehicle, run: Run, home: datetime) -> Iterator[str]:
        hub = self.hubs[run.hub_id]
        if home > vehicle.home_time or (hub.close_time and home > hub.close_time):
            yield f"home too late: {run.vehicle_id}"
        if hub.open_time and home < hub.open_time:
            yield f"hub not open yet: {run.vehicle_id}"
        if vehicle.run_seconds_max is not None and (home - run.leave_time).total_seconds() > vehicle.run_seconds_max:
            yield f"run too long: {run.vehicle_id}"
        for rest in vehicle.breaks:
            if run.leave_time < rest.to_time and rest.from_time < home:
                yield f"under way in a break: {run.vehicle_id}"

    def _served(self, stop: RunStop, arrive: datetime) -> tuple[datetime, list[str]]:
        """When all parcels are on board and all loads handed out, and which parcels were not to be had."""
        clock, closed = arrive + timedelta(seconds=self.gates[stop.gate_id].stop_seconds), list[str]()
        for ride in (self.rides[parcel_id] for parcel_id in stop.parcel_ids):
            clock = self._collect(clock, ride)
            closed += self.shut(clock, ride)
            clock += timedelta(seconds=ride.service_seconds)
        return clock + timedelta(seconds=sum(self.outbound.get(one, 0) for one in stop.outbound_ids)), closed

    def _collect(self, clock: datetime, ride: Ride) -> datetime:
        """When collecting starts: not before the parcel is (expected to be) ready, nor before its gate opens."""
        starts = [clock]
        gate_opens = [w for w in self.gates[ride.gate_id].windows if w.to_time >= clock]
        ready = ride.ready_time is not None and ride.ready_time <= self.wave.decide_time
        if not ready and (expected := ride.ready_expected_time or ride.ready_time):
            starts.append(expected)
        if ride.open_time:
            starts.append(ride.open_time)
        latest = max(starts)
        following = sorted(w.from_time for w in gate_opens if w.to_time >= latest)
        return max(latest, following[0]) if following else latest

    def shut(self, start: datetime, ride: Ride) -> Iterator[str]:
        """Whether collecting cannot start then, at its gate or for this parcel."""
        windows = self.gates[ride.gate_id].windows
        if windows and not any(window.from_time <= start <= window.to_time for window in windows):
            yield f"gate closed: {ride.parcel_id}"
        if (ride.close_time and start > ride.close_time) or (ride.open_time and start < ride.open_time):
            yield f"outside its window: {ride.parcel_id}"

    def driven(self, vehicle: Vehicle, run: Run) -> Run | None:
        """The same stops by another vehicle, which leaves with the run or as soon as it can; None = a way is closed."""
        soonest = self.wave.decide_time + timedelta(seconds=vehicle.lead_seconds)
        leave = max(run.leave_time, soonest, vehicle.available_time or soonest)
        clock, here, stops = leave, vehicle.start_id, list[RunStop]()
        for stop in run.stops:
            way = self.roads.seconds(vehicle.profile, here, stop.gate_id, clock)
            if way is None:
                return None
            arrive = clock + timedelta(seconds=way)
            clock, here = self._served(stop, arrive)[0], stop.gate_id
            stops.append(replace(stop, arrive_time=arrive, leave_time=clock))
        way = self.roads.seconds(vehicle.profile, here, run.hub_id, clock)
        if way is None:
            return None
        return replace(
            run,
            vehicle_id=vehicle.vehicle_id,
            partner_id=vehicle.partner_id,
            kind=vehicle.kind,
            leave_time=leave,
            return_time=clock + timedelta(seconds=way),
            stops=tuple(stops),
        )
