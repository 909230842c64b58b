"""One good round trip over many places: the order along which dispatched stops are cut into runs."""

from __future__ import annotations

import numpy as np

from shipping.domain.planning.ground import Ints

PASSES_MAX = 200
"""Improving moves of one tour; each is the best of all of its kind."""


def round_trip(ways: Ints) -> list[int]:
    """An order of places 1 … n−1 on a tour from place 0 and back; `ways` is a square array of costs."""
    both = (ways + ways.T) / 2.0
    tour = _nearest(both)
    for _ in range(PASSES_MAX):
        if not _turn(both, tour) and not _move(both, tour):
            break
    return tour[1:]


def _nearest(both: np.ndarray) -> list[int]:
    here, tour, free = 0, [0], np.ones(len(both), bool)
    free[0] = False
    while free.any():
        here = int(np.where(free, both[here], np.inf).argmin())
        free[here] = False
        tour.append(here)
    return tour


def _turn(both: np.ndarray, tour: list[int]) -> bool:
    """Turn the stretch around that saves most (2-opt)."""
    order = np.array([*tour, 0])
    here, following = order[:-1], order[1:]
    step = both[here, following]
    saved = step[:, None] + step[None, :] - both[np.ix_(here, here)] - both[np.ix_(following, following)]
    first, last = np.unravel_index(int(np.triu(saved, 1).argmax()), saved.shape)
    if saved[first, last] <= 1e-9 or first >= last:
        return False
    tour[first + 1 : last + 1] = tour[first + 1 : last + 1][::-1]
    return True


def _move(both: np.ndarray, tour: list[int]) -> bool:
    """Move the one place that saves most (relocate)."""
    order = np.array([*tour, 0])
    before, here, after = order[:-2], order[1:-1], order[2:]
    gone = both[before, here] + both[here, after] - both[before, after]
    start, end = order[:-1], order[1:]
    added = both[np.ix_(here, start)] + both[np.ix_(here, end)] - both[start, end][None, :]
    number = np.arange(len(here))
    added[number, number] = added[number, number + 1] = np.inf
    saved = gone[:, None] - added
    one, gap = np.unravel_index(int(saved.argmax()), saved.shape)
    if saved[one, gap] <= 1e-9:
        return False
    place = tour.pop(int(one) + 1)
    tour.insert(int(gap) + 1 if gap <= one else int(gap), place)
    return True
