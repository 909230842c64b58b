"""Lets the synchronous stack use asynchronous clients, even when its caller already runs an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def wait_for(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs a coroutine to its end in an event loop of its own, on a thread of its own; answers what it answers."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()
