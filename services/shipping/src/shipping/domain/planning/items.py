"""Sorts a wave's parcels: what cannot ride and why, what must, what may wait how long."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipping.domain.planning.ground import Ground
from shipping.domain.planning.model import DOOR, Ride, Vehicle
from shipping.domain.planning.timing import Stop, Timer

NEVER = 10**9


@dataclass(slots=True, eq=False)
class Item:
    """Parcels at one gate that the search moves as one; all times in seconds from the decision.

    `soon` = the next wave is the last that will do, `late` = none will. `latest` = home by, for each hub
    number, handling already taken off. `allowed` = (vehicle number, hub number). `room` = how long collecting may take
    at most, if a run of its own is to do at the last wave.
    """

    rides: tuple[Ride, ...]
    place: int
    release: int
    opens: int
    closes: int
    latest: dict[int, int]
    allowed: frozenset[tuple[int, int]]
    must: bool = False
    soon: bool = False
    late: bool = False
    hot: bool = False
    coming: bool = False
    weight: int = 0
    volume: int = 0
    pieces: int = 0
    charged: int = 0
    service: int = 0
    room: int = NEVER

    @property
    def starts_by(self) -> int:
        """The last second at which collecting may begin, so that the last parcel still meets its window."""
        return self.closes if len(self.rides) == 1 else self.closes - self.service + self.rides[-1].service_seconds


@dataclass(slots=True)
class Outlook:
    """What is known of one parcel: why it cannot ride now ("" = it can), if it is `told` to, how long it may wait."""

    ride: Ride
    refusal: str = ""
    late: bool = False
    told: bool = False
    must: bool = False
    last_wave: int | None = None
    home_if_last: int | None = None
    next_wave: int | None = None
    latest: dict[int, int] = field(default_factory=dict)
    allowed: frozenset[tuple[int, int]] = frozenset()


class Sorter:
    """Looks at every parcel of a wave once."""

    def __init__(self, ground: Ground, timer: Timer, away: Collection[int] = ()) -> None:
        """Pins are read here: they refuse or force parcels like any other limit. None of the `away` is free now."""
        self.ground, self.timer, self.away = ground, timer, away
        self._rides = {pin.parcel_id: pin.rides for pin in ground.wave.pins if pin.rides is not None}
        self._partner = {pin.parcel_id: pin.partner_id for pin in ground.wave.pins if pin.partner_id}
        self._taken = {p for run in ground.wave.pinned_runs for stop in run.stops for p in stop.parcel_ids}
        self._solo: dict[tuple[object, ...], int | None] = {}

    def all(self) -> dict[str, Outlook]:
        """Every parcel's outlook, by id."""
        return {ride.parcel_id: self.outlook(ride) for ride in self.ground.wave.rides}

    def outlook(self, ride: Ride) -> Outlook:
        """One parcel's outlook."""
        found, gate = Outlook(ride), self.ground.gates[self.ground.place[ride.gate_id]]
        found.next_wave = self.ground.seconds_from_now(gate.later_waves[0].decide_time) if gate.later_waves else None
        pinned = self._rides.get(ride.parcel_id)
        if not self._ready(ride, self.ground.wave.decide_time):
            found.refusal = "NOT_READY"
        elif not gate.hub_ids:
            found.refusal = "NO_REACHABLE_HUB"
        elif not (fitting := self.fitting(ride)):
            found.refusal = "NO_PARTNER_LEFT" if self._any_kind(ride) else "NO_VEHICLE_FITS"
        elif ride.parcel_id not in self._taken:
            self._time(found, fitting)
        if pinned is False and not found.refusal:
            found.refusal = "PINNED_TO_WAIT"
        found.told = pinned is True or ride.must_ride is True
        found.must = not found.refusal and (found.must or found.told)
        return found

    def _ready(self, ride: Ride, moment: datetime) -> bool:
        """Whether a wave at a moment could plan it, as far as is known now; of what is not announced that is later."""
        wave, expected = self.ground.wave, ride.ready_expected_time or ride.ready_time
        if ride.known_time > moment:
            return False
        if ride.ready_time is not None and ride.ready_time <= wave.decide_time:
            return True
        if wave.information == DOOR and expected is not None:
            return True
        return moment > wave.decide_time and (expected is None or expected <= moment)

    def _any_kind(self, ride: Ride) -> bool:
        return not self.ground.vehicles or any(self.ground.fits(vehicle, ride) for vehicle in self.ground.vehicles)

    def fitting(self, ride: Ride, wave: int = 0) -> list[tuple[int, int]]:
        """Vehicles and hubs that may carry it on a wave, pins and declined partners heeded, other times left aside."""
        only = self._partner.get(ride.parcel_id)
        return [
            (number, hub)
            for number, vehicle in enumerate(self.ground.vehicles)
            if only in (None, vehicle.partner_id) and self.ground.suits(vehicle, ride, wave)
            for hub in self.ground.hubs_of(vehicle, ride)
        ]

    def _time(self, found: Outlook, fitting: list[tuple[int, int]]) -> None:
        """Which vehicles can bring it home at all now, whether on time, and on which later waves still.

        Vehicles that are away keep no promise now; what they alone could bring is not late if a later wave will do.
        """
        homes = {key: home for key in fitting if (home := self.solo(found.ride, *key)) is not None}
        found.latest = self._deadlines(found.ride, homes)
        on_time = {key for key, home in homes.items() if home <= found.latest[key[1]]}
        here = {key: home for key, home in homes.items() if key[0] not in self.away}
        self._wait(found, fitting)
        if not homes:
            found.refusal = self._why_not(found.ride)
        elif not on_time or (here and found.last_wave is None and on_time.isdisjoint(here)):
            found.late = True
            found.latest = self._next_cutoffs(here or homes)
            on_time = {key for key, home in homes.items() if home <= found.latest.get(key[1], -NEVER)}
            self._wait(found, fitting)
        found.allowed = frozenset(on_time)
        if found.ride.must_ride is not None:
            found.must = found.ride.must_ride
        else:
            found.must = found.last_wave is None or (found.late and NEVER in found.latest.values())

    def _why_not(self, ride: Ride) -> str:
        if self.timer.start(0, ride) is None:
            return "GATE_CLOSED"
        return "NO_WAY" if self._solo_unbound(ride) is None else "NOT_HOME_IN_TIME"

    def _solo_unbound(self, ride: Ride) -> int | None:
        for number, hub in self.fitting(ride):
            vehicle = self.ground.vehicles[number]
            _, seconds = self.ground.table(vehicle.profile, self.ground.earliest(vehicle))
            gate, start = self.ground.place[ride.gate_id], self.ground.place[vehicle.start_id]
            there = self.ground.place[self.ground.hubs[hub].hub_id]
            if seconds[start, gate] >= 0 and seconds[gate, there] >= 0:
                return number
        return None

    def _deadlines(self, ride: Ride, homes: Iterable[tuple[int, int]]) -> dict[int, int]:
        found = {}
        for hub in sorted({key[1] for key in homes}):
            place = self.ground.hubs[hub]
            latest = ride.latest.get(place.hub_id)
            found[hub] = NEVER if latest is None else self.ground.seconds_from_now(latest) - place.handling_seconds
        return found

    def _next_cutoffs(self, homes: Mapping[tuple[int, int], int]) -> dict[int, int]:
        aims = {}
        for hub in sorted({key[1] for key in homes}):
            place, home = self.ground.hubs[hub], min(h for key, h in homes.items() if key[1] == hub)
            cuts = [self.ground.seconds_from_now(cut) - place.handling_seconds for cut in place.cutoff_times]
            aims[hub] = min((cut for cut in cuts if cut >= home), default=NEVER)
        return aims

    def _wait(self, found: Outlook, fitting: list[tuple[int, int]]) -> None:
        """The last later wave from which a solo run would still be home in time."""
        gate = self.ground.gates[self.ground.place[found.ride.gate_id]]
        latest = found.latest or self._deadlines(found.ride, fitting)
        for later in reversed(gate.later_waves):
            wave, home_by = (self.ground.seconds_from_now(t) for t in (later.decide_time, later.home_time))
            for number, hub in fitting:
                if self.ground.vehicles[number].number_later == 0:
                    continue
                home = self.solo(found.ride, number, hub, wave, home_by)
                if home is not None and home <= latest.get(hub, -NEVER):
                    found.last_wave, found.home_if_last = wave, home
                    return
        found.last_wave = found.home_if_last = None

    def next_chance(self, ride: Ride, *, in_time: bool = False) -> int | None:
        """The first later wave that could take it in a run of its own, on time or not; None = none that is known."""
        gate = self.ground.gates[self.ground.place[ride.gate_id]]
        for later in gate.later_waves:
            wave, home_by = (self.ground.seconds_from_now(t) for t in (later.decide_time, later.home_time))
            if not self._ready(ride, later.decide_time):
                continue
            for number, hub in self.fitting(ride, wave):
                there = self.ground.vehicles[number].number_later != 0
                home = self.solo(ride, number, hub, wave, home_by) if there else None
                if home is not None and (not in_time or home <= self._deadlines(ride, [(number, hub)])[hub]):
                    return wave
        return None

    def solo(self, ride: Ride, number: int, hub: int, wave: int = 0, home_by: int | None = None) -> int | None:
        """When a run for this parcel alone would be home; None = it cannot. Later waves with a fresh vehicle."""
        vehicle = self.ground.vehicles[number]
        times = ride.open_time, ride.close_time, ride.service_seconds
        key: tuple[object, ...] = (ride.gate_id, *times, number, hub, wave, home_by)
        if self.timer.opens(ride) > 0:
            key = (*key, ride.parcel_id)
        if key not in self._solo:
            self._solo[key] = self._home(ride, vehicle, hub, wave, home_by)
        return self._solo[key]

    def _home(self, ride: Ride, vehicle: Vehicle, hub: int, wave: int, home_by: int | None) -> int | None:
        ground, stop = self.ground, Stop(ride.gate_id, (ride,))
        if home_by is None:
            run = self.timer.run(vehicle, (stop,), hub)
            return ground.seconds_from_now(run.return_time) if run else None
        back = self.timer.home(vehicle, (stop,), hub, wave + vehicle.lead_seconds)
        if back is None or back > home_by:
            return None
        too_long = vehicle.run_seconds_max is not None and back - wave - vehicle.lead_seconds > vehicle.run_seconds_max
        return None if too_long and self.timer.opens(ride) <= wave + vehicle.lead_seconds else back
