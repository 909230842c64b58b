"""A migrated database of catalog, a served service on it, and what orders says as records."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from catalog.bootstrap import SERVICE
from chassis.inbox import InboxGate, items_of
from chassis.testing import HandClock
from chassis.testing.serving import Served, serving
from chophien.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from chophien.catalog.v1.stock_event_pb2 import StockEvent
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import migrate

from .speech import NOW, TRACE, open_shop

TABLES = "sellers, products, stocks, livestream_sessions, stock_holds, restocks"


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
        """CatalogServiceStub whose calls have a deadline."""
        stub: Any = CatalogServiceStub(self.served.channel(token))
        return SimpleNamespace(**{name: partial(call, timeout=10) for name, call in vars(stub).items()})

    async def hear(self, *events: Message) -> None:
        """Hear events twice, as batches of their own event ids; what is dead-lettered fails the test."""
        dispatcher = self.served.runtime.dispatcher
        for _ in range(2):
            items = items_of(
                [Record(event.DESCRIPTOR.full_name, event.SerializeToString()) for event in events], SERVICE.hears
            )
            await dispatcher.carry_out(items, InboxGate("catalog", dispatcher.telemetry))
            assert [item.error for item in items if item.error] == []

    async def run_jobs(self, hours: float = 0) -> None:
        """Move the business clock and let the jobs notice."""
        self.clock.move(timedelta(hours=hours))
        for job in SERVICE.jobs:
            await job.run(self.served.runtime, self.clock.now())

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.served.runtime.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(sql)]

    async def levels(self, product_id: str = "noodles") -> tuple[Any, ...]:
        """On hand, held, sold."""
        columns = "on_hand_quantity, held_quantity, sold_quantity"
        (row,) = await self.rows(f"SELECT {columns} FROM stocks WHERE id = '{product_id}'")
        return row

    async def said(self, order_id: str) -> list[str]:
        """Kinds of what catalog said of an order, in order and numbered without gaps."""
        found = await self.rows(f"SELECT payload, traceparent FROM outbox WHERE key = '{order_id}' ORDER BY seq")
        events = [StockEvent.FromString(row[0]) for row in found]
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert {row[1][3:35] for row in found} <= {TRACE[3:35]}
        return [event.WhichOneof("fact") or "" for event in events]


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    url = postgres.create_database("catalog")
    engine = create_async_engine(url)
    await migrate.upgrade(engine, SERVICE.migrations)
    await migrate.upgrade(engine, SERVICE.migrations)
    await migrate.check(engine, SERVICE.migrations)
    await engine.dispose()
    yield url
    postgres.drop_database(url)


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """The service on empty tables, at 13:00 of the market day."""
    clock = HandClock(NOW)
    async with serving(SERVICE, database, clock=clock) as served:
        async with served.runtime.engine.begin() as connection:
            await connection.exec_driver_sql(f"TRUNCATE {TABLES}, inbox, outbox, requests, dead_letters")
        yield House(served, clock)


@pytest.fixture
async def shop(house: House) -> House:
    """Ten noodle bags of seller-1 on the shelf, offered live with a quota of 5."""
    await open_shop(house.stub())
    return house
