"""The process that plans: one worker beside the event loop, which ends with its parent whatever happens."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import TypeVar

import structlog
from chassis.telemetry import count

from shipping.domain.planning import Budget, Plan, Rule, Wave, plan_by_rule, plan_wave
from shipping.domain.planning.checker import frozen_runs

_log = structlog.get_logger(__name__)

PARENT_LOOK_SECONDS = 0.5

PATIENCE_SECONDS_MIN, PATIENCE_FACTOR = 120.0, 20.0
"""How long a worker may take over one wave: so many times its CPU budget, and long enough for a crowded machine."""

T = TypeVar("T")


class Planner:
    """Plans in a worker process, started when first needed, one wave at a time.

    A worker that dies is replaced, once a wave; one that hangs or dies again leaves the wave to the simple rule in a
    new worker; one that nobody waits for any more is ended.
    """

    def __init__(self, budget: Budget) -> None:
        """Nothing is started yet; every wave may cost `budget`."""
        self._budget = budget
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()
        self.patience_seconds = max(PATIENCE_SECONDS_MIN, PATIENCE_FACTOR * budget.cpu_seconds)

    async def plan(self, wave: Wave, seed: int) -> Plan:
        """The plan of a wave; raises BrokenProcessPool or TimeoutError if a worker was lost even over the rule."""
        if not wave.rides:
            return Plan(wave_id=wave.wave_id, runs=(), reasons=())
        async with self._turn:
            plan, problem = await self._planned(wave, seed)
        if problem:
            count("planner.by_rule")
            _log.error("planned by the simple rule", wave=wave.wave_id, why=problem)
        return plan

    async def _planned(self, wave: Wave, seed: int) -> tuple[Plan, str]:
        """The plan, and why the simple rule had to make it if it had to."""
        try:
            try:
                return await self._ask(plan_or_rule, wave, self._budget, seed)
            except BrokenProcessPool:  # perhaps long ago
                return await self._ask(plan_or_rule, wave, self._budget, seed)
        except BrokenProcessPool:
            problem = "the planning process died twice"
        except TimeoutError:
            problem = f"no plan within {self.patience_seconds:g} s"
        return await self._ask(plan_by_rule, bare(wave), Rule(), self._budget, seed), problem

    async def _ask(self, make: Callable[..., T], *arguments: object) -> T:
        """What the worker answers; one that has not answered is ended."""
        if self._pool is None:
            # Spawned, not forked: a fork would copy the threads' locks of gRPC and the event loop.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_follow, initargs=(os.getpid(),))
        try:
            async with asyncio.timeout(self.patience_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._pool, make, *arguments)
        except (BrokenProcessPool, TimeoutError, asyncio.CancelledError):
            count("planner.worker_replaced")
            self.close()
            raise

    def close(self) -> None:
        """End the worker, whatever it is doing."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        workers = list(pool._processes.values())  # Python has kill_workers() from 3.14 on
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.kill()


def plan_or_rule(wave: Wave, budget: Budget, seed: int) -> tuple[Plan, str]:
    """The plan, and what went wrong if the simple rule had to make it; raises what even the rule meets."""
    try:
        return plan_wave(wave, budget, seed), ""
    except Exception as error:
        return plan_by_rule(bare(wave), Rule(), budget, seed), repr(error)


def bare(wave: Wave) -> Wave:
    """The wave without its forecast, which is advice; all else binds the rule too, runs that are frozen among it."""
    return replace(wave, forecast=None, pinned_runs=(*wave.pinned_runs, *frozen_runs(wave)))


def _follow(parent: int) -> None:
    """In the worker: leave Ctrl-C and SIGTERM of the group to the parent, and end as soon as the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_LOOK_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
