"""The durable-workflow contender: four empty DBOS steps; `python -m bench.durable URL COUNT` prints JSON."""

from __future__ import annotations

import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
from dbos import DBOS, DBOSConfig

THREADS = 16


@DBOS.step()
def step() -> None:
    """Nothing."""


@DBOS.workflow()
def four_steps() -> None:
    """Stock, payment, parcels, delivery: four recorded steps that do nothing."""
    for _ in range(4):
        step()


def timed(_number: int) -> float:
    """Run one workflow; answers its seconds."""
    start = time.perf_counter()
    four_steps()
    return time.perf_counter() - start


def main() -> None:
    """Run COUNT workflows on THREADS threads and print what they took."""
    logging.disable(logging.CRITICAL)
    config: DBOSConfig = {"name": "bench", "system_database_url": sys.argv[1], "log_level": "CRITICAL"}
    count = int(sys.argv[2])
    DBOS(config=config)
    DBOS.launch()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(timed, range(THREADS)))
        before, start = psutil.Process().cpu_times(), time.perf_counter()
        seconds = list(pool.map(timed, range(count)))
        took, after = time.perf_counter() - start, psutil.Process().cpu_times()
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"took_s": took, "cpu_s": cpu, "latencies_s": seconds}))
    DBOS.destroy()


if __name__ == "__main__":
    main()
