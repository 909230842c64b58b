"""Business time shows in domain fields and ce_time; everything else that has a time has the real one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chassis.testing import HandClock
from chassis.testing.serving import serving
from chassis.testing.tracing import Recording
from counters.asking import COUNTERS, count, outcome
from counters.given import NOW, counted, rows
from counters.speech import SPOKEN, Stub
from counters.stack import consuming, heard, make, published, read, relaying, send, until
from sqlalchemy.ext.asyncio import AsyncEngine


def is_now(moment: datetime) -> bool:
    return abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


async def test_kafka_inbox_and_ids_have_real_time_and_the_facts_business_time(kafka: str, engine: AsyncEngine) -> None:
    """A broker would refuse records of a business day to come, and forget those of one long past."""
    one = await make(kafka, engine)
    await send(kafka, heard(one), counted("c1", 1), counted("c2", 13))
    async with consuming(kafka, one), relaying(kafka, one):
        await until(lambda: _is(engine, "SELECT count(*) FROM inbox", 2))
        await until(lambda: _is(engine, "SELECT count(*) FROM outbox", 0))
    [fact] = await read(kafka, published(one))
    headers = dict(fact.headers)
    assert headers["ce_time"].decode() == NOW.isoformat().replace("+00:00", "Z")
    assert is_now(datetime.fromtimestamp(fact.timestamp / 1000, UTC))
    assert is_now(datetime.fromtimestamp((UUID(headers["ce_id"].decode()).int >> 80) / 1000, UTC))
    assert await rows(engine, "SELECT counted_time FROM counters") == [(NOW,)]
    times = await rows(engine, "SELECT received_time FROM inbox UNION ALL SELECT received_time FROM dead_letters")
    assert len(times) == 3 and all(is_now(moment) for (moment,) in times)


async def test_requests_spans_and_deadlines_have_real_time(database: str, engine: AsyncEngine) -> None:
    tracing, clock = Recording(), HandClock(datetime(2031, 1, 1, tzinfo=UTC))
    async with serving(COUNTERS, database, clock=clock, tracing=tracing) as served:
        stub = Stub(served.channel())
        assert await outcome(stub.Count(count(), timeout=5)) == 1
        clock.move(timedelta(days=400))
        began = time.monotonic()
        assert (
            await outcome(stub.Misbehave(SPOKEN["MisbehaveRequest"](how="sleep"), timeout=0.3)) == "DEADLINE_EXCEEDED"
        )
        assert 0.2 < time.monotonic() - began < 5
    assert [row[0].year for row in await rows(engine, "SELECT counted_time FROM counters")] == [2031]
    assert [is_now(row[0]) for row in await rows(engine, "SELECT received_time FROM requests")] == [True]
    started = [span.start_time for span in tracing.spans if span.start_time is not None]
    assert started and all(is_now(datetime.fromtimestamp(moment / 1e9, UTC)) for moment in started)


async def _is(engine: AsyncEngine, statement: str, number: int) -> bool:
    return await rows(engine, statement) == [(number,)]
