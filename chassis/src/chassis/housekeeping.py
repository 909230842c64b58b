"""Forgets what can be asked for no more: answered requests and heard events past their time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import inbox
from chassis.outages import explain, stopped
from chassis.telemetry import count
from chassis.wiring import Runtime

EVERY_SECONDS = 300.0

REQUESTS_DAYS = 14
"""How long a request_id is remembered; repeating it later would be a new request."""

ROWS_MAX = 5_000
"""Rows forgotten in one statement, so that locks stay short."""

PRUNE_REQUESTS = """
    DELETE FROM requests WHERE (caller, method, request_id) IN
        (SELECT caller, method, request_id FROM requests WHERE received_time < $1 LIMIT $2)"""

_log = structlog.get_logger(__name__)


async def keep_house(runtime: Runtime, stop: asyncio.Event) -> None:
    """Prune now and then until told to stop; trouble is logged and tried again next time."""
    while not await stopped(stop, EVERY_SECONDS):
        try:
            # A busy service forgets more in five minutes than one statement may remove.
            while await tidy_up(runtime) and not stop.is_set():
                pass
        except Exception as error:
            _log.warning("housekeeping failed", why=explain(error))


async def tidy_up(runtime: Runtime) -> int:
    """Forget a bounded number of rows; answers how many."""
    async with runtime.engine.begin() as connection:
        heard = await inbox.prune(connection, runtime.service.heard_shapes)
        asked = await prune_requests(connection, datetime.now(UTC))
    count("housekeeping.inbox", heard)
    count("housekeeping.requests", asked)
    return heard + asked


async def prune_requests(connection: AsyncConnection, now: datetime) -> int:
    """Forget a bounded number of requests older than REQUESTS_DAYS (real time); answers how many."""
    oldest = now - timedelta(days=REQUESTS_DAYS)
    return (await connection.exec_driver_sql(PRUNE_REQUESTS, (oldest, ROWS_MAX))).rowcount
