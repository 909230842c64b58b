"""Tells an outage (wait, it passes) from an error somebody's data caused (set it aside); nothing else decides this."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import grpc
import grpc.aio
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.kernel import DomainError
from chassis.store import Conflict

REPEATABLE = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the same transaction again, at once, may pass."""

OUTAGES = ("08", "53", "57P", "58", "25006")
"""Connection loss, no resources, shutdown or crash, disk errors, and a primary that became a standby."""

MISFITS = ("28", "3D", "42")
"""Wrong credentials, no such database, no such table: the deployment is not ready; no record is to blame."""


PEER_OUTAGES = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}
)
"""What a peer answers, or the line in its place, when it cannot answer now; any other answer is about our question."""


class Showable(Exception):
    """An error of our own whose message quotes no data, so that it may be shown to anybody."""


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of a database error, or empty."""
    for candidate in (error, getattr(error, "orig", None), error.__cause__):
        state = getattr(candidate, "sqlstate", None)
        if isinstance(state, str):
            return state
    return ""


def is_repeatable(error: BaseException) -> bool:
    """Whether another transaction was in the way and trying again at once makes sense."""
    return isinstance(error, Conflict) or sqlstate(error) in REPEATABLE


def is_outage(error: BaseException) -> bool:
    """Whether database, broker or a peer are to blame, so that the work is repeated for as long as it takes."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if state := sqlstate(error):
        return state.startswith(OUTAGES + MISFITS) or state in REPEATABLE
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code() in PEER_OUTAGES
    return isinstance(error, OSError | KafkaError | PoolTimeout | Conflict)


def explain(error: BaseException) -> str:
    """One line for people and headers; never a database's message, for that quotes rows, and rows hold people."""
    if state := sqlstate(error):
        driver_error = getattr(getattr(error, "orig", None), "__cause__", None) or error
        constraint = getattr(driver_error, "constraint_name", None)
        return f"SQLSTATE {state}" + (f" ({constraint})" if constraint else "")
    if isinstance(error, DBAPIError):
        return f"{type(error.orig).__name__} from the database driver"
    if isinstance(error, DomainError):
        return " ".join([error.reason, *(f"{name}={value}" for name, value in error.details.items())])[:400]
    if isinstance(error, Showable):
        return f"{type(error).__name__}: {error}"[:400]
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + where


class Backoff:
    """Growing pauses with jitter, in real seconds; `reset` after a success."""

    def __init__(self, first: float = 0.1, longest: float = 10.0) -> None:
        """Start at `first` and double up to `longest`."""
        self._first = self._next = first
        self._longest = longest

    def pause(self) -> float:
        """How long to wait now."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It works again."""
        self._next = self._first


async def stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Pause, but not longer than until the stop; answers whether it came."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
