"""Business time moves only when everybody has ticked, heard everything and said everything."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from chassis.kafka import make_topics
from chassis.tables import TABLES_0001
from chassis.wiring import TopicShape
from simulation.quiet import NoRest, Quiet

from simulation import quiet

NOW = datetime(2026, 2, 4, 6, tzinfo=UTC)
OUTBOX = "INSERT INTO outbox (id, topic, key, type, occurred_time, payload, traceparent, shard) VALUES"
EFFECT = (
    "INSERT INTO effects (key, aggregate_id, kind, wish, trace, state, attempts, next_try_time, problem, wished_time)"
)


@pytest.fixture
async def database(postgres: Any) -> AsyncIterator[str]:
    url: str = postgres.create_database("quiet")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for statement in TABLES_0001:
        await connection.execute(statement)
    await connection.close()
    yield url
    postgres.drop_database(url)


async def test_nothing_moves_while_a_tick_a_fact_or_an_effect_is_under_way(
    database: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = f"quiet-{uuid.uuid4().hex[:8]}"
    topic = f"{group}.heard"
    await make_topics(kafka, 1, {topic: TopicShape(1), f"{topic}.{group}.dead": TopicShape(1)})
    looking = Quiet({group: database}, kafka)
    monkeypatch.setattr(quiet, "REST_SECONDS_MAX", 0.3)
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))

    async def busy(why: str) -> None:
        with pytest.raises(NoRest, match=why):
            await looking.wait(NOW)

    await busy("has not ticked")
    await connection.execute("INSERT INTO ticks VALUES ('job', $1, now())", NOW)
    await looking.wait(NOW)
    await _say(kafka, topic)
    await busy("1 facts behind")
    await _hear(kafka, topic, group)
    await looking.wait(NOW)
    await connection.execute(f"{OUTBOX} (uuidv7(), 't', 'k', 'x', now(), '', '', 0)")
    await busy("1 facts to say")
    await connection.execute("DELETE FROM outbox")
    await connection.execute(f"{EFFECT} VALUES ('k', 'a', 'w', '{{}}', '', 'unknown', 1, now(), '', now())")
    await busy("1 effects to carry out")
    await connection.execute("UPDATE effects SET state = 'done'")
    await looking.wait(NOW)
    await connection.execute("UPDATE ticks SET business_time = '2026-02-03'")
    await busy("has not ticked")
    looking.away.add(group)
    await looking.wait(NOW)
    await connection.close()
    await looking.close()


async def _say(kafka: str, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    await producer.send_and_wait(topic, b"fact")
    await producer.stop()


async def _hear(kafka: str, topic: str, group: str) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.commit({TopicPartition(topic, 0): 1})
    await consumer.stop()
