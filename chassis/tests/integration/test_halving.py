"""A batch that the database refuses is halved until the culprit is alone, and tried alone before it is blamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from chassis.dispatch import LONE_TRIES_MAX, Item, OpenGate
from counters.domain import Count
from counters.given import counted, dead_headers, dispatcher, hear, letters, rows, totals
from sqlalchemy.ext.asyncio import AsyncEngine


async def test_what_the_database_refuses_is_found_by_halving_and_its_neighbours_are_carried_out(
    engine: AsyncEngine,
) -> None:
    records = [counted(f"c{n}", 1) for n in range(40)]
    records[17] = counted("c17", 2_000_000, id="too much")
    records[30] = counted("c30", 2_000_000, id="too much as well")
    await hear(dispatcher(engine), *records)
    assert len(await totals(engine)) == 38
    reasons = {lane: reason for lane, _, reason in await letters(engine)}
    assert reasons == dict.fromkeys(("c17", "c30"), "SQLSTATE 23514 (counters_total_max)")
    assert all(int(headers["dead-attempts"]) >= LONE_TRIES_MAX for headers in await dead_headers(engine))
    assert await rows(engine, "SELECT count(*) FROM inbox") == [(40,)]


class Flawed(OpenGate):
    """The database refuses transactions that hold a certain item, so many times."""

    def __init__(self, flawed: Item, times: int) -> None:
        self._flawed, self.times = flawed, times

    async def leave(self, connection: Any, items: Sequence[Item]) -> None:
        if self._flawed in items and self.times and self._flawed.culprit is None:
            self.times -= 1
            await connection.exec_driver_sql("SELECT 1 / 0")


@pytest.mark.parametrize(("alone", "refused"), [(LONE_TRIES_MAX - 1, False), (LONE_TRIES_MAX, True)])
async def test_what_failed_beside_others_is_tried_alone_as_often_as_what_was_alone_from_the_start(
    engine: AsyncEngine, alone: int, refused: bool
) -> None:
    halvings = 5
    items = [Item(Count(f"c{n}", 1)) for n in range(2**halvings)]
    gate = Flawed(items[11], halvings + alone)
    await dispatcher(engine).carry_out(items, gate)
    assert [item for item in items if item.error is not None] == ([items[11]] if refused else [])
    assert (gate.times, items[11].attempts) == (0, halvings + alone + (not refused))
    assert len(await totals(engine)) == len(items) - refused
