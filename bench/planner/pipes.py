"""Answers an outside environment that drives the planner, one JSON line a wave."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec
from shipping.domain.planning.errors import InvalidWave

from bench.planner.formats import decode, parse
from bench.planner.instance import Instance
from bench.planner.ladder import make_policy
from bench.planner.refusal import BadInstance, in_words
from bench.planner.roads import BrokenOrder, Ground, Order, Sent
from bench.planner.rows import as_text, obliged
from bench.planner.simulate import View

LEAST_S = 0.05
"""CPU seconds that planning gets even if reading a wave took the whole budget."""
OWN = ("sent", "wave")
"""Fields of a line that are none of an instance's."""

FIELDS = {"rides": "parcels", "gates": "places", "tables": "profiles"}
"""What the planner calls otherwise."""


class UnderWay(msgspec.Struct, frozen=True):
    """A run that is not home yet."""

    vehicle: str
    leave: int
    home: int


def converse(lines: TextIO, answers: TextIO, policy: str, budget: float | None, seed: int | None) -> None:
    """Answer every wave until the input ends. A line that cannot be meant is answered with {"error": …}."""
    talk = Conversation(policy, budget, seed)
    for line in lines:
        if line.strip():
            answers.write(msgspec.json.encode(talk.answer(line)).decode() + "\n")
            answers.flush()


class Conversation:
    """What good lines said so far, and which waves of the day they named; a refused line changes neither."""

    def __init__(self, policy: str, budget: float | None, seed: int | None) -> None:
        self.policy, self.budget, self.seed = policy, budget, seed
        self.known: dict[str, Any] = {}
        self.named: set[int] = set()
        self.skipped = 0
        self.ahead = False
        self.last: int | None = None
        self.noted: set[str] = set()

    def answer(self, line: str) -> dict[str, Any]:
        """The plan of one line. What nobody foresaw is answered too: outside, a day must not end with one bad wave."""
        began = time.process_time()
        try:
            return self._answer(line, began)
        except (BadInstance, BrokenOrder, InvalidWave) as refusal:
            return {"error": one_line(refusal)}
        except Exception as failure:
            traceback.print_exc(file=sys.stderr)
            return {"error": f"planner: failed with {type(failure).__name__} {one_line(failure)}"}

    def _answer(self, line: str, began: float) -> dict[str, Any]:
        said = obliged(decode(line, "line"), Mapping, "line", "an object")
        known = self.known | said
        instance = changed(parse(_of_instance(known), self._note), self.budget, self.seed)
        if not instance.waves:
            raise BadInstance("waves: needs the wave to be decided")
        now = instance.waves[0].decide_at
        fresh = self.last is not None and now < self.last
        named, skipped = (set[int](), 0) if fresh else (self.named, self.skipped)
        before = sum(one < now for one in named)
        if said.get("wave") is not None:
            skipped = _number(said["wave"]) - before
        ahead = self.ahead or len(instance.waves) > 1
        answer = plan_first(instance, known.get("sent"), self.policy, before + skipped, began, not ahead)
        self.ahead, self.known, self.last, self.skipped = ahead, known, now, skipped
        self.named = named | {wave.decide_at for wave in instance.waves}
        return answer

    def _note(self, said: str) -> None:
        if said not in self.noted:
            self.noted.add(said)
            print(said, file=sys.stderr)


def answer_wave(known: Mapping[str, Any], policy: str, budget: float | None, seed: int | None) -> dict[str, Any]:
    """Plan the first wave of what is known, without a conversation; raises BadInstance."""
    instance = changed(parse(_of_instance(known)), budget, seed)
    return plan_first(instance, known.get("sent"), policy, untold=len(instance.waves) == 1)


def plan_first(
    instance: Instance,
    sent: Any,
    policy: str,
    earlier: int = 0,
    began: float | None = None,
    untold: bool = False,
) -> dict[str, Any]:
    """Plan the first wave of an instance, `earlier` waves after the day began; raises BadInstance.

    `untold` = waves to come were never told, so this need not be the last, unless all is to ride at it.
    With `began` (an instant of `time.process_time`) the budget pays for reading the wave as well: large matrices take
    half a second.
    """
    if began is not None:
        left = max(LEAST_S, instance.budget - (time.process_time() - began))
        instance = msgspec.structs.replace(instance, budget=left)
    ground = Ground(instance)
    away = under_way(sent, ground)
    view = View(ground, 0, ground.parcels, away, {}, earlier, untold and not instance.last_wave_all)
    orders = make_policy(policy, ground).orders(view)
    rides = {parcel for order in orders for parcel in order.parcels}
    return {"routes": [_route(order) for order in orders], "held": sorted(set(ground.parcels) - rides)}


def under_way(sent: Any, ground: Ground) -> list[Sent]:
    """Runs not home yet; raises BadInstance."""
    found = []
    for number, row in enumerate(obliged([] if sent is None else sent, list, "sent", "a list")):
        where = f"sent[{number}]"
        said = {**obliged(row, Mapping, where, "an object")}
        said |= {"vehicle": as_text(said["vehicle"])} if "vehicle" in said else {}
        try:
            run = msgspec.convert(said, UnderWay, strict=False)
        except msgspec.ValidationError as error:
            raise BadInstance(f"{where}.{in_words(error)}") from None
        if run.vehicle not in ground.vehicles:
            raise BadInstance(f"{where}.vehicle: {run.vehicle} is unknown")
        if run.home < run.leave:
            raise BadInstance(f"{where}.home: is before leave")
        found.append(Sent(run.vehicle, 0, run.leave, run.home, (), (), 0, 0, 0, 0.0))
    return found


def changed(instance: Instance, budget: float | None, seed: int | None) -> Instance:
    """The instance with the budget and seed of the command, if it has any."""
    return msgspec.structs.replace(
        instance,
        budget=instance.budget if budget is None else budget,
        seed=instance.seed if seed is None else seed,
    )


def one_line(failure: Exception) -> str:
    """What a failure says, without breaks, and with the format's word for the planner's field."""
    said = failure.message if isinstance(failure, InvalidWave) else str(failure)
    field, bracket, rest = " ".join(said.split()).partition("[")
    return (FIELDS.get(field, field) if isinstance(failure, InvalidWave) else field) + bracket + rest


def _of_instance(known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if name not in OWN}


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value % 1:
        raise BadInstance(f"wave: must count from 0, found {value}")
    return int(value)


def _route(order: Order) -> dict[str, Any]:
    return {"vehicle": order.vehicle, "leave": order.leave, "parcels": list(order.parcels)}
