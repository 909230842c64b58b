"""The exact run of one vehicle over stops in order: when it is where, what it costs, and whether it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shipping.domain.planning.ground import Ground
from shipping.domain.planning.model import Ride, Run, RunStop, Vehicle

LEAVE_TRIES_MAX = 4
"""How often a run is moved later, out of a break or to wait less under way."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What a run does at one gate: collect these parcels in this order, hand these loads out."""

    gate_id: str
    rides: tuple[Ride, ...]
    outbound_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class _Drive:
    leave: int
    home: int = 0
    metres: int = 0
    driven: int = 0
    waited: int = 0
    first_wait: int = 0


class Timer:
    """Makes runs for one wave."""

    def __init__(self, ground: Ground) -> None:
        """`ground` gives places and ways."""
        self.ground = ground
        self.outbound = {one.outbound_id: one for one in ground.wave.outbound}
        self._windows = {gate.gate_id: ground.windows(gate.windows) for gate in ground.gates}

    def run(self, vehicle: Vehicle, stops: Sequence[Stop], hub: int, leave: int | None = None) -> Run | None:
        """The run that leaves as early as it should; None if no leaving time found keeps windows, shift and breaks.

        Loads are the caller's concern, and so are promises. `leave` (seconds) replaces the earliest departure.
        """
        ground = self.ground
        leave = ground.earliest(vehicle) if leave is None else leave
        best: Run | None = None
        for _ in range(LEAVE_TRIES_MAX):
            made = self._drive(vehicle, stops, hub, leave)
            if made is None:
                return best
            drive, timed = made
            later = self._better_leave(vehicle, hub, drive)
            if self._allowed(vehicle, hub, drive):
                if best is not None and ground.moment(drive.home) > best.return_time:
                    return best
                best = self._made(vehicle, stops, timed, hub, drive)
            if later is None:
                return best
            leave = later
        return best

    def home(self, vehicle: Vehicle, stops: Sequence[Stop], hub: int, leave: int) -> int | None:
        """When a run that leaves then would be home, its shift left aside; None = a window or way is closed."""
        made = self._drive(vehicle, stops, hub, leave)
        return made[0].home if made else None

    def _better_leave(self, vehicle: Vehicle, hub: int, drive: _Drive) -> int | None:
        for start, end in self.ground.windows(vehicle.breaks):
            if drive.leave < end and start < drive.home:
                return end
        opens = self.ground.hubs[hub].open_time
        if opens and (short := self.ground.seconds_from_now(opens) - drive.home) > 0:
            return drive.leave + short
        too_long = vehicle.run_seconds_max is not None and drive.home - drive.leave > vehicle.run_seconds_max
        if drive.first_wait and (too_long or vehicle.per_duty_hour_vnd):
            return drive.leave + drive.first_wait
        return None

    def _allowed(self, vehicle: Vehicle, hub: int, drive: _Drive) -> bool:
        ground, place = self.ground, self.ground.hubs[hub]
        if drive.home > ground.seconds_from_now(vehicle.home_time):
            return False
        if place.close_time and drive.home > ground.seconds_from_now(place.close_time):
            return False
        if place.open_time and drive.home < ground.seconds_from_now(place.open_time):
            return False
        if vehicle.run_seconds_max is not None and drive.home - drive.leave > vehicle.run_seconds_max:
            return False
        return all(drive.leave >= end or start >= drive.home for start, end in ground.windows(vehicle.breaks))

    def _drive(
        self, vehicle: Vehicle, stops: Sequence[Stop], hub: int, leave: int
    ) -> tuple[_Drive, list[RunStop]] | None:
        ground, clock, drive, timed = self.ground, leave, _Drive(leave), []
        here = ground.place[vehicle.start_id]
        for stop in stops:
            there = ground.place[stop.gate_id]
            metres, seconds = ground.table(vehicle.profile, clock)
            if seconds[here, there] < 0:
                return None
            drive.metres += int(metres[here, there])
            drive.driven += int(seconds[here, there])
            arrive = clock + int(seconds[here, there])
            served = self._serve(arrive + ground.gates[there].stop_seconds, stop, drive)
            if served is None:
                return None
            clock, here = served, there
            timed.append(
                RunStop(
                    gate_id=stop.gate_id,
                    arrive_time=ground.moment(arrive),
                    leave_time=ground.moment(clock),
                    parcel_ids=tuple(ride.parcel_id for ride in stop.rides),
                    outbound_ids=stop.outbound_ids,
                )
            )
        there = ground.place[ground.hubs[hub].hub_id]
        metres, seconds = ground.table(vehicle.profile, clock)
        if seconds[here, there] < 0:
            return None
        drive.metres += int(metres[here, there])
        drive.driven += int(seconds[here, there])
        drive.home = clock + int(seconds[here, there])
        return drive, timed

    def _serve(self, clock: int, stop: Stop, drive: _Drive) -> int | None:
        for ride in stop.rides:
            start = self.start(clock, ride)
            if start is None:
                return None
            if start > clock and not drive.waited:
                drive.first_wait = start - clock
            drive.waited += start - clock
            clock = start + ride.service_seconds
        return clock + sum(self.outbound[one].service_seconds for one in stop.outbound_ids)

    def start(self, clock: int, ride: Ride) -> int | None:
        """When collecting can start for someone who is at the gate at `clock`; None = not any more."""
        ground, start = self.ground, max(clock, self.opens(ride))
        if ride.close_time and start > ground.seconds_from_now(ride.close_time):
            return None
        windows = self._windows[ride.gate_id]
        if windows:
            start = next((max(start, opens) for opens, closes in windows if closes >= start), -1)
            if start < 0 or (ride.close_time and start > ground.seconds_from_now(ride.close_time)):
                return None
        return start

    def opens(self, ride: Ride) -> int:
        """The earliest second at which collecting this parcel makes sense, its gate's windows left aside."""
        ground = self.ground
        opens = ground.seconds_from_now(ride.open_time) if ride.open_time else -(10**9)
        ready = ride.ready_time is not None and ride.ready_time <= ground.wave.decide_time
        expected = ride.ready_expected_time or ride.ready_time
        return opens if ready or expected is None else max(opens, ground.seconds_from_now(expected))

    def _made(self, vehicle: Vehicle, stops: Sequence[Stop], timed: list[RunStop], hub: int, drive: _Drive) -> Run:
        ground = self.ground
        aboard = [ride for stop in stops for ride in stop.rides]
        grams = sum(ride.weight_g if ride.chargeable_g is None else ride.chargeable_g for ride in aboard)
        fees = sum(vehicle.per_stop_vnd + ground.gates[ground.place[stop.gate_id]].stop_vnd for stop in stops)
        way = drive.metres * vehicle.per_km_vnd // 1000 + drive.driven * vehicle.per_drive_hour_vnd // 3600
        way += (drive.home - drive.leave) * vehicle.per_duty_hour_vnd // 3600
        pieces = sum(ride.count for ride in aboard)
        parcels = pieces * vehicle.per_parcel_vnd + grams * vehicle.per_kg_vnd // 1000
        return Run(
            vehicle_id=vehicle.vehicle_id,
            partner_id=vehicle.partner_id,
            kind=vehicle.kind,
            hub_id=ground.hubs[hub].hub_id,
            leave_time=ground.moment(drive.leave),
            return_time=ground.moment(drive.home),
            stops=tuple(timed),
            weight_g=sum(ride.weight_g for ride in aboard),
            volume_cm3=sum(ride.volume_cm3 for ride in aboard),
            metres=drive.metres,
            cost_vnd=vehicle.fixed_vnd + way + fees + parcels,
        )
