"""The clock's work: holds lapse, and released pieces go back to the shelf; in bounded bulk."""

from __future__ import annotations

from datetime import datetime

from chassis.wiring import Job, Runtime

from catalog.adapters import reads

HOLDS_MAX = 200
"""Holds that lapse in one go."""

RESTOCKS_MAX = 200
"""Releases carried back to the shelf in one go."""


async def expire_holds(runtime: Runtime, now: datetime) -> None:
    """Let holds lapse whose time is over."""
    async with runtime.engine.connect() as connection:
        due = await reads.expired_holds(connection, now, HOLDS_MAX)
    await runtime.dispatch(due)


async def finish_restocks(runtime: Runtime, _now: datetime) -> None:
    """Carry back what releases left."""
    async with runtime.engine.connect() as connection:
        owed = await reads.owed_restocks(connection, RESTOCKS_MAX)
    await runtime.dispatch(owed)


JOBS = (Job("expire_holds", expire_holds, every_seconds=0.5), Job("finish_restocks", finish_restocks))
