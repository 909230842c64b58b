"""Hears the topics of a service in one consumer group, in batches, and commits offsets after COMMIT; makes topics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import IllegalStateError, KafkaError, TopicAlreadyExistsError, for_code
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from chassis import crash
from chassis.dead_letters import dead_topic
from chassis.dispatch import Dispatcher
from chassis.inbox import InboxGate, items_of
from chassis.outages import Backoff, explain, is_outage, stopped
from chassis.telemetry import count
from chassis.wiring import Health, Service, TopicShape

RECORDS_MAX = 500
"""Records of one batch, and so of one transaction."""

IDLE_MS = 10
"""How long an empty poll waits; FastStream sleeps as long again, so this is latency after a quiet moment."""

GATHERED, GATHER_SECONDS = 200, 0.05
"""A batch of the consumer, or page of the relay, smaller than this is followed by a pause: what comes then shares the
next transaction, which costs much the same for one record and for a hundred. After a quiet moment nothing waits."""

SEGMENT_MS = 86_400_000
"""A topic that forgets does so a day late at most."""

SESSION_TIMEOUT_MS = 6_000
"""How long the partitions of a consumer that died wait for their next one; the least a broker allows."""

PROBE_SECONDS = 2.0
"""How often the consumer proves that the broker answers and that it still polls."""

STALLED_SECONDS = 30.0
"""A consumer none of whose polls came back for so long is not ready: a batch never ends, or the poll itself hangs."""

COMMIT_SECONDS_MAX = 10.0
"""So long may committing offsets take. After a broker died aiokafka may wait for ever for the lock of a search for its
coordinator; the offsets go with the next commit, and until then the records may come twice."""

_log = structlog.get_logger(__name__)


async def create_topics(bootstrap: str, replication: int, service: Service) -> None:
    """Make the topics a service publishes and hears, and the dead topics of its group; existing ones are left alone."""
    heard = {topic: service.heard_shapes.get(topic, TopicShape()) for topic in service.hears}
    dead = {dead_topic(topic, service.name): TopicShape(shape.partitions) for topic, shape in heard.items()}
    await make_topics(bootstrap, replication, heard | dict(service.publishes) | dead)


async def make_topics(bootstrap: str, replication: int, shapes: Mapping[str, TopicShape]) -> None:
    """Make topics that are not there yet; raises KafkaError if the broker refuses one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [_new_topic(name, shape, replication) for name, shape in shapes.items()]
        answer = await admin.create_topics(wanted)
        for topic, code, message in (error[:3] for error in answer.topic_errors):
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(f"{topic}: {message}")
    finally:
        await admin.close()


def _new_topic(name: str, shape: TopicShape, replication: int) -> NewTopic:
    hours = shape.retention_hours
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": str(hours * 3_600_000 if hours is not None else -1),
        "retention.bytes": "-1",
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    if hours is not None:
        # A broker forgets whole segments: with its week a record would live a week longer, as long as its inbox row.
        settings["segment.ms"] = str(SEGMENT_MS)
    return NewTopic(name, shape.partitions, replication, topic_configs=settings)


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Whether the group has given us our share; it may be empty when there are more consumers than partitions."""

    def __init__(self) -> None:
        """Not yet in the group: since never."""
        self.joined_since = 0.0

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """A rebalance begins; polls wait until it is over."""
        self.joined_since = 0.0

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """A rebalance is over."""
        self.joined_since = time.monotonic()


class Consumer:
    """The `consume` role: one FastStream batch subscriber for all topics the service hears."""

    def __init__(self, dispatcher: Dispatcher, bootstrap: str, health: Health) -> None:
        """Nothing is connected until `run`."""
        service = dispatcher.service
        self._dispatcher, self._hears, self._health = dispatcher, service.hears, health
        self._gate = InboxGate(service.name, dispatcher.telemetry)
        self._backoff, self._assignment = Backoff(), Assignment()
        self._polled, self._trouble = 0.0, ""
        self._broker = KafkaBroker(
            bootstrap,
            client_id=service.name,
            allow_auto_create_topics=False,
            acks="all",
            enable_idempotence=True,
            apply_types=False,
            logger=logging.getLogger("chassis.kafka"),
            log_level=logging.DEBUG,
            graceful_timeout=15.0,
        )
        self._subscriber = self._broker.subscriber(
            *service.hears,
            group_id=service.name,
            batch=True,
            max_records=RECORDS_MAX,
            batch_timeout_ms=IDLE_MS,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=SESSION_TIMEOUT_MS // 4,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            listener=self._assignment,
            parser=self._parse,
            decoder=self._undecoded,
        )
        self._subscriber(self._take)

    async def run(self, stop: asyncio.Event) -> None:
        """Hear until told to stop; a broker that is away at the start is waited for."""
        while not stop.is_set():
            try:
                await self._broker.start()
            except (KafkaError, OSError) as error:
                self._health.failing("consume", explain(error))
                await self._broker.stop()
                await stopped(stop, self._backoff.pause())
            else:
                self._watch_polls()
                self._backoff.reset()
                break
        try:
            while not stop.is_set():
                await self._probe()
                await stopped(stop, PROBE_SECONDS)
        finally:
            await self._broker.stop()

    def _watch_polls(self) -> None:
        """Note when a poll comes back, with records or without; an idle one does so every few milliseconds."""
        consumer = self._subscriber.consumer
        assert consumer is not None
        poll = consumer.getmany

        async def getmany(*partitions: TopicPartition, **bounds: Any) -> Any:
            try:
                return await poll(*partitions, **bounds)
            finally:
                self._polled = time.monotonic()

        consumer.getmany = getmany

    async def _parse(self, records: tuple[Any, ...]) -> KafkaAckableMessage:
        """A batch as it came. FastStream's own parser decodes headers here and loses the whole batch over a bad one."""
        return KafkaAckableMessage(
            body=records, raw_message=records, headers={}, batch_headers=[], consumer=self._subscriber.consumer
        )

    async def _undecoded(self, message: KafkaAckableMessage) -> KafkaAckableMessage:
        return message

    async def _take(self, message: KafkaAckableMessage) -> None:
        """Carry out a batch, then commit its offsets; on any trouble wait, and have it delivered again."""
        items = items_of(message.raw_message, self._hears)
        try:
            if items:
                await self._dispatcher.carry_out(items, self._gate)
        except Exception as error:
            await self._again(message, error)
            return
        crash.point("dispatch.after_commit")
        count("dispatch.records", len(items))
        self._trouble = ""
        self._backoff.reset()
        try:
            async with asyncio.timeout(COMMIT_SECONDS_MAX):
                await message.ack()
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            # The records come again and the inbox knows them.
            _log.warning("offsets not committed", why=explain(error))
        if len(items) < GATHERED:
            await asyncio.sleep(GATHER_SECONDS)

    async def _again(self, message: KafkaAckableMessage, error: Exception) -> None:
        self._trouble = explain(error)
        self._health.failing("consume", self._trouble)
        if is_outage(error):
            _log.warning("waiting for the database", why=explain(error))
        else:
            _log.error("a batch cannot be carried out nor set aside", why=explain(error), exc_info=error)
        await asyncio.sleep(self._backoff.pause())
        try:
            await message.nack()
        except IllegalStateError:
            # The trouble is theirs now; what is left to us is delivered again from the committed offsets.
            self._trouble = ""
            _log.info("partition moved to another consumer meanwhile")

    async def _probe(self) -> None:
        """Ready means: broker and coordinator answer, we have our share, the loop turns, the last batch passed."""
        consumer = self._subscriber.consumer
        if consumer is None or all(task.done() for task in self._subscriber.tasks):
            self._health.failing("consume", "polling has stopped")
        elif self._trouble:
            self._health.failing("consume", self._trouble)
        elif not self._assignment.joined_since:
            self._health.failing("consume", "no partitions assigned yet")
        elif time.monotonic() - max(self._polled, self._assignment.joined_since) > STALLED_SECONDS:
            self._health.failing("consume", f"no poll for more than {STALLED_SECONDS:.0f} s")
        else:
            try:
                await asyncio.wait_for(self._ask(consumer), PROBE_SECONDS * 2)
            except (KafkaError, OSError) as error:
                self._health.failing("consume", explain(error))
            else:
                self._health.ok("consume")

    async def _ask(self, consumer: AIOKafkaConsumer) -> None:
        """The broker for its topics, and the group's coordinator, without whom no offset is committed, for ours."""
        await consumer.topics()
        for partition in sorted(consumer.assignment())[:1]:
            await consumer.committed(partition)
