"""Facts the broker does not take: they stop their own key, never another one, and never change places."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from chassis.outbox import FACT_BYTES_MAX
from chassis.wiring import Health, OutgoingFact
from counters.domain import Count
from counters.given import NOW, rows
from counters.stack import make, make_topic, published, read, relaying, until
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import outbox
from chassis import relay as chassis_relay


async def say(engine: AsyncEngine, topic: str, *facts: tuple[str, int]) -> None:
    """Put facts of these keys and sizes into the outbox, as one transaction."""
    async with engine.begin() as connection:
        said = [outbox.row(OutgoingFact(topic, key, "t", b"x" * size), "") for key, size in facts]
        await outbox.write(connection, said, NOW)


async def sizes(kafka: str, topic: str) -> dict[str, list[int]]:
    """By key, the sizes as they lie in the topic, without the repetitions that inboxes drop."""
    found: dict[str, list[int]] = {}
    for record in await read(kafka, topic):
        found.setdefault(record.key.decode(), []).append(len(record.value))
    return {key: list(dict.fromkeys(values)) for key, values in found.items()}


async def left(engine: AsyncEngine, number: int, where: str = "true") -> bool:
    return await rows(engine, f"SELECT count(*) FROM outbox WHERE {where}") == [(number,)]


async def holds(condition: Callable[[], bool]) -> bool:
    return condition()


async def test_a_refused_fact_stops_its_own_key_only_and_is_flagged(kafka: str, engine: AsyncEngine) -> None:
    one, health = await make(kafka, engine), Health()
    small = await make_topic(kafka, f"{published(one)}.small", max_message_bytes="10000")
    await say(engine, small, ("good", 1), ("bad", 50_000), ("good", 2), ("bad", 3), ("good", 4))
    async with relaying(kafka, one, health):
        await until(lambda: left(engine, 2), 60)
        await until(lambda: holds(lambda: "relay" in health.problems()))
        await one.dispatch([Count("c1", 1)])
        await until(lambda: left(engine, 2))
        assert await rows(engine, "SELECT key, length(payload) FROM outbox ORDER BY seq") == [
            ("bad", 50_000),
            ("bad", 3),
        ]
        async with engine.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM outbox WHERE length(payload) = 50000")
        await until(lambda: left(engine, 0), 60)
    assert await sizes(kafka, small) == {"good": [1, 2, 4], "bad": [3]}


async def test_a_refused_key_with_more_facts_than_a_page_holds_up_nobody(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_relay, "ROWS_MAX", 20)
    one = await make(kafka, engine)
    small = await make_topic(kafka, f"{published(one)}.small", max_message_bytes="10000")
    await say(engine, small, ("bad", 20_000), *(("bad", 1) for _ in range(50)))
    await one.dispatch([Count("c1", 1)])
    async with relaying(kafka, one):
        await until(lambda: left(engine, 0, "key = 'c1'"), 20)
    assert await left(engine, 51)


async def test_a_topic_that_is_missing_rests_as_a_whole_and_holds_up_nobody(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With five keys waiting, others once waited a minute: ten seconds for each key, one after the other."""
    monkeypatch.setattr(chassis_relay, "TOPIC_SECONDS_MAX", 0.5)
    monkeypatch.setattr(chassis_relay, "STUCK_SECONDS", 1.0)
    one, health = await make(kafka, engine), Health()
    missing = f"{published(one)}.missing"
    await say(engine, missing, *((f"k{number % 5}", 1 + number) for number in range(20)))
    async with relaying(kafka, one, health):
        for number in range(4):
            began = time.monotonic()
            await one.dispatch([Count("c1", number + 1)])
            await until(lambda: left(engine, 0, "key = 'c1'"), 20)
            assert time.monotonic() - began < 5
            await asyncio.sleep(0.5)
        assert "relay" in health.problems()
        await make_topic(kafka, missing)
        await until(lambda: left(engine, 0))
        await until(lambda: holds(lambda: not health.problems()))
    assert await sizes(kafka, missing) == {f"k{n}": [1 + n, 6 + n, 11 + n, 16 + n] for n in range(5)}


async def test_a_later_fact_never_overtakes_one_whose_batch_was_refused(kafka: str, engine: AsyncEngine) -> None:
    """A broker that knows nothing yet of a new producer takes its second batch although it refused the first."""
    one = await make(kafka, engine)
    small = await make_topic(kafka, f"{published(one)}.small", max_message_bytes="100000")
    facts = [(f"k{number % 10}", 8000 + number) for number in range(35)]
    await say(engine, small, *facts)
    async with relaying(kafka, one):
        await until(lambda: left(engine, 0), 60)
    assert await sizes(kafka, small) == {f"k{n}": [size for key, size in facts if key == f"k{n}"] for n in range(10)}


async def test_facts_of_every_size_we_say_arrive_in_order(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    facts = (5, 600_000, 7, FACT_BYTES_MAX, FACT_BYTES_MAX - 1, 300_000, 3)
    await say(engine, published(one), *(("k", size) for size in facts))
    async with relaying(kafka, one):
        await until(lambda: left(engine, 0), 60)
    assert await sizes(kafka, published(one)) == {"k": list(facts)}
