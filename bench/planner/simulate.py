"""Replays an instance wave by wave: reveals parcels when they become known, asks a policy, drives what it orders."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.planner.driving import drive
from bench.planner.ends import born_late, solo_run
from bench.planner.instance import DAY_S, Parcel, Vehicle
from bench.planner.roads import BrokenOrder, Ground, Order, Sent

SOLO = -1
"""Wave number of the solo runs that collect what is left at the end."""


@dataclass(frozen=True, slots=True)
class View:
    """What is known at one wave. `attempts` counts visits at which a parcel was not ready, `earlier` the waves of the
    day before the first that the instance still has; `untold` = there may be later waves that the instance lacks."""

    ground: Ground
    wave: int
    parcels: Mapping[str, Parcel]
    sent: Sequence[Sent]
    attempts: Mapping[str, int]
    earlier: int = 0
    untold: bool = False

    @property
    def now(self) -> int:
        """The moment of decision."""
        return self.ground.instance.waves[self.wave].decide_at

    def ready(self, parcel: Parcel) -> bool:
        """Whether the parcel can be collected for sure."""
        return parcel.really_ready <= self.now


class Policy(Protocol):
    """Decides one wave; may remember earlier waves of the same replay."""

    def orders(self, view: View) -> Sequence[Order]:
        """The runs of this wave; everything else waits."""
        ...


@dataclass(slots=True)
class Outcome:
    """What a replay cost. Money is bill + price of waiting + price of lateness; `born_late` is not in `late`."""

    late: int = 0
    born_late: int = 0
    bill: float = 0.0
    wait_h: float = 0.0
    money: float = 0.0
    runs: int = 0
    solo: int = 0
    missed: int = 0
    left: int = 0
    parcels: int = 0
    cpu_s: float = 0.0
    wave_cpu_s_max: float = 0.0
    sent: list[Sent] = field(default_factory=list)

    @property
    def score(self) -> tuple[int, float]:
        """Fewest late parcels first, then money."""
        return self.late, self.money


def replay(ground: Ground, policy: Policy) -> Outcome:
    """All waves of the instance; raises BrokenOrder when the policy breaks a rule."""
    instance, out = ground.instance, Outcome()
    waiting: dict[str, Parcel] = {}
    coming = sorted(instance.parcels, key=lambda one: (one.known_at, one.id))
    attempts: Counter[str] = Counter()
    for number, wave in enumerate(instance.waves):
        while coming and coming[0].known_at <= wave.decide_at:
            parcel = coming.pop(0)
            waiting[parcel.id] = parcel
        view = View(ground, number, waiting, out.sent, attempts)
        began = time.process_time()
        orders = policy.orders(view)
        took = time.process_time() - began
        out.cpu_s, out.wave_cpu_s_max = out.cpu_s + took, max(out.wave_cpu_s_max, took)
        _send(view, orders, waiting, out, attempts)
    _solo(ground, waiting, out)
    return _settle(ground, out)


def _send(
    view: View, orders: Sequence[Order], waiting: dict[str, Parcel], out: Outcome, attempts: Counter[str]
) -> None:
    planned = Counter(parcel_id for order in orders for parcel_id in order.parcels)
    if twice := [parcel_id for parcel_id, times in planned.items() if times > 1]:
        raise BrokenOrder(f"{twice[0]} is planned twice")
    runs = []
    for order in orders:
        others = {p for other in orders if other is not order for p in other.parcels}
        openly = {key: one for key, one in waiting.items() if key not in others}
        run = drive(view.ground, order, view.wave, openly)
        for parcel_id in run.parcels:
            del waiting[parcel_id]
        attempts.update(run.missed)
        runs.append(run)
    for vehicle in view.ground.instance.vehicles:
        check_number(vehicle, view.sent, [run for run in runs if run.vehicle == vehicle.id])
    out.sent.extend(runs)


def check_number(vehicle: Vehicle, before: Iterable[Sent], new: Sequence[Sent]) -> None:
    """No more vehicles than there are, by the scope of the number; raises BrokenOrder."""
    if vehicle.number is None or not new:
        return
    mine = [run for run in before if run.vehicle == vehicle.id and run.wave != SOLO] + list(new)
    if vehicle.number_scope == "wave":
        most = len(new)
    elif vehicle.number_scope == "day":
        most = max(Counter(run.leave // DAY_S for run in mine).values())
    else:
        most = max(sum(other.leave <= run.leave < other.home for other in mine) for run in mine)
    if most > vehicle.number:
        raise BrokenOrder(f"{most} of {vehicle.id}, there are {vehicle.number} ({vehicle.number_scope})")


def _solo(ground: Ground, waiting: dict[str, Parcel], out: Outcome) -> None:
    """Parcels that could have ridden at the last wave pay a run of their own, even of a vehicle that is not there."""
    if not ground.instance.waves:
        return
    last = len(ground.instance.waves) - 1
    for parcel in waiting.values():
        if parcel.really_ready > ground.last_decision:
            continue
        solos = (solo_run(ground, parcel, vehicle.id, last) for vehicle in ground.instance.vehicles)
        best = min((run for run in solos if run is not None), key=lambda run: run.bill, default=None)
        if best is None:
            out.left += 1
        else:
            out.sent.append(Sent(best.vehicle, SOLO, *(getattr(best, name) for name in Sent.__slots__[2:])))


def _settle(ground: Ground, out: Outcome) -> Outcome:
    instance = ground.instance
    out.late = out.left
    late_money = out.left * (instance.late_price.fixed + instance.late_price.per_day)
    for run in out.sent:
        hub = ground.hubs[ground.vehicles[run.vehicle].end]
        there = run.home + hub.handling_s
        out.bill += run.bill
        out.missed += len(run.missed)
        out.solo += run.wave == SOLO
        for parcel in (ground.parcels[one] for one in run.parcels):
            out.wait_h += max(0, run.home - parcel.really_ready) / 3600
            over = there - parcel.latest[hub.id]
            if over > 0:
                late_money += instance.late_price.fixed + instance.late_price.per_day * -(-over // DAY_S)
                if born_late(ground, parcel):
                    out.born_late += 1
                else:
                    out.late += 1
        out.parcels += len(run.parcels)
    out.runs = len(out.sent)
    out.money = out.bill + out.wait_h * instance.wait_price + late_money
    return out
