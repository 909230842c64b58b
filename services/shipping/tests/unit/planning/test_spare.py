"""The spare partner of a run is one that could really drive it; the checker finds one that could not."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from shipping.domain.planning import (
    Budget,
    Forbidden,
    Outbound,
    PartnerDay,
    Pin,
    Wave,
    Window,
    broken_rules,
    plan_by_rule,
    plan_wave,
)
from shipping.domain.planning.rule import Rule

from .given import at, bike, gate, ride, wave

BUDGET = Budget(cpu_seconds=0.02)
BOTH = ("p", "q")


def either(**changes: Any) -> Wave:
    """Two parcels at one gate that p carries and q could, three pieces and 4 cm³ each, with q's motorbike changed."""
    rides = [ride(name, partner_ids=BOTH, count=3, volume_cm3=4, weight_g=2_000) for name in "ab"]
    return wave(rides, vehicles=[bike(), other(**changes)])


def other(**changes: Any) -> Any:
    return bike(**({"vehicle_id": "q:motorbike", "partner_id": "q", "fixed_vnd": 90_000, "number": 1} | changes))


def day(**changes: Any) -> Wave:
    return replace(either(), partners=(PartnerDay(partner_id="q", **changes),))


NOT = {
    "no vehicle": either(number=0),
    "too heavy": either(weight_max_g=3_999),
    "too many pieces": either(parcels_max=5),
    "too voluminous": either(volume_max_cm3=7),
    "not to the hub": either(hub_ids=("elsewhere",)),
    "shift ends": either(home_time=at(10.5)),
    "not there in time": either(available_time=at(12.8)),
    "promise broken by its lead": either(lead_seconds=3 * 3600),
    "run too long": either(run_seconds_max=60),
    "in a break": either(breaks=(Window(at(10.1), at(10.2)),)),
    "start far off": either(start_id="moon"),
    "runs ceiling": day(runs_max=3, runs_today=3),
    "parcels ceiling": day(parcels_max=9, parcels_today=4),
    "weight ceiling": day(weight_max_g=4_999, weight_today_g=1_000),
    "declined": replace(either(), forbidden=(Forbidden("q", "c1", at(12)),)),
    "pinned to the other": replace(either(), pins=(Pin(parcel_id="a", partner_id="p"),)),
    "gate too narrow": replace(either(kind="truck"), gates=(gate(largest_kind="van"),)),
    "does not carry one": replace(either(), rides=(ride("a", partner_ids=BOTH), ride("b"))),
    "heavy": replace(
        either(vehicle_id="q:motorbike"),
        vehicles=(bike(kind="van"), other()),
        rides=(ride("a", partner_ids=BOTH, needs_van=True),),
    ),
}
NOT["not to the hub"] = replace(
    NOT["not to the hub"], hubs=(*either().hubs, replace(either().hubs[0], hub_id="elsewhere"))
)


def test_a_partner_that_could_drive_the_run_is_named() -> None:
    one = either()
    plan = plan_wave(one, BUDGET, 1)
    assert [(run.partner_id, run.spare_partner_id) for run in plan.runs] == [("p", "q")]
    assert broken_rules(one, plan) == ()


@pytest.mark.parametrize("one", NOT.values(), ids=NOT.keys())
def test_a_partner_that_could_not_drive_the_run_is_not_named(one: Wave) -> None:
    plan = plan_wave(one, BUDGET, 1)
    assert [(run.partner_id, run.spare_partner_id) for run in plan.runs] == [("p", "")]
    assert broken_rules(one, plan) == ()


@pytest.mark.parametrize("one", NOT.values(), ids=NOT.keys())
def test_the_checker_finds_a_spare_partner_that_could_not_drive_the_run(one: Wave) -> None:
    plan = plan_wave(one, BUDGET, 1)
    wrong = replace(plan, runs=(replace(plan.runs[0], spare_partner_id="q"),))
    assert broken_rules(one, wrong) == ("spare: q could not drive the run of p:motorbike instead",)


def test_a_partner_is_no_spare_of_itself_and_nobody_is_none() -> None:
    one = either()
    plan = plan_wave(one, BUDGET, 1)
    for name in ("p", "nobody"):
        wrong = replace(plan, runs=(replace(plan.runs[0], spare_partner_id=name),))
        assert broken_rules(one, wrong) == (f"spare: {name} could not drive the run of p:motorbike instead",)


def test_a_vehicle_of_the_same_kind_is_asked_first() -> None:
    van = other(vehicle_id="v:van", partner_id="v", kind="van")
    rides = [ride("a", partner_ids=("p", "q", "v"))]
    assert plan_wave(wave(rides, vehicles=[bike(), van, other()]), BUDGET, 1).runs[0].spare_partner_id == "q"
    assert plan_wave(wave(rides, vehicles=[bike(), van]), BUDGET, 1).runs[0].spare_partner_id == "v"


def test_loads_for_the_way_out_must_fit_the_spare_too() -> None:
    one = replace(either(weight_max_g=40_000), outbound=(Outbound(outbound_id="o", gate_id="g1", weight_g=40_001),))
    plan = plan_wave(one, BUDGET, 1)
    assert plan.runs[0].stops[0].outbound_ids == ("o",) and plan.runs[0].spare_partner_id == ""


def test_a_run_that_stays_is_given_a_spare_that_can_drive_now() -> None:
    """Its spare at the time has declined since: the run is the same, its spare is nobody."""
    one = either()
    last = plan_wave(one, BUDGET, 1)
    again = replace(one, last_plan=last, freeze_time=at(11), forbidden=(Forbidden("q", "c1", at(12)),))
    plan = plan_wave(again, BUDGET, 1)
    assert [(reason.code, plan.runs[0].spare_partner_id) for reason in plan.reasons] == [("RUN_STAYS", "")] * 2
    assert broken_rules(again, plan) == ()


@pytest.mark.parametrize("seed", range(20))
def test_whoever_is_named_passes_the_checker(seed: int) -> None:
    draw = random.Random(seed)
    gates = [gate(f"g{n}", windows=draw.choice([(), (Window(at(10.3), at(14)),)])) for n in range(1, 5)]
    rides = [
        ride(
            f"p{n}",
            f"g{draw.randint(1, 4)}",
            partner_ids=draw.choice([BOTH, BOTH, ("p",)]),
            weight_g=draw.randint(1_000, 20_000),
            latest={"hub": at(draw.choice([11, 13, 19]))},
            open_time=draw.choice([None, at(10.7)]),
        )
        for n in range(draw.randint(1, 8))
    ]
    spare = other(
        number=draw.randint(0, 3),
        lead_seconds=draw.choice([0, 1800]),
        per_duty_hour_vnd=draw.choice([0, 9_000]),
        run_seconds_max=draw.choice([None, 3_600]),
        breaks=draw.choice([(), (Window(at(12), at(13)),)]),
        fixed_vnd=draw.choice([20_000, 90_000]),
    )
    days = (PartnerDay(partner_id="q", runs_max=draw.choice([None, 1]), parcels_max=draw.choice([None, 4])),)
    one = wave(rides, gates, [bike(), spare], partners=days)
    assert broken_rules(one, plan_by_rule(one, Rule(name="greedy"), BUDGET, 1)) == ()
