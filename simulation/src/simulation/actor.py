"""An actor: a process with an agenda, which does what is due whenever the stage director gives it a turn.

The director writes {"now": …} to its standard input; the actor answers {"did": n, "next": …} on its standard output.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from simulation.line import Line, NotNow
from simulation.script import Script
from simulation.spool import Spool
from simulation.times import MINUTE

AT_ONCE_MAX = 12
"""Deeds of one moment that are under way at the same time."""

Deed = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Stage:
    """What every actor is given: the script, its own line to the services, and where the world is kept."""

    name: str
    script: Script
    line: Line
    folder: Path
    kafka_bootstrap: str

    def world(self, name: str) -> Spool:
        """A part of the physical world, e.g. "transfers" or "gate"."""
        return Spool(self.folder / "world" / f"{name}.jsonl")


class Actor:
    """Base of all actors. `now` is the business time of the turn."""

    def __init__(self, stage: Stage) -> None:
        """Take the stage; subclasses fill the agenda."""
        self.stage, self.script, self.line = stage, stage.script, stage.line
        self.now = stage.script.opening
        self._agenda: list[tuple[datetime, int, Deed]] = []
        self._order = itertools.count()
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)

    def plan(self, when: datetime, deed: Deed) -> None:
        """Put a deed on the agenda; what is due is done in the next turn."""
        heapq.heappush(self._agenda, (when, next(self._order), deed))

    def post(self, identity: str, request: Message, then: Callable[[Any], None] = lambda _answer: None) -> None:
        """Send a request in this turn, and again every minute until it is answered; its content stays as it is now."""

        async def send() -> None:
            then(await self.line.call(identity, request))

        self.plan(self.now, send)

    async def listen(self) -> int:
        """Take in what came from outside since the last turn; answers how much that was."""
        return 0

    async def leave(self) -> None:
        """Close what was opened."""

    async def turn(self, now: datetime) -> dict[str, Any]:
        """Listen, then do everything due; deeds of one moment at the same time, moments one after another."""
        self.now = self.line.now = now
        did = await self.listen()
        while self._agenda and self._agenda[0][0] <= now:
            moment = self._agenda[0][0]
            deeds = []
            while self._agenda and self._agenda[0][0] == moment:
                deeds.append(heapq.heappop(self._agenda)[2])
            done = await asyncio.gather(*(self._do(deed) for deed in deeds))
            did += sum(done)
        return {"did": did, "next": self._agenda[0][0].isoformat() if self._agenda else None}

    async def _do(self, deed: Deed) -> bool:
        async with self._slots:
            try:
                await deed()
            except NotNow:
                self.plan(self.now + MINUTE, deed)
                return False
            return True


async def play(actor: Actor) -> None:
    """Take turns until the director closes our standard input."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer = await actor.turn(datetime.fromisoformat(json.loads(line)["now"]))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    await actor.leave()
    await actor.line.close()
