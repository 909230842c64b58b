"""The runs of now that look-ahead had in mind, by parcels, for the router to start from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shipping.domain.planning.items import Item
from shipping.domain.planning.rollout import Rollouts
from shipping.domain.planning.stretches import Load

Outline = tuple[int, int, tuple[str, ...]]
"""Vehicle number, hub number, parcels in order."""


def outlines(rollouts: Rollouts, chosen: np.ndarray, groups: Sequence[Sequence[Item]]) -> list[Outline]:
    """The cheapest cut of the chosen lots; `groups` are the items of each lot."""
    if not chosen.any():
        return []
    region, cells = rollouts.region, rollouts.cells
    take = np.zeros((1, rollouts.there.shape[1]), bool)
    take[0, : rollouts.own] = chosen
    taken = cells.taken(take, np.zeros(1, int), 0)
    limits = np.array([[fleet.now for fleet in region.fleets]])
    load, cell = cells.load(taken, 0)
    terms, orders = cells.terms(cell, taken, take, 0), len(cell)
    cut = rollouts.cutter.cut(load, terms, np.repeat(limits, orders, 0))
    best = int(cut.total.argmin())
    cut = cut.only(np.array([best]))
    items: dict[int, list[Item]] = {}
    for lot in np.flatnonzero(chosen).tolist():
        items.setdefault(int(taken.of[0, lot]), []).extend(groups[lot])
    at = _dealt(items, cell[best], load, best)
    made = []
    for kind, nodes in zip(cut.kind.tolist(), cut.runs, strict=True):
        rides = (ride for node in nodes.tolist() for item in at.get(node, ()) for ride in item.rides)
        made.append((region.fleets[kind].number, region.hub, tuple(ride.parcel_id for ride in rides)))
    return [one for one in made if one[2]]


def _dealt(items: dict[int, list[Item]], cells: np.ndarray, load: Load, row: int) -> dict[int, list[Item]]:
    """Items by node: those of a cell fill its nodes in turn, as far as each was meant to hold."""
    found: dict[int, list[Item]] = {}
    for cell, left in items.items():
        nodes = np.flatnonzero((cells == cell) & (load.parcels[row] > 0)).tolist()
        for node in nodes:
            weight, pieces = load.weight[row, node] + 0.5, load.pieces[row, node] + 0.01
            while left and (node == nodes[-1] or (left[0].weight <= weight and left[0].pieces <= pieces)):
                weight, pieces = weight - left[0].weight, pieces - left[0].pieces
                found.setdefault(node, []).append(left.pop(0))
    return found
