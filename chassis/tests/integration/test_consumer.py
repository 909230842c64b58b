"""The consumer on a real Kafka: batches through, offsets after COMMIT, broken records, outages, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from chassis.dead_letters import dead_topic
from chassis.dispatch import Dispatcher, Gate, Item
from chassis.kernel import Handler
from chassis.wiring import Health
from counters.domain import HANDLERS, Count, keys
from counters.given import FakeRecord, counted, letters, rows, totals
from counters.stack import Wire, committed, consuming, heard, make, published, read, relaying, send, until
from counters.wire import CounterEvent
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import kafka as chassis_kafka


async def heard_all(engine: AsyncEngine, number: int) -> bool:
    return await rows(engine, "SELECT count(*) FROM inbox") == [(number,)]


async def test_facts_go_through_in_batches_and_come_out_in_order_with_their_headers(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, trace = await make(kafka, engine), f"00-{'a' * 32}-{'b' * 16}-00"
    sizes: list[int] = []
    real = one.carry_out

    async def carry_out(items: Sequence[Item], gate: Gate) -> None:
        sizes.append(len(items))
        await real(items, gate)

    monkeypatch.setattr(one, "carry_out", carry_out)
    records = [counted(f"c{n % 10}", 1, trace=trace) for n in range(1000)]
    await send(kafka, heard(one), *records)
    health = Health()
    async with consuming(kafka, one, health), relaying(kafka, one, health):
        await until(lambda: heard_all(engine, 1000))
        await until(lambda: _empty(engine))
        await until(lambda: _is(lambda: health.seconds_since_ok("consume") < 5 and not health.problems()))
    said = await read(kafka, published(one))
    by_key: dict[bytes, list[int]] = {}
    for record in said:
        by_key.setdefault(record.key, []).append(CounterEvent.FromString(record.value).version)
    assert by_key == {f"c{n}".encode(): list(range(1, 101)) for n in range(10)}
    headers = dict(said[0].headers)
    assert headers["ce_type"] == b"counters.v1.Counted"
    assert headers["ce_source"] == f"/services/{one.service.name}".encode()
    assert headers["ce_time"] == b"2026-02-04T06:00:00Z"
    assert headers["traceparent"] == trace.encode()
    assert len({dict(record.headers)["ce_id"] for record in said}) == 1000
    assert await committed(kafka, one) == 1000
    assert 100 < max(sizes) <= chassis_kafka.RECORDS_MAX and sum(sizes) == 1000


async def test_one_bad_header_or_body_never_costs_its_neighbours(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    await send(
        kafka,
        heard(one),
        counted("c1", 1),
        FakeRecord(b"\xff\xfe", b"c2", headers=[("ce_id", b"\xff"), ("traceparent", b"\xff\xff")]),
        FakeRecord(None, b"c3", headers=[]),
        FakeRecord(b"1", None, headers=[("reply_to", published(one).encode()), ("content-type", b"\xff")]),
        counted("c4", 1),
    )
    async with consuming(kafka, one), relaying(kafka, one):
        await until(lambda: heard_all(engine, 5))
        await until(lambda: _empty(engine))
    assert await totals(engine) == {"c1": 1, "c4": 1}
    dead = await read(kafka, dead_topic(heard(one), one.service.name))
    assert sorted((record.key or b"", record.value) for record in dead) == [
        (b"", b"1"),
        (b"c2", b"\xff\xfe"),
        (b"c3", b""),
    ]
    assert {dict(record.headers)["dead-topic"] for record in dead} == {heard(one).encode()}
    assert len(await read(kafka, published(one))) == 2
    assert await committed(kafka, one) == 5


async def test_an_outage_is_waited_for_and_flagged_and_never_dead_lettered(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_kafka, "PROBE_SECONDS", 0.1)
    one, health = await make(kafka, engine), Health()
    real, one.engine = one.engine, cast("AsyncEngine", _Broken())
    await send(kafka, heard(one), *(counted(f"c{n}", 1) for n in range(20)))
    async with consuming(kafka, one, health):
        await until(lambda: _is(lambda: "consume" in health.problems() and "Refused" in health.problems()["consume"]))
        await asyncio.sleep(1)
        assert "consume" in health.problems()
        one.engine = real
        await until(lambda: heard_all(engine, 20))
        await until(lambda: _is(lambda: not health.problems()))
    assert await letters(engine) == []
    assert sum((await totals(engine)).values()) == 20


async def test_offsets_are_not_committed_before_the_database_has_committed(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    real, one.engine = one.engine, cast("AsyncEngine", _Broken())
    await send(kafka, heard(one), counted("c1", 1), counted("c2", 1))
    async with consuming(kafka, one):
        await asyncio.sleep(2)
    assert await committed(kafka, one) == 0
    one.engine = real
    async with consuming(kafka, one):
        await until(lambda: heard_all(engine, 2))
    assert await totals(engine) == {"c1": 1, "c2": 1}


async def test_a_commit_that_never_comes_back_stops_nobody(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a broker was killed a consumer once waited 95 s for the lock of a search for its coordinator."""
    one, hung, real = await make(kafka, engine), list[bool](), AIOKafkaConsumer.commit

    async def commit(consumer: AIOKafkaConsumer, offsets: object = None) -> None:
        if not hung:
            hung.append(True)
            await asyncio.Event().wait()
        await real(consumer, offsets)

    monkeypatch.setattr(AIOKafkaConsumer, "commit", commit)
    monkeypatch.setattr(chassis_kafka, "COMMIT_SECONDS_MAX", 0.2)
    await send(kafka, heard(one), counted("a", 1))
    async with consuming(kafka, one, Health()):
        await until(lambda: _is(lambda: bool(hung)))
        await send(kafka, heard(one), counted("b", 1))
        await until(lambda: heard_all(engine, 2))
        await until(lambda: _all_committed(kafka, one, 2))


async def test_a_consumer_whose_coordinator_does_not_answer_is_not_ready(
    kafka: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, health, answers, real = await make(kafka, engine), Health(), asyncio.Event(), AIOKafkaConsumer.committed

    async def committed(consumer: AIOKafkaConsumer, partition: TopicPartition) -> object:
        await answers.wait()
        return await real(consumer, partition)

    monkeypatch.setattr(AIOKafkaConsumer, "committed", committed)
    monkeypatch.setattr(chassis_kafka, "PROBE_SECONDS", 0.2)
    async with consuming(kafka, one, health):
        await until(lambda: _is(lambda: "TimeoutError" in str(health.problems())))
        answers.set()
        await until(lambda: _is(lambda: health.seconds_since_ok("consume") < 1 and not health.problems()))


async def test_two_consumers_share_the_work_and_one_takes_over_from_the_other(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine)
    async with consuming(kafka, one):
        async with consuming(kafka, one):
            await send(kafka, heard(one), *(counted(f"c{n}", 1) for n in range(300)))
            await until(lambda: heard_all(engine, 300))
        await send(kafka, heard(one), *(counted(f"c{n}", 1) for n in range(300)))
        await until(lambda: heard_all(engine, 600))
    assert set((await totals(engine)).values()) == {2}
    assert await letters(engine) == []


async def test_a_handlers_answer_is_never_published_where_a_stranger_says(kafka: str, engine: AsyncEngine) -> None:
    one = await make(kafka, engine, handlers={**HANDLERS, Count: Handler(cast("Any", HANDLERS[Count]).act, keys)})
    record = counted("c1", 1)
    record.headers.append(("reply_to", dead_topic(heard(one), one.service.name).encode()))
    await send(kafka, heard(one), record)
    async with consuming(kafka, one):
        await until(lambda: heard_all(engine, 1))
    assert await read(kafka, dead_topic(heard(one), one.service.name)) == []


async def test_topics_said_and_heard_and_dead_are_made_as_their_shapes_say_and_may_be_made_twice(
    kafka: str, engine: AsyncEngine
) -> None:
    """So services start in any order."""
    one = await make(kafka, engine)
    await chassis_kafka.create_topics(kafka, 1, one.service)
    dead = dead_topic(heard(one), one.service.name)
    shapes = {heard(one): "86400000", published(one): "-1", dead: "-1"}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    described = await admin.describe_topics(list(shapes))
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in shapes]
    configs = [entry for answer in await admin.describe_configs(asked) for entry in answer.resources]
    await admin.close()
    assert {topic["topic"]: len(topic["partitions"]) for topic in described} == dict.fromkeys(shapes, 3)
    made = {name: {entry[0]: entry[1] for entry in entries} for _, _, _, name, entries in configs}
    assert {name: settings["retention.ms"] for name, settings in made.items()} == shapes
    assert {settings["cleanup.policy"] for settings in made.values()} == {"delete"}
    assert made[heard(one)]["segment.ms"] == str(chassis_kafka.SEGMENT_MS)


async def test_roles_that_start_before_their_broker_begin_when_it_is_there(kafka: str, engine: AsyncEngine) -> None:
    one, health = await make(kafka, engine), Health()
    await send(kafka, heard(one), counted("c1", 1))
    host, _, port = kafka.rpartition(":")
    wire = Wire(host, int(port))
    await wire.mend()
    await wire.cut()
    by_wire = f"127.0.0.1:{wire.port}"
    async with consuming(by_wire, one, health), relaying(by_wire, one, health):
        await until(lambda: _is(lambda: "consume" in health.problems()))
        await asyncio.sleep(0.5)
        await wire.mend()
        await until(lambda: heard_all(engine, 1))
        await until(lambda: _empty(engine))
        await until(lambda: _is(lambda: not health.problems()))
    await wire.cut()
    assert len(await read(kafka, published(one))) == 1


class _Broken:
    """An engine whose database is away."""

    def connect(self) -> Any:
        raise ConnectionRefusedError("nobody there")


async def _empty(engine: AsyncEngine) -> bool:
    return await rows(engine, "SELECT count(*) FROM outbox") == [(0,)]


async def _is(condition: Any) -> bool:
    return bool(condition())


async def _all_committed(kafka: str, one: Dispatcher, number: int) -> bool:
    return await committed(kafka, one) == number
