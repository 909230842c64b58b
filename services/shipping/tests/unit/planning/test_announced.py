"""Runs that were announced: they were booked when they were told, and are kept where a change costs more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shipping.domain.planning import Budget, Outbound, Plan, Wave, broken_rules, difference, plan_wave

from .given import at, bike, gate, later, ride, wave

BUDGET = Budget(0.05)


def planned(one: Wave) -> Plan:
    plan = plan_wave(one, BUDGET, 1)
    assert broken_rules(one, plan) == () and not plan.policy.startswith(("mended", "first_fit"))
    return plan


def asked_again(one: Wave, **changes: Any) -> tuple[Plan, Plan]:
    """The plan of a quarter to ten, when vehicles need a quarter of an hour, and the one made five minutes later."""
    first = planned(one)
    fields: dict[str, Any] = {"decide_time": one.decide_time + timedelta(minutes=5), "change_vnd": 200_000}
    return first, planned(replace(one, last_plan=first, **(fields | changes)))


def early(*rides: Any, **changes: Any) -> Wave:
    return wave(rides, vehicles=[bike(lead_seconds=900)], decide_time=at(9.75), **changes)


def test_a_run_that_was_told_is_kept_although_its_lead_has_begun() -> None:
    told, again = asked_again(early(ride("a")))
    assert difference(told, again).moved == () and again.cost == told.cost


def test_a_promise_that_only_the_run_that_was_told_keeps_is_kept() -> None:
    told, again = asked_again(early(ride("a", latest={"hub": at(10 + 2 / 3)})))
    assert again.runs == told.runs and again.late_parcels == 0


def test_a_promise_is_kept_by_the_run_that_was_told_rather_than_lost_on_a_cheaper_one() -> None:
    one = early(ride("a", latest={"hub": at(10 + 2 / 3)}, partner_ids=("p", "q")))
    cheaper = bike(vehicle_id="q:motorbike", partner_id="q", lead_seconds=900, fixed_vnd=10_000)
    told, again = asked_again(one, vehicles=(*one.vehicles, cheaper), change_vnd=1_000)
    assert again.late_parcels == 0 and difference(told, again).moved == ()


def test_promises_that_a_told_run_keeps_go_before_a_parcel_that_is_late_anyway() -> None:
    """One motorbike for all: told, it keeps three promises; told anew with a fourth parcel it would break all four."""
    one = early(*(ride(name, latest={"hub": at(10 + 2 / 3)}) for name in "abc"))
    one = replace(one, vehicles=(replace(one.vehicles[0], number=1),))
    late = ride("x", latest={"hub": at(10.1)})
    for change_vnd in (1, 200_000):
        told, again = asked_again(one, rides=(*one.rides, late), change_vnd=change_vnd)
        assert again.runs == told.runs and again.broken_promises == 1


def test_a_run_that_was_told_is_not_called_off_where_that_is_dearer_although_its_lead_has_begun() -> None:
    """It costs 134,000 đ, and calling its three parcels off three times the price of a change."""
    gates = [gate(f"g{n}", later_waves=later(12, 15)) for n in (1, 2, 3)]
    one = early(*(ride(f"a{n}", f"g{n}", latest={"hub": at(20)}) for n in (1, 2, 3)), gates=gates, take_all=True)
    for change_vnd, runs in ((40_000, 0), (50_000, 1)):
        told, again = asked_again(one, take_all=False, change_vnd=change_vnd)
        assert again.runs == told.runs[:runs] and bool(again.cost.change_vnd) == (not runs)


def test_a_run_whose_vehicle_is_not_there_yet_is_moved() -> None:
    one = early(ride("a"))
    told, again = asked_again(one, vehicles=(bike(lead_seconds=900, available_time=at(10.25)),))
    assert difference(told, again).moved == ("a",) and again.cost.change_vnd == 200_000


def test_a_run_that_was_told_takes_no_returns_along_within_its_lead() -> None:
    returned = Outbound(outbound_id="o", gate_id="g1", weight_g=1_000, service_seconds=60)
    told, again = asked_again(early(ride("a")), outbound=(returned,))
    assert again.runs == told.runs


def test_what_is_new_is_routed_well_beside_runs_that_were_told() -> None:
    """Nine parcels are too many to try every run: one bike more takes all that is new, if it is searched alone."""
    gates = tuple(gate(f"g{n}") for n in range(1, 10))
    spots = {f"g{n}": (3.0 + n) * (-1) ** n for n in range(1, 10)}
    one = early(*(ride(f"a{n}", f"g{n}") for n in (1, 2, 3)), gates=gates, places=spots)
    new = tuple(ride(f"b{n}", f"g{n}") for n in range(4, 10))
    told, again = asked_again(one, rides=(*one.rides, *new))
    bare = planned(replace(one, rides=new, decide_time=at(9.75) + timedelta(minutes=5)))
    assert difference(told, again).moved == ()
    assert again.cost.bill_vnd <= told.cost.bill_vnd + bare.cost.bill_vnd
