"""The ticker on a real PostgreSQL: one at a time, jobs apart from each other, progress that a simulation can trust."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chassis.clock import FileClock, write_clock_file
from chassis.process import running
from chassis.settings import Settings
from chassis.telemetry import Telemetry
from chassis.testing import eventually
from chassis.testing.tracing import Recording
from chassis.ticker import Ticker
from chassis.wiring import Job, Runtime
from counters.bootstrap import service
from counters.domain import Count, Unlucky
from sqlalchemy.ext.asyncio import AsyncEngine

NOON = datetime(2026, 2, 4, 5, tzinfo=UTC)
TICKING = Callable[..., Any]


@pytest.fixture
async def clock_file(tmp_path: Path) -> Path:
    write_clock_file(tmp_path / "clock", time.time(), NOON.timestamp(), 0.0)
    return tmp_path / "clock"


@pytest.fixture
async def ticking(database: str, clock_file: Path, engine: AsyncEngine) -> AsyncIterator[TICKING]:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("TRUNCATE ticks")

    @asynccontextmanager
    async def tick(*jobs: Job, tracing: Telemetry | None = None) -> AsyncIterator[Runtime]:
        settings = Settings(service="c", database_url=database, kafka_bootstrap="127.0.0.1:1", clock_file=clock_file)
        async with running(service(jobs=jobs), settings, tracing or Telemetry()) as runtime:
            stop = asyncio.Event()
            task = asyncio.create_task(Ticker(runtime).run(stop))
            try:
                yield runtime
            finally:
                stop.set()
                await task

    yield tick


async def reached(engine: AsyncEngine) -> dict[str, datetime]:
    async with engine.connect() as connection:
        rows: Any = await connection.exec_driver_sql("SELECT job, business_time FROM ticks")
    return {row[0]: row[1] for row in rows}


def seen(times: list[datetime], every_seconds: float = 0.01, name: str = "see") -> Job:
    async def run(_runtime: Runtime, now: datetime) -> None:
        times.append(now)

    return Job(name, run, every_seconds)


async def test_a_job_gets_business_time_and_its_progress_follows(
    ticking: TICKING, clock_file: Path, engine: AsyncEngine
) -> None:
    times: list[datetime] = []
    async with ticking(seen(times)) as runtime:
        assert isinstance(runtime.clock, FileClock)
        later = datetime(2026, 2, 5, tzinfo=UTC)
        await eventually(lambda: times != [])
        write_clock_file(clock_file, time.time(), later.timestamp(), 0.0)

        async def progress() -> bool:
            return (await reached(engine)).get("see") == later

        await eventually(progress, seconds_max=1.0)
    assert times[0] == NOON and times[-1] == later


async def test_progress_is_written_only_after_a_job_has_ended(ticking: TICKING, engine: AsyncEngine) -> None:
    go = asyncio.Event()

    async def run(_runtime: Runtime, _now: datetime) -> None:
        await go.wait()

    async with ticking(Job("slow", run), seen([])):
        await asyncio.sleep(0.4)
        assert (await reached(engine)).keys() == {"see"}
        go.set()
    assert (await reached(engine)).keys() == {"see", "slow"}


async def test_a_failing_job_backs_off_and_stops_nobody(ticking: TICKING, engine: AsyncEngine) -> None:
    tried: list[float] = []
    times: list[datetime] = []

    async def run(_runtime: Runtime, _now: datetime) -> None:
        tried.append(time.monotonic())
        raise ZeroDivisionError

    async with ticking(Job("bad", run, 0.02), seen(times, 0.02)):
        await eventually(lambda: len(tried) >= 3 and len(times) > 20)
    assert len(tried) <= 10
    assert "bad" not in await reached(engine)


async def test_one_ticker_is_active_and_the_other_takes_over(ticking: TICKING) -> None:
    first: list[datetime] = []
    second: list[datetime] = []
    async with ticking(seen(second, name="second")) as standing_by:
        await eventually(lambda: second != [])
        async with ticking(seen(first)):
            await asyncio.sleep(0.5)
            assert first == []
    assert standing_by.health.seconds_since_ok("tick") < 5
    async with ticking(seen(first)):
        await eventually(lambda: first != [])


async def test_a_ticker_that_lost_its_connection_stops_its_jobs_and_starts_again(
    ticking: TICKING, engine: AsyncEngine
) -> None:
    times: list[datetime] = []
    async with ticking(seen(times)) as runtime:
        await eventually(lambda: times != [])
        async with engine.begin() as connection:
            await connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        await eventually(lambda: "tick" in runtime.health.problems())
        count = len(times)
        await eventually(lambda: len(times) > count + 5 and "tick" not in runtime.health.problems())


async def test_a_ticker_interrupted_on_a_living_connection_does_not_stand_by_for_itself(
    ticking: TICKING, engine: AsyncEngine
) -> None:
    """A lock that went back to the pool with its connection would be waited for, in good health, for ever."""
    times: list[datetime] = []

    async def run(runtime: Runtime, now: datetime) -> None:
        async with runtime.engine.connect() as connection:
            await connection.exec_driver_sql("SELECT pg_sleep(0.02)")
        times.append(now)

    async with ticking(*(Job(f"job {number}", run, 0.01) for number in range(4))) as runtime:
        await eventually(lambda: len(times) > 20)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE ticks RENAME TO ticks_away")
        await eventually(lambda: "tick" in runtime.health.problems())
        async with engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE ticks_away RENAME TO ticks")
        await eventually(lambda: "tick" not in runtime.health.problems())
        count = len(times)
        await eventually(lambda: len(times) > count + 5, seconds_max=5)


async def test_a_tick_that_does_something_has_a_root_span_and_an_idle_one_has_none(
    ticking: TICKING, engine: AsyncEngine
) -> None:
    tracing, done = Recording(), asyncio.Event()

    async def run(runtime: Runtime, _now: datetime) -> None:
        if not done.is_set():
            assert await runtime.dispatch([Count("c", 1)]) == [1]
            done.set()

    async with ticking(Job("count", run, 0.01), tracing=tracing):
        await done.wait()
        await asyncio.sleep(0.2)
    (span,) = tracing.named("tick count")
    assert span.parent is None and span.context is not None
    async with engine.connect() as connection:
        traceparent = (await connection.exec_driver_sql("SELECT traceparent FROM outbox")).scalar()
    assert traceparent is not None and traceparent[3:35] == f"{span.context.trace_id:032x}"


async def test_one_failing_command_of_a_job_fails_it_and_keeps_no_other_back(ticking: TICKING) -> None:
    done, told = asyncio.Event(), list[object]()

    async def run(runtime: Runtime, _now: datetime) -> None:
        if not done.is_set():
            with pytest.raises(Unlucky):
                await runtime.dispatch([Count("a", 13), Count("b", 1)])
            told.extend(await runtime.dispatch([Count("b", 1)]))
            done.set()

    async with ticking(Job("count", run, 0.01)):
        await asyncio.wait_for(done.wait(), 10)
    assert told == [2]
