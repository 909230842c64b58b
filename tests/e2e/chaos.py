"""Kills processes of a running stack while they have work in flight, and starts them again."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from laptop.stack import START_SECONDS_MAX, Stack
from simulation.performance import SERVICES
from simulation.quiet import AWAY, Quiet
from simulation.times import at

PATIENCE_SECONDS = 3.0
"""How long a busy moment of the victim is waited for; then it is held still until work has piled up."""
POLL_SECONDS = 0.004
CALLS_UNDER_WAY = 3
"""Answers seen since a burst began; a dozen calls are in flight then."""

RPCS = {
    "catalog": ("SetStock",),
    "orders": ("PlaceOrder",),
    "payments": ("GetPaymentQr", "ReportBankTransfer"),
    "shipping": ("MarkReady",),
}
"""What the actors call of each service in the burst in which its serving process is killed."""

MOMENTS = {("catalog", "serve"): at("08:10"), ("shipping", "serve"): at("14:00"), ("shipping", "tick"): at("14:45")}
"""Victims that only have work at one time of the day; the others die while the orders come in, from 13:02 on."""


@dataclass(frozen=True)
class Strike:
    """One kill that happened, and the work that was in flight."""

    victim: str
    work: str


@dataclass
class Chaos:
    """Plans who dies when; `strikes` is what happened. A strike runs beside the turn of its moment."""

    stack: Stack
    quiet: Quiet
    actors: Path
    rng: random.Random
    strikes: list[Strike] = field(default_factory=list)
    _under_way: asyncio.Task[None] | None = None

    def cues(self) -> dict[datetime, Callable[[], Awaitable[None]]]:
        """Every role process once, two crash points, then broker and database."""
        roles = [each for each in self.stack.roles() if each not in MOMENTS]
        self.rng.shuffle(roles)
        blows: list[Callable[[], Awaitable[None]]] = [self._blow(*each) for each in roles]
        blows.append(lambda: self._crash(self.rng.choice(SERVICES), "consume", "dispatch.after_commit"))
        blows.append(lambda: self._crash(self.rng.choice(SERVICES), "relay", "relay.after_send"))
        blows += [self._kafka, self._postgres]
        planned = {at("13:02") + n * timedelta(minutes=1): blow for n, blow in enumerate(blows)}
        planned |= {moment: self._blow(*each) for each, moment in MOMENTS.items()}
        return {moment: self._beside(blow) for moment, blow in planned.items()}

    async def settle(self) -> None:
        """Wait for all strikes; raises what went wrong in one."""
        if self._under_way is not None:
            await self._under_way
            self._under_way = None

    def _beside(self, blow: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """One strike after the other, while the play goes on: who was too quick is held until more orders come."""

        async def begin() -> None:
            before = self._under_way
            if before is not None and before.done():
                await before  # Raises what went wrong in it.

            async def strike() -> None:
                if before is not None:
                    await before
                await blow()

            self._under_way = asyncio.create_task(strike())

        return begin

    def _blow(self, service: str, role: str) -> Callable[[], Awaitable[None]]:
        async def kill() -> None:
            work = await self._wait_for_work(service, role)
            self.stack.kill(service, role)
            self.strikes.append(Strike(f"{service}.{role}", work))
            await asyncio.to_thread(self.stack.start_role, service, role)

        return kill

    async def _wait_for_work(self, service: str, role: str) -> str:
        """What is in flight; a victim that is always too quick is held still until work has piled up before it."""
        if role == "tick":
            return "a new time it has not seen"  # The clock was moved a moment ago.
        calls_before, held, began = self._calls(service), False, time.monotonic()
        while True:
            if work := await self._work(service, role, calls_before):
                return work
            if not held and time.monotonic() - began > PATIENCE_SECONDS and role != "serve":
                self.stack.kill(service, role, signal.SIGSTOP)
                held = True
            if time.monotonic() - began > START_SECONDS_MAX:
                raise AssertionError(f"{service}.{role} never had any work")
            await asyncio.sleep(POLL_SECONDS)

    async def _work(self, service: str, role: str, calls_before: int) -> str:
        if role == "serve":
            answered = self._calls(service) - calls_before
            return f"a burst of calls, {answered} answered" if answered >= CALLS_UNDER_WAY else ""
        try:
            unheard, unsaid = await self.quiet.work_of(service)
        except AWAY:
            return ""
        if role == "consume":
            return f"{unheard} facts not heard" if unheard else ""
        return f"{unsaid} facts not said" if unsaid else ""

    def _calls(self, service: str) -> int:
        marks = [f'"rpc": "{rpc}"'.encode() for rpc in RPCS[service]]
        return sum(path.read_bytes().count(mark) for path in self.actors.glob("*.jsonl") for mark in marks)

    async def _crash(self, service: str, role: str, point: str) -> None:
        """Start the role so that it dies at the crash point, wait until it did, start it as usual."""
        self.stack.kill(service, role)
        child = await asyncio.to_thread(self.stack.start_role, service, role, {"CHOPHIEN_CRASH_POINT": point}, False)
        child.expected_dead = True
        deadline = time.monotonic() + START_SECONDS_MAX
        while child.alive:
            assert time.monotonic() < deadline, f"{service}.{role} never reached {point}"
            await asyncio.sleep(POLL_SECONDS)
        assert child.process.returncode == -signal.SIGKILL, child.failure()
        self.strikes.append(Strike(f"{service}.{role}", f"crash point {point}"))
        await asyncio.to_thread(self.stack.start_role, service, role)

    async def _kafka(self) -> None:
        await self._wait_for_work("orders", "consume")
        await asyncio.to_thread(self.stack.kill_kafka)
        self.strikes.append(Strike("kafka", "facts not heard"))
        await asyncio.to_thread(self.stack.start_kafka)

    async def _postgres(self) -> None:
        await self._wait_for_work("orders", "serve")
        await asyncio.to_thread(self.stack.kill_postgres)
        self.strikes.append(Strike("postgres", "a burst of calls"))
        await asyncio.to_thread(self.stack.start_postgres)
