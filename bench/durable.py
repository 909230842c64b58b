"""The durable-workflow contender: four empty DBOS steps; called with its database, a count and PostgreSQL's pid."""

from __future__ import annotations

import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from dbos import DBOS, DBOSConfig

from bench import measure

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
    count, postgres = int(sys.argv[2]), {"postgres": int(sys.argv[3])}
    DBOS(config=config)
    DBOS.launch()
    with psycopg.connect(sys.argv[1], autocommit=True) as server, ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(timed, range(THREADS)))
        before, written, start = measure.cpu_seconds(postgres), _written(server), time.perf_counter()
        seconds = list(pool.map(timed, range(count)))
        took, written = time.perf_counter() - start, _written(server) - written
        after = measure.cpu_seconds(postgres)
    cpu = {"dbos": after["load"] - before["load"], "postgres": after["postgres"] - before["postgres"]}
    print(json.dumps({"took_s": took, "cpu_s": cpu, "latencies_s": seconds, "transactions": written}))
    DBOS.destroy()


def _written(server: psycopg.Connection) -> int:
    row = server.execute(measure.WRITTEN).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
