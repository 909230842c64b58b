"""What a round of a bench costs: CPU by process, transactions, percentiles; and where results are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psutil

RESULTS = Path(".run/bench")
WRITTEN = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


@dataclass(slots=True)
class Round:
    """One contender's run: seconds it took, seconds of every saga, CPU seconds by process, writing transactions."""

    count: int
    took_s: float
    latencies_s: list[float]
    cpu_s: dict[str, float] = field(default_factory=dict)
    transactions: int = 0

    @property
    def per_s(self) -> float:
        """Sagas a second."""
        return self.count / self.took_s

    def row(self) -> dict[str, Any]:
        """The figures of this round as the result file names them."""
        return {
            "sagas_per_s": round(self.per_s, 1),
            "p50_ms": round(percentile(self.latencies_s, 50) * 1000, 1),
            "p99_ms": round(percentile(self.latencies_s, 99) * 1000, 1),
            "cpu_ms_per_saga": {name: round(cpu * 1000 / self.count, 3) for name, cpu in self.cpu_s.items()},
            "tx_per_saga": round(self.transactions / self.count, 3),
        }


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def cpu_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """User and system seconds so far of each named process with its children; of this process alone, as "load"."""
    own = psutil.Process().cpu_times()
    used = {"load": own.user + own.system}
    for name, pid in processes.items():
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
        used[name] = sum(
            times.user + times.system for times in (each.cpu_times() for each in family if each.is_running())
        )
    return used


async def written(admin_url: str) -> int:
    """Writing transactions so far, of the whole server: only those draw an id, so a reading poll does not count."""
    connection = await asyncpg.connect(admin_url)
    try:
        return int(await connection.fetchval(WRITTEN))
    finally:
        await connection.close()


def write(name: str, result: Mapping[str, Any]) -> Path:
    """Write .run/bench/<name>.json and answer where."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path
