"""A parcel's marginal cost is what the plan would truly cost less without it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from shipping.domain.planning import (
    Budget,
    DiscountStep,
    HubPlace,
    PartnerDay,
    Plan,
    Wave,
    broken_rules,
    explain,
    plan_wave,
)
from shipping.domain.planning.money import split
from shipping.domain.planning.session import Session
from shipping.domain.planning.timing import Stop

from .given import at, bike, gate, later, passing, ride, truck, wave

BUDGET = Budget(cpu_seconds=0.05)


def marginals(plan: Plan) -> dict[str, int]:
    return {reason.parcel_id: reason.marginal_cost_vnd for reason in plan.reasons}


def test_a_late_parcel_costs_its_lateness_too() -> None:
    """102,000 đ for the run, 50,000 đ and 20,000 đ a day for being late."""
    hub = HubPlace(hub_id="hub", cutoff_times=(at(13), at(20)))
    plan = plan_wave(wave([ride("a", latest={"hub": at(10.2)})], hubs=(hub,)), BUDGET, 1)
    assert marginals(plan) == {"a": 172_000} and plan.cost.total_vnd == 172_000


def test_a_parcel_that_reaches_a_discount_makes_the_plan_cheaper() -> None:
    """118,000 đ half off with both; without b 102,000 đ at the full price, without a 116,000 đ."""
    half = (PartnerDay(partner_id="p", discounts=(DiscountStep(2, 500),)),)
    plan = plan_wave(wave([ride("a"), ride("b", "g2")], [gate(), gate("g2")], partners=half), BUDGET, 1)
    assert plan.cost.total_vnd == 59_000
    assert marginals(plan) == {"a": 59_000 - 116_000, "b": 59_000 - 102_000}
    assert "43,000 đ more" in explain(plan, "b")


def test_a_run_that_stays_says_what_its_parcels_cost() -> None:
    one = wave([ride("a"), ride("b", "g2")], [gate(), gate("g2")])
    run = plan_wave(one, BUDGET, 1).runs[0]
    plan = plan_wave(replace(one, pinned_runs=(run,)), BUDGET, 1)
    assert {reason.code for reason in plan.reasons} == {"RUN_STAYS"}
    assert marginals(plan) == {"a": 2_000, "b": 16_000}
    assert all(dict(reason.figures)["return_time"] == run.return_time.isoformat() for reason in plan.reasons)


def test_a_parcel_on_a_run_that_passes_anyway_costs_its_fee_alone() -> None:
    along = passing(per_parcel_vnd=3_000)
    plan = plan_wave(wave([ride("a", count=2)], committed=(along,)), BUDGET, 1)
    assert marginals(plan) == {"a": 6_000} and plan.cost.total_vnd == 6_000
    assert dict(plan.reasons[0].figures)["return_time"] == at(11).isoformat() and "6,000 đ less" in explain(plan, "a")


def test_an_announced_parcel_that_waits_costs_the_change() -> None:
    one = wave([ride("a", latest={"hub": at(19)})], [gate(later_waves=later(15))])
    last = plan_wave(replace(one, take_all=True), BUDGET, 1)
    plan = plan_wave(replace(one, last_plan=last, change_vnd=1_000), BUDGET, 1)
    assert plan.runs == () and marginals(plan) == {"a": 1_000}


def rich(draw: random.Random) -> Wave:
    """Waves with everything that has a price: waiting, lateness, unreliable partners, discounts, announced runs."""
    gates = [gate(f"g{n}", stop_vnd=draw.choice([0, 3_000])) for n in range(1, 4)]
    rides = [
        ride(
            f"p{n}",
            f"g{draw.randint(1, 3)}",
            ready_time=at(draw.choice([7, 8, 9.5])),
            latest={"hub": at(draw.choice([10.2, 13, 19]))},
            weight_g=draw.randint(1_000, 20_000),
            count=draw.randint(1, 2),
            open_time=draw.choice([None, None, at(10.6)]),
            service_seconds=draw.choice([10, 600]),
        )
        for n in range(draw.randint(2, 7))
    ]
    duty = draw.choice([0, 40_000])
    cars = [bike(per_duty_hour_vnd=duty, on_time=0.9, per_parcel_vnd=700, per_kg_vnd=333), truck(per_kg_vnd=101)]
    steps = (DiscountStep(2, 100), DiscountStep(5, 300))
    fields: dict[str, Any] = {"wait_hour_vnd": draw.choice([0, 977]), "hubs": (HubPlace(hub_id="hub"),)}
    days = (PartnerDay(partner_id="p", discounts=steps, parcels_today=1, bill_today_vnd=99_999),)
    one = wave(rides, gates, cars, partners=days, **fields)
    if draw.random() < 0.5:
        one = replace(one, last_plan=plan_wave(one, BUDGET, 2), change_vnd=901)
    return one


def without(one: Wave, plan: Plan, parcel_id: str) -> int:
    """The price of the plan's runs without the parcel, by the sums over a whole plan of a wave that never knew it."""
    less = replace(one, rides=tuple(ride for ride in one.rides if ride.parcel_id != parcel_id))
    session = Session(less, Budget(0.0), 1)
    rides = {ride.parcel_id: ride for ride in less.rides}
    choices: list[list[Any]] = [[]]
    for run in plan.runs:
        vehicle = next(v for v in less.vehicles if v.vehicle_id == run.vehicle_id)
        stops = [Stop(s.gate_id, tuple(rides[p] for p in s.parcel_ids if p in rides)) for s in run.stops]
        stops = [stop for stop in stops if stop.rides]
        gone = sum(len(stop.rides) for stop in stops) < sum(len(stop.parcel_ids) for stop in run.stops)
        leaves = [session.ground.seconds_from_now(run.leave_time), session.ground.earliest(vehicle)]
        made = [session.timer.run(vehicle, stops, 0, leave) for leave in leaves] if gone else [run]
        choices = [[*runs, new] for runs in choices for new in made] if stops else choices
    return min(split(session.ground, runs).total_vnd for runs in choices)


@pytest.mark.parametrize("seed", range(25))
def test_the_price_of_every_parcel_is_the_difference_of_two_plans(seed: int) -> None:
    one = rich(random.Random(seed))
    plan = plan_wave(one, BUDGET, 1)
    assert broken_rules(one, plan) == () and plan.runs
    riding = {parcel_id: vnd for parcel_id, vnd in marginals(plan).items() if vnd}
    for parcel_id, vnd in riding.items():
        assert vnd == plan.cost.total_vnd - without(one, plan, parcel_id), parcel_id
