"""What is forgotten in time, and that a busy service does not forget more slowly than it learns."""

from __future__ import annotations

import asyncio

import pytest
from chassis.housekeeping import REQUESTS_DAYS, keep_house
from chassis.inbox import REPLAY_WINDOW_HOURS
from chassis.process import running
from chassis.settings import Settings
from chassis.telemetry import Telemetry
from counters.bootstrap import service
from counters.given import HEARD, rows
from counters.stack import until
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import housekeeping, inbox


async def test_everything_past_its_time_is_forgotten_in_one_turn_and_nothing_else(
    database: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((housekeeping, "ROWS_MAX"), (inbox, "PRUNED_MAX")):
        monkeypatch.setattr(module, name, 100)
    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0.1)
    async with engine.begin() as connection:
        for id, hours in (("old", 24 + REPLAY_WINDOW_HOURS + 1), ("young", 1)):
            await connection.exec_driver_sql(
                f"INSERT INTO inbox SELECT '{id}' || n, '{HEARD}', now() - interval '{hours} hours'"
                " FROM generate_series(1, 1050) AS n"
            )
            days = REQUESTS_DAYS + 1 if id == "old" else 0
            await connection.exec_driver_sql(
                f"INSERT INTO requests SELECT 'me', 'm', '{id}' || n, '', '', now() - interval '{days} days'"
                " FROM generate_series(1, 1050) AS n"
            )
    settings = Settings(service="counters", database_url=database, kafka_bootstrap="127.0.0.1:1")
    async with running(service(), settings, Telemetry()) as runtime:
        stop = asyncio.Event()
        turn = asyncio.create_task(keep_house(runtime, stop))
        await asyncio.sleep(0)  # It is waiting for its first turn now; there will be no second one.
        monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 60.0)

        async def only_the_young() -> bool:
            tables = ("inbox", "requests")
            return [await rows(engine, f"SELECT count(*) FROM {table}") for table in tables] == [[(1050,)]] * 2

        await until(only_the_young, 10)
        stop.set()
        await asyncio.wait_for(turn, 5)
    assert await rows(engine, "SELECT count(*) FROM inbox WHERE id LIKE 'old%'") == [(0,)]
