"""Turns replays into the table: every policy over best known, and ours against the best rule with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.planner.contest import Figures, Task
from bench.planner.intervals import Interval, mean_interval, share_interval
from bench.planner.ladder import OURS, RULES

CONVERGED_PERCENT = 0.2
"""If doubling the effort of hindsight changes the mean by more than this, best known is called unconverged."""

UNCONVERGED = "unconverged"
GAPS = ("gap_percent", "gap_percent_worst")


def family_row(
    family: str,
    budget: float,
    replays: Mapping[Task, Figures],
    best: Mapping[int, tuple[int, float]],
    effort_percent: float | None,
) -> dict[str, Any] | None:
    """Figures of one family and budget over the seeds that every policy has run; None if there is no such seed.

    `best`: by seed, late parcels and money of the best known plan. `effort_percent`: how much more effort changed it.
    """
    policies = sorted({task.policy for task in replays if (task.family, task.budget) == (family, budget)})
    by = {
        policy: {
            task.seed: found
            for task, found in replays.items()
            if (task.family, task.budget, task.policy) == (family, budget, policy)
        }
        for policy in policies
    }
    seeds = sorted(set.intersection(*(set(runs) for runs in by.values()), set(best))) if by else []
    if not seeds:
        return None
    known = [best[seed][1] for seed in seeds]
    row: dict[str, Any] = {
        "family": family,
        "budget": budget,
        "seeds": len(seeds),
        "best_known_money": sum(known) / len(known),
        "best_known_late": sum(best[seed][0] for seed in seeds) / len(seeds),
        "converged": effort_percent is not None and effort_percent <= CONVERGED_PERCENT,
        "effort_percent": effort_percent,
        "policies": {policy: _policy([runs[seed] for seed in seeds], known) for policy, runs in by.items()},
    }
    if OURS in by:
        row |= _against_rule(by, seeds, known)
    return row


def _policy(runs: Sequence[Figures], known: Sequence[float]) -> dict[str, Any]:
    money = [run.money for run in runs]
    gap = share_interval([a - b for a, b in zip(money, known, strict=True)], known)
    return {
        "late": sum(run.late for run in runs) / len(runs),
        "born_late": sum(run.born_late for run in runs) / len(runs),
        "money": sum(money) / len(runs),
        "wait_h_a_parcel": sum(run.wait_h for run in runs) / max(1, sum(run.parcels for run in runs)),
        "gap_percent": 100 * gap.mean,
        "gap_percent_worst": 100 * max(a / b - 1 for a, b in zip(money, known, strict=True)),
        "cpu_s": sum(run.cpu_s for run in runs) / len(runs),
        "wave_cpu_s_max": max(run.wave_cpu_s_max for run in runs),
        "mended_waves": sum(run.mended for run in runs),
        "runs": sum(run.runs for run in runs) / len(runs),
    }


def _against_rule(
    by: Mapping[str, Mapping[int, Figures]], seeds: Sequence[int], known: Sequence[float]
) -> dict[str, Any]:
    """Fewest late parcels first, then money; the rule is the best over the whole family, not seed by seed."""
    rules = [policy for policy in by if policy in RULES]
    if not rules:
        return {}
    rule = min(rules, key=lambda one: (sum(by[one][s].late for s in seeds), sum(by[one][s].money for s in seeds)))
    theirs, ours = [by[rule][seed] for seed in seeds], [by[OURS][seed] for seed in seeds]
    saved = [a.money - b.money for a, b in zip(theirs, ours, strict=True)]
    gaps = [a.money - b for a, b in zip(theirs, known, strict=True)]
    return {
        "best_rule": rule,
        "late_less_than_rule": _interval(mean_interval([a.late - b.late for a, b in zip(theirs, ours, strict=True)])),
        "saved_percent": _interval(share_interval(saved, [one.money for one in theirs]), 100),
        "gap_closed": _interval(share_interval(saved, gaps)),
    }


def _interval(found: Interval, scale: float = 1.0) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else scale * value
        for name, value in (("mean", found.mean), ("low", found.low), ("high", found.high))
    }


def print_row(row: Mapping[str, Any]) -> str:
    """One family as lines of a Markdown table, best policy first, and a sentence.

    An unconverged row shows paired differences only: how far all are above best known is not known well enough.
    """
    state = "converged" if row["converged"] else UNCONVERGED
    lines = [
        f"\n### {row['family']}, {row['budget']:g} CPU-s a wave, {row['seeds']} seeds, best known "
        f"{row['best_known_money']:,.0f} ({state})\n",
        "| policy | late | money | gap % | worst % | wait h/parcel | runs | CPU s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines.append(f"| best known | {row['best_known_late']:.1f} | {row['best_known_money']:,.0f} | 0.0 | 0.0 | | | |")
    for policy, one in sorted(row["policies"].items(), key=lambda item: (item[1]["late"], item[1]["money"])):
        gaps = [f"{one[name]:.1f}" if row["converged"] else UNCONVERGED for name in GAPS]
        lines.append(
            f"| {policy} | {one['late']:.1f} | {one['money']:,.0f} | {' | '.join(gaps)} | "
            f"{one['wait_h_a_parcel']:.1f} | {one['runs']:.0f} | {one['cpu_s']:.1f} |"
        )
    if mended := [f"{policy} {one['mended_waves']}" for policy, one in row["policies"].items() if one["mended_waves"]]:
        lines.append(f"\nWaves whose first plan broke a rule: {', '.join(mended)}.")
    if "best_rule" in row:
        lines.append("\n" + _against(row))
    return "\n".join(lines)


def _against(row: Mapping[str, Any]) -> str:
    closed = f"{_words(row['gap_closed'], 2)} of its gap closed, " if row["converged"] else ""
    return (
        f"Ours against {row['best_rule']}, paired: {_words(row['saved_percent'], 1)} % of its money saved, {closed}"
        f"{_words(row['late_less_than_rule'], 1)} fewer late."
    )


def _words(interval: Mapping[str, float | None], digits: int) -> str:
    if interval["mean"] is None:
        return "n/a"
    if interval["low"] is None or interval["high"] is None:
        return f"{interval['mean']:.{digits}f}"
    return f"{interval['mean']:.{digits}f} [{interval['low']:.{digits}f}, {interval['high']:.{digits}f}]"
