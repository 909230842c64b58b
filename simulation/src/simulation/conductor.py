"""The stage director: moves business time in steps and gives the actors their turns, one moment after another."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path

from simulation.quiet import Quiet
from simulation.times import THE_DAY, VIETNAM, StepClock

TURN_SECONDS_MAX = 180.0
ROUNDS_MAX = 40
"""Rounds of turns at one moment; more means that actors and services chase each other for ever."""

DAY_STEP = timedelta(minutes=15)
NIGHT_STEP = timedelta(hours=2)
MORNING, EVENING = clock(7), clock(18)


class PlayStopped(Exception):
    """The play cannot go on; the message says which actor or moment, and names the log."""


class Puppet:
    """The director's end of one actor's process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        """Hold the pipes of a started process."""
        self.name, self._process, self._log = name, process, log

    @classmethod
    async def start(cls, name: str, folder: Path, env: Mapping[str, str]) -> Puppet:
        """Start the actor's process; without us it ends at the end of its turn, or sooner by a mark in `env`."""
        log = folder / f"{name}.log"
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "simulation",
                "actor",
                name,
                str(folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **env},
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """Of the actor's process."""
        return self._process.pid

    async def turn(self, now: datetime) -> tuple[int, datetime | None]:
        """Let it do what is due: how much it did, and when it wants to act next."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"now": now.isoformat()}).encode() + b"\n")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), TURN_SECONDS_MAX)
        except TimeoutError:
            late = f"actor {self.name} did not end its turn of {now:%a %H:%M} in {TURN_SECONDS_MAX:.0f} s"
            raise PlayStopped(f"{late}; see {self._log}") from None
        if not line:
            raise PlayStopped(f"actor {self.name} died at {now:%a %H:%M}; see {self._log}")
        answer = json.loads(line)
        return answer["did"], datetime.fromisoformat(answer["next"]) if answer["next"] else None

    async def stop(self) -> None:
        """Close its input and wait until it is gone; kill it if it does not go."""
        if self._process.returncode is None and self._process.stdin:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Conductor:
    """Steps through the play until `end`; `cues` are things done at a moment besides the actors' (a kill, a look)."""

    def __init__(self, clock: StepClock, quiet: Quiet, puppets: list[Puppet], fine_days: int) -> None:
        """Direct these actors by this clock; after the first `fine_days` the steps become longer."""
        self.clock, self.quiet, self.puppets, self.fine_days = clock, quiet, puppets, fine_days
        self.steps = self.rounds = 0
        self.waited_seconds = self.acted_seconds = 0.0
        self._wishes: dict[str, datetime] = {}

    async def play(
        self,
        opening: datetime,
        end: datetime,
        cues: Mapping[datetime, Callable[[], Awaitable[None]]],
        watch: Callable[[datetime], None],
    ) -> None:
        """From the opening to the end; `watch` hears every moment before it begins."""
        now, left = opening, dict(sorted(cues.items()))
        while now <= end:
            watch(now)
            self.clock.step(now)
            self.steps += 1
            if now in left:
                await left.pop(now)()
            await self._moment(now)
            now = self._next(now, min(left, default=end + DAY_STEP))

    def effort(self) -> dict[str, float]:
        """How many steps and rounds it took, and the real time spent waiting for rest and for the actors."""
        waited, acted = round(self.waited_seconds, 1), round(self.acted_seconds, 1)
        return {"steps": self.steps, "rounds": self.rounds, "waited_s": waited, "acted_s": acted}

    async def _moment(self, now: datetime) -> None:
        """Turns and silence, in rounds, until nobody has anything left to do."""
        for _ in range(ROUNDS_MAX):
            began = time.monotonic()
            await self.quiet.wait(now)
            rested = time.monotonic()
            turns = await asyncio.gather(*(puppet.turn(now) for puppet in self.puppets))
            self.rounds += 1
            self.waited_seconds += rested - began
            self.acted_seconds += time.monotonic() - rested
            for puppet, (_, wish) in zip(self.puppets, turns, strict=True):
                self._wishes.pop(puppet.name, None)
                if wish:
                    self._wishes[puppet.name] = wish
            if not any(did for did, _ in turns):
                return
        raise PlayStopped(f"at {now:%a %H:%M} the actors and services found no rest in {ROUNDS_MAX} rounds")

    def _next(self, now: datetime, cue: datetime) -> datetime:
        """The earliest wish or cue, but never much further than the services' own deadlines want."""
        local = now.astimezone(VIETNAM)
        by_day = MORNING <= local.time() < EVENING and (local.date() - THE_DAY).days < self.fine_days
        on_grid = local.replace(minute=local.minute - local.minute % 15, second=0, microsecond=0)
        on_grid += DAY_STEP if by_day else NIGHT_STEP
        wishes = [wish for wish in self._wishes.values() if wish > now]
        return min([on_grid, cue, *wishes])
