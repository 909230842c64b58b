"""Runs over stretches of an order of stops: when each would be home, what it costs, whether a vehicle may drive it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from shipping.domain.planning.ground import FAR, Ground
from shipping.domain.planning.model import Vehicle

NEVER = 10**9
PERIODS_MAX = 24
"""So many tables of one profile are looked at, beginning with the one that holds now."""


@dataclass(slots=True)
class Load:
    """By row and node: the gate, the rank in the order to be cut, grams, cm³, pieces, parcels, sum of
    their ready seconds, seconds of service, parcels that must go, the earliest instant to be home, what leaving them
    costs, and per kind of vehicle whether it is banned."""

    gate: np.ndarray
    rank: np.ndarray
    weight: np.ndarray
    volume: np.ndarray
    pieces: np.ndarray
    parcels: np.ndarray
    ready: np.ndarray
    service: np.ndarray
    urgent: np.ndarray
    due: np.ndarray
    skip: np.ndarray
    banned: list[np.ndarray]


def stacked(loads: Sequence[Load]) -> Load:
    """The rows of several loads, one load after the other."""
    columns = {f.name: np.concatenate([getattr(load, f.name) for load in loads]) for f in fields(Load)[:-1]}
    kinds = range(len(loads[0].banned))
    return Load(**columns, banned=[np.concatenate([load.banned[kind] for load in loads]) for kind in kinds])


class Way:
    """Times and money of one kind of vehicle between nodes, by the period of the day."""

    def __init__(self, ground: Ground, vehicle: Vehicle, hub: int, places: Sequence[int], until: int) -> None:
        """`until`: departures later than this need not be known."""
        self.vehicle = vehicle
        start, end = ground.place[vehicle.start_id], ground.place[ground.hubs[hub].hub_id]
        later = [moment for moment in ground.periods(vehicle.profile) if 0 < moment <= until]
        self.moments = np.array([0, *later[:PERIODS_MAX]])
        fees = np.array([vehicle.per_stop_vnd + ground.gates[p].stop_vnd for p in places], float)
        stops = np.array([ground.gates[p].stop_seconds for p in places], float)
        nodes, squares = np.array(places), []
        for moment in self.moments.tolist():
            metres, seconds = ground.table(vehicle.profile, moment)
            money = metres * (vehicle.per_km_vnd / 1000) + seconds * (vehicle.per_drive_hour_vnd / 3600)
            times = np.where(seconds < 0, FAR, seconds).astype(float)
            same = nodes[:, None] == nodes[None, :]
            squares.append(
                (
                    np.where(same, 0.0, money[np.ix_(nodes, nodes)] + fees[None, :]),
                    np.where(same, 0.0, times[np.ix_(nodes, nodes)] + stops[None, :]),
                    money[start, nodes] + fees,
                    times[start, nodes] + stops,
                    money[nodes, end],
                    times[nodes, end],
                )
            )
        self.money, self.times, self.out_money, self.out_times, self.back_money, self.back_times = (
            np.stack(one) for one in zip(*squares, strict=True)
        )

    def period(self, clock: np.ndarray) -> Any:
        """Which table holds for departures at these seconds; one number if it is the same for all of them."""
        if len(self.moments) == 1:
            return 0
        first, last = np.searchsorted(self.moments, (clock.min(), clock.max()), side="right")
        if first == last:
            return max(int(first) - 1, 0)
        return np.maximum(np.searchsorted(self.moments, clock, side="right") - 1, 0)


@dataclass(slots=True)
class Terms:
    """Of one wave: when each kind leaves and must be home, and when each node (of each row) is open."""

    leave: list[int]
    home_by: list[int]
    opens: np.ndarray
    closes: np.ndarray


class Loads:
    """Sums over stretches of nodes."""

    def __init__(self, load: Load, order: np.ndarray) -> None:
        zero = np.zeros((len(order), 1))
        self.sums = {
            name: np.concatenate([zero, np.cumsum(np.take_along_axis(getattr(load, name), order, 1), 1)], 1)
            for name in ("weight", "volume", "pieces", "parcels", "ready")
        }

    def of(self, name: str, j: int, part: slice) -> np.ndarray:
        """The sum over nodes i … j for every first node i of `part`."""
        sums = self.sums[name]
        found: np.ndarray = sums[:, j + 1, None] - sums[:, part]
        return found

    def fit(self, vehicle: Vehicle, j: int, part: slice) -> np.ndarray:
        """Whether the vehicle can carry them; what was spread over nodes may be off by a rounding."""
        fits = self.of("weight", j, part) <= vehicle.weight_max_g + 0.5
        fits &= self.of("pieces", j, part) <= vehicle.parcels_max + 0.01
        if vehicle.volume_max_cm3 is not None:
            fits &= self.of("volume", j, part) <= vehicle.volume_max_cm3 + 0.5
        return fits


class Growing:
    """Runs of one kind over stretches of nodes that grow by one node at a time, for every first node."""

    def __init__(self, way: Way, kind: int, load: Load, terms: Terms, order: np.ndarray) -> None:
        self.way, self.leave = way, terms.leave[kind]
        self.gate = np.take_along_axis(load.gate, order, 1)
        self.due, self.service = (np.take_along_axis(one, order, 1) for one in (load.due, load.service))
        banned = np.take_along_axis(load.banned[kind], order, 1)
        self.opens = np.take_along_axis(terms.opens, order, 1)
        self.closes = np.where(banned, -NEVER, np.take_along_axis(terms.closes, order, 1))
        self.home_by, self.first = terms.home_by[kind], way.period(np.array([self.leave]))
        longest = way.vehicle.run_seconds_max
        self.longest = NEVER if longest is None else longest
        self.clock, self.money = np.zeros(order.shape), np.zeros(order.shape)
        self.earliest, self.fine = np.full(order.shape, float(NEVER)), np.ones(order.shape, bool)

    def grown(self, j: int, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """When stretches that end with node j are home, what their way costs, and whether they keep every time."""
        way, vehicle, gate, clock, money = self.way, self.way.vehicle, self.gate, self.clock, self.money
        node = gate[:, j, None]
        if j:
            before = slice(part.start, j)
            period, last = way.period(clock[:, before]), gate[:, j - 1, None]
            money[:, before] += way.money[period, last, node]
            clock[:, before] += way.times[period, last, node]
        money[:, j] = vehicle.fixed_vnd + way.out_money[self.first, gate[:, j]]
        clock[:, j] = self.leave + way.out_times[self.first, gate[:, j]]
        np.maximum(clock[:, part], self.opens[:, j, None], out=clock[:, part])
        self.fine[:, part] &= clock[:, part] <= self.closes[:, j, None]
        clock[:, part] += self.service[:, j, None]
        np.minimum(self.earliest[:, part], self.due[:, j, None], out=self.earliest[:, part])
        period = way.period(clock[:, part])
        home = clock[:, part] + way.back_times[period, node]
        fine = self.fine[:, part] & (home <= np.minimum(self.earliest[:, part], self.home_by))
        fine &= home - self.leave <= self.longest
        whole = money[:, part] + way.back_money[period, node]
        if vehicle.per_duty_hour_vnd:
            whole += vehicle.per_duty_hour_vnd / 3600 * (home - self.leave)
        return home, whole, fine

    def alive(self, part: slice) -> np.ndarray:
        """Whether the stretches grown last may grow on: the vehicle is at their last node before it must be home."""
        by = np.minimum(self.earliest[:, part], self.home_by)
        alive: np.ndarray = self.fine[:, part] & (self.clock[:, part] <= by)
        return alive & (self.clock[:, part] - self.leave <= self.longest)
