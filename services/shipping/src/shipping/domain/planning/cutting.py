"""Cuts a given order of stops into runs, at least cost, for many possible dispatches of one wave at once.

A dispatch is a row: what stands at each node of the order. Runs are stretches of the order; a small dynamic program
counts the vehicles used. It is not as cheap as a search would find, but the same for all rows, without noise, and fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shipping.domain.planning.stretches import NEVER, Growing, Load, Loads, Terms, Way

COUNTED_MAX = 12
"""Of more vehicles of a kind than this it is not counted how many are used."""

STRETCH_MAX = 48
"""A run has at most so many nodes."""


@dataclass(slots=True)
class Cut:
    """By row: what it comes to with what is left out, and the money of its runs. Runs as (row, kind, second at home).

    `left` marks the nodes that are left out, `runs` holds the nodes of every run.
    """

    total: np.ndarray
    cost: np.ndarray
    row: np.ndarray
    kind: np.ndarray
    home: np.ndarray
    left: np.ndarray
    runs: list[np.ndarray]

    def only(self, rows: np.ndarray) -> Cut:
        """These rows alone, numbered anew."""
        number = np.full(len(self.total), -1)
        number[rows] = np.arange(len(rows))
        kept = number[self.row] >= 0
        runs = [nodes for nodes, keep in zip(self.runs, kept.tolist(), strict=True) if keep]
        row, kind, home = number[self.row[kept]], self.kind[kept], self.home[kept]
        return Cut(self.total[rows], self.cost[rows], row, kind, home, self.left[rows], runs)

    def but(self, rows: np.ndarray, others: Cut) -> Cut:
        """The same with these rows as in `others`."""
        total, cost, left = self.total.copy(), self.cost.copy(), self.left.copy()
        total[rows], cost[rows], left[rows] = others.total, others.cost, others.left
        kept = np.flatnonzero(~np.isin(self.row, rows))
        pairs = ((self.row, rows[others.row]), (self.kind, others.kind), (self.home, others.home))
        row, kind, home = (np.concatenate([mine[kept], theirs]) for mine, theirs in pairs)
        return Cut(total, cost, row, kind, home, left, [self.runs[n] for n in kept.tolist()] + others.runs)


@dataclass(frozen=True, slots=True)
class Stretches:
    """Cost (infinite where it may not be) and arrival at home of runs, by row, last node and number of nodes before."""

    cost: np.ndarray
    home: np.ndarray


class Cutter:
    """Cuts rows of loads over the same nodes."""

    def __init__(self, ways: Sequence[Way], wait_vnd: float, unreliable: Sequence[float]) -> None:
        """`wait_vnd` a parcel and second; `unreliable` = what each parcel costs that rides with this kind."""
        self.ways, self.wait_vnd, self.unreliable = list(ways), wait_vnd, list(unreliable)

    def cut(self, load: Load, terms: Terms, limits: np.ndarray, orders: int = 1) -> Cut:
        """The cheapest cut of each row with at most `limits[row, kind]` vehicles.

        Rows are so many `orders` of the same nodes, one after the other, of which the cheapest is wanted. Counting
        vehicles takes most of the time: it is left out for rows that do with few, or cannot be cheapest without.
        """
        there = load.parcels > 0
        width = there.sum(1)
        order = np.argsort(np.where(there, load.rank, NEVER), axis=1, kind="stable")[
            :, : max(1, int(width.max(initial=0)))
        ]
        stretches = [self._stretches(kind, load, terms, order, width) for kind in range(len(self.ways))]
        counted = [kind for kind in range(len(self.ways)) if limits[:, kind].max(initial=0) <= COUNTED_MAX]
        problem = _Problem(order, width, load.skip, stretches, limits)
        found = _solved(problem, np.arange(len(width)), [])
        used = np.zeros(limits.shape, int)
        np.add.at(used, (found.row, found.kind), 1)
        short = (used > limits)[:, counted].any(1)
        least = np.where(short, np.inf, found.total).reshape(orders, -1).min(0)
        found.total[short & (found.total > np.tile(least, orders))] = np.inf
        rows = np.flatnonzero(short & np.isfinite(found.total))
        return found.but(rows, _solved(problem, rows, counted)) if len(rows) else found

    def _stretches(self, kind: int, load: Load, terms: Terms, order: np.ndarray, width: np.ndarray) -> Stretches:
        """The runs of one kind over nodes that follow each other."""
        grown, loads = Growing(self.ways[kind], kind, load, terms, order, width), Loads(load, order)
        found, more = list[tuple[np.ndarray, np.ndarray, np.ndarray]](), len(grown.row) > 0
        while more and len(found) < STRETCH_MAX:
            home, money, fine = grown.home()
            fits = loads.fit(grown)
            self._charge(kind, loads, grown, home, money)
            found.append((grown.last, np.where(fine & fits, money, np.inf), home))
            more = grown.grow(fits)
        cost = np.full((order.size, max(1, len(found))), np.inf)
        homes = np.zeros(cost.shape)
        for number, (last, money, home) in enumerate(found):
            cost[last, number], homes[last, number] = money, home
        shape = (*order.shape, cost.shape[1])
        return Stretches(cost.reshape(shape), homes.reshape(shape))

    def _charge(self, kind: int, loads: Loads, grown: Growing, home: np.ndarray, money: np.ndarray) -> None:
        """Add what the parcels of stretches cost beyond the way."""
        vehicle = self.ways[kind].vehicle
        if self.unreliable[kind]:
            money += self.unreliable[kind] * loads.of("parcels", grown)
        if vehicle.per_parcel_vnd:
            money += vehicle.per_parcel_vnd * loads.of("pieces", grown)
        if vehicle.per_kg_vnd:
            money += vehicle.per_kg_vnd / 1000 * loads.of("weight", grown)
        if self.wait_vnd:
            money += self.wait_vnd * (loads.of("parcels", grown) * home - loads.of("ready", grown))


@dataclass(frozen=True, slots=True)
class _Problem:
    """Rows of nodes in order, how many each row has, what leaving nodes costs (unordered), runs by kind, vehicles."""

    order: np.ndarray
    width: np.ndarray
    skips: np.ndarray
    stretches: list[Stretches]
    limits: np.ndarray


def _solved(problem: _Problem, rows: np.ndarray, counted: Sequence[int]) -> Cut:
    """The cheapest cut of these rows if only vehicles of the kinds `counted` are."""
    limits, order, width = problem.limits[rows], problem.order[rows], problem.width[rows]
    steps = _Steps([int(most) for most in limits.max(0, initial=0)], counted)
    found, back = steps.run(problem.stretches, rows, np.take_along_axis(problem.skips[rows], order, 1))
    at_end = found[np.arange(len(width)), :, width]
    for axis, kind in enumerate(counted):
        at_end = np.where(steps.used[axis][None, :] > limits[:, kind, None], np.inf, at_end)
    return _traced(problem, rows, steps, at_end, back)


def _traced(problem: _Problem, chosen: np.ndarray, steps: _Steps, at_end: np.ndarray, back: np.ndarray) -> Cut:
    """Walk every row back from its last node: its runs, and what it left."""
    rows, order, skips = np.arange(len(chosen)), problem.order[chosen], problem.skips[chosen]
    state, place = at_end.argmin(1), problem.width[chosen]
    cost, left = at_end[rows, state], np.zeros(skips.shape, bool)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    nodes: list[np.ndarray] = []
    while (busy := place > 0).any():
        row = rows[busy]
        code = back[row, state[row], place[row]]
        skipped = row[code == 0]
        left[skipped, order[skipped, place[skipped] - 1]] = True
        place[skipped] -= 1
        row, code = row[code > 0], code[code > 0] - 1
        kind, first = code // order.shape[1], code % order.shape[1]
        last = place[row] - 1
        runs = zip(kind, chosen[row], last, last - first, strict=True)
        home = np.array([problem.stretches[k].home[r, j, before] for k, r, j, before in runs])
        found.append((row, kind, home))
        nodes += [order[r, i : place[r]] for r, i in zip(row, first, strict=True)]
        place[row] = first
        state[row] = steps.before[kind, state[row]]
    row, kind, home = (np.concatenate([one[n] for one in found]) for n in range(3)) if found else (rows[:0],) * 3
    return Cut(cost, cost - (left * skips).sum(1), row, kind, home, left, nodes)


class _Steps:
    """The dynamic program over nodes; its states count the vehicles of the counted kinds."""

    def __init__(self, most: Sequence[int], counted: Sequence[int]) -> None:
        shape = tuple(most[kind] + 1 for kind in counted)
        self.size = int(np.prod(shape))
        index = np.indices(shape).reshape(len(shape), self.size) if shape else np.zeros((0, 1), int)
        self.used = index
        self.before = np.tile(np.arange(self.size), (len(most), 1))
        self.after: list[np.ndarray] = [np.arange(self.size) for _ in most]
        stride = 1
        for axis in range(len(shape) - 1, -1, -1):
            kind = counted[axis]
            self.after[kind] = np.flatnonzero(index[axis] > 0)
            self.before[kind] -= stride
            stride *= shape[axis]
        self.absent = [kind for kind in range(len(most)) if not most[kind]]

    def run(
        self, stretches: Sequence[Stretches], chosen: np.ndarray, skip: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Least cost [row, state, nodes done] and how it came about (0 = left out, else 1 + kind × length + first)."""
        rows, length = skip.shape
        found = np.full((rows, self.size, length + 1), np.inf)
        found[:, 0, 0] = 0.0
        back = np.zeros((rows, self.size, length + 1), np.int32)
        for j in range(length):
            best, how = found[:, :, j] + skip[:, j, None], back[:, :, j + 1]
            for kind, one in enumerate(stretches):
                if kind in self.absent:
                    continue
                into, size = self.after[kind], min(j + 1, one.cost.shape[2])
                low = j + 1 - size
                tried = found[:, self.before[kind][into], low : j + 1] + one.cost[chosen, j, None, size - 1 :: -1]
                first = tried.argmin(2)
                value = tried.reshape(first.size, -1)[np.arange(first.size), first.reshape(-1)].reshape(first.shape)
                better = value < best[:, into]
                best[:, into] = np.where(better, value, best[:, into])
                how[:, into] = np.where(better, 1 + kind * length + low + first, how[:, into])
            found[:, :, j + 1] = best
        return found, back
