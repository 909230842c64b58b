"""Waits for what must come true soon."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], seconds_max: float = 60.0, every_seconds: float = 0.02
) -> None:
    """Return once the condition holds; fails if it does not within that time."""
    until = time.monotonic() + seconds_max
    while True:
        held = condition()
        if inspect.isawaitable(held):
            held = await held
        if held:
            return
        if time.monotonic() > until:
            raise AssertionError(f"did not come true within {seconds_max} s")
        await asyncio.sleep(every_seconds)
