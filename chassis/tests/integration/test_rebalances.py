"""Partitions that move while a batch is under way, and consumers told to stop in its midst: all once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from chassis.dispatch import Dispatcher, Item
from chassis.inbox import InboxGate
from chassis.wiring import Health
from counters.given import counted, dispatcher, letters, rows, said, totals
from counters.stack import committed, consuming, heard, make, published, send, until
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import kafka as chassis_kafka


class Held(InboxGate):
    """Holds a consumer's batches, before they touch the database or inside the transaction, until let go."""

    def __init__(self, one: Dispatcher, inside: bool) -> None:
        super().__init__(one.service.name, one.telemetry)
        self._inside = inside
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def enter(self, connection: Any, items: Sequence[Item]) -> Sequence[Item]:
        if not self._inside:
            await self._hold()
        return await super().enter(connection, items)

    async def leave(self, connection: Any, items: Sequence[Item]) -> None:
        await super().leave(connection, items)
        if self._inside:
            await self._hold()

    async def _hold(self) -> None:
        self.reached.set()
        await self.go.wait()


async def heard_all(engine: AsyncEngine, number: int) -> bool:
    return await rows(engine, "SELECT count(*) FROM inbox") == [(number,)]


async def in_order(engine: AsyncEngine, one: Dispatcher, times: int) -> None:
    """Every counter counted 1, 2, … `times`, and said so once each."""
    assert set((await totals(engine)).values()) == {times * (times + 1) // 2}
    by_key: dict[str, list[int]] = {}
    for key, _version, total in await said(engine, published(one)):
        by_key.setdefault(key, []).append(total)
    assert set(map(tuple, by_key.values())) == {tuple(n * (n + 1) // 2 for n in range(1, times + 1))}
    assert await letters(engine) == []


@pytest.mark.parametrize("inside", [False, True], ids=["before its transaction", "inside its transaction"])
async def test_a_batch_whose_partitions_move_meanwhile_is_carried_out_once_and_in_order(
    kafka: str, engine: AsyncEngine, inside: bool
) -> None:
    one, other = await make(kafka, engine), dispatcher(engine)
    other.service = one.service
    await send(kafka, heard(one), *(counted(f"c{n % 9}", 1 + n // 9) for n in range(27)))
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(consuming(kafka, one))
        slow._gate = held = Held(one, inside)
        await asyncio.wait_for(held.reached.wait(), 30)
        quick = await stack.enter_async_context(consuming(kafka, other))
        await until(lambda: _joined(quick))
        await send(kafka, heard(one), *(counted(f"c{n % 9}", 4 + n // 9) for n in range(18)))
        await asyncio.sleep(1)
        held.go.set()
        await until(lambda: heard_all(engine, 45), 60)
    await in_order(engine, one, 5)
    async with consuming(kafka, other):
        await until(lambda: _all_committed(kafka, one, 45))
    await in_order(engine, one, 5)


async def test_a_consumer_told_to_stop_in_the_midst_of_a_batch_loses_and_doubles_nothing(
    kafka: str, engine: AsyncEngine
) -> None:
    one = await make(kafka, engine)
    await send(kafka, heard(one), *(counted(f"c{n % 9}", 1 + n // 9) for n in range(27)))
    async with AsyncExitStack() as stack:
        consumer = await stack.enter_async_context(consuming(kafka, one))
        consumer._gate = held = Held(one, inside=True)
        await asyncio.wait_for(held.reached.wait(), 30)
        asyncio.get_running_loop().call_later(0.5, held.go.set)
    async with consuming(kafka, one):
        await until(lambda: heard_all(engine, 27))
        await until(lambda: _all_committed(kafka, one, 27))
    await in_order(engine, one, 3)


async def test_trouble_with_partitions_that_are_somebody_elses_now_is_forgotten(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of them comes back to us that could go through, so we would not be ready for ever."""
    monkeypatch.setattr(chassis_kafka, "PROBE_SECONDS", 0.1)
    one, health = await make(kafka, engine), Health()

    async def away(*_: Any) -> None:
        raise ConnectionRefusedError("nobody there")

    async with consuming(kafka, one, health) as consumer:
        await until(lambda: _ready(health))
        moved = counted("c1", 1)
        moved.topic, moved.partition = heard(one), 99
        monkeypatch.setattr(one, "carry_out", away)
        await consumer._take(await consumer._parse((moved,)))
        await until(lambda: _ready(health))


async def _ready(health: Health) -> bool:
    return health.seconds_since_ok("consume") < 1 and not health.problems()


async def _joined(consumer: Any) -> bool:
    return bool(consumer._assignment.joined_since)


async def _all_committed(kafka: str, one: Dispatcher, number: int) -> bool:
    return await committed(kafka, one) == number
