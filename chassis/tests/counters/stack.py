"""Topics, producers and readers on the real Kafka, and the consumer and relay run for as long as a test needs them."""

from __future__ import annotations

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from chassis.dispatch import Dispatcher
from chassis.kafka import Consumer, create_topics
from chassis.relay import Relay
from chassis.wiring import Health, OutgoingFact, Service
from sqlalchemy.ext.asyncio import AsyncEngine

from counters import wire
from counters.bootstrap import service
from counters.given import FakeRecord, dispatcher


def own_service(mark: str, **parts: Any) -> Service:
    """The counters under a group and topics of their own, so that tests on one broker do not meet."""
    published = f"{wire.TOPIC}.{mark}"

    def encode(fact: object, version: int) -> OutgoingFact:
        fact_out = wire.encode(fact, version)
        return OutgoingFact(published, fact_out.key, fact_out.type, fact_out.payload)

    plain = service(f"counters.v1.Heard.{mark}")
    shape = plain.publishes[wire.TOPIC]
    own = {"name": f"counters-{mark}", "encode": encode, "publishes": {published: shape}}
    return service(f"counters.v1.Heard.{mark}", **(own | parts))


async def make(kafka: str, engine: AsyncEngine, **parts: Any) -> Dispatcher:
    """A dispatcher for a service whose topics are there."""
    one = dispatcher(engine)
    one.service = own_service(uuid.uuid4().hex[:8], **parts)
    await create_topics(kafka, 1, one.service)
    return one


def heard(one: Dispatcher) -> str:
    return next(iter(one.service.hears))


def published(one: Dispatcher) -> str:
    return next(iter(one.service.publishes))


async def make_topic(kafka: str, name: str, **settings: str) -> str:
    """One partition, and settings with dots written as underscores; answers the name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    configs = {setting.replace("_", "."): value for setting, value in settings.items()}
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])
    await admin.close()
    return name


async def send(kafka: str, topic: str, *records: FakeRecord) -> None:
    """Say these records, in order per key."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    for record in records:
        await producer.send(topic, record.value, record.key, headers=record.headers)
    await producer.stop()


async def read(kafka: str, topic: str) -> list[Any]:
    """Everything in a topic, partition by partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    ends = await consumer.end_offsets(partitions)
    found: list[Any] = []
    while len(found) < sum(ends.values()):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            found += records
    await consumer.stop()
    return found


async def committed(kafka: str, one: Dispatcher) -> int:
    """Sum of the group's committed offsets on the heard topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=one.service.name, enable_auto_commit=False)
    await consumer.start()
    offsets = [await consumer.committed(TopicPartition(heard(one), number)) for number in range(3)]
    await consumer.stop()
    return sum(offset or 0 for offset in offsets)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait for something to become true; fails after so many real seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in a server, there is no event
            await asyncio.sleep(0.05)


async def dies(role: str, kafka: str, engine: AsyncEngine, one: Dispatcher, point: str) -> None:
    """Run a role in a process of its own until it has died at the crash point."""
    url, mark = engine.url.render_as_string(hide_password=False), one.service.name.removeprefix("counters-")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "counters.dying", role, url, kafka, mark, point), cwd=Path(__file__).parent.parent
    )
    assert await asyncio.wait_for(process.wait(), 40) == -signal.SIGKILL


@asynccontextmanager
async def consuming(kafka: str, one: Dispatcher, health: Health | None = None) -> AsyncIterator[Consumer]:
    consumer = Consumer(one, kafka, health or Health())
    async with _running(consumer.run):
        yield consumer


@asynccontextmanager
async def relaying(kafka: str, one: Dispatcher, health: Health | None = None) -> AsyncIterator[None]:
    relay = Relay(one.engine, kafka, one.service.name, one.said, health or Health())
    async with _running(relay.run):
        yield


@asynccontextmanager
async def _running(run: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.ensure_future(run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


class Wire:
    """A way to a server that can be cut and mended; listens on a port of its own, which stays the same."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Whoever connects is refused, whoever is connected is thrown out."""
        if self._server is not None:
            self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        self._pipes.clear()

    async def _join(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        far, to_far = await asyncio.open_connection(self._host, self._port)
        for reader, writer in ((near, to_far), (far, to_near)):
            self._pipes.add(asyncio.create_task(self._pipe(reader, writer)))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
        finally:
            writer.close()
