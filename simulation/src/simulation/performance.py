"""Performs a play on a running stack: starts the actors, moves the clock, takes payments away and gives it back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from laptop import process, state
from laptop.stack import Stack

from simulation.conductor import Conductor
from simulation.playing import Play, start_actors
from simulation.quiet import Quiet
from simulation.script import SCENARIOS, Script
from simulation.times import StepClock

SERVICES = ("catalog", "orders", "payments", "shipping")
Cue = Callable[[], Awaitable[None]]


def make_stage(run_dir: Path, script: Script) -> StepClock:
    """Before the stack starts: the clock stands at the opening, and every seller has a credential."""
    run_dir.mkdir(parents=True, exist_ok=True)
    sellers = ({"identity": each.id, "role": "seller", "seller_id": each.id} for each in script.sellers)
    state.add_tokens(run_dir / "tokens.json", sellers)
    clock = StepClock(run_dir / "clock.json")
    clock.step(script.opening)
    return clock


def clock_env(run_dir: Path) -> dict[str, str]:
    """What the services must be told so that they live in the play's time."""
    return {"CHOPHIEN_CLOCK_FILE": str(run_dir.resolve() / "clock.json")}


def marks(stack: Stack) -> dict[str, str]:
    """What an actor must carry so that the stack's watcher ends it when we are killed."""
    return {process.MARK: f"{stack.run_dir}#{os.getpid()}"}


@dataclass
class Performance:
    """One play on one stack; `actors` is the folder of journals and world."""

    stack: Stack
    clock: StepClock
    scenario: str
    seed: int
    patience_seconds: float = 0.0
    watch: Callable[[datetime], None] = lambda now: None
    cues: Mapping[datetime, Cue] = field(default_factory=dict)
    effort: dict[str, float] = field(default_factory=dict)
    quiet: Quiet = field(init=False)

    def __post_init__(self) -> None:
        """Look at the stack's databases and broker."""
        urls = {service: self.stack.database_url(service) for service in SERVICES}
        self.quiet = Quiet(urls, self.stack.kafka_bootstrap, self.stack.check)

    @property
    def actors(self) -> Path:
        """Where the actors write what they saw."""
        return self.stack.run_dir / "actors"

    async def perform(self) -> None:
        """From opening to end; raises PlayStopped or NoRest when it cannot go on."""
        script = SCENARIOS[self.scenario](self.seed)
        play = Play(
            scenario=self.scenario,
            seed=self.seed,
            targets={service: self.stack.target(service) for service in SERVICES},
            kafka_bootstrap=self.stack.kafka_bootstrap,
            tokens_file=str(self.stack.tokens_file),
            patience_seconds=self.patience_seconds,
        )
        puppets = await start_actors(self.actors, play, marks(self.stack))
        conductor = Conductor(self.clock, self.quiet, puppets, script.fine_days)
        try:
            await conductor.play(script.opening, script.end, {**self._outage(script), **self.cues}, self._look)
        finally:
            self.effort = conductor.effort()
            await asyncio.gather(*(puppet.stop() for puppet in puppets))
            await self.quiet.close()

    def _look(self, now: datetime) -> None:
        self.stack.check()
        self.watch(now)

    def _outage(self, script: Script) -> dict[datetime, Cue]:
        if script.payments_away is None:
            return {}
        first, last = script.payments_away
        return {first: self._kill_payments, last: self._restart_payments}

    async def _kill_payments(self) -> None:
        self.quiet.away.add("payments")
        for service, role in self.stack.roles():
            if service == "payments":
                self.stack.kill(service, role)

    async def _restart_payments(self) -> None:
        for service, role in self.stack.roles():
            if service == "payments":
                await asyncio.to_thread(self.stack.start_role, service, role)
        self.quiet.away.discard("payments")
