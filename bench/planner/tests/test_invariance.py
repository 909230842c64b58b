"""What must not change a plan, on waves small enough to be solved exactly: order, units, and finer parcels."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from shipping.domain.planning import Budget, Plan, Rule, Wave, broken_rules, plan_by_rule

from bench.planner.asking import Asker
from bench.planner.families import FAMILIES
from bench.planner.roads import Ground
from bench.planner.simulate import View

PARCELS = 5
"""As many as the planner enumerates, so that chance and CPU time play no part."""


def small_wave(seed: int) -> Wave:
    """The first parcels of a day that are ready at 14:00."""
    ground = Ground(FAMILIES["A"](seed))
    at = ground.instance.waves[4].decide_at
    ready = [parcel for parcel in ground.instance.parcels if parcel.really_ready <= at]
    picked = random.Random(seed).sample(ready, PARCELS)
    return Asker(ground).wave(View(ground, 4, {one.id: one for one in picked}, (), {}))


def planned(wave: Wave) -> Plan:
    plan = plan_by_rule(wave, Rule(name="greedy"), Budget(0.2), seed=1)
    assert broken_rules(wave, plan) == ()
    return plan


def runs(plan: Plan) -> set[tuple[str, frozenset[str]]]:
    return {(run.vehicle_id, frozenset(p for stop in run.stops for p in stop.parcel_ids)) for run in plan.runs}


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_input_changes_nothing(seed: int) -> None:
    wave, mixed = small_wave(seed), random.Random(seed)
    rides, gates, vehicles = list(wave.rides), list(wave.gates), list(wave.vehicles)
    for one in (rides, gates):
        mixed.shuffle(one)
    other = planned(replace(wave, rides=tuple(rides), gates=tuple(gates), vehicles=tuple(vehicles)))
    assert runs(other) == runs(planned(wave))
    assert other.cost == planned(wave).cost


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("times", [10])
def test_money_in_another_unit_changes_nothing(seed: int, times: int) -> None:
    wave = small_wave(seed)
    prices = ("fixed_vnd", "per_km_vnd", "per_stop_vnd", "per_parcel_vnd", "per_drive_hour_vnd", "per_duty_hour_vnd")
    dear = [replace(v, **{name: times * getattr(v, name) for name in prices}) for v in wave.vehicles]
    other = replace(
        wave,
        vehicles=tuple(dear),
        late_vnd=times * wave.late_vnd,
        late_day_vnd=times * wave.late_day_vnd,
        wait_hour_vnd=times * wave.wait_hour_vnd,
    )
    assert runs(planned(other)) == runs(planned(wave))


@pytest.mark.parametrize("seed", range(4))
def test_two_halves_never_cost_more_than_the_whole(seed: int) -> None:
    """A parcel of ten kilograms as one, or as two that may ride apart; a stop takes no longer for two."""
    wave = small_wave(seed)
    later = {ride.parcel_id: {hub: due + timedelta(days=2) for hub, due in ride.latest.items()} for ride in wave.rides}
    heavy = [
        replace(ride, weight_g=10_000, count=2, service_seconds=0, latest=later[ride.parcel_id])
        for ride in wave.rides[:2]
    ]
    halves = [
        replace(ride, parcel_id=f"{ride.parcel_id}{half}", weight_g=5_000, count=1)
        for ride in heavy
        for half in ("a", "b")
    ]
    whole = planned(replace(wave, rides=tuple(heavy), wait_hour_vnd=0))
    apart = planned(replace(wave, rides=tuple(halves), wait_hour_vnd=0))
    assert apart.cost.total_vnd <= whole.cost.total_vnd
    assert apart.late_parcels == whole.late_parcels == 0
