"""Sends the outbox to Kafka, in order per key, and forgets what the broker has; one at a time per service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from aiokafka.partitioner import murmur2
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import crash, sql
from chassis.cloudevents import Headers, headers_of
from chassis.kafka import GATHER_SECONDS, GATHERED
from chassis.outages import Backoff, Showable, explain, is_outage, stopped
from chassis.telemetry import count
from chassis.wiring import Health

LOCK = 7_270_002
"""Session advisory lock of a database's one relay."""

ROWS_MAX = 1_000
"""Rows sent in one go; their acknowledgements are awaited together."""

POLL_SECONDS = 0.25
"""How long the relay sleeps when nobody wakes it; a commit in another process is found this late."""

STANDBY_SECONDS = 1.0
"""How often a relay that is not the one asks whether it may be."""

STUCK_SECONDS = 5.0
"""How long a key rests whose fact the broker refuses, or a topic that is not there; the others go on."""

TOPIC_SECONDS_MAX = 2.0
"""How long the broker may take to tell about a topic; longer means that there is none."""

REQUEST_TIMEOUT_MS = 10_000

COLUMNS = "seq, id, topic, key, type, occurred_time, payload, traceparent, headers::text"

FETCH = f"SELECT {COLUMNS} FROM outbox ORDER BY seq LIMIT $1"

# What rests must not fill the page, or one refused key would hold up the whole service.
FETCH_OTHERS = f"""
    SELECT {COLUMNS} FROM outbox WHERE NOT EXISTS (
        SELECT FROM unnest($2::text[], $3::text[]) AS resting(t, k) WHERE t = topic AND (k = key OR k IS NULL))
    ORDER BY seq LIMIT $1"""

DELETE = "DELETE FROM outbox WHERE seq = ANY($1::bigint[])"

_log = structlog.get_logger(__name__)
Key = tuple[str, str | None]
"""Topic and key; no key means the whole topic."""


class Row(NamedTuple):
    """A row of the outbox; `headers` is JSON and stands only in culprits' rows."""

    seq: int
    id: UUID
    topic: str
    key: str
    type: str
    occurred_time: datetime
    payload: bytes
    traceparent: str
    headers: str | None


class Refused(Showable):
    """The broker did not take some rows; the producer's sequence is broken from there."""


class Relay:
    """The `relay` role. Survives the loss of database and broker; what it sends twice, inboxes drop."""

    def __init__(self, engine: AsyncEngine, bootstrap: str, service: str, said: asyncio.Event, health: Health) -> None:
        """`said` wakes it: the dispatcher of the same process sets it after a commit."""
        self._engine, self._bootstrap, self._service = engine, bootstrap, service
        self._said, self._health = said, health
        self._source = f"/services/{service}".encode()
        self._producer: AIOKafkaProducer | None = None
        self._careful = False
        self._resting: dict[Key, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with self._engine.connect() as opened:
                    connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
                    try:
                        await self._lead(connection, stop, backoff)
                    finally:
                        await opened.invalidate()  # In the pool it would keep the lock, and nobody could relay.
            except Exception as error:
                self._health.failing("relay", explain(error))
                log = _log.warning if is_outage(error) or isinstance(error, Refused) else _log.error
                log("relay interrupted", why=explain(error))
                await self._drop_producer()
                await stopped(stop, backoff.pause())
        await self._drop_producer()

    async def _lead(self, connection: AsyncConnection, stop: asyncio.Event, backoff: Backoff) -> None:
        """Wait to be the one, then relay page after page; the lock lives and dies with the connection."""
        while not (await connection.exec_driver_sql("SELECT pg_try_advisory_lock($1)", (LOCK,))).scalar():
            self._health.ok("relay")
            if await stopped(stop, STANDBY_SECONDS):
                return
        while not stop.is_set():
            self._said.clear()
            sent = await self._page(connection)
            if self._resting:
                self._health.failing("relay", f"the broker refuses facts of {len(self._resting)} keys or topics")
            else:
                self._health.ok("relay")
            backoff.reset()
            if 0 < sent < GATHERED:
                await stopped(stop, GATHER_SECONDS)
            elif not sent:
                await _wake(self._said, stop, POLL_SECONDS)

    async def _page(self, connection: AsyncConnection) -> int:
        """Send one page and delete what arrived; answers how many rows it had, raises Refused if some stayed."""
        rows = await self._fetch(connection)
        if not rows:
            return 0
        crash.point("relay.before_send")
        failures = await (self._send_singly(rows) if self._careful else self._send_together(rows))
        crash.point("relay.after_send")
        if arrived := _arrived(rows, failures):
            await sql.fetch_autocommit(connection, DELETE, arrived)
            count("relay.sent", len(arrived))
        unsettled = [failures[row.seq] for row in rows if row.seq in failures and not self._rests(row)]
        self._careful = bool(unsettled) and not self._careful
        if unsettled:
            raise Refused(f"{len(unsettled)} of {len(rows)} facts not taken, the first for {explain(unsettled[0])}")
        return len(rows)

    async def _fetch(self, connection: AsyncConnection) -> list[Row]:
        """The next page, without what rests."""
        now = asyncio.get_running_loop().time()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        topics_and_keys = zip(*self._resting, strict=True)
        statement = FETCH_OTHERS if self._resting else FETCH
        return [Row(*row) for row in await sql.fetch_autocommit(connection, statement, ROWS_MAX, *topics_and_keys)]

    def _rests(self, row: Row) -> bool:
        return (row.topic, row.key) in self._resting or (row.topic, None) in self._resting

    def _rest(self, topic: str, key: str | None, why: str) -> None:
        self._resting[topic, key] = asyncio.get_running_loop().time() + STUCK_SECONDS
        count("relay.refused")
        _log.error("the broker refuses facts", topic=topic, whole_topic=key is None, why=why)

    async def _send_together(self, rows: Sequence[Row]) -> dict[int, BaseException]:
        """All partitions at once, each in the order of the outbox. Answers the failures by seq."""
        producer = await self._ready_producer()
        flying: list[asyncio.Task[dict[int, BaseException]]] = []
        failures: dict[int, BaseException] = {}
        for topic, of_topic in _grouped(rows, lambda row: row.topic).items():
            try:
                async with asyncio.timeout(TOPIC_SECONDS_MAX):
                    partitions = len(await producer.partitions_for(topic))
            except (TimeoutError, KafkaError) as error:
                self._rest(topic, None, explain(error))
                failures |= {row.seq: error for row in of_topic}
                continue
            by_partition = _grouped(of_topic, lambda row, count=partitions: partition_of(row.key, count))
            flying += [asyncio.create_task(self._send_share(producer, topic, *share)) for share in by_partition.items()]
        for failed in await asyncio.gather(*flying):
            failures |= failed
        return failures

    async def _send_share(
        self, producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[Row]
    ) -> dict[int, BaseException]:
        """Rows of one partition in as few batches as they fit in; far cheaper than a send() for each.

        One batch waits for the other: a broker that has seen nothing yet of a new producer takes the second although
        it refused the first, and then a key's later fact would lie before its earlier one.
        """
        start = 0
        try:
            while start < len(rows):
                batch, end = producer.create_batch(), start
                while end < len(rows) and _append(batch, rows[end], self._source):
                    end += 1
                await (await producer.send_batch(batch, topic, partition=partition))
                start = end
        except KafkaError as error:
            return {row.seq: error for row in rows[start:]}
        return {}

    async def _send_singly(self, rows: Sequence[Row]) -> dict[int, BaseException]:
        """After a failure: one by one, to find the fact the broker refuses; its key rests, the others go on."""
        failures: dict[int, BaseException] = {}
        for position, row in enumerate(rows):
            if self._rests(row):
                continue
            try:
                producer = await self._ready_producer()
                key, headers = row.key.encode() or None, _headers(row, self._source)
                await (await producer.send(row.topic, row.payload, key, headers=headers))
            except KafkaError as error:
                failures[row.seq] = error
                await self._drop_producer()
                missing = isinstance(error, UnknownTopicOrPartitionError)
                if error.retriable and not missing:
                    return failures | {late.seq: error for late in rows[position:]}
                self._rest(row.topic, None if missing else row.key, explain(error))
        return failures | {row.seq: Refused() for row in rows if self._rests(row)}

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id=f"{self._service}-relay",
                acks="all",
                enable_idempotence=True,
                max_batch_size=256 * 1024,
                max_request_size=1024 * 1024,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        """A new producer has a new sequence; the old one would fail every later send to the same partition."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, OSError):
                await asyncio.wait_for(producer.stop(), REQUEST_TIMEOUT_MS / 1000)


@lru_cache(maxsize=50_000)
def partition_of(key: str, partitions: int) -> int:
    """Where every Kafka client puts this key. The hash is pure Python, and an order speaks several times."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)


def _grouped(rows: Sequence[Row], by: Callable[..., Any]) -> dict[Any, list[Row]]:
    """In the order they came, by group."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    return groups


def _arrived(rows: Sequence[Row], failures: dict[int, BaseException]) -> list[int]:
    """Per key everything up to its first failure."""
    if not failures:
        return [row.seq for row in rows]
    broken: set[Key] = set()
    arrived = []
    for row in rows:
        key = (row.topic, row.key)
        if row.seq in failures:
            broken.add(key)
        elif key not in broken:
            arrived.append(row.seq)
    return arrived


def _append(batch: Any, row: Row, source: bytes) -> bool:
    """Whether it still fitted in; the first one always does."""
    record: dict[str, Any] = {"timestamp": None, "key": row.key.encode() or None, "value": row.payload}
    return batch.append(**record, headers=_headers(row, source)) is not None


def _headers(row: Row, source: bytes) -> Headers:
    if row.headers is not None:
        return [(name, value.encode()) for name, value in msgspec.json.decode(row.headers, type=dict[str, str]).items()]
    return headers_of(source, str(row.id), row.type, row.key.encode(), row.occurred_time, row.traceparent)


async def _wake(said: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    """Sleep until something was said, the stop, or the poll."""
    tasks = [asyncio.ensure_future(event.wait()) for event in (said, stop)]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
