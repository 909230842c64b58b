"""Ceilings of partners, announced runs and odd items: what is possible rides, and no rule is broken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shipping.domain.planning import Budget, PartnerDay, Pin, Plan, Wave, broken_rules, plan_wave

from .given import at, bike, gate, later, ride, truck, wave

BUDGET = Budget(0.05)
SIX = tuple(gate(f"g{n}") for n in range(1, 7))


def planned(one: Wave) -> Plan:
    plan = plan_wave(one, BUDGET, 1)
    assert broken_rules(one, plan) == ()
    return plan


def riding(plan: Plan) -> int:
    return sum(reason.rides for reason in plan.reasons)


@pytest.mark.parametrize(
    ("ceiling", "most"),
    [({"parcels_max": 2}, 2), ({"parcels_max": 3, "parcels_today": 2}, 1), ({"weight_max_g": 80_000}, 2)],
)
def test_as_many_ride_as_a_partner_may_carry_today(ceiling: dict[str, int], most: int) -> None:
    heavy = [ride(f"h{n}", f"g{n}", weight_g=40_000) for n in range(1, 5)]
    plan = planned(wave(heavy, SIX[:4], partners=(PartnerDay(partner_id="p", **ceiling),)))
    assert riding(plan) == most


def test_only_as_many_runs_go_as_a_partner_drives_today() -> None:
    heavy = [ride(f"h{n}", f"g{n}", weight_g=40_000) for n in range(1, 5)]
    plan = planned(wave(heavy, SIX[:4], partners=(PartnerDay(partner_id="p", runs_max=5, runs_today=3),)))
    assert len(plan.runs) == 2
    assert riding(plan) == 2


def test_parcels_under_a_ceiling_share_runs() -> None:
    rides = [ride(f"r{n}", f"g{n % 6 + 1}") for n in range(30)]
    plan = planned(wave(rides, SIX, partners=(PartnerDay(partner_id="p", parcels_max=25),)))
    assert riding(plan) == 25
    assert len(plan.runs) < 3


def test_promises_come_first_under_a_ceiling() -> None:
    rides = [ride(f"r{n}", f"g{n}", latest={"hub": at(20)}) for n in range(1, 5)] + [ride("soon", "g6")]
    gates = [replace(one, later_waves=later(12, 14)) for one in SIX[:5]] + [SIX[5]]
    plan = planned(wave(rides, gates, take_all=True, partners=(PartnerDay(partner_id="p", parcels_max=2),)))
    assert riding(plan) == 2
    assert next(reason.rides for reason in plan.reasons if reason.parcel_id == "soon")


def test_what_one_partner_may_not_carry_any_more_goes_to_the_next() -> None:
    rides = [ride(f"r{n}", f"g{n}", partner_ids=("p", "q")) for n in range(1, 7)]
    dearer = bike(vehicle_id="q:motorbike", partner_id="q", fixed_vnd=60_000, parcels_max=3)
    plan = planned(wave(rides, SIX, (bike(), dearer), partners=(PartnerDay(partner_id="p", parcels_max=3),)))
    assert riding(plan) == 6
    assert {run.partner_id for run in plan.runs} == {"p", "q"}


def test_a_run_that_stays_counts_against_the_ceiling() -> None:
    both = [ride("a", "g1"), ride("b", "g2")]
    gates = SIX[:2]
    (run,) = planned(wave(both[:1], gates)).runs
    one = wave(both, gates, pinned_runs=(run,), partners=(PartnerDay(partner_id="p", runs_max=1),))
    plan = planned(one)
    assert plan.runs == (run,)


def test_a_late_parcel_keeps_to_its_pinned_partner() -> None:
    lost = ride("lost", latest={"hub": at(10.1)}, partner_ids=("p", "q"))
    cars = (bike(), bike(vehicle_id="q:motorbike", partner_id="q", fixed_vnd=90_000))
    plan = planned(wave([lost], vehicles=cars, pins=(Pin(parcel_id="lost", partner_id="q"),)))
    assert [run.partner_id for run in plan.runs] == ["q"]


def test_a_parcel_not_known_yet_waits_and_the_others_ride() -> None:
    plan = planned(wave([ride("a"), ride("tomorrow", known_time=at(11))]))
    assert {reason.parcel_id: reason.rides for reason in plan.reasons} == {"a": True, "tomorrow": False}


def test_an_announced_run_stays_where_a_change_costs_more_than_it_saves() -> None:
    cars = (bike(fixed_vnd=31_000), bike(vehicle_id="q:motorbike", partner_id="q", fixed_vnd=30_000))
    one = wave([ride("a", partner_ids=("p", "q"))], vehicles=cars)
    told = planned(replace(one, vehicles=cars[:1]))
    moved = planned(replace(one, last_plan=told, change_vnd=500))
    stays = planned(replace(one, last_plan=told, change_vnd=5_000))
    assert [run.partner_id for run in (*moved.runs, *stays.runs)] == ["q", "p"]
    assert (moved.cost.change_vnd, stays.cost.change_vnd) == (500, 0)


def test_what_was_told_to_ride_is_not_called_off_where_that_is_dearer() -> None:
    waits = wave([ride("a", latest={"hub": at(20)})], [gate(later_waves=later(12, 15))])
    told = planned(replace(waits, take_all=True))
    assert riding(planned(replace(waits, last_plan=told, change_vnd=1_000))) == 0
    assert riding(planned(replace(waits, last_plan=told, change_vnd=1_000_000))) == 1


def test_seeds_may_be_large() -> None:
    rides = [ride(f"r{n}", f"g{n}") for n in range(1, 7)]
    assert riding(plan_wave(wave(rides, SIX, (bike(), truck())), BUDGET, 2**32 - 1)) == 6
