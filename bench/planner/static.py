"""`python -m bench.planner.static`: one commune wave, everything rides, over the best of long runs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
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
BEST = Path(".run/bench/planner-static-best.json")
"""The best cost of each wave in any run so far; delete it when the instances change."""

SEEDS = (0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14)
"""Every fourth seed has no truck, and not everything can ride: there the price of what stays behind is all."""

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


def measure(budgets: Sequence[float], starts: int, long_s: float, repeats: int, seed: int) -> dict[str, Any]:
    """One wave: what each budget costs, repeat by repeat, the CPU seconds it took, and the best of the long runs."""
    wave = commune_wave(seed)
    longest = [cost(wave, plan_by_rule(wave, Rule(name="greedy"), Budget(long_s), 100 + n)) for n in range(starts)]
    short, seconds = {}, {}
    for budget in budgets:
        begun = time.process_time()
        short[f"{budget:g}"] = [
            cost(wave, plan_by_rule(wave, Rule(name="greedy"), Budget(budget), seed + 1000 * n)) for n in range(repeats)
        ]
        seconds[f"{budget:g}"] = (time.process_time() - begun) / repeats
    stops, best = len({ride.gate_id for ride in wave.rides}), min([*longest, *chain(*short.values())])
    return {"seed": seed, "stops": stops, "best": best, "cost": short, "cpu_seconds": seconds}


def remember(rows: Sequence[dict[str, Any]]) -> None:
    """Put the best cost ever seen of each wave into its row, and this run's into the memory."""
    known = json.loads(BEST.read_text()) if BEST.exists() else {}
    for row in rows:
        row["best"] = known[str(row["seed"])] = min(row["best"], known.get(str(row["seed"]), row["best"]))
    BEST.parent.mkdir(parents=True, exist_ok=True)
    BEST.write_text(json.dumps(known, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints mean and worst for each budget."""
    stated = argparse.ArgumentParser(prog="bench.planner.static", description=__doc__)
    stated.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    stated.add_argument("--repeats", type=int, default=3, help="short searches of each wave and budget")
    stated.add_argument("--budgets", nargs="+", type=float, default=(0.3, 0.5, 2.0))
    stated.add_argument("--starts", type=int, default=20)
    stated.add_argument("--long", type=float, default=5.0, help="CPU seconds of each of the starts")
    options = stated.parse_args(arguments)
    rows = []
    with ProcessPoolExecutor(PROCESSES, initializer=step_back) as pool, Progress(len(options.seeds)) as progress:
        job = partial(measure, options.budgets, options.starts, options.long, options.repeats)
        for row in pool.map(job, options.seeds):
            rows.append(row)
            progress.step(f"wave {row['seed']}")
    remember(rows)
    fewest, most = min(row["stops"] for row in rows), max(row["stops"] for row in rows)
    print(f"{len(rows)} waves, {fewest}–{most} stops, {options.repeats} searches each, over the best known")
    print(f"(here {options.starts} × {options.long:g} CPU-s)\n")
    print("| CPU s | used | mean gap % | 95 % | worst % |\n| ---: | ---: | ---: | ---: | ---: |")
    for budget in (f"{one:g}" for one in options.budgets):
        gaps = [[100 * (found / row["best"] - 1) for found in row["cost"][budget]] for row in rows]
        mean = mean_interval([sum(of_one) / len(of_one) for of_one in gaps])
        used = sum(row["cpu_seconds"][budget] for row in rows) / len(rows)
        interval = f"{mean.mean:.2f} | [{mean.low:.2f}, {mean.high:.2f}]"
        print(f"| {budget} | {used:.2f} | {interval} | {max(chain(*gaps)):.2f} |")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "waves": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
