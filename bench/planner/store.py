"""Best known plans: for every instance the cheapest replay ever seen, driven again before anybody believes it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.planner.formats import fingerprint
from bench.planner.roads import BrokenOrder, Ground, Order
from bench.planner.simulate import SOLO, Outcome, View, replay

STORE = Path(__file__).with_name("best_known.json.gz")
BYTES_MAX = 1_000_000
"""The store stays small enough to be read in one go."""


@dataclass(slots=True)
class Script:
    """A policy that sends what was written down: by wave (vehicle, leave, parcels)."""

    waves: dict[int, list[Order]]

    def orders(self, view: View) -> list[Order]:
        """The runs written down for this wave."""
        return self.waves.get(view.wave, [])


class Store:
    """Plans by the fingerprint of their instance; a plan of another generator is of no use and is dropped."""

    def __init__(self, path: Path = STORE) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}
        self._broken: dict[str, list[Any]] = {}
        if path.exists():
            self.rows = json.loads(gzip.decompress(path.read_bytes()))

    def best(self, ground: Ground) -> Outcome | None:
        """The best known outcome, its plan checked by driving it; None if there is none that still holds."""
        row = self.rows.get(fingerprint(ground.instance))
        if row is None:
            return None
        driven = _driven(ground, row["runs"])
        if driven is None:
            self._broken[fingerprint(ground.instance)] = row["runs"]
        return driven

    def effort(self, ground: Ground) -> dict[str, float]:
        """Money by hindsight effort, so that a reader can see whether more effort still helps."""
        return dict(self.rows.get(fingerprint(ground.instance), {}).get("effort", {}))

    def offer(self, ground: Ground, outcome: Outcome, policy: str) -> bool:
        """Keep this replay if it beats what is known; answers whether it did. Under the door rule too: what was driven
        is what was collected, so it is kept as a plan that knew, if it can be driven as one."""
        key = fingerprint(ground.instance)
        before = self.best(ground)
        if before is not None and before.score <= (outcome.late, outcome.money - 0.5):
            return False
        if before is not None and before.score <= outcome.score:
            return False
        parcels = {parcel.id: number for number, parcel in enumerate(ground.instance.parcels)}
        vehicles = {vehicle.id: number for number, vehicle in enumerate(ground.instance.vehicles)}
        runs = [
            [run.wave, vehicles[run.vehicle], run.leave, [parcels[one] for one in run.parcels]]
            for run in outcome.sent
            if run.wave != SOLO and run.parcels
        ]
        driven = _driven(ground, runs)
        if driven is None or (before is not None and before.score <= driven.score):
            return False
        row = {"name": ground.instance.name, "policy": policy, "late": driven.late, "money": round(driven.money)}
        self.rows[key] = {**row, "runs": runs, "effort": self.effort(ground)}
        return True

    def note_effort(self, ground: Ground, effort: str) -> None:
        """Remember what is best known after an amount of hindsight effort."""
        row = self.rows[fingerprint(ground.instance)]
        row.setdefault("effort", {})[effort] = row["money"]

    def save(self) -> int:
        """Write the store, what another process found meanwhile included; answers its size in bytes.

        Raises ValueError when it has become too large.
        """
        for key, row in Store(self.path).rows.items():
            if row["runs"] == self._broken.get(key):
                self.rows.setdefault(key, row)
                continue
            mine = self.rows.setdefault(key, row)
            if (row["late"], row["money"]) < (mine["late"], mine["money"]):
                self.rows[key] = row
        packed = gzip.compress(json.dumps(self.rows, separators=(",", ":"), sort_keys=True).encode(), 9, mtime=0)
        if len(packed) > BYTES_MAX:
            raise ValueError(f"{self.path.name}: {len(packed)} bytes, at most {BYTES_MAX}")
        self.path.write_bytes(packed)
        return len(packed)


def _driven(ground: Ground, runs: list[Any]) -> Outcome | None:
    """What a plan comes to; None if it cannot be driven."""
    try:
        return replay(ground, Script(_orders(ground, runs)))
    except BrokenOrder:
        return None


def _orders(ground: Ground, runs: list[Any]) -> dict[int, list[Order]]:
    waves: dict[int, list[Order]] = {}
    parcels, vehicles = ground.instance.parcels, ground.instance.vehicles
    for wave, vehicle, leave, loaded in runs:
        order = Order(vehicles[vehicle].id, leave, tuple(parcels[number].id for number in loaded))
        waves.setdefault(wave, []).append(order)
    return waves
