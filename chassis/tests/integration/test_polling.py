"""A consumer that no longer polls says so: its loop has ended, a batch takes too long, or a poll never comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from chassis.dispatch import Gate, Item
from chassis.wiring import Health
from counters.given import counted, totals
from counters.stack import consuming, heard, make, send, until
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import kafka as chassis_kafka


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chassis_kafka, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(chassis_kafka, "STALLED_SECONDS", 2.0)


async def test_a_consumer_whose_loop_has_ended_is_not_ready(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, health, consumers, real = await make(kafka, engine), Health(), list[AIOKafkaConsumer](), AIOKafkaConsumer.start

    async def start(consumer: AIOKafkaConsumer) -> None:
        consumers.append(consumer)
        await real(consumer)

    monkeypatch.setattr(AIOKafkaConsumer, "start", start)
    async with consuming(kafka, one, health):
        await until(lambda: _ready(health))
        await consumers[0].stop()
        await until(lambda: _says(health, "polling has stopped"))


async def test_a_consumer_with_a_batch_that_takes_too_long_is_not_ready_until_it_is_through(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, health, through = await make(kafka, engine), Health(), asyncio.Event()
    real = one.carry_out

    async def carry_out(items: Sequence[Item], gate: Gate) -> None:
        await through.wait()
        await real(items, gate)

    monkeypatch.setattr(one, "carry_out", carry_out)
    async with consuming(kafka, one, health):
        await until(lambda: _ready(health))
        await send(kafka, heard(one), counted("c1", 1))
        await until(lambda: _says(health, "no poll for more than"))
        through.set()
        await until(lambda: _ready(health))
    assert await totals(engine) == {"c1": 1}


async def test_a_consumer_whose_poll_never_comes_back_is_not_ready(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker answers, the group has its shares, and yet nothing is heard."""
    one, health, hangs, real = await make(kafka, engine), Health(), list[bool](), AIOKafkaConsumer.getmany

    async def getmany(consumer: AIOKafkaConsumer, *partitions: Any, **bounds: Any) -> Any:
        if hangs:
            await asyncio.Event().wait()
        return await real(consumer, *partitions, **bounds)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    async with consuming(kafka, one, health):
        await until(lambda: _ready(health))
        hangs.append(True)
        await until(lambda: _says(health, "no poll for more than"))


async def test_a_consumer_that_hears_nothing_for_long_stays_ready(kafka: str, engine: AsyncEngine) -> None:
    one, health = await make(kafka, engine), Health()
    async with consuming(kafka, one, health):
        await until(lambda: _ready(health))
        for _ in range(40):
            await asyncio.sleep(0.1)
            assert not await _says(health, "no poll")


async def _ready(health: Health) -> bool:
    return health.seconds_since_ok("consume") < 5 and not health.problems()


async def _says(health: Health, problem: str) -> bool:
    return problem in health.problems().get("consume", "")
