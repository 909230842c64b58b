"""300 orders flow while every process is killed with work in flight; in the end all is in balance."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from laptop.stack import Stack
from simulation.demo import audit
from simulation.expectations import failed_of_any_play
from simulation.performance import SERVICES, Performance, clock_env, make_stage
from simulation.quiet import Quiet
from simulation.script import rush

from tests.e2e.chaos import Chaos

PATIENCE_SECONDS = 90.0
FIRST_SEED = 20260204
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("CHOPHIEN_CHAOS_SEEDS", "1")))
ROLES_TOO = {"kafka", "postgres"}
CRASH_POINTS = {"crash point dispatch.after_commit", "crash point relay.after_send"}


@pytest.mark.chaos
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_or_done_twice_while_every_process_is_killed(
    seed: int, record_property: Callable[[str, object], None]
) -> None:
    record_property("seed", seed)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # It will not find the broker for a while.
    run_dir = Path(".run/chaos")
    Stack(run_dir).clean()
    clock = make_stage(run_dir, rush(seed))
    with Stack(run_dir, split=True, zipkin=False, extra_env=clock_env(run_dir), say=print) as stack:
        play = Performance(stack, clock, "rush", seed, PATIENCE_SECONDS)
        databases = {service: stack.database_url(service) for service in SERVICES}
        chaos = Chaos(stack, Quiet(databases, stack.kafka_bootstrap), play.actors, random.Random(seed))
        play.cues = chaos.cues()
        asyncio.run(_perform(play, chaos))
        report = audit(stack, play.actors)
    for strike in chaos.strikes:
        print(f"killed {strike.victim} with {strike.work}")
    assert failed_of_any_play(report) == [], report["findings"][:40]
    assert report["orders_placed"] == 300
    assert {strike.victim for strike in chaos.strikes} == ROLES_TOO | {f"{s}.{r}" for s, r in stack.roles()}
    assert {strike.work for strike in chaos.strikes} >= CRASH_POINTS
    assert report["facts_said_again"] > 0, "a relay died between send and delete, so something was sent twice"
    assert all(strike.work for strike in chaos.strikes), "nobody was killed at leisure"


async def _perform(play: Performance, chaos: Chaos) -> None:
    try:
        await play.perform()
        await chaos.settle()
    finally:
        await chaos.quiet.close()
