"""The relay on a real Kafka and PostgreSQL: order per key, one at a time, and every way it may be interrupted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from chassis.dispatch import Dispatcher
from chassis.relay import LOCK
from chassis.wiring import Health
from counters.domain import Count
from counters.given import counted, dispatcher, rows, said, totals
from counters.stack import committed, consuming, dies, heard, make, published, read, relaying, send, until
from counters.wire import CounterEvent
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import relay as chassis_relay
from chassis import sql


async def waiting(engine: AsyncEngine) -> int:
    return int((await rows(engine, "SELECT count(*) FROM outbox"))[0][0])


async def is_empty(engine: AsyncEngine) -> bool:
    return await waiting(engine) == 0


async def versions(kafka: str, one: Dispatcher) -> dict[str, list[int]]:
    """By key, the versions as they lie in the topic."""
    found: dict[str, list[int]] = {}
    for record in await read(kafka, published(one)):
        found.setdefault(record.key.decode(), []).append(CounterEvent.FromString(record.value).version)
    return found


async def test_a_commit_wakes_the_relay_of_the_same_process(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    async with relaying(kafka, one):
        await one.dispatch([Count("warm", 1)])
        await until(lambda: is_empty(engine))
        await asyncio.sleep(0.05)
        started = asyncio.get_running_loop().time()
        await one.dispatch([Count("c1", 1)])
        await until(lambda: is_empty(engine))
    assert asyncio.get_running_loop().time() - started < 0.2


async def test_what_another_process_committed_is_found_by_the_poll(kafka: str, engine: AsyncEngine) -> None:
    one, other = await make(kafka, engine), await make(kafka, engine)
    other.service = one.service
    async with relaying(kafka, one):
        await other.dispatch([Count("c1", 1)])
        await until(lambda: is_empty(engine), 5)


async def test_of_two_relays_one_works_and_the_other_takes_over(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    async with relaying(kafka, one):
        await one.dispatch([Count("c1", 1)])
        await until(lambda: is_empty(engine))
        async with relaying(kafka, one):
            assert await _holders(engine) == 1
            for _ in range(20):
                await one.dispatch([Count("c1", 1), Count("c2", 1)])
            await _kill_the_leader(engine)
            for _ in range(20):
                await one.dispatch([Count("c1", 1), Count("c2", 1)])
            await until(lambda: is_empty(engine))
    by_key = await versions(kafka, one)
    assert _first_seen(by_key["c1"]) == list(range(1, 42))
    assert _first_seen(by_key["c2"]) == list(range(1, 41))


async def test_a_relay_that_was_stopped_or_interrupted_leaves_the_lock_to_the_next(
    kafka: str, engine: AsyncEngine
) -> None:
    one = await make(kafka, engine)
    for _ in range(3):
        async with relaying("127.0.0.1:9", one):
            await asyncio.gather(*(one.dispatch([Count(f"c{n}", 1)]) for n in range(4)))
            await asyncio.sleep(0.3)
        async with relaying(kafka, one):
            await until(lambda: is_empty(engine), 5)

    async def nobody_holds_it() -> bool:
        # The server lets go when it notices that the connection is closed, a moment after we closed it.
        return await _holders(engine) == 0

    await until(nobody_holds_it, 5)


async def test_a_lost_database_connection_is_flagged_and_got_over(kafka: str, engine: AsyncEngine) -> None:
    one, health = await make(kafka, engine), Health()
    async with relaying(kafka, one, health):
        for _ in range(3):
            await one.dispatch([Count("c1", 1)])
            await until(lambda: is_empty(engine))
            await _kill_the_leader(engine)
            await until(lambda: _is(lambda: health.seconds_since_ok("relay") > 0.3 or bool(health.problems())))
        await one.dispatch([Count("c1", 1)])
        await until(lambda: is_empty(engine))
        await until(lambda: _is(lambda: not health.problems()))
    assert _first_seen((await versions(kafka, one))["c1"]) == [1, 2, 3, 4]


async def test_a_broker_that_is_away_is_waited_for(kafka: str, engine: AsyncEngine) -> None:
    one, health = await make(kafka, engine), Health()
    await one.dispatch([Count("c1", 1)])
    async with relaying("127.0.0.1:9", one, health):
        await until(lambda: _is(lambda: "relay" in health.problems()))
        await asyncio.sleep(0.5)
    assert await waiting(engine) == 1


async def test_facts_fly_together_and_count_only_once_every_replica_has_them(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    flying: list[str] = []

    class Watched(AIOKafkaProducer):  # type: ignore[misc]
        def __init__(self, **settings: Any) -> None:
            asked.append(settings)
            super().__init__(**settings)

        async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
            flying.append(f"{partition} with {batch.record_count()}")
            sent = await super().send_batch(batch, topic, partition=partition)
            sent.add_done_callback(lambda _sent: flying.append("arrived"))
            return sent

    monkeypatch.setattr(chassis_relay, "AIOKafkaProducer", Watched)
    one = await make(kafka, engine)
    await one.dispatch([Count(f"c{number % 30}", 1) for number in range(300)])
    async with relaying(kafka, one):
        await until(lambda: is_empty(engine))
    assert [(one["acks"], one["enable_idempotence"]) for one in asked] == [("all", True)]
    assert flying[3:] == ["arrived"] * 3
    assert sum(int(one.split()[2]) for one in flying[:3]) == 300


async def test_a_page_is_read_and_forgotten_on_the_connection_that_holds_the_lock(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a relay that lost the lock without knowing it can neither read nor forget anything."""
    used: set[tuple[str, int]] = set()
    real = sql.fetch_autocommit

    async def fetch(connection: Any, statement: str, *arguments: Any) -> Any:
        [[pid]] = await real(connection, "SELECT pg_backend_pid()")
        used.add((statement.split()[0], pid))
        return await real(connection, statement, *arguments)

    monkeypatch.setattr(sql, "fetch_autocommit", fetch)
    one = await make(kafka, engine)
    async with relaying(kafka, one):
        await one.dispatch([Count("c1", 1)])
        await until(lambda: is_empty(engine))
        [(holder,)] = await rows(engine, f"SELECT pid FROM pg_locks WHERE {HELD}")
    assert used == {("SELECT", holder), ("DELETE", holder)}


async def test_a_key_keeps_its_shard(engine: AsyncEngine) -> None:
    await dispatcher(engine).dispatch([Count(f"c{number % 40}", 1) for number in range(120)])
    shards = await rows(engine, "SELECT key, min(shard), max(shard), count(*) FROM outbox GROUP BY key")
    assert len(shards) == 40
    assert all(low == high and 0 <= low < 16 and facts == 3 for _, low, high, facts in shards)


async def test_death_between_send_and_delete_repeats_facts_under_the_same_id(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    await one.dispatch([Count("c1", 1), Count("c1", 1), Count("c2", 1)])
    await dies("relay", kafka, engine, one, "relay.after_send")
    assert await waiting(engine) == 3
    async with relaying(kafka, one):
        await until(lambda: is_empty(engine), 60)
    records = await read(kafka, published(one))
    assert len(records) == 6
    assert len({dict(record.headers)["ce_id"] for record in records}) == 3
    assert (await versions(kafka, one))["c1"] == [1, 2, 1, 2]


async def test_death_before_the_send_loses_nothing(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    await one.dispatch([Count("c1", 1)])
    await dies("relay", kafka, engine, one, "relay.before_send")
    async with relaying(kafka, one):
        await until(lambda: is_empty(engine), 60)
    assert await versions(kafka, one) == {"c1": [1]}


async def test_a_consumer_dead_before_or_after_commit_does_everything_once(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    await send(kafka, heard(one), *(counted(f"c{n}", 1) for n in range(50)))
    await dies("consume", kafka, engine, one, "dispatch.before_commit")
    assert await totals(engine) == {}
    await dies("consume", kafka, engine, one, "dispatch.after_commit")
    assert len(await totals(engine)) > 0
    assert await committed(kafka, one) == 0
    async with consuming(kafka, one):
        await until(lambda: _heard(engine, 50), 60)
    assert set((await totals(engine)).values()) == {1}
    assert len(await said(engine, published(one))) == 50


HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
"""pg_locks shows the whole server, and other tests' relays run on it."""


HELD = f"locktype = 'advisory' AND objid = {LOCK} AND granted AND {HERE}"


async def _holders(engine: AsyncEngine) -> int:
    return int((await rows(engine, f"SELECT count(*) FROM pg_locks WHERE {HELD}"))[0][0])


async def _kill_the_leader(engine: AsyncEngine) -> None:
    await rows(engine, f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {HELD}")


async def _heard(engine: AsyncEngine, number: int) -> bool:
    return await rows(engine, "SELECT count(*) FROM inbox") == [(number,)]


async def _is(condition: Any) -> bool:
    return bool(condition())


def _first_seen(values: list[int]) -> list[int]:
    """Without repetitions, which inboxes drop; the order of what is left must be true."""
    return list(dict.fromkeys(values))
