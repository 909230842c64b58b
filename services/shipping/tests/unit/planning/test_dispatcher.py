"""What a dispatcher asks and is told: prices of pins, stable plans, calls, witnesses, words."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from shipping.domain import planning
from shipping.domain.planning import (
    Budget,
    DiscountStep,
    Forbidden,
    InvalidWave,
    Outbound,
    PartnerDay,
    Pin,
    Wave,
    broken_rules,
    difference,
    explain,
    plan_wave,
    price_of,
)

from .given import at, bike, gate, later, ride, truck, wave

BUDGET = Budget(cpu_seconds=0.1)


def patient() -> Wave:
    """One parcel must go, two may wait: one at the same gate, one far off."""
    gates = [gate("g1", later_waves=later(11, 15)), gate("g2", later_waves=later(11, 15))]
    evening = {"hub": at(19)}
    rides = [ride("must", latest={"hub": at(11)}), ride("near", latest=evening), ride("far", "g2", latest=evening)]
    return wave(rides, gates, places={"g2": 40.0})


def test_the_price_of_a_pin_is_known_before_it_is_set() -> None:
    one = patient()
    plan = plan_wave(one, BUDGET, 1)
    assert {r.parcel_id for r in plan.reasons if r.rides} == {"must", "near", "far"}
    waits = price_of(one, plan, BUDGET, pins=[Pin(parcel_id="far", rides=False)])
    assert waits.more_vnd < 0 and {r.code for r in waits.plan.reasons} == {"MUST_GO", "RIDES_ALONG", "PINNED_TO_WAIT"}
    told = difference(plan, waits.plan)
    assert told.waits_now == ("far",) and told.rides_now == () and len(told.runs_gone) == 1
    nobody = price_of(one, plan, BUDGET, forbidden=[Forbidden("p", "c1", at(12))])
    assert nobody.plan.runs == ()


def test_a_parcel_pinned_to_ride_takes_the_others_along() -> None:
    one = patient()
    lone = replace(one, rides=one.rides[1:], pins=(Pin(parcel_id="far", rides=True),))
    plan = plan_wave(lone, BUDGET, 1)
    assert next(r for r in plan.reasons if r.parcel_id == "far").rides
    assert broken_rules(lone, plan) == ()


def test_a_run_about_to_leave_stays_as_it_was_told() -> None:
    one = patient()
    told = plan_wave(one, BUDGET, 1)
    more = (*one.rides, ride("new", latest={"hub": at(11)}))
    again = replace(one, rides=more, last_plan=told, freeze_time=at(10.2), change_vnd=10_000)
    plan = plan_wave(again, BUDGET, 2)
    assert told.runs[0] in plan.runs and plan.cost.change_vnd == 0
    assert {r.code for r in plan.reasons} == {"RUN_STAYS", "MUST_GO"}
    assert difference(told, plan).moved == ()


def test_sellers_are_called_whose_parcel_would_ride_if_it_were_packed() -> None:
    one = patient()
    announced = ride("soon", ready_time=None, ready_expected_time=at(10.5))
    plan = plan_wave(replace(one, rides=(*one.rides, announced)), BUDGET, 1)
    assert plan.call_sellers == ("soon",)
    assert "Call the seller" in explain(plan, "soon")


def test_every_held_parcel_has_a_witness() -> None:
    gates = [gate("g1", later_waves=later(11, 15))]
    rides = [ride(f"p{n}", latest={"hub": at(19)}, weight_g=20_000) for n in range(4)]
    plan = plan_wave(wave(rides, gates, [bike(number=2)]), BUDGET, 1)
    assert plan.runs == ()
    assert sorted(p for w in plan.witnesses for s in w.run.stops for p in s.parcel_ids) == [f"p{n}" for n in range(4)]
    assert {w.decide_time for w in plan.witnesses} == {at(15)}


def test_without_a_witness_parcels_ride_earlier_and_the_reason_says_so() -> None:
    """Each alone could wait for the one later vehicle, but not all of them."""
    gates = [gate("g1", later_waves=later(15))]
    rides = [ride(f"p{n}", latest={"hub": at(19)}, weight_g=40_000) for n in range(3)]
    plan = plan_wave(wave(rides, gates, [bike(number=3, number_later=1)]), BUDGET, 1)
    assert sorted(r.code for r in plan.reasons) == ["HELD_FOR_LATER_WAVE", "NO_WITNESS", "NO_WITNESS"]


def test_returns_go_out_with_a_run_that_has_room_on_the_way() -> None:
    one = replace(patient(), outbound=(Outbound(outbound_id="empties", gate_id="g1", weight_g=45_000),))
    plan = plan_wave(one, BUDGET, 1)
    assert [stop.outbound_ids for run in plan.runs for stop in run.stops if stop.gate_id == "g1"] == [("empties",)]
    too_heavy = replace(one, outbound=(Outbound(outbound_id="empties", gate_id="g1", weight_g=45_001),))
    assert all(not s.outbound_ids for run in plan_wave(too_heavy, BUDGET, 1).runs for s in run.stops)


def test_reasons_can_be_read() -> None:
    plan = plan_wave(patient(), BUDGET, 1)
    told = explain(plan, "must")
    assert "no later wave" in told and "11:00" in told and "đ less" in told
    assert "does not know" in explain(plan, "nobody")


def test_a_discount_step_within_reach_is_worth_a_dearer_partner() -> None:
    """q is 1,000 đ dearer, but from 2 parcels on takes half off."""
    either = [ride("a", partner_ids=("p", "q")), ride("b", partner_ids=("p", "q"))]
    dearer = bike(vehicle_id="q:motorbike", partner_id="q", fixed_vnd=31_000)
    half = (PartnerDay(partner_id="q", discounts=(DiscountStep(2, 500),)),)
    one = wave(either, vehicles=[bike(), dearer], partners=half)
    plan = plan_wave(one, BUDGET, 1)
    assert [run.partner_id for run in plan.runs] == ["q"]
    assert plan.cost.discount_vnd == plan.runs[0].cost_vnd // 2 and broken_rules(one, plan) == ()


BAD = [
    ("rides[a].weight_g", wave([ride("a", weight_g=-1)])),
    ("rides[a].gate_id", wave([ride("a", "nowhere")])),
    ("rides.parcel_id", wave([ride("a"), ride("a")])),
    ("gates[g1].hub_ids", wave([], [gate(hub_ids=("nowhere",))])),
    ("gates[g1].later_waves", wave([], [gate(later_waves=later(9))])),
    ("vehicles[p:motorbike].kind", wave([], vehicles=[bike(kind="boat")])),
    ("vehicles[p:motorbike].number", wave([], vehicles=[bike(number=-1)])),
    ("vehicles[p:motorbike].on_time", wave([], vehicles=[bike(on_time=1.2)])),
    ("information", wave([], information="rumour")),
    ("pins", wave([], pins=(Pin(parcel_id="x", rides=True),))),
]


@pytest.mark.parametrize(("field", "one"), BAD, ids=[field for field, _ in BAD])
def test_invalid_input_is_refused_with_the_field_named(field: str, one: Wave) -> None:
    with pytest.raises(InvalidWave) as refused:
        plan_wave(one, BUDGET, 1)
    assert refused.value.field_name == field


def test_the_truck_is_taken_only_where_it_pays() -> None:
    """Six loads of 40 kg: six motorbikes cost more than one truck, two motorbikes less."""
    many = wave([ride(f"p{n}", weight_g=40_000) for n in range(6)], vehicles=[bike(number=9), truck()])
    assert [run.kind for run in plan_wave(many, BUDGET, 1).runs] == ["truck"]
    few = wave([ride(f"p{n}", weight_g=40_000) for n in range(2)], vehicles=[bike(number=9), truck()])
    assert [run.kind for run in plan_wave(few, BUDGET, 1).runs] == ["motorbike", "motorbike"]


def test_the_packages_own_example_plans_a_wave(capsys: pytest.CaptureFixture[str]) -> None:
    lines = (planning.__doc__ or "").split("\n")
    exec(dedent("\n".join(line for line in lines if line.startswith("    "))), {})
    assert "() 1" in capsys.readouterr().out
