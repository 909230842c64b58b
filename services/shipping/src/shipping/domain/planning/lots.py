"""Parcels alike, counted together, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shipping.domain.planning.model import Ride

Key = tuple[int, int, int, int, int, int, int]
"""Gate, release, last wave, promise, whether it needs more than a motorbike, when it is packed, its own number if it is
large, less than nothing if it merely stands alone (0 = neither)."""


@dataclass(frozen=True, slots=True)
class Lots:
    """Parcels alike in gate, wave of release and promise, as columns. `last` is the last wave that still will do;
    `opens` the second before which nobody can collect them, `large` marks a parcel that fills much of a vehicle."""

    gate: np.ndarray
    release: np.ndarray
    last: np.ndarray
    due: np.ndarray
    weight: np.ndarray
    volume: np.ndarray
    pieces: np.ndarray
    parcels: np.ndarray
    ready: np.ndarray
    service: np.ndarray
    van: np.ndarray
    opens: np.ndarray
    large: np.ndarray


class Table:
    """Collects rides into columns by key."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.rows: dict[Key, list[float]] = {}

    def add(self, key: Key, ride: Ride, ready: int) -> None:
        """One more parcel, ready at this second."""
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = [0.0] * 6
        row[0] += ride.weight_g
        row[1] += ride.volume_cm3
        row[2] += ride.count
        row[3] += 1
        row[4] += ready
        row[5] += ride.service_seconds

    def lots(self) -> Lots:
        """The columns, one row for each key."""
        keys = np.array(list(self.rows), int).reshape(-1, 7)
        sums = np.array(list(self.rows.values()), float).reshape(-1, 6)
        gate, release, last, due, van, opens, large = keys.T
        weight, volume, pieces, parcels, ready, service = sums.T
        return Lots(
            gate, release, last, due, weight, volume, pieces, parcels, ready, service, van > 0, opens, large > 0
        )
