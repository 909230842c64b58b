"""Turns taken lots into loads at nodes: a gate's small parcels flow over its nodes, a large parcel has its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shipping.domain.planning.lots import Lots
from shipping.domain.planning.model import KINDS
from shipping.domain.planning.region import Region
from shipping.domain.planning.stretches import NEVER, Load, Terms, stacked

CHUNKS_MAX = 6
"""What flows at one gate is spread over so many nodes at most."""

CHUNKS_A_VEHICLE = 2
"""Two nodes fill the smallest vehicle."""

LARGE_PART = 0.75
"""This part of what the largest vehicle may fetch stands at few gates: it goes from one to the next, others to the
rest."""

SHORT_GAME = 200
"""Up to so many gates times waves there is time for more orders; in longer games more days tell more."""

FEW_CELLS, ORDERS_MORE = 20, 20
"""With so few cells as many orders more are cut: how parcels fit into vehicles matters more than the tour."""

SOON_SECONDS = 5 * 3600
"""What is due within so many seconds of leaving is counted apart: who takes it along must hurry."""

URGENT_VND, LEFT_VND = 20_000_000, 2_000_000
"""What leaving out a parcel that must go, or one that may wait, costs in a cut: far more than any run."""


@dataclass(frozen=True, slots=True)
class Line:
    """Nodes in one order: the cell of each, its number in that, whether it is the last there, its gate; the cells."""

    cell: np.ndarray
    chunk: np.ndarray
    last: np.ndarray
    gate: np.ndarray
    order: np.ndarray


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken, by row and cell; `of` is the cell of every lot. `urgent` counts parcels that must go now."""

    of: np.ndarray
    weight: np.ndarray
    volume: np.ndarray
    pieces: np.ndarray
    parcels: np.ndarray
    ready: np.ndarray
    service: np.ndarray
    urgent: np.ndarray
    due: np.ndarray
    van: np.ndarray


class Cells:
    """A cell is what flows at a gate and is due soon, or later, or one large parcel there.

    Rows of `lots` are days. With G gates, cells below G are due soon, the next G later, then come the large ones.
    """

    def __init__(self, region: Region, lots: Lots, there: np.ndarray) -> None:
        """`there` marks the lots a day really has."""
        self.region, self.lots, gates = region, lots, len(region.places)
        self.own, large_gates = np.full(lots.gate.shape, -1), self._large(there)
        for gate, places in enumerate(large_gates):
            for number, where in enumerate(places):
                self.own[where] = 2 * gates + sum(map(len, large_gates[:gate])) + number
        each = np.arange(gates)
        self.gate = np.concatenate([each, each, np.repeat(each, [len(places) for places in large_gates])]).astype(int)
        self.number = len(self.gate)
        self._spread(there)

    def _large(self, there: np.ndarray) -> list[list[tuple[np.ndarray, ...]]]:
        """By gate: one entry for each large parcel a day may have there, with that parcel on every day that has it."""
        found: list[list[tuple[np.ndarray, ...]]] = []
        for gate in range(len(self.region.places)):
            here = there & self.lots.large & (self.lots.gate == gate)
            rank = np.cumsum(here, 1) * here
            found.append([np.nonzero(rank == number) for number in range(1, int(rank.max(initial=0)) + 1)])
        return found

    def _spread(self, there: np.ndarray) -> None:
        """How many nodes each cell has, and the lines of all nodes that are worth cutting."""
        small, lots, days, gates = self.region.fleets[0].vehicle, self.lots, len(there), len(self.region.places)
        flat = (np.arange(days)[:, None] * gates + self.lots.gate)[there & (self.own < 0)]
        weight, pieces = (
            np.bincount(flat, column[there & (self.own < 0)], days * gates).reshape(days, gates).max(0)
            for column in (lots.weight, lots.pieces)
        )
        self.half = max(1.0, small.weight_max_g / CHUNKS_A_VEHICLE), max(0.5, small.parcels_max / CHUNKS_A_VEHICLE)
        shares = np.maximum(weight / self.half[0], pieces / self.half[1])[self.gate]
        self.flowing = np.arange(self.number) < 2 * gates
        chunks = np.where(self.flowing, 1 + np.clip(np.ceil(shares), 1, CHUNKS_MAX), 1).astype(int)
        self.lines = [self._line(chunks, np.zeros(self.number))]
        if gates * len(self.region.waves) <= SHORT_GAME:
            self.lines += [self._line(chunks, self.gate < gates * third // 3) for third in (1, 2)]  # Other beginnings.
        if self.number <= FEW_CELLS:
            mixed = [np.arange(1, self.number + 1) * (2 * n + 3) * 37 % 101 for n in range(ORDERS_MORE)]
            self.lines += [self._line(chunks, rank) for rank in mixed]

    def _line(self, chunks: np.ndarray, rank: np.ndarray) -> Line:
        """All nodes by the rank of their cells, and by the tour where ranks are equal."""
        cells = np.repeat(np.arange(self.number), chunks)
        chunk = np.concatenate([np.arange(one) for one in chunks])
        order = np.lexsort((chunk, cells, self.gate[cells], rank[cells]))
        node, chunk = cells[order], chunk[order]
        return Line(node, chunk, chunk == chunks[node] - 1, self.gate[node], node[chunk == 0])

    def taken(self, take: np.ndarray, days: np.ndarray, wave: int) -> Taken:
        """Sums over the taken lots by cell."""
        lots, shape, gates = self.lots, (len(take), self.number), len(self.region.places)
        later = lots.due[days] > max(self.region.terms[wave].leave) + SOON_SECONDS
        of = np.where(self.own[days] < 0, lots.gate[days] + gates * later, self.own[days])
        flat = np.arange(len(take))[:, None] * self.number + of
        where, must = flat[take], take & (lots.last[days] <= wave)

        def total(column: np.ndarray) -> np.ndarray:
            return np.bincount(where, column[days][take], shape[0] * shape[1]).reshape(shape)

        names = ("weight", "volume", "pieces", "parcels", "ready", "service")
        due = np.full(shape[0] * shape[1], float(NEVER))
        np.minimum.at(due, where, lots.due[days][take])
        urgent = np.bincount(flat[must], lots.parcels[days][must], shape[0] * shape[1]).reshape(shape)
        van = total(lots.van) > 0
        sums = {name: total(getattr(lots, name)) for name in names}
        return Taken(of=of, **sums, urgent=urgent, due=due.reshape(shape), van=van)

    def load(self, taken: Taken, wave: int, left_vnd: float = LEFT_VND) -> tuple[Load, np.ndarray]:
        """What stands at the nodes in every order worth cutting, order after order, and the cell of each node.

        With several kinds of vehicle: also the gates at which most stands first, then the others. If not everything
        presses: also gates where something is due soon or that close soon first.
        """
        gates, nowhere = len(self.region.places), np.zeros(taken.parcels.shape, bool)
        tried = [(line, nowhere) for line in self.lines]
        terms = self.region.terms[wave]
        soon = (taken.parcels[:, :gates] > 0) | (terms.closes < max(terms.leave) + SOON_SECONDS)[None, :]
        calm = ~soon[:, self.gate] & (taken.parcels > 0)
        if (soon.any(1) & calm.any(1)).any():
            tried.append((self.lines[0], calm))
        if len(self.region.fleets) > 1:
            tried.append((self.lines[0], self._light(taken)))
        loads = [self._load(line, taken, behind, left_vnd) for line, behind in tried]
        rows = len(taken.parcels)
        cell = np.concatenate([np.broadcast_to(line.cell, (rows, len(line.cell))) for line, _ in tried])
        return stacked(loads), cell

    def _light(self, taken: Taken) -> np.ndarray:
        """By row and cell: whether it is at no gate where most of what the largest vehicle may fetch stands."""
        gates = np.arange(len(self.region.places))
        shares = np.maximum(taken.weight / self.half[0], taken.pieces / self.half[1])
        there = shares @ (self.gate[:, None] == gates) * self.region.fits[-1]
        order = np.argsort(-there, axis=1, kind="stable")
        ranked = np.take_along_axis(there, order, 1)
        before = np.cumsum(ranked, 1) - ranked
        light = np.ones(before.shape, bool)
        np.put_along_axis(light, order, before >= LARGE_PART * ranked.sum(1, keepdims=True), 1)
        found: np.ndarray = light[:, self.gate]
        return found

    def _load(self, line: Line, taken: Taken, behind: np.ndarray, left_vnd: float) -> Load:
        part, cell = self._parts(line, taken, behind), line.cell
        skip = URGENT_VND * taken.urgent + left_vnd * (taken.parcels - taken.urgent)
        return Load(
            gate=np.broadcast_to(line.gate, part.shape),
            rank=np.arange(len(cell)) + len(cell) * behind[:, cell],
            weight=taken.weight[:, cell] * part,
            volume=taken.volume[:, cell] * part,
            pieces=taken.pieces[:, cell] * part,
            parcels=taken.parcels[:, cell] * part,
            ready=taken.ready[:, cell] * part,
            service=taken.service[:, cell] * part,
            urgent=taken.urgent[:, cell] * part,
            due=taken.due[:, cell],
            skip=skip[:, cell] * part,
            banned=[self._banned(line, kind, taken.van) for kind in range(len(self.region.fleets))],
        )

    def _parts(self, line: Line, taken: Taken, behind: np.ndarray) -> np.ndarray:
        """Which part of its cell each node holds: cells are cut where the load along the line fills half a vehicle.

        So runs can be as full as a search would pack them.
        """
        shares = taken.weight / self.half[0], taken.pieces / self.half[1]
        heavy = shares[0].sum(1, keepdims=True) >= shares[1].sum(1, keepdims=True)
        filled = np.where(taken.parcels > 0, np.maximum(np.where(heavy, *shares), 1e-6), 0.0)
        order = line.order[np.argsort(behind[:, line.order], axis=1, kind="stable")]
        along = np.take_along_axis(filled, order, 1)
        begin = np.zeros_like(filled)
        np.put_along_axis(begin, order, np.cumsum(along, 1) - along, 1)
        offset = np.where(self.flowing, begin % 1.0, 0.0)[:, line.cell]
        high = np.clip(filled[:, line.cell] + offset - line.chunk, 0.0, np.where(line.last, np.inf, 1.0))
        held = high - np.clip(offset - line.chunk, 0.0, 1.0)
        found: np.ndarray = np.where(held > 1e-9, held, 0.0) / np.maximum(filled, 1e-6)[:, line.cell]
        return found

    def _banned(self, line: Line, kind: int, van: np.ndarray) -> np.ndarray:
        banned = np.broadcast_to(~self.region.fits[kind][self.gate], van.shape)
        if self.region.fleets[kind].vehicle.kind == KINDS[0]:
            banned = banned | van
        found: np.ndarray = banned[:, line.cell]
        return found

    def terms(self, cell: np.ndarray, taken: Taken, take: np.ndarray, wave: int) -> Terms:
        """When nodes are open; what is announced and taken now opens its node only when it is packed."""
        terms = self.region.terms[wave]
        opens, closes = terms.opens[self.gate[cell]], terms.closes[self.gate[cell]]
        if wave == 0 and self.lots.opens.any():
            packed = np.zeros(len(take) * self.number)
            flat = np.arange(len(take))[:, None] * self.number + taken.of
            np.maximum.at(packed, flat[take], np.broadcast_to(self.lots.opens[0], take.shape)[take])
            again = np.tile(packed.reshape(len(take), self.number), (len(cell) // len(take), 1))
            opens = np.maximum(opens, np.take_along_axis(again, cell, 1))
        return Terms(terms.leave, terms.home_by, opens, closes)

    def left(self, cell: np.ndarray, nodes: np.ndarray, taken: Taken) -> np.ndarray:
        """By lot: whether anything of its cell was left out, given the nodes that were."""
        out = np.zeros(taken.parcels.shape, bool)
        rows, left = np.nonzero(nodes)
        out[rows, cell[rows, left]] = True
        return np.take_along_axis(out, taken.of, 1)
