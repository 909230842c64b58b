"""Parcels whose promise nobody can keep any more: they ride late where a run goes anyway, or wait for a later one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from shipping.domain.planning import (
    Budget,
    HubPlace,
    PartnerDay,
    Pin,
    Plan,
    Vehicle,
    Wave,
    broken_rules,
    explain,
    plan_wave,
    price_of,
)

from .given import at, bike, gate, later, passing, ride, truck, wave

BUDGET = Budget(0.05)
HUB = HubPlace(hub_id="hub", cutoff_times=(at(13), at(20)))
BIKE, GONE = bike(number=1, lead_seconds=600), truck(number=0)


def planned(one: Wave) -> Plan:
    plan = plan_wave(one, BUDGET, 1)
    assert broken_rules(one, plan) == () and not plan.policy.startswith(("mended", "first_fit"))
    return plan


def codes(plan: Plan) -> dict[str, str]:
    return {reason.parcel_id: reason.code for reason in plan.reasons}


def hurried(**changes: Any) -> Wave:
    """A truck would be home by the promise of b, a motorbike, which needs ten minutes to come, would not."""
    rides = [ride("a"), ride("b", latest={"hub": at(10.7)})]
    return wave(**({"rides": rides, "vehicles": [BIKE, GONE], "hubs": (HUB,)} | changes))


LATE_ALONG = {"a": "MUST_GO", "b": "NOT_ON_TIME_ANY_MORE"}

FREE = truck(vehicle_id="q:truck", partner_id="q", number=1)
AWAY: dict[str, list[Vehicle]] = {"none there": [BIKE, GONE], "its partner drives no more today": [BIKE, FREE]}


@pytest.mark.parametrize("vehicles", AWAY.values(), ids=AWAY.keys())
def test_a_vehicle_that_is_away_keeps_no_promise_now(vehicles: list[Vehicle]) -> None:
    """What it alone could have brought in time rides late in the run that stops at its gate."""
    one = hurried(vehicles=vehicles, partners=(PartnerDay(partner_id="q", runs_max=2, runs_today=2),))
    one = replace(one, rides=tuple(replace(ride, partner_ids=("p", "q")) for ride in one.rides))
    plan = planned(one)
    assert codes(plan) == LATE_ALONG and len(plan.runs) == 1


def test_a_vehicle_on_a_run_that_stays_keeps_no_other_promise() -> None:
    heavy = ride("heavy", "g2", weight_g=60_000)
    gates = [gate(), gate("g2")]
    (run,) = planned(wave([heavy], gates, [truck(number=1)], places={"g2": -14.0}, hubs=(HUB,))).runs
    one = hurried(gates=gates, vehicles=[BIKE, truck(number=1)], places={"g2": -14.0}, pinned_runs=(run,))
    plan = planned(replace(one, rides=(*one.rides, heavy)))
    assert codes(plan) == {**LATE_ALONG, "heavy": "RUN_STAYS"} and len(plan.runs) == 2


def test_what_a_vehicle_could_still_bring_in_time_on_a_later_wave_is_not_late() -> None:
    waits = replace(hurried().rides[1], latest={"hub": at(11.9)})
    slow = bike(number=1, lead_seconds=7_200)
    one = hurried(rides=[waits], gates=[gate(later_waves=later(11))], vehicles=[slow, truck(number=0, number_later=1)])
    plan = planned(one)
    assert codes(plan) == {"b": "HELD_FOR_LATER_WAVE"} and [proof.run.kind for proof in plan.witnesses] == ["truck"]


def test_what_is_late_as_a_vehicle_is_away_may_wait_for_a_wave_before_the_next_line_haul() -> None:
    plan = planned(hurried(rides=[hurried().rides[1]], gates=[gate(later_waves=later(11))]))
    assert codes(plan) == {"b": "HELD_FOR_LATER_WAVE"} and plan.reasons[0].waits_for == at(11)
    assert [proof.decide_time for proof in plan.witnesses] == [at(11)]


def test_a_vehicle_that_is_away_now_may_prove_a_later_run() -> None:
    cars = [replace(BIKE, number_later=0), replace(GONE, number_later=1)]
    plan = planned(hurried(rides=[hurried().rides[1]], gates=[gate(later_waves=later(11))], vehicles=cars))
    assert codes(plan) == {"b": "HELD_FOR_LATER_WAVE"} and [proof.run.kind for proof in plan.witnesses] == ["truck"]


def test_a_run_that_passes_keeps_a_promise_although_all_vehicles_that_could_are_away() -> None:
    plan = planned(hurried(committed=(passing(return_time=at(10.7)),)))
    assert codes(plan) == {"a": "ADDED_TO_RUN", "b": "ADDED_TO_RUN"}


def busy(*rides: Any, **changes: Any) -> Wave:
    """The one truck is needed for heavy loads on another road."""
    heavy = [ride(f"h{n}", "g2", weight_g=60_000, latest={"hub": at(11)}) for n in range(3)]
    fields = {"gates": [gate(), gate("g2"), gate("g3")], "places": {"g2": -14.0, "g3": 10.5}}
    return hurried(rides=[*rides, *heavy], vehicles=[BIKE, truck(number=1)], **(fields | changes))


def test_what_missed_its_vehicle_rides_late_in_a_run_that_goes_anyway() -> None:
    a, b = hurried().rides
    plan = planned(busy(a, b, replace(b, parcel_id="c", gate_id="g3")))
    assert {p: code for p, code in codes(plan).items() if p in "abc"} == {**LATE_ALONG, "c": "NOT_ON_TIME_ANY_MORE"}
    assert len(plan.runs) == 2


STAYS: dict[str, dict[str, Any]] = {
    "another would be late": {"rides": {"a": {"latest": {"hub": at(10 + 48.5 / 60)}}}},
    "too heavy beside the others": {"rides": {"a": {"weight_g": 44_001}}},
    "over its partner's ceiling": {"partners": (PartnerDay(partner_id="p", parcels_max=4),)},
}


@pytest.mark.parametrize("why", STAYS.values(), ids=STAYS.keys())
def test_what_missed_its_vehicle_waits_rather_than_harm_others(why: dict[str, Any]) -> None:
    rides = [replace(one, **why.get("rides", {}).get(one.parcel_id, {})) for one in hurried().rides]
    plan = planned(busy(*rides, **{name: value for name, value in why.items() if name != "rides"}))
    assert codes(plan)["a"] == "MUST_GO" and codes(plan)["b"] == "NO_CAPACITY"


def test_what_is_late_has_a_run_of_its_own_where_that_is_cheaper_than_the_way_round() -> None:
    b = replace(hurried().rides[1], gate_id="g3", latest={"hub": at(11)})
    one = busy(b, places={"g2": -14.0, "g3": -15.0})
    rides = [replace(one, latest={"hub": at(11.2)}) if one is not b else b for one in one.rides]
    for per_km_vnd, runs in ((7_500, 1), (100_000, 2)):
        cars = bike(number=1, lead_seconds=1_900), truck(number=1, per_km_vnd=per_km_vnd)
        plan = planned(replace(one, rides=tuple(rides), vehicles=cars))
        assert codes(plan)["b"] == "NOT_ON_TIME_ANY_MORE" and len(plan.runs) == runs


def test_a_forced_parcel_rides_late_if_it_must_with_its_price() -> None:
    one = busy(*hurried().rides, gates=[gate(later_waves=later(14)), gate("g2"), gate("g3")])
    plan = planned(replace(one, pins=(Pin(parcel_id="b", rides=False),)))
    priced = price_of(one, plan, BUDGET, pins=[Pin(parcel_id="b", rides=True)])
    assert (priced.plan.late_parcels, priced.more_vnd, priced.broken) == (1, 70_000, ())
    assert "cannot be kept" in explain(priced.plan, "b")
