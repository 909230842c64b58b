"""Things tests start from: a dispatcher on a clock that stands still, records as Kafka would hand them over."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chassis.dispatch import Dispatcher
from chassis.inbox import InboxGate, items_of
from chassis.telemetry import Telemetry
from chassis.wiring import Service
from sqlalchemy.ext.asyncio import AsyncEngine

from counters.bootstrap import service
from counters.wire import CounterEvent

NOW = datetime(2026, 2, 4, 6, tzinfo=UTC)
HEARD = "counters.v1.Heard"


class StandingClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class FakeRecord:
    """As aiokafka's ConsumerRecord, as far as we look."""

    value: bytes | None
    key: bytes | None = b"c1"
    offset: int = 0
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    topic: str = HEARD
    partition: int = 0


def counted(counter_id: str, amount: int, note: str = "", id: str = "", offset: int = 0, trace: str = "") -> FakeRecord:
    event = CounterEvent(counter_id=counter_id, version=1)
    event.counted.amount, event.counted.note = amount, note
    headers: list[tuple[str, bytes | None]] = [("ce_id", (id or str(uuid.uuid4())).encode())]
    if trace:
        headers.append(("traceparent", trace.encode()))
    return FakeRecord(event.SerializeToString(), counter_id.encode(), offset, headers)


def dispatcher(engine: AsyncEngine, telemetry: Telemetry | None = None, **parts: Any) -> Dispatcher:
    wired: Service = service(**parts)
    return Dispatcher(wired, engine, StandingClock(), telemetry or Telemetry())


async def hear(dispatcher: Dispatcher, *records: FakeRecord) -> None:
    """What the consumer does with one batch, without Kafka."""
    items = items_of(records, dispatcher.service.hears)
    await dispatcher.carry_out(items, InboxGate(dispatcher.service.name, dispatcher.telemetry))


async def rows(engine: AsyncEngine, sql: str) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.exec_driver_sql(sql)]


async def totals(engine: AsyncEngine) -> dict[str, int]:
    return dict(await rows(engine, "SELECT id, total FROM counters"))


async def said(engine: AsyncEngine, topic: str = "counters.v1.CounterEvent") -> list[tuple[str, int, int]]:
    """Key, version and total of every fact in the outbox, in its order."""
    found = await rows(engine, f"SELECT payload FROM outbox WHERE topic = '{topic}' ORDER BY seq")
    events = [CounterEvent.FromString(row[0]) for row in found]
    return [(event.counter_id, event.version, event.counted.amount) for event in events]


async def letters(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    return await rows(engine, "SELECT lane, state, reason FROM dead_letters ORDER BY id")


async def dead_headers(engine: AsyncEngine) -> list[dict[str, str]]:
    found = await rows(engine, "SELECT headers::text FROM outbox WHERE headers IS NOT NULL ORDER BY seq")
    return [json.loads(row[0]) for row in found]
