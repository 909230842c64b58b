"""A whole service in a test: on a real database, served, with a clock moved by hand and with ears."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import migrate
from chassis.access import Caller
from chassis.inbox import InboxGate, items_of
from chassis.status import reason_of
from chassis.testing.clocks import HandClock
from chassis.testing.serving import CALLERS, Served, serving
from chassis.wiring import Service

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
"""The trace that what is heard belongs to."""

CALL_SECONDS = 20

EMPTY = """
    DO $$ BEGIN EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'); END $$"""


@dataclass
class Record:
    """As the consumer sees one, as far as it looks; a new event id each."""

    topic: str
    value: bytes | None
    key: bytes | None = b"key"
    offset: int = 0
    partition: int = 0
    headers: list[tuple[str, bytes | None]] = field(
        default_factory=lambda: [("ce_id", uuid.uuid4().hex.encode()), ("traceparent", TRACE.encode())]
    )


def record_of(event: Message) -> Record:
    """An event as a record of its topic."""
    return Record(event.DESCRIPTOR.full_name, event.SerializeToString())


async def refused(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """The status code and the reason of a call, which must fail."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return error.code(), reason_of(error)
    raise AssertionError(f"not refused: {answer}")


@dataclass
class House:
    """The service under test: its RPCs, its ears, its outbox, its jobs and its clock.

    A service names its `stubs`, and how often each event is heard: again as a new event, which must change nothing.
    """

    served: Served
    clock: HandClock

    stubs: ClassVar[tuple[Callable[[Any], Any], ...]] = ()
    heard_times: ClassVar[int] = 1

    def stub(self, token: str = "operator") -> Any:
        """Every call of the service, with a deadline, as the owner of a token."""
        made = self.served.channel(token)
        calls = {name: call for stub in self.stubs for name, call in vars(stub(made)).items()}
        return SimpleNamespace(**{name: partial(call, timeout=CALL_SECONDS) for name, call in calls.items()})

    async def hear(self, *events: Message) -> None:
        """Hear events as one batch; what is dead-lettered fails the test."""
        for _ in range(self.heard_times):
            await self.hear_records(*map(record_of, events))

    async def hear_records(self, *records: Record) -> None:
        """Hear records as one batch, once; what is dead-lettered fails the test."""
        runtime = self.served.runtime
        items = items_of(records, runtime.service.hears)
        await runtime.dispatcher.carry_out(items, InboxGate(runtime.service.name, runtime.dispatcher.telemetry))
        assert [item.error for item in items if item.error] == []

    async def tick(self, *names: str, **passed: float) -> None:
        """Business time passes (`minutes=5`), then the jobs named, or all, run once."""
        self.clock.move(timedelta(**passed))
        for job in self.served.runtime.service.jobs:
            if not names or job.name in names:
                await job.run(self.served.runtime, self.clock.now())

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query answers."""
        async with self.served.runtime.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(sql)]


H = TypeVar("H", bound=House)


@asynccontextmanager
async def migrated(postgres: Any, service: Service) -> AsyncIterator[str]:
    """A database of the service's tables; migrating twice changes nothing, and code and migrations agree."""
    url = postgres.create_database(service.name)
    engine = create_async_engine(url)
    await migrate.upgrade(engine, service.migrations)
    await migrate.upgrade(engine, service.migrations)
    await migrate.check(engine, service.migrations)
    await engine.dispose()
    yield url
    postgres.drop_database(url)


@asynccontextmanager
async def housed(
    kind: type[H], service: Service, database_url: str, now: datetime, callers: Sequence[Caller] = CALLERS, **more: Any
) -> AsyncIterator[H]:
    """The service on empty tables at a business time; `more` are the fields a house of its own has."""
    clock = HandClock(now)
    async with serving(service, database_url, clock=clock, callers=callers) as served:
        async with served.runtime.engine.begin() as connection:
            await connection.exec_driver_sql(EMPTY)
        yield kind(served=served, clock=clock, **more)
