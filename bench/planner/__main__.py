"""`python -m bench.planner` prints every family's table and writes .run/bench/planner.json; see README.md for sizes."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.planner.contest import COMMUNE_BUDGET_S, Figures, Remembered, Task, ground_of, in_rounds, run_all
from bench.planner.families import FAMILIES, STRESSES
from bench.planner.ladder import ICD, OURS, POLICIES, ROLLING, RULES
from bench.planner.plot import plot_gaps
from bench.planner.progress import Progress
from bench.planner.simulate import Outcome
from bench.planner.store import Store
from bench.planner.table import family_row, print_row

RESULTS = Path(".run/bench/planner.json")
PLOT = Path(".run/bench/planner-gap.svg")
STANDARD = ("A", "A-fixed", "B", "D", *(f"E-{variant}" for variant in STRESSES), "C")
BUDGETS = {
    "A": (0.5, 2.0),
    "A-fixed": (0.5, 2.0),
    **dict.fromkeys(("B", "B-cold", "L"), (4 * COMMUNE_BUDGET_S,)),
    "C": (38 * COMMUNE_BUDGET_S,),
}
"""CPU seconds a wave where they are not a commune's: a region's wave is that of its communes, in B at least four; L has
15, and less time for each."""
MINUTES, SEEDS, FULL_SEEDS = 19.0, 20, 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs seed by seed over all families until the time is up, then prints what was completed."""
    options = _options(arguments)
    full = os.environ.get("FULL") == "1"
    policies = options.policies or [one for one in (*RULES, ROLLING, OURS, *([ICD] if full else [])) if one in POLICIES]
    budgets: Mapping[str, Sequence[float]] = BUDGETS
    if options.budgets:
        budgets = dict.fromkeys(options.families, options.budgets)
    tasks = list(in_rounds(options.families, options.seeds or (FULL_SEEDS if full else SEEDS), budgets, policies))
    bench = Bench(Remembered(), Store())
    bench.run(tasks, time.monotonic() + 60 * (options.minutes or (1e9 if full else MINUTES)), options.processes)
    rows = bench.rows(options.families)
    print("\n".join(print_row(row) for row in rows))
    write(rows, policies)
    return 0 if rows else 1


class Bench:
    """Collects replays and keeps the store of best known plans up to date."""

    def __init__(self, remembered: Remembered, store: Store) -> None:
        self.remembered, self.store = remembered, store
        self.replays: dict[Task, Figures] = {}

    def run(self, tasks: Sequence[Task], until: float, processes: int) -> None:
        """Run what is not remembered; every replay that beats the best known becomes the best known."""
        new = []
        for task in tasks:
            found = self.remembered.get(task)
            if found is None:
                new.append(task)
            else:
                self.replays[task] = found
        with Progress(len(tasks), len(self.replays)) as progress:

            def done(task: Task, found: Figures, outcome: Outcome) -> None:
                self.replays[task] = found
                self.remembered.put(task, found)
                self.store.offer(ground_of(task.family, task.seed, task.budget), outcome, task.policy)
                progress.step(task.key)

            run_all(new, until, done, processes)
        self.store.save()

    def rows(self, families: Sequence[str]) -> list[dict[str, Any]]:
        """The table, family by family and budget by budget."""
        found = []
        for family in families:
            for budget in sorted({task.budget for task in self.replays if task.family == family}):
                grounds = {t.seed: ground_of(family, t.seed, budget) for t in self.replays if t.family == family}
                best = {seed: known.score for seed, one in grounds.items() if (known := self.store.best(one))}
                efforts = [(self.store.effort(one), best.get(seed, (0, 0.0))[1]) for seed, one in grounds.items()]
                effort = _effort_percent(efforts)
                row = family_row(family, budget, self.replays, best, effort)
                if row:
                    found.append(row)
        return found


def _effort_percent(efforts: Sequence[tuple[Mapping[str, float], float]]) -> float | None:
    """How many percent the single effort of hindsight is above all that doubling it, and every policy, found since.

    None unless both efforts were spent on all seeds.
    """
    singles = [spent["1"] for spent, _ in efforts if "1" in spent and "2" in spent]
    if not singles or len(singles) < len(efforts):
        return None
    return 100 * (1 - sum(best for _, best in efforts) / sum(singles))


def write(rows: Sequence[Mapping[str, Any]], policies: Sequence[str]) -> None:
    """The JSON, and the plot of the family that ran with most budgets."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "families": rows}, indent=1) + "\n")
    if not rows:
        return
    family = max({row["family"] for row in rows}, key=lambda one: sum(row["family"] == one for row in rows))
    mine = [row for row in rows if row["family"] == family]
    lines = {
        policy: [(row["budget"], row["policies"][policy]["gap_percent"]) for row in mine if policy in row["policies"]]
        for policy in policies
    }
    plot_gaps(PLOT, f"Family {family}: gap against CPU budget", lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    stated = argparse.ArgumentParser(prog="bench.planner", description=__doc__)
    stated.add_argument("--families", nargs="+", default=STANDARD, choices=sorted(FAMILIES))
    stated.add_argument("--policies", nargs="+", choices=sorted(POLICIES))
    stated.add_argument("--seeds", type=int, help=f"{SEEDS} unless told, {FULL_SEEDS} with FULL=1; C has one")
    stated.add_argument("--budgets", nargs="+", type=float, help="CPU seconds a wave")
    stated.add_argument("--minutes", type=float, help=f"begin nothing after that; {MINUTES:g} unless FULL=1")
    stated.add_argument("--processes", type=int, default=2)
    return stated.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
