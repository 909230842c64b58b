"""`python -m bench.planner.replay FILE.json…` replays instances; `--stdio` answers an outside environment.

With `--stdio` every line in is a replay object as far as it is known now: `waves` begins with the wave to be decided,
`parcels` are those that are known and not collected, `sent` (optional) are runs not home yet as {vehicle, leave, home}.
Whatever a line leaves out is as in the line before. Every line out is {"routes": […], "held": […]}.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from bench.planner.formats import SCHEMA, BadInstance, load_instance, parse, schema
from bench.planner.instance import Instance
from bench.planner.ladder import POLICIES, make_policy
from bench.planner.roads import Ground, Order, Sent
from bench.planner.simulate import Outcome, View, replay

LEAST_S = 0.05
"""CPU seconds that planning gets even if reading a wave took the whole budget."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if a promise is late that must not be."""
    stated = argparse.ArgumentParser(prog="bench.planner.replay", description=__doc__)
    stated.add_argument("files", nargs="*", type=Path, metavar="FILE.json")
    stated.add_argument("--stdio", action="store_true", help="one JSON line a wave in, one out")
    stated.add_argument("--policy", default="ours", choices=sorted(POLICIES))
    stated.add_argument("--budget", type=float, help="CPU seconds a wave, instead of the file's")
    stated.add_argument("--seed", type=int, help="seed of the search, instead of the file's")
    stated.add_argument("--runs", action="store_true", help="print every run as well")
    stated.add_argument("--schema", action="store_true", help="write the JSON Schema of the format and stop")
    options = stated.parse_args(arguments)
    if options.schema:
        SCHEMA.write_bytes(schema())
        return 0
    if options.stdio:
        converse(sys.stdin, sys.stdout, options.policy, options.budget, options.seed)
        return 0
    worst = 0
    for path in options.files:
        instance = _changed(load_instance(path), options.budget, options.seed)
        outcome = replay(Ground(instance), make_policy(options.policy, Ground(instance)))
        print(json.dumps({"file": str(path), "policy": options.policy, **summary(instance, outcome, options.runs)}))
        worst |= int(instance.late_forbidden and outcome.late + outcome.born_late > 0)
    return worst


def summary(instance: Instance, outcome: Outcome, runs: bool = False) -> dict[str, Any]:
    """What a replay cost, ready for JSON."""
    figures: dict[str, Any] = {
        "late": outcome.late,
        "born_late": outcome.born_late,
        "money": round(outcome.money, 3),
        "bill": round(outcome.bill, 3),
        "wait_h": round(outcome.wait_h, 2),
        "runs": outcome.runs,
        "solo_at_end": outcome.solo,
        "missed_at_door": outcome.missed,
        "parcels": outcome.parcels,
        "left": outcome.left,
        "cpu_s": round(outcome.cpu_s, 2),
        "wave_cpu_s_max": round(outcome.wave_cpu_s_max, 2),
        "budget": instance.budget,
        "seed": instance.seed,
    }
    if runs:
        figures["sent"] = [{name: getattr(run, name) for name in Sent.__slots__} for run in outcome.sent]
    return figures


def converse(lines: TextIO, answers: TextIO, policy: str, budget: float | None, seed: int | None) -> None:
    """Answer every wave until the input ends. A line that cannot be meant is answered with {"error": …}."""
    known: dict[str, Any] = {}
    for line in lines:
        if not line.strip():
            continue
        began = time.process_time()
        try:
            known |= json.loads(line)
            answer = answer_wave(known, policy, budget, seed, began)
        except (BadInstance, msgspec.ValidationError, json.JSONDecodeError) as refusal:
            answer = {"error": str(refusal)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def answer_wave(
    known: dict[str, Any], policy: str, budget: float | None, seed: int | None, began: float | None = None
) -> dict[str, Any]:
    """Plan the first wave of what is known; raises BadInstance or msgspec.ValidationError.

    With `began` (an instant of `time.process_time`) the budget pays for reading the wave as well: large matrices take
    half a second.
    """
    instance = _changed(parse({key: value for key, value in known.items() if key != "sent"}), budget, seed)
    if not instance.waves:
        raise BadInstance("waves: needs the wave to be decided")
    if began is not None:
        left = max(LEAST_S, instance.budget - (time.process_time() - began))
        instance = msgspec.structs.replace(instance, budget=left)
    ground = Ground(instance)
    sent = [_under_way(row) for row in known.get("sent", ())]
    orders = make_policy(policy, ground).orders(View(ground, 0, ground.parcels, sent, {}))
    rides = {parcel for order in orders for parcel in order.parcels}
    return {"routes": [_route(order) for order in orders], "held": sorted(set(ground.parcels) - rides)}


def _route(order: Order) -> dict[str, Any]:
    return {"vehicle": order.vehicle, "leave": order.leave, "parcels": list(order.parcels)}


def _under_way(row: dict[str, Any]) -> Sent:
    return Sent(str(row["vehicle"]), 0, row["leave"], row["home"], (), (), 0, 0, 0, 0.0)


def _changed(instance: Instance, budget: float | None, seed: int | None) -> Instance:
    return msgspec.structs.replace(
        instance,
        budget=instance.budget if budget is None else budget,
        seed=instance.seed if seed is None else seed,
    )


if __name__ == "__main__":
    sys.exit(main())
