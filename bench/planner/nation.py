"""`python -m bench.planner.nation` plans family F's peak wave door to door with the checker on, on two cores."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from shipping.domain.planning import Budget, broken_rules, plan_wave

from bench.planner.asking import Asker
from bench.planner.contest import PROCESSES, step_back
from bench.planner.country import peak_wave, sample
from bench.planner.geography import in_province
from bench.planner.ladder import is_mended
from bench.planner.market import Lot, allot
from bench.planner.progress import Progress
from bench.planner.roads import Ground
from bench.planner.simulate import View

RESULTS = Path(".run/bench/nation.json")
SIZES = (38, 380, 3321)
BUDGET_S = 0.1
CHUNK = 8
PROVINCE = "12"
"""Lai Châu, where a partner declines."""
COLUMNS = (
    "communes, parcels, must go, ride, runs, wall s, CPU s, checker CPU s, worst CPU s, MB, late, broken, "
    "allocate CPU s, proved, decline CPU s"
)
HEAD = f"| {COLUMNS.replace(', ', ' | ')} |\n|{' ---: |' * len(COLUMNS.split(', '))}"


@dataclass(frozen=True, slots=True)
class Commune:
    """What planning one commune came to; CPU seconds are for drawing it, then from its data to the checked plan."""

    code: str
    parcels: int
    must: int
    rides: int
    runs: int
    late: int
    money: int
    weight_g: int
    broken: int
    draw_s: float
    plan_s: float
    check_s: float
    memory_mb: float


def plan_commune(budget: float, seed: int, code: str) -> Commune:
    """Draw the commune, ask for its plan, look at the plan with the checker."""
    began = time.process_time()
    ground = Ground(peak_wave(code, seed))
    drawn = time.process_time()
    parcels = ground.parcels
    wave = Asker(ground).wave(View(ground, 0, parcels, (), {}))
    plan = plan_wave(wave, Budget(budget), seed)
    planned = time.process_time()
    broken = broken_rules(wave, plan)
    checked = time.process_time()
    return Commune(
        code=code,
        parcels=len(parcels),
        must=sum(reason.code in ("MUST_GO", "NOT_ON_TIME_ANY_MORE") for reason in plan.reasons),
        rides=sum(reason.rides for reason in plan.reasons),
        runs=len(plan.runs),
        late=plan.late_parcels,
        money=plan.cost.bill_vnd,
        weight_g=sum(run.weight_g for run in plan.runs),
        broken=len(broken) + is_mended(plan),
        draw_s=drawn - began,
        plan_s=planned - drawn,
        check_s=checked - planned,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def plan_country(size: int, budget: float, seed: int) -> dict[str, Any]:
    """One size: wall seconds from the first commune to the last checked plan, and sums."""
    codes = sample(size)
    began, found = time.monotonic(), list[Commune]()
    with ProcessPoolExecutor(PROCESSES, initializer=step_back) as pool, Progress(size) as progress:
        for one in pool.map(partial(plan_commune, budget, seed), codes, chunksize=CHUNK):
            found.append(one)
            progress.step(one.code)
    wall = time.monotonic() - began
    cpu = sum(one.plan_s + one.check_s for one in found)
    lots = [Lot(one.code, one.runs, one.rides, one.weight_g, one.money) for one in found if one.runs]
    allotted = allot(lots, {one.code for one in in_province(PROVINCE)}, seed)
    return {
        "communes": size,
        "budget": budget,
        "wall_s": wall,
        "cpu_s": cpu,
        "cpu_s_two_cores": cpu / PROCESSES,
        "draw_cpu_s": sum(one.draw_s for one in found),
        "check_cpu_s": sum(one.check_s for one in found),
        "cpu_s_worst_commune": max(one.plan_s for one in found),
        "parcels": sum(one.parcels for one in found),
        "must_go": sum(one.must for one in found),
        "rides": sum(one.rides for one in found),
        "runs": sum(one.runs for one in found),
        "late": sum(one.late for one in found),
        "money": sum(one.money for one in found),
        "broken": sum(one.broken for one in found),
        "memory_mb_worker": max(one.memory_mb for one in found),
        "memory_mb_parent": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "allocate": asdict(allotted),
        "worst": asdict(max(found, key=lambda one: one.plan_s)),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line a size; exit code 1 if any plan broke a rule."""
    stated = argparse.ArgumentParser(prog="bench.planner.nation", description=__doc__)
    stated.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    stated.add_argument("--budget", type=float, default=BUDGET_S, help="CPU seconds a commune")
    stated.add_argument("--seed", type=int, default=1)
    options = stated.parse_args(arguments)
    print(HEAD)
    rows = []
    for size in options.sizes:
        row = plan_country(size, options.budget, options.seed)
        rows.append(row)
        print(
            f"| {size:,} | {row['parcels']:,} | {row['must_go']:,} | {row['rides']:,} | {row['runs']:,} | "
            f"{row['wall_s']:.0f} | {row['cpu_s']:.0f} | {row['check_cpu_s']:.0f} | {row['cpu_s_worst_commune']:.2f} | "
            f"{row['memory_mb_worker']:.0f} | {row['late']:,} | {row['broken']} | "
            f"{row['allocate']['seconds']:.1f} | {row['allocate']['proved']} | "
            f"{row['allocate']['decline_seconds']:.2f} |",
            flush=True,
        )
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "sizes": rows}, indent=1) + "\n")
    return int(any(row["broken"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
