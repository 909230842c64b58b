"""Runs a service's jobs by the clock: one ticker a service at a time, every job on its own, progress written down."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import telemetry
from chassis.outages import Backoff, explain, is_outage, stopped
from chassis.wiring import Job, Runtime

LOCK = 7_270_003
"""Session advisory lock of a database's one ticker."""

STANDBY_SECONDS = 1.0
"""How often a ticker that is not the one asks whether it may be."""

PROGRESS_SECONDS = 2.0
"""How often progress is written while business time runs by itself; it also proves that the lock is still ours."""

STEP_SECONDS = 0.05
"""How often a ticker with a clock file looks whether jobs have seen a new time."""

LOOK_SECONDS = 0.025
"""How often a resting job with a clock file looks whether business time has jumped."""

JUMP = timedelta(seconds=30)
"""Business time that passes between two looks only when somebody moves the clock in steps."""

STUCK_SECONDS = 60.0
"""A job that runs longer than this is reported; it is not cut off, planning may take its time."""

PROGRESS = """
    INSERT INTO ticks (job, business_time, ticked_time)
    SELECT r.job, r.business_time, $3 FROM unnest($1::text[], $2::timestamptz[]) AS r(job, business_time)
    ON CONFLICT (job) DO UPDATE SET business_time = excluded.business_time, ticked_time = excluded.ticked_time"""

_log = structlog.get_logger(__name__)


class Ticker:
    """The `tick` role. A failing job is retried with back-off and never stops the others."""

    def __init__(self, runtime: Runtime) -> None:
        """Jobs are those of the service."""
        self._runtime = runtime
        self._stepping = runtime.settings.clock_file is not None
        self._reached: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}
        self._busy_since: dict[str, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until told to stop; jobs under way get to their end."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with self._runtime.engine.connect() as opened:
                    connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
                    try:
                        await self._lead(connection, stop, backoff)
                    finally:
                        # Back in the pool it would keep the lock, and no job would run any more.
                        await opened.invalidate()
            except Exception as error:
                self._runtime.health.failing("tick", explain(error))
                log = _log.warning if is_outage(error) else _log.error
                log("ticker interrupted", why=explain(error))
                await stopped(stop, backoff.pause())

    async def _lead(self, connection: AsyncConnection, stop: asyncio.Event, backoff: Backoff) -> None:
        """Wait to be the one, then run the jobs for as long as the connection, and so the lock, lives."""
        while not (await connection.exec_driver_sql("SELECT pg_try_advisory_lock($1)", (LOCK,))).scalar():
            self._runtime.health.ok("tick")
            if await stopped(stop, STANDBY_SECONDS):
                return
        self._runtime.health.ok("tick")
        over = asyncio.Event()
        jobs = [asyncio.create_task(self._repeat(job, over), name=job.name) for job in self._runtime.service.jobs]
        try:
            while not stop.is_set():
                await self._watch(connection, stop)
                backoff.reset()
            over.set()
            await asyncio.gather(*jobs)
            await self._write_progress(connection)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _watch(self, connection: AsyncConnection, stop: asyncio.Event) -> None:
        """Write progress when there is some to tell, and at least every few seconds; then judge our own health."""
        until = time.monotonic() + PROGRESS_SECONDS
        while not await stopped(stop, STEP_SECONDS if self._stepping else PROGRESS_SECONDS):
            if self._reached != self._written or time.monotonic() > until:
                break
        await self._write_progress(connection)
        stuck = [name for name, since in self._busy_since.items() if time.monotonic() - since > STUCK_SECONDS]
        if stuck:
            self._runtime.health.failing("tick", f"still running: {', '.join(stuck)}")
        else:
            self._runtime.health.ok("tick")

    async def _write_progress(self, connection: AsyncConnection) -> None:
        reached = dict(self._reached)
        columns: tuple[Any, ...] = (list(reached), list(reached.values()), datetime.now(UTC))
        await connection.exec_driver_sql(PROGRESS, columns)
        self._written = reached

    async def _repeat(self, job: Job, over: asyncio.Event) -> None:
        """One job for ever; its back-off grows while it fails."""
        backoff = Backoff(job.every_seconds, max(10.0, job.every_seconds))
        while not over.is_set():
            if await self._once(job):
                backoff.reset()
                await self._rest(over, job.every_seconds, self._reached[job.name])
            else:
                await stopped(over, backoff.pause())

    async def _rest(self, over: asyncio.Event, seconds: float, seen: datetime) -> None:
        """Sleep between two runs; where business time jumps away from what was seen, only until it does."""
        clock, until = self._runtime.clock, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and clock.now() - seen < JUMP:
            if await stopped(over, min(left, LOOK_SECONDS) if self._stepping else left):
                return

    async def _once(self, job: Job) -> bool:
        """Run it once under a root span of its own, kept only if it did something; answers whether it went well."""
        now = self._runtime.clock.now()
        span = self._runtime.telemetry.start(f"tick {job.name}")
        token = telemetry.current.set(span)
        self._busy_since[job.name] = time.monotonic()
        try:
            await job.run(self._runtime, now)
        except Exception as error:
            telemetry.count(f"tick.failed.{job.name}")
            span.fail(type(error).__name__)
            span.end()
            _log.error("job failed, trying again", job=job.name, why=explain(error), exc_info=error)
            return False
        finally:
            del self._busy_since[job.name]
            telemetry.current.reset(token)
        if span.used:
            span.end()
        self._reached[job.name] = now
        return True
