"""Paired differences with their intervals, without assuming a bell curve: seeds are drawn again many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 4_000
SEED = 20260801


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval; one value alone has no interval (low and high are not numbers)."""

    mean: float
    low: float
    high: float


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean of values."""
    return share_interval(values, [1.0] * len(values))


def share_interval(parts: Sequence[float], wholes: Sequence[float]) -> Interval:
    """Sum of parts over sum of wholes, pairs drawn again together; not a number where the wholes sum to nothing."""
    part, whole = np.asarray(parts, float), np.asarray(wholes, float)
    if not len(part) or whole.sum() == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    mean = float(part.sum() / whole.sum())
    if len(part) < 2:
        return Interval(mean, float("nan"), float("nan"))
    picked = np.random.default_rng(SEED).integers(0, len(part), (DRAWS, len(part)))
    sums = whole[picked].sum(axis=1)
    drawn = part[picked].sum(axis=1)[sums != 0] / sums[sums != 0]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(mean, float(low), float(high))
