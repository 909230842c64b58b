"""`python -m bench.planner.static`: one commune wave, everything rides, over the best of long runs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from shipping.domain.planning import Budget, Plan, Rule, Wave, broken_rules, plan_by_rule

from bench.planner.asking import Asker
from bench.planner.contest import PROCESSES, step_back
from bench.planner.families import FAMILIES
from bench.planner.intervals import mean_interval
from bench.planner.progress import Progress
from bench.planner.roads import Ground
from bench.planner.simulate import View

RESULTS = Path(".run/bench/planner-static.json")
READY_AT_WAVE = 4
"""The 14:00 wave: everything of the morning and noon stands at the gates."""


def commune_wave(seed: int) -> Wave:
    """What is ready on the first pickup day of a stress-free region at its fifth wave."""
    ground = Ground(FAMILIES["E-truck_down" if seed % 4 == 3 else "E-express"](seed))
    at = ground.instance.waves[READY_AT_WAVE].decide_at
    parcels = {p.id: p for p in ground.instance.parcels if p.known_at <= at and p.really_ready <= at}
    return Asker(ground).wave(View(ground, READY_AT_WAVE, parcels, (), {}))


def cost(wave: Wave, plan: Plan) -> float:
    """Late parcels and parcels left behind at a price above any run, then money."""
    assert not broken_rules(wave, plan)
    held = sum(not reason.rides for reason in plan.reasons)
    return plan.cost.total_vnd + 1e7 * held


def measure(budgets: Sequence[float], starts: int, long_s: float, seed: int) -> dict[str, Any]:
    """One wave: the best of the long runs and of all short ones, and each budget over it."""
    wave = commune_wave(seed)
    longest = [cost(wave, plan_by_rule(wave, Rule(name="greedy"), Budget(long_s), 100 + n)) for n in range(starts)]
    short = {budget: cost(wave, plan_by_rule(wave, Rule(name="greedy"), Budget(budget), seed)) for budget in budgets}
    best = min(*longest, *short.values())
    stops = len({ride.gate_id for ride in wave.rides})
    gaps = {f"{budget:g}": 100 * (found / best - 1) for budget, found in short.items()}
    return {"seed": seed, "stops": stops, "parcels": len(wave.rides), "best": best, "gap_percent": gaps}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints mean and worst for each budget."""
    stated = argparse.ArgumentParser(prog="bench.planner.static", description=__doc__)
    stated.add_argument("--waves", type=int, default=10)
    stated.add_argument("--budgets", nargs="+", type=float, default=(0.3, 0.5, 2.0))
    stated.add_argument("--starts", type=int, default=20)
    stated.add_argument("--long", type=float, default=5.0, help="CPU seconds of each of the starts")
    options = stated.parse_args(arguments)
    rows = []
    with ProcessPoolExecutor(PROCESSES, initializer=step_back) as pool, Progress(options.waves) as progress:
        job = partial(measure, options.budgets, options.starts, options.long)
        for row in pool.map(job, range(options.waves)):
            rows.append(row)
            progress.step(f"wave {row['seed']}")
    fewest, most = min(row["stops"] for row in rows), max(row["stops"] for row in rows)
    print(f"{options.waves} waves, {fewest}–{most} stops, over the best of {options.starts} × {options.long:g} CPU-s\n")
    print("| CPU s | mean gap % | 95 % | worst % |\n| ---: | ---: | ---: | ---: |")
    for budget in options.budgets:
        gaps = [row["gap_percent"][f"{budget:g}"] for row in rows]
        mean = mean_interval(gaps)
        print(f"| {budget:g} | {mean.mean:.2f} | [{mean.low:.2f}, {mean.high:.2f}] | {max(gaps):.2f} |")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "waves": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
