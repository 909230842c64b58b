"""`python -m bench.planner.epochs_table`: policies on days of hourly epochs (families G and H), over hindsight."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyvrp
from pyvrp import search as pyvrp_search
from pyvrp.PenaltyManager import PenaltyParams

from bench.planner.epochs import BUDGET_S
from bench.planner.families import FAMILIES
from bench.planner.formats import fingerprint, load_instance
from bench.planner.instance import Instance
from bench.planner.ladder import POLICIES, make_policy
from bench.planner.roads import Ground
from bench.planner.simulate import Outcome, replay

RESULTS, KNOWN = Path(".run/bench/planner-epochs.json"), Path(".run/bench/planner-epochs-hindsight.json")
SHOWN = ("greedy", "lazy", "icd", "rolling", "ours")
SIMPLE = ("greedy", "lazy")
"""They only route, and are done in a second."""

NEIGHBOURS, PENALTIES, UPDATES = 100, ([5.0], 1.0, 1.0), 100
"""Of hindsight's search. Many requests stand at one gate; with 40 neighbours and ten times these penalties it ended 3 %
higher (529 requests, 60 CPU-s)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Per instance one row for each policy, when all are done; the last column is the longest epoch."""
    stated = argparse.ArgumentParser(prog="bench.planner.epochs_table", description=__doc__)
    stated.add_argument("files", nargs="*", type=Path, help="replay files instead of generated instances")
    stated.add_argument("--families", nargs="+", default=("G", "H"), choices=("G", "H"))
    stated.add_argument("--seeds", nargs="*", type=int, default=(0, 1))
    stated.add_argument("--policies", nargs="+", default=SHOWN, choices=sorted(POLICIES))
    stated.add_argument("--budget", type=float, default=BUDGET_S, help="CPU seconds an epoch")
    stated.add_argument("--hindsight", type=float, default=60.0, help="CPU seconds for the whole day at once")
    options = stated.parse_args(arguments)
    instances = [load_instance(path) for path in options.files]
    instances = instances or [FAMILIES[name](seed) for name in options.families for seed in options.seeds]
    print("| instance | requests | policy | driving s | over hindsight % | CPU s | longest epoch s |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    rows = []
    for one in instances:
        rows += measure(one, options.policies, options.budget, options.hindsight)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "rows": rows}, indent=1) + "\n")
    return 0


def measure(instance: Instance, policies: Sequence[str], budget: float, hindsight_s: float) -> list[dict[str, Any]]:
    """Replay one instance under each policy and print the rows, over the least driving known."""
    outcomes = {policy: _replayed(instance, policy, budget) for policy in policies}
    best = known_hindsight(instance, hindsight_s, min(outcomes.values(), key=lambda one: one.money))
    rows = []
    for policy, outcome in outcomes.items():
        over = 100 * (outcome.money / best - 1)
        rows.append({"instance": instance.name, "policy": policy, "money": outcome.money, "gap_percent": over})
        times = f"{outcome.cpu_s:.0f} | {outcome.wave_cpu_s_max:.2f}"
        print(f"| {instance.name} | {len(instance.parcels)} | {policy} | {outcome.money:,.0f} | {over:.1f} | {times} |")
    sys.stdout.flush()
    return rows


def _replayed(instance: Instance, policy: str, budget: float) -> Outcome:
    given = msgspec.structs.replace(instance, budget=min(budget, 1.0) if policy in SIMPLE else budget)
    ground = Ground(given)
    outcome = replay(ground, make_policy(policy, ground))
    assert not outcome.late + outcome.born_late + outcome.left, "every request is served in time"
    return outcome


def known_hindsight(instance: Instance, cpu_s: float, outcome: Outcome) -> int:
    """Hindsight's driving, remembered by instance and effort; searched again where a policy's `outcome` drives less."""
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    key = f"{fingerprint(instance)}/{cpu_s:g}"
    if known.get(key, outcome.money + 1) > outcome.money:
        known[key] = hindsight(instance, cpu_s, [run.parcels for run in outcome.sent])
        KNOWN.parent.mkdir(parents=True, exist_ok=True)
        KNOWN.write_text(json.dumps(known, indent=1) + "\n")
    return int(known[key])


def hindsight(instance: Instance, cpu_s: float, runs: Sequence[Sequence[str]] = (), seed: int = 1) -> int:
    """Seconds of driving if everything were known from the start: one vehicle, one hub, release times and windows.

    The search goes on from `runs` (parcels in order), if there are any.
    """
    data, near = _whole(instance)
    rng = pyvrp.RandomNumberGenerator(seed)
    local = pyvrp_search.LocalSearch(data, rng, near, pyvrp_search.PerturbationManager())
    for operator in pyvrp_search.OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    penalties = pyvrp.PenaltyManager(PENALTIES, PenaltyParams(solutions_between_updates=UPDATES))
    number = {parcel.id: n for n, parcel in enumerate(instance.parcels)}
    given = pyvrp.Solution(data, [pyvrp.Route(data, [number[one] for one in run], 0) for run in runs])
    first = local(given, penalties.max_cost_evaluator(), exhaustive=True)
    until = time.process_time() + cpu_s
    search = pyvrp.IteratedLocalSearch(data, penalties, local, first)
    best = search.run(lambda _: time.process_time() >= until, False, False, 5.0).best
    found = [int(one.distance()) for one in (given, best) if one.is_feasible()]
    assert found, "hindsight serves everything"
    return min(found)


def _whole(instance: Instance) -> tuple[Any, dict[Any, list[Any]]]:
    (vehicle,), (hub,), parcels = instance.vehicles, instance.hubs, instance.parcels
    row = {place.id: number for number, place in enumerate(instance.places)}
    pick = np.array([row[vehicle.start], *(row[parcel.place] for parcel in parcels)])
    times = np.array(instance.profiles[vehicle.profile].duration_s[0], dtype=np.int64)[np.ix_(pick, pick)]
    leave = {wave.decide_at: wave.earliest_leave for wave in instance.waves}
    release = np.array([min(leave[at] for at in leave if at >= parcel.known_at) for parcel in parcels])
    opens, closes = (np.array([getattr(parcel, name) for parcel in parcels]) for name in ("open", "close"))
    service = np.array([parcel.service_s for parcel in parcels])
    loads = sorted(vehicle.capacity)
    clients = [
        pyvrp.Client(
            location=number + 1,
            pickup=[parcel.load.get(name, 0) for name in loads],
            service_duration=parcel.service_s,
            tw_early=parcel.open,
            tw_late=min(parcel.close, hub.close),
            release_time=int(release[number]),
        )
        for number, parcel in enumerate(parcels)
    ]
    fleet = pyvrp.VehicleType(
        len(parcels), [vehicle.capacity[name] for name in loads], tw_early=int(release.min()), tw_late=hub.close
    )
    places = [pyvrp.Location(0, 0)] * len(pick)
    data = pyvrp.ProblemData(places, clients, [pyvrp.Depot(0)], [fleet], [times], [times])
    start = np.maximum(np.maximum.outer(release, release) + times[0, 1:][:, None], opens[:, None])
    lost = np.maximum(start - closes[:, None], 0)
    lost += np.maximum(start + service[:, None] + times[1:, 1:] - closes[None, :], 0)
    idle = np.maximum(opens[None, :] - times[1:, 1:] - service[:, None] - closes[:, None], 0)
    near = times[1:, 1:] + 0.2 * idle + lost
    near = np.minimum(near, near.T)
    np.fill_diagonal(near, np.inf)
    top = np.argsort(near, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(parcels) - 1)]
    keys = [pyvrp.Activity(pyvrp.ActivityType.CLIENT, number) for number in range(len(parcels))]
    return data, {keys[number]: [keys[other] for other in rows] for number, rows in enumerate(top.tolist())}


if __name__ == "__main__":
    sys.exit(main())
