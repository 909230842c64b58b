"""The RPC being served, for those below it: which method, how long it may still take, and its span."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass

from chassis.telemetry import Span


@dataclass(frozen=True, slots=True)
class Call:
    """One RPC in progress. `method` is "package.Service/Method"; `deadline` is on the monotonic clock, in seconds."""

    method: str
    deadline: float
    span: Span

    def remaining_seconds(self) -> float:
        """How long the caller still waits; may be negative."""
        return self.deadline - time.monotonic()


CURRENT: ContextVar[Call | None] = ContextVar("chophien_call", default=None)
"""Set by the server for the length of one call; None outside of RPCs."""
