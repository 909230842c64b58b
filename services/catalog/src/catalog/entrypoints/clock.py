"""The clock's work: holds lapse, and released pieces go back to the shelf; in bounded bulk."""

from __future__ import annotations

from collections.abc import Sequence
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
    await _dispatch(runtime, due)


async def finish_restocks(runtime: Runtime, _now: datetime) -> None:
    """Carry back what releases left."""
    async with runtime.engine.connect() as connection:
        owed = await reads.owed_restocks(connection, RESTOCKS_MAX)
    await _dispatch(runtime, owed)


async def _dispatch(runtime: Runtime, commands: Sequence[object]) -> None:
    """Carry out all; one that fails does not keep the others back, but the job has failed."""
    for answer in await runtime.dispatch(commands) if commands else ():
        if isinstance(answer, Exception):
            raise answer


JOBS = (Job("expire_holds", expire_holds, every_seconds=0.5), Job("finish_restocks", finish_restocks))
