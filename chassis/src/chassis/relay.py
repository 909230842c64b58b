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
from chassis.outages import Backoff, Showable, explain, is_outage
from chassis.telemetry import count
from chassis.wiring import Health

LOCK = 7_270_002
"""Session advisory lock of a database's one relay."""

ROWS_MAX = 1_000
"""Rows sent in one go; their acknowledgements are awaited together."""

POLL_SECONDS = 0.25
"""How long the relay sleeps when nobody wakes it; a commit in another process is found this late."""

GATHERED, GATHER_SECONDS = 200, 0.05
"""A page smaller than this is followed by a pause: what is said meanwhile shares the next one. A fact after a quiet
moment never waits."""

STANDBY_SECONDS = 1.0
"""How often a relay that is not the one asks whether it may be."""

STUCK_SECONDS = 5.0
"""How long a key rests whose fact the broker refuses; the others go on."""

REQUEST_TIMEOUT_MS = 10_000

FETCH = """
    SELECT seq, id, topic, key, type, occurred_time, payload, traceparent, headers::text
    FROM outbox ORDER BY seq LIMIT $1"""

DELETE = "DELETE FROM outbox WHERE seq = ANY($1::bigint[])"

_log = structlog.get_logger(__name__)
Key = tuple[str, str]


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
                        # Back in the pool it would keep the lock, and nobody could relay any more.
                        await opened.invalidate()
            except Exception as error:
                self._health.failing("relay", explain(error))
                log = _log.warning if is_outage(error) or isinstance(error, Refused) else _log.error
                log("relay interrupted", why=explain(error))
                await self._drop_producer()
                await _sleep(stop, backoff.pause())
        await self._drop_producer()

    async def _lead(self, connection: AsyncConnection, stop: asyncio.Event, backoff: Backoff) -> None:
        """Wait to be the one, then relay page after page; the lock lives and dies with the connection."""
        while not (await connection.exec_driver_sql("SELECT pg_try_advisory_lock($1)", (LOCK,))).scalar():
            self._health.ok("relay")
            if await _sleep(stop, STANDBY_SECONDS):
                return
        while not stop.is_set():
            self._said.clear()
            sent = await self._page(connection)
            if self._resting:
                self._health.failing("relay", f"the broker refuses facts of {len(self._resting)} keys")
            else:
                self._health.ok("relay")
            backoff.reset()
            if 0 < sent < GATHERED:
                await _sleep(stop, GATHER_SECONDS)
            elif not sent:
                await _wake(self._said, stop, POLL_SECONDS)

    async def _page(self, connection: AsyncConnection) -> int:
        """Send one page and delete what arrived; answers how many rows it had, raises Refused if some stayed."""
        now = asyncio.get_running_loop().time()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        rows = [Row(*row) for row in await sql.fetch_autocommit(connection, FETCH, ROWS_MAX)]
        wanted = [row for row in rows if (row.topic, row.key) not in self._resting]
        if not wanted:
            return 0
        crash.point("relay.before_send")
        failures = await (self._send_singly(wanted) if self._careful else self._send_together(wanted))
        crash.point("relay.after_send")
        if arrived := _arrived(wanted, failures):
            await sql.fetch_autocommit(connection, DELETE, arrived)
            count("relay.sent", len(arrived))
        self._careful = bool(failures) and not self._careful
        if failures:
            error = next(iter(failures.values()))
            raise Refused(f"{len(failures)} of {len(wanted)} facts not taken, the first for {explain(error)}")
        return len(rows)

    async def _send_together(self, rows: Sequence[Row]) -> dict[int, BaseException]:
        """All in flight at once, one batch a partition in the order of the outbox. Answers the failures by seq."""
        producer = await self._ready_producer()
        flying: list[tuple[list[Row], asyncio.Future[Any]]] = []
        failures: dict[int, BaseException] = {}
        for topic, of_topic in _grouped(rows, lambda row: row.topic).items():
            try:
                partitions = len(await producer.partitions_for(topic))
                by_partition = _grouped(of_topic, lambda row, count=partitions: partition_of(row.key, count))
                for partition, share in by_partition.items():
                    flying += await self._fly(producer, topic, partition, share)
            except KafkaError as error:
                # What of this topic is flying already answers for itself below.
                failures |= {row.seq: error for row in of_topic}
        for share, future in flying:
            try:
                await future
            except KafkaError as error:
                failures |= {row.seq: error for row in share}
        return failures

    async def _fly(
        self, producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[Row]
    ) -> list[tuple[list[Row], asyncio.Future[Any]]]:
        """Rows of one partition as few batches as they fit in. Far cheaper than a send() for each."""
        flying: list[tuple[list[Row], asyncio.Future[Any]]] = []
        share: list[Row] = []
        batch = producer.create_batch()
        for row in rows:
            record: dict[str, Any] = {"timestamp": None, "key": row.key.encode() or None, "value": row.payload}
            record["headers"] = _headers(row, self._source)
            if batch.append(**record) is None:
                flying.append((share, await producer.send_batch(batch, topic, partition=partition)))
                batch, share = producer.create_batch(), []
                batch.append(**record)
            share.append(row)
        flying.append((share, await producer.send_batch(batch, topic, partition=partition)))
        return flying

    async def _send_singly(self, rows: Sequence[Row]) -> dict[int, BaseException]:
        """After a failure: one by one, to find the fact the broker refuses; its key rests, the others go on."""
        failures: dict[int, BaseException] = {}
        for position, row in enumerate(rows):
            key = (row.topic, row.key)
            if key in self._resting:
                continue
            try:
                await (await self._send(await self._ready_producer(), row))
            except KafkaError as error:
                failures[row.seq] = error
                await self._drop_producer()
                if error.retriable and not isinstance(error, UnknownTopicOrPartitionError):
                    return failures | {late.seq: error for late in rows[position:]}
                self._resting[key] = asyncio.get_running_loop().time() + STUCK_SECONDS
                count("relay.refused")
                _log.error("the broker refuses a fact", topic=row.topic, seq=row.seq, why=explain(error))
        return failures | {row.seq: Refused() for row in rows if (row.topic, row.key) in self._resting}

    async def _send(self, producer: AIOKafkaProducer, row: Row) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = await producer.send(
            row.topic, row.payload, row.key.encode() or None, headers=_headers(row, self._source)
        )
        return future

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id=f"{self._service}-relay",
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
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


def _headers(row: Row, source: bytes) -> Headers:
    if row.headers is not None:
        return [(name, value.encode()) for name, value in msgspec.json.decode(row.headers, type=dict[str, str]).items()]
    return headers_of(source, str(row.id), row.type, row.key.encode(), row.occurred_time, row.traceparent)


async def _sleep(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep, but not longer than until the stop; answers whether it came."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


async def _wake(said: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    """Sleep until something was said, the stop, or the poll."""
    tasks = [asyncio.ensure_future(said.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
