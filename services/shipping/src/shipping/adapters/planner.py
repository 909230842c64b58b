"""The process that plans: one worker beside the event loop, which ends with its parent whatever happens."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import structlog

from shipping.domain.planning import Budget, Plan, Rule, Wave, plan_by_rule, plan_wave

_log = structlog.get_logger(__name__)

PARENT_LOOK_SECONDS = 0.5


class Planner:
    """Plans in a worker process, started when first needed; a worker that died is replaced once a call."""

    def __init__(self, budget: Budget) -> None:
        """Nothing is started yet; every wave may cost `budget`."""
        self._budget = budget
        self._pool: ProcessPoolExecutor | None = None

    async def plan(self, wave: Wave, seed: int) -> Plan:
        """The plan of a wave; raises BrokenProcessPool if two workers died over it."""
        if not wave.rides:
            return Plan(wave_id=wave.wave_id, runs=(), reasons=())
        try:
            plan, problem = await self._submit(wave, seed)
        except BrokenProcessPool:
            self.close()
            plan, problem = await self._submit(wave, seed)
        if problem:
            _log.error("planned by the simple rule", wave=wave.wave_id, why=problem)
        return plan

    async def _submit(self, wave: Wave, seed: int) -> tuple[Plan, str]:
        if self._pool is None:
            # Spawned, not forked: a fork would copy the threads' locks of gRPC and the event loop.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_follow, initargs=(os.getpid(),))
        return await asyncio.get_running_loop().run_in_executor(self._pool, plan_or_rule, wave, self._budget, seed)

    def close(self) -> None:
        """End the worker."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def plan_or_rule(wave: Wave, budget: Budget, seed: int) -> tuple[Plan, str]:
    """The plan, and what went wrong if the simple rule had to make it; raises what even the rule meets.

    The rule knows the parcels, gates and vehicles only: whatever else the wave carries may be what nobody foresaw.
    """
    try:
        return plan_wave(wave, budget, seed), ""
    except Exception as error:
        bare = replace(wave, forecast=None, partners=(), forbidden=())
        return plan_by_rule(bare, Rule(), budget, seed), repr(error)


def _follow(parent: int) -> None:
    """In the worker: leave Ctrl-C and SIGTERM of the group to the parent, and end as soon as the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_LOOK_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
