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


class Growing:
    """Runs of one kind over stretches of nodes that grow by one node at a time: all that may still grow, side by side.

    Of every stretch: its row, its last node in the row's order, and flat numbers of its first and its last node.
    """

    def __init__(self, way: Way, kind: int, load: Load, terms: Terms, order: np.ndarray, width: np.ndarray) -> None:
        """Begins with one stretch at every node that is there (`width` of each row)."""
        self.way, self.leave = way, terms.leave[kind]
        banned = np.take_along_axis(load.banned[kind], order, 1)
        closes = np.where(banned, -NEVER, np.take_along_axis(terms.closes, order, 1))
        columns = (load.gate, terms.opens, load.due, load.service)
        self.gate, self.opens, self.due, self.service = (np.take_along_axis(c, order, 1).reshape(-1) for c in columns)
        self.closes, self.ends = closes.reshape(-1), np.cumsum(np.full(len(order), order.shape[1]))
        self.ends += width - order.shape[1]
        row, node = np.nonzero(np.arange(order.shape[1])[None, :] < width[:, None])
        self.row, self.last = row, row * order.shape[1] + node
        self.first = self.last
        longest = way.vehicle.run_seconds_max
        home_by = terms.home_by[kind] if longest is None else min(terms.home_by[kind], self.leave + longest)
        self.home_by = np.full(len(row), float(home_by))
        period, gate = way.period(np.array([self.leave])), self.gate[self.last]
        self.money = way.vehicle.fixed_vnd + way.out_money[period, gate]
        self.clock = self._visited(self.leave + way.out_times[period, gate])

    def _visited(self, clock: np.ndarray) -> np.ndarray:
        """When the last nodes are served, given when the vehicle comes there; NEVER where it comes too late."""
        clock = np.maximum(clock, self.opens[self.last])
        np.minimum(self.home_by, self.due[self.last], out=self.home_by)
        return np.where(clock <= self.closes[self.last], clock + self.service[self.last], NEVER)

    def home(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """When the stretches are home from their last nodes, what their way costs, whether they keep every time."""
        way, gate = self.way, self.gate[self.last]
        period = way.period(self.clock)
        home = self.clock + way.back_times[period, gate]
        money = self.money + way.back_money[period, gate]
        if way.vehicle.per_duty_hour_vnd:
            money += way.vehicle.per_duty_hour_vnd / 3600 * (home - self.leave)
        return home, money, home <= self.home_by

    def grow(self, fits: np.ndarray) -> bool:
        """One node more for every stretch that `fits` and is at its last node before it must be home; if any."""
        alive = np.flatnonzero(fits & (self.clock <= self.home_by) & (self.last + 1 < self.ends[self.row]))
        if not len(alive):
            return False
        self.row, self.first, before = self.row[alive], self.first[alive], self.gate[self.last[alive]]
        self.last, self.home_by, clock = self.last[alive] + 1, self.home_by[alive], self.clock[alive]
        period, gate = self.way.period(clock), self.gate[self.last]
        self.money = self.money[alive] + self.way.money[period, before, gate]
        self.clock = self._visited(clock + self.way.times[period, before, gate])
        return True


class Loads:
    """Sums over stretches of nodes."""

    def __init__(self, load: Load, order: np.ndarray) -> None:
        names, zero = ("weight", "volume", "pieces", "parcels", "ready"), np.zeros((len(order), 1))
        columns = {name: np.take_along_axis(getattr(load, name), order, 1) for name in names}
        self.sums = {name: np.concatenate([zero, np.cumsum(c, 1)], 1).reshape(-1) for name, c in columns.items()}

    def of(self, name: str, grown: Growing) -> np.ndarray:
        """The sum over the nodes of every stretch; each row of sums has one entry more than nodes."""
        sums = self.sums[name]
        found: np.ndarray = sums[grown.last + grown.row + 1] - sums[grown.first + grown.row]
        return found

    def fit(self, grown: Growing) -> np.ndarray:
        """Whether the vehicle can carry them; what was spread over nodes may be off by a rounding."""
        vehicle = grown.way.vehicle
        fits = self.of("weight", grown) <= vehicle.weight_max_g + 0.5
        fits &= self.of("pieces", grown) <= vehicle.parcels_max + 0.01
        if vehicle.volume_max_cm3 is not None:
            fits &= self.of("volume", grown) <= vehicle.volume_max_cm3 + 0.5
        return fits
