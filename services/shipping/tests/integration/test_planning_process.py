"""Planning processes that hang, die, or are no longer waited for: the wave gets its plan, and nothing stays behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

import psutil
import pytest
from chassis.telemetry import counts
from chassis.testing import eventually
from shipping.adapters.planner import Planner
from shipping.domain.planning import Budget, Wave
from structlog.testing import capture_logs

Yard = Any
Workers = Callable[[], set[int]]


class Doing:
    """A part of a wave over which the planning process does something else, for ever if it likes."""

    def __init__(self, act: Callable[[Any], object], argument: object) -> None:
        self._does = act, (argument,)

    def __reduce__(self) -> Any:
        """What is unpickled there."""
        return self._does


HANGS: Any = Doing(time.sleep, 600)
DIES: Any = Doing(signal.raise_signal, signal.SIGKILL)


@pytest.fixture
async def planner() -> AsyncIterator[Planner]:
    one = Planner(Budget(0.1))
    yield one
    one.close()


@pytest.fixture
def wave(yard: Yard) -> Wave:
    yard.packed(3)
    made: Wave = yard.gathered("hub-sa-pa", take_all=True).wave()
    return made


@pytest.fixture
def workers() -> Workers:
    """The planning processes that were started since, by their ids."""
    others = {child.pid for child in multiprocessing.active_children()}
    return lambda: {child.pid for child in multiprocessing.active_children() if child.pid} - others


async def test_a_planner_that_hangs_is_ended_and_the_rule_plans(planner: Planner, wave: Wave, workers: Workers) -> None:
    planner.patience_seconds, before = 1.0, counts["planner.worker_replaced"]
    with capture_logs() as logs:
        hung = asyncio.ensure_future(planner.plan(replace(wave, forecast=HANGS), 1))
        await eventually(lambda: len(workers()) == 1)
        first, planner.patience_seconds = workers(), 60.0
        plan, beside = await asyncio.gather(hung, planner.plan(replace(wave, wave_id="beside"), 1))
    assert (plan.policy, len(plan.reasons)) == ("take_all", 3) and all(reason.rides for reason in plan.reasons)
    [told] = [log for log in logs if log["log_level"] == "error"]
    assert told["wave"] == wave.wave_id and "no plan within" in told["why"]
    assert beside.wave_id == "beside" and counts["planner.worker_replaced"] == before + 1
    await eventually(lambda: not any(map(psutil.pid_exists, first)))


async def test_a_planner_that_dies_over_a_wave_leaves_it_to_the_rule(planner: Planner, wave: Wave) -> None:
    with capture_logs() as logs:
        plan = await planner.plan(replace(wave, forecast=DIES), 1)
    assert plan.policy == "take_all" and all(reason.rides for reason in plan.reasons)
    assert [log["why"] for log in logs if log["log_level"] == "error"] == ["the planning process died twice"]


async def test_a_planner_that_was_killed_between_two_waves_is_replaced(
    planner: Planner, wave: Wave, workers: Workers
) -> None:
    await planner.plan(wave, 1)
    for pid in workers():
        psutil.Process(pid).kill()
    with capture_logs() as logs:
        assert len((await planner.plan(wave, 1)).reasons) == 3
    assert [log for log in logs if log["log_level"] == "error"] == []


@pytest.mark.parametrize(("part", "error"), [(HANGS, TimeoutError), (DIES, BrokenProcessPool)])
async def test_a_wave_that_even_the_rule_is_lost_over_is_raised_and_the_next_one_planned(
    planner: Planner, wave: Wave, workers: Workers, part: Any, error: type[Exception]
) -> None:
    planner.patience_seconds = 1.0 if part is HANGS else 60.0
    with pytest.raises(error):
        await planner.plan(replace(wave, gates=part), 1)
    await eventually(lambda: workers() == set())
    planner.patience_seconds = 60.0
    assert len((await planner.plan(wave, 1)).reasons) == 3


async def test_a_plan_nobody_waits_for_any_more_ends_with_its_process(
    planner: Planner, wave: Wave, workers: Workers
) -> None:
    """A service that stops would otherwise wait for it, and the next wave too."""
    asked = asyncio.ensure_future(planner.plan(replace(wave, forecast=HANGS), 1))
    await eventually(lambda: len(workers()) == 1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await eventually(lambda: workers() == set())
    assert len((await planner.plan(wave, 1)).reasons) == 3
