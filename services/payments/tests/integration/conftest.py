"""A migrated database of payments, a served service on it, and what the others say as records."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from chassis.inbox import InboxGate, items_of
from chassis.testing import HandClock
from chassis.testing.serving import Served, serving
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from google.protobuf.message import Message
from payments.bootstrap import SERVICE
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import migrate

from .speech import NOW

TRACE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
TABLES = "payments, bank_transfers, refunds, cod_parcels, cod_statements, ledger_entries, ledger_balances"


@dataclass
class Record:
    """As the consumer sees one, as far as it looks."""

    topic: str
    value: bytes | None
    key: bytes | None = b"key"
    offset: int = 0
    partition: int = 0
    headers: list[tuple[str, bytes | None]] = field(
        default_factory=lambda: [("ce_id", uuid.uuid4().hex.encode()), ("traceparent", TRACE.encode())]
    )


@dataclass
class House:
    """The service under test: its RPCs, its ears, its outbox, its jobs and its clock."""

    served: Served
    clock: HandClock

    def stub(self, token: str = "operator") -> Any:
        """PaymentsServiceStub whose calls have a deadline."""
        stub: Any = PaymentsServiceStub(self.served.channel(token))
        return SimpleNamespace(**{name: partial(call, timeout=10) for name, call in vars(stub).items()})

    async def hear(self, *events: Message) -> None:
        """Hear events twice, as batches of their own event ids; what is dead-lettered fails the test."""
        dispatcher = self.served.runtime.dispatcher
        for _ in range(2):
            items = items_of(
                [Record(event.DESCRIPTOR.full_name, event.SerializeToString()) for event in events], SERVICE.hears
            )
            await dispatcher.carry_out(items, InboxGate("payments", dispatcher.telemetry))
            assert [item.error for item in items if item.error] == []

    async def pass_time(self, minutes: float) -> None:
        """Move the business clock and let the jobs notice."""
        self.clock.move(timedelta(minutes=minutes))
        for job in SERVICE.jobs:
            await job.run(self.served.runtime, self.clock.now())

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.served.runtime.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(sql)]

    async def said(self, order_id: str) -> list[str]:
        """Kinds of what payments said of an order, in order; versions must have no gap at the end."""
        found = await self.rows(f"SELECT payload FROM outbox WHERE key = '{order_id}' ORDER BY seq")
        events = [PaymentEvent.FromString(row[0]) for row in found]
        versions = [event.version for event in events]
        assert versions == sorted(set(versions))
        return [event.WhichOneof("fact") or "" for event in events]


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    url = postgres.create_database("payments")
    engine = create_async_engine(url)
    await migrate.upgrade(engine, SERVICE.migrations)
    await migrate.upgrade(engine, SERVICE.migrations)
    await migrate.check(engine, SERVICE.migrations)
    await engine.dispose()
    yield url
    postgres.drop_database(url)


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """The service on empty tables, at 13:30 of the market day."""
    clock = HandClock(NOW)
    async with serving(SERVICE, database, clock=clock) as served:
        async with served.runtime.engine.begin() as connection:
            await connection.exec_driver_sql(f"TRUNCATE {TABLES}, inbox, outbox, requests, dead_letters")
        yield House(served, clock)
