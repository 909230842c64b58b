"""The wave as integers: seconds from the decision, places by number, and what each vehicle's way costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shipping.domain.planning.model import HEAVY, KINDS, Gate, HubPlace, Ride, Vehicle, Wave, Window

Ints = NDArray[np.int64]
FAR = 10_000_000
"""Seconds of a way that cannot be driven: longer than any run."""


class Ground:
    """Places are numbered: gates first, then starts, then hubs; all times are seconds from the decision."""

    def __init__(self, wave: Wave) -> None:
        """Looks every way up once, so that the search only meets arrays."""
        self.wave = wave
        self.gates: list[Gate] = list(wave.gates)
        self.hubs: list[HubPlace] = list(wave.hubs)
        self.vehicles: list[Vehicle] = list(wave.vehicles)
        self.names = [gate.gate_id for gate in self.gates]
        starts = sorted({vehicle.start_id for vehicle in self.vehicles} - set(self.names))
        self.names += starts
        self.names += [hub.hub_id for hub in self.hubs if hub.hub_id not in starts]
        self.place = {name: number for number, name in enumerate(self.names)}
        self.hub_number = {hub.hub_id: number for number, hub in enumerate(self.hubs)}
        self._periods = self._tables()
        self._shuts: dict[int, list[int]] = {}
        self._prices: dict[tuple[int, int], tuple[Ints, Ints]] = {}
        until = sorted(wave.forbidden, key=lambda no: no.until_time)
        self._blocked = {(no.partner_id, no.commune_code): no.until_time for no in until}

    def seconds_from_now(self, moment: datetime) -> int:
        """Whole seconds from the decision to an instant."""
        return int((moment - self.wave.decide_time).total_seconds())

    def moment(self, seconds: int) -> datetime:
        """The instant so many seconds after the decision."""
        return self.wave.decide_time + timedelta(seconds=seconds)

    def windows(self, windows: tuple[Window, ...]) -> list[tuple[int, int]]:
        """Windows in seconds, in order."""
        return sorted((self.seconds_from_now(w.from_time), self.seconds_from_now(w.to_time)) for w in windows)

    def earliest(self, vehicle: Vehicle) -> int:
        """When a run of this vehicle can leave at the earliest."""
        return max(vehicle.lead_seconds, self.available(vehicle))

    def available(self, vehicle: Vehicle) -> int:
        """From when a vehicle is there; the lead is left aside."""
        return self.seconds_from_now(vehicle.available_time) if vehicle.available_time else 0

    def table(self, profile: str, leave: int) -> tuple[Ints, Ints]:
        """Metres and seconds for a departure; −1 seconds = cannot be driven."""
        periods = self._periods.get(profile) or self._periods[""]
        current = periods[0]
        for period in periods:
            if period[0] <= leave:
                current = period
        return current[1], current[2]

    def _tables(self) -> dict[str, list[tuple[int, Ints, Ints]]]:
        """By profile: (valid from, metres, seconds) in the numbering of the places."""
        if not self.wave.tables:
            return {"": [(-FAR, *self._from_matrix())]}
        found: dict[str, list[tuple[int, Ints, Ints]]] = {}
        for table in self.wave.tables:
            known = {name: number for number, name in enumerate(table.place_ids)}
            pick = np.array([known.get(name, -1) for name in self.names])
            metres = np.asarray(table.metres, dtype=np.int64)[np.ix_(pick, pick)]
            seconds = np.asarray(table.seconds, dtype=np.int64)[np.ix_(pick, pick)]
            seconds = np.where((pick[:, None] < 0) | (pick[None, :] < 0), -1, seconds)
            start = -FAR if table.from_time is None else self.seconds_from_now(table.from_time)
            found.setdefault(table.profile, []).append((start, metres, seconds))
        for periods in found.values():
            periods.sort(key=lambda period: period[0])
            start, metres, seconds = periods[0]
            if start > -FAR:
                periods.insert(0, (-FAR, metres, np.full_like(seconds, -1)))  # Before its first period nobody drives.
        found.setdefault("", next(iter(found.values())))
        return found

    def _from_matrix(self) -> tuple[Ints, Ints]:
        size, matrix = len(self.names), self.wave.matrix
        metres, seconds = np.zeros((size, size), np.int64), np.full((size, size), -1, np.int64)
        for row, here in enumerate(self.names):
            for column, there in enumerate(self.names):
                found = matrix.seconds.get((here, there))
                if found is not None:
                    metres[row, column], seconds[row, column] = matrix.metres[here, there], found
        return metres, seconds

    def suits(self, vehicle: Vehicle, ride: Ride, wave: int = 0) -> bool:
        """Whether this vehicle may carry this parcel from its gate on a wave so many seconds from now."""
        until = self._blocked.get((vehicle.partner_id, self.gates[self.place[ride.gate_id]].commune_code))
        if vehicle.partner_id not in ride.partner_ids or (until is not None and self.moment(wave) < until):
            return False
        return self.fits(vehicle, ride)

    def fits(self, vehicle: Vehicle, ride: Ride) -> bool:
        """Whether such a vehicle can carry this parcel from its gate, whoever drives it."""
        if ride.weight_g > vehicle.weight_max_g or ride.count > vehicle.parcels_max:
            return False
        if vehicle.volume_max_cm3 is not None and ride.volume_cm3 > vehicle.volume_max_cm3:
            return False
        if (ride.needs_van or HEAVY in ride.handling) and vehicle.kind == KINDS[0]:
            return False
        return KINDS.index(vehicle.kind) <= KINDS.index(self.gates[self.place[ride.gate_id]].largest_kind)

    def hubs_of(self, vehicle: Vehicle, ride: Ride) -> list[int]:
        """Hubs, best first, that this vehicle may bring this parcel to."""
        gate = self.gates[self.place[ride.gate_id]]
        found = [
            self.hub_number[hub]
            for hub in gate.hub_ids
            if hub in self.hub_number
            and (not vehicle.hub_ids or hub in vehicle.hub_ids)
            and (not ride.latest or hub in ride.latest)
        ]
        return found if self.wave.any_hub else found[:1]

    def period(self, profile: str, leave: int) -> int:
        """When the table that holds for a departure began to hold."""
        periods = self._periods.get(profile) or self._periods[""]
        return max((period[0] for period in periods if period[0] <= leave), default=periods[0][0])

    def periods(self, profile: str) -> list[int]:
        """From when on each table of a profile holds, in order."""
        return [period[0] for period in self._periods.get(profile) or self._periods[""]]

    def shuts(self, place: int, after: int = 0) -> int | None:
        """When the roads of a place first close after a moment, on any profile; None = they do not."""
        if place not in self._shuts:
            tables = (table for periods in self._periods.values() for table in periods)
            self._shuts[place] = [start for start, _, far in tables if (np.delete(far[place], place) < 0).all()]
        return min((start for start in self._shuts[place] if start > after), default=None)

    def price(self, number: int, leave: int) -> tuple[Ints, Ints]:
        """Đồng and seconds from place to place for a vehicle, a stop's fee and time counted where it is entered."""
        key = number, self.period(self.vehicles[number].profile, leave)
        if key not in self._prices:
            self._prices[key] = self._price(self.vehicles[number], leave)
        return self._prices[key]

    def _price(self, vehicle: Vehicle, leave: int) -> tuple[Ints, Ints]:
        metres, seconds = self.table(vehicle.profile, leave)
        money = metres * vehicle.per_km_vnd // 1000 + seconds * vehicle.per_drive_hour_vnd // 3600
        fees = np.zeros(len(self.names), np.int64)
        times = np.zeros(len(self.names), np.int64)
        for number, gate in enumerate(self.gates):
            fees[number], times[number] = vehicle.per_stop_vnd + gate.stop_vnd, gate.stop_seconds
        money, driven = money + fees[None, :], seconds + times[None, :]
        blocked = seconds < 0
        driven = np.where(blocked, FAR, driven)
        money = np.where(blocked, FAR, money)
        np.fill_diagonal(money, 0)
        np.fill_diagonal(driven, 0)
        return money, driven


def as_ints(values: Any) -> Ints:
    """An int64 array."""
    return np.asarray(values, dtype=np.int64)
