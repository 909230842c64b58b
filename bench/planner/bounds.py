"""`python -m bench.planner.bounds`: how long waves of 30, 150 and 1,000 stops take to plan, and how much memory."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from shipping.domain.planning import Budget, Plan, Rule, Wave, broken_rules, plan_by_rule, plan_wave

from bench.planner.asking import Asker
from bench.planner.contest import step_back
from bench.planner.draws import Seller, draw_terms
from bench.planner.families import LAI_CHAU, SPARSE, TAN_PHONG
from bench.planner.geography import DETOUR_MOUNTAINS, communes, in_province
from bench.planner.region import Region, build, draw_cards, lay_out
from bench.planner.roads import Ground
from bench.planner.simulate import View

BOUNDS = ((30, 0.3), (150, 2.0), (1000, 10.0))
"""Stops, and the CPU seconds in which they are to be planned; the last only must not fall over."""

SHARE = 0.8
"""Of the bound, so much is the budget: the choice after the last search and the checker come on top."""

GATES_A_COMMUNE, AT_WAVE = 25, 5
SPARE = 1.4
"""So many sellers a stop: not all of them have something at the gate."""

STOPS_A_BIKE, STOPS_A_TRUCK = 7, 20


@dataclass(frozen=True, slots=True)
class Row:
    """One call: its size, bound and policy, what it took, how many parcels it left and how many rules it broke."""

    stops: int
    parcels: int
    bound_s: float
    policy: str
    cpu_s: float
    wall_s: float
    megabytes: int
    left: int
    broken: int


def wave_of(stops: int) -> Wave:
    """A wave with so many stops, in the communes nearest to the hub of Tân Phong, ten parcels a stop at most."""
    draw = np.random.default_rng([stops, 11])
    hub = communes()[TAN_PHONG]
    near = sorted(in_province(LAI_CHAU), key=lambda one: np.hypot(*np.subtract(one.centre, hub.centre)))
    sellers, chosen = int(stops * SPARE), near[: max(1, -(-int(stops * SPARE) // GATES_A_COMMUNE))]
    gates = {one.code: sellers // len(chosen) + 1 for one in chosen}
    ground = lay_out(draw, [hub], gates, DETOUR_MOUNTAINS, chosen)
    selling = [Seller(name, float(draw.uniform(2, 5)), 0.0, "truck") for name in ground.names[1:]]
    bikes, trucks = stops // STOPS_A_BIKE + 1, stops // STOPS_A_TRUCK + 1
    cards = draw_cards(draw, (bikes, bikes), (trucks, trucks))
    region = Region(ground, draw_terms(draw, ground.hubs, SPARSE, first_weekday=0, slack_h=4.0), selling, cards)
    drawn = Ground(build(f"bounds/{stops}", draw, region))
    now = drawn.instance.waves[AT_WAVE].decide_at
    there = [one for one in drawn.instance.parcels if one.known_at <= now and one.really_ready <= now]
    places = set(list(dict.fromkeys(one.place for one in there))[:stops])
    parcels = {one.id: one for one in there if one.place in places}
    return Asker(drawn).wave(View(drawn, AT_WAVE, parcels, (), {}))


def measure(stops: int, bound_s: float, policy: str) -> Row:
    """One call in a process of its own, after a small one that loads the solvers."""
    calls: dict[str, Callable[[Wave, Budget], Plan]] = {
        "plan_wave": lambda wave, budget: plan_wave(wave, budget, 0),
        "all ride": lambda wave, budget: plan_by_rule(wave, Rule(name="greedy"), budget, 0),
    }
    calls[policy](wave_of(10), Budget(0.05))
    wave = wave_of(stops)
    cpu, wall = time.process_time(), time.perf_counter()
    plan = calls[policy](wave, Budget(SHARE * bound_s))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    left, broken = sum(not reason.rides for reason in plan.reasons), len(broken_rules(wave, plan))
    seen = len({ride.gate_id for ride in wave.rides})
    return Row(seen, len(wave.rides), bound_s, policy, cpu, wall, memory, left, broken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for every size and policy; fails where a plan breaks a rule."""
    argparse.ArgumentParser(prog="bench.planner.bounds", description=__doc__).parse_args(arguments)
    print("| stops | parcels | bound CPU s | call | CPU s | wall s | MB | waiting | broken |")
    print("| ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    broken = 0
    for stops, bound_s in BOUNDS:
        for policy in ("all ride", "plan_wave"):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), step_back) as pool:
                row = pool.submit(measure, stops, bound_s, policy).result()
            broken += row.broken
            print(
                f"| {row.stops} | {row.parcels} | {row.bound_s:g} | {row.policy} | {row.cpu_s:.2f} | {row.wall_s:.1f} "
                f"| {row.megabytes} | {row.left} | {row.broken} |",
                flush=True,
            )
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
