"""Waves whose best answer is known on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from shipping.domain.planning import (
    Budget,
    Forbidden,
    HubPlace,
    Matrix,
    Plan,
    Rule,
    Table,
    Wave,
    Window,
    broken_rules,
    plan_by_rule,
    plan_wave,
)

from .given import at, bike, gate, later, line, passing, ride, truck, wave

BUDGET = Budget(cpu_seconds=0.15)


def planned(one: Wave) -> Plan:
    plan = plan_wave(one, BUDGET, seed=1)
    assert broken_rules(one, plan) == ()
    assert plan.policy != "refused_by_checker" and not plan.policy.startswith("first_fit")
    return plan


def codes(plan: Plan) -> dict[str, str]:
    return {reason.parcel_id: reason.code for reason in plan.reasons}


def test_no_parcels_no_runs() -> None:
    plan = planned(wave([]))
    assert (plan.runs, plan.reasons, plan.cost.total_vnd) == ((), (), 0)


def test_a_parcel_ready_exactly_at_the_wave_rides() -> None:
    assert codes(planned(wave([ride("a", ready_time=at(10))]))) == {"a": "MUST_GO"}
    second_later = at(10) + timedelta(seconds=1)
    assert codes(planned(wave([ride("a", ready_time=second_later)]))) == {"a": "NOT_READY"}


def test_a_weight_equal_to_the_capacity_fits_and_a_gram_more_needs_a_second_run() -> None:
    full = [ride("a", weight_g=20_000), ride("b", weight_g=25_000)]
    assert len(planned(wave(full)).runs) == 1
    assert len(planned(wave([*full, ride("c", weight_g=1)])).runs) == 2


def test_a_parcel_dearer_than_its_run_is_no_reason_to_leave_it() -> None:
    """20 km at 3,500 đ, 30,000 đ to come, 2,000 đ for the stop."""
    plan = planned(wave([ride("a")]))
    assert plan.cost.bill_vnd == 30_000 + 20 * 3_500 + 2_000
    assert plan.reasons[0].marginal_cost_vnd == plan.cost.bill_vnd


def test_fourteen_sellers_at_one_point_are_one_stop() -> None:
    plan = planned(wave([ride(f"p{n}") for n in range(14)]))
    assert [len(stop.parcel_ids) for run in plan.runs for stop in run.stops] == [14]
    assert plan.cost.stops_vnd == 2_000


def test_a_gate_that_closes_before_the_parcel_is_ready_keeps_it() -> None:
    """The driver would be there at 10:17 and the parcel is ready at 11:00, but the gate closes at 10:45."""
    closing = gate(windows=(Window(at(8), at(10.75)),))
    announced = ride("a", ready_time=None, ready_expected_time=at(11))
    assert codes(planned(wave([announced], [closing], information="door"))) == {"a": "GATE_CLOSED"}
    open_long = gate(windows=(Window(at(8), at(11.5)),))
    plan = planned(wave([announced], [open_long], information="door"))
    assert plan.runs[0].stops[0].leave_time == at(11) + timedelta(seconds=10)


def test_two_cut_offs_in_one_run_are_both_kept() -> None:
    """Far gate due at 13:00, near gate due at 20:00: one run, home before the earlier of the two."""
    gates = [gate("g1"), gate("g2")]
    rides = [ride("near", "g1", latest={"hub": at(20)}), ride("far", "g2")]
    plan = planned(wave(rides, gates))
    assert len(plan.runs) == 1 and plan.runs[0].return_time <= at(13) and plan.late_parcels == 0


def test_a_truck_does_not_go_to_a_gate_that_is_too_small_for_it() -> None:
    """The truck alone could take all in one run, were it not for the last gate."""
    gates = [gate("g1"), gate("g2", largest_kind="motorbike")]
    rides = [ride(f"h{n}", "g1", weight_g=40_000) for n in range(6)] + [ride("last", "g2")]
    plan = planned(wave(rides, gates, [truck(), bike()]))
    kinds = {stop.gate_id: run.kind for run in plan.runs for stop in run.stops}
    assert kinds == {"g1": "truck", "g2": "motorbike"} and len(plan.runs) == 2


def test_a_hub_cut_off_by_a_landslide_is_avoided_while_the_road_is_closed() -> None:
    """From Sa Pa, the nearer hub is closed off from 10:00 to 14:00: the run goes to Lai Châu."""
    ids = ("start", "g1", "sa_pa", "lai_chau")
    metres = np.array([[0, 5, 5, 40], [5, 0, 10, 45], [5, 10, 0, 50], [40, 45, 50, 0]]) * 1000
    free = metres // 10
    closed = free.copy()
    closed[:, 2] = closed[2, :] = -1
    closed[2, 2] = 0
    tables = (
        Table(profile="", place_ids=ids, metres=metres, seconds=free),
        Table(profile="", place_ids=ids, metres=metres, seconds=closed, from_time=at(10)),
        Table(profile="", place_ids=ids, metres=metres, seconds=free, from_time=at(14)),
    )
    hubs = (HubPlace(hub_id="sa_pa"), HubPlace(hub_id="lai_chau"))
    both = {"sa_pa": at(19), "lai_chau": at(19)}
    one = wave([ride("a", latest=both)], [gate(hub_ids=("sa_pa", "lai_chau"))], hubs=hubs, tables=tables, any_hub=True)
    assert [run.hub_id for run in planned(one).runs] == ["lai_chau"]
    afternoon = replace(one, decide_time=at(15))
    assert [run.hub_id for run in planned(afternoon).runs] == ["sa_pa"]
    patient = replace(one, any_hub=False, gates=(gate(hub_ids=("sa_pa",), later_waves=later(15)),))
    assert codes(planned(patient)) == {"a": "NO_WAY"}


def test_on_a_market_day_with_too_few_vehicles_as_few_as_possible_are_late() -> None:
    """One motorbike for 35 parcels: five small piles are more parcels than one big one."""
    gates = [gate("g1"), gate("g2"), gate("g3")]
    rides = [ride(f"a{n:02}", "g1") for n in range(30)] + [ride(f"b{n}", "g2", weight_g=20_000) for n in range(3)]
    plan = planned(wave(rides, gates, [bike(number=1)]))
    riding = [reason.parcel_id for reason in plan.reasons if reason.rides]
    assert sum(parcel.startswith("a") for parcel in riding) >= 25 and len(riding) >= 30
    assert {reason.code for reason in plan.reasons if not reason.rides} == {"NO_CAPACITY"}


def test_with_too_few_vehicles_what_must_go_rides_rather_than_many_that_may_wait() -> None:
    """Two motorbikes and three promises: each parcel of 12 kg that stays would make room for twelve that may wait."""
    gates = [gate(f"g{n}", later_waves=later(15)) for n in range(1, 6)]
    must = [ride(f"must{n}", f"g{n % 3 + 1}", weight_g=12_000, latest={"hub": at(12 + n / 6)}) for n in range(6)]
    along = [ride(f"wait{n:02}", f"g{n % 5 + 1}", latest={"hub": at(20)}) for n in range(40)]
    plan = planned(wave([*must, *along], gates, [bike(number=2)]))
    riding = {reason.parcel_id for reason in plan.reasons if reason.rides}
    assert riding >= {one.parcel_id for one in must} and len(plan.runs) == 2


def test_with_too_few_vehicles_a_promise_that_can_be_kept_rides_rather_than_many_that_are_lost() -> None:
    """One motorbike takes the heavy parcel that is on time, or the twelve that nobody can bring on time any more."""
    lost = [ride(f"lost{n}", weight_g=3_000, latest={"hub": at(10)}) for n in range(12)]
    plan = planned(wave([*lost, ride("promised", "g2", weight_g=40_000)], [gate("g1"), gate("g2")], [bike(number=1)]))
    assert "promised" in {p for run in plan.runs for stop in run.stops for p in stop.parcel_ids}


def test_a_partner_that_declined_is_not_asked_again() -> None:
    other = bike(vehicle_id="q:motorbike", partner_id="q", fixed_vnd=90_000)
    either = ride("a", partner_ids=("p", "q"))
    one = wave([either], vehicles=[bike(), other])
    plan = planned(one)
    assert (plan.runs[0].partner_id, plan.runs[0].spare_partner_id) == ("p", "q")
    declined = replace(one, forbidden=(Forbidden("p", "c1", at(12)),))
    assert planned(declined).runs[0].partner_id == "q"
    over = replace(one, forbidden=(Forbidden("p", "c1", at(10)),))
    assert planned(over).runs[0].partner_id == "p"


def test_a_late_born_parcel_aims_at_the_next_cut_off() -> None:
    """Due at 10:10 and 17 minutes away; the next line haul leaves at 13:00."""
    hub = HubPlace(hub_id="hub", cutoff_times=(at(13), at(20)))
    born_late = ride("a", latest={"hub": at(10.2)})
    plan = planned(wave([born_late], hubs=(hub,)))
    assert codes(plan) == {"a": "NOT_ON_TIME_ANY_MORE"} and plan.late_parcels == 1
    assert plan.cost.late_vnd == 70_000
    waits = planned(wave([born_late], [gate(later_waves=later(11))], hubs=(hub,)))
    assert codes(waits) == {"a": "HELD_FOR_LATER_WAVE"} and waits.reasons[0].waits_for == at(11)


def test_a_van_that_is_back_in_time_takes_a_second_run_and_one_that_is_not_does_not() -> None:
    """The first load is away from 10:00 to 10:39; the second is due at 12:00, 46 minutes from the next wave."""
    first, second = ride("a", weight_g=600_000), ride("b", "g2", weight_g=600_000, latest={"hub2": at(12)})
    for hour, waits in ((11.0, at(11)), (10.5, None)):
        gates = [gate("g1"), gate("g2", hub_ids=("hub2",), later_waves=later(hour))]
        van = truck(number=1, number_scope="in_use")
        one = wave([first, second], gates, [van], {"hub2": 0.0}, hubs=(HubPlace(hub_id="hub"), HubPlace(hub_id="hub2")))
        plan = planned(one)
        assert [run.stops[0].parcel_ids for run in plan.runs] == [("a",)]
        assert [proof.decide_time for proof in plan.witnesses] == ([waits] if waits else [])
        assert plan.reasons[1].code == ("HELD_FOR_LATER_WAVE" if waits else "NO_CAPACITY")


def test_a_van_that_comes_back_from_elsewhere_leaves_when_it_is_there() -> None:
    heavy = ride("a", weight_g=60_000)
    plan = planned(wave([heavy], vehicles=[truck(number=1, available_time=at(11.5))]))
    assert plan.runs[0].leave_time == at(11.5) and plan.late_parcels == 0
    too_late = truck(number=1, available_time=at(19.9))
    assert codes(planned(wave([heavy], vehicles=[too_late]))) == {"a": "NOT_HOME_IN_TIME"}


def test_a_parcel_is_held_overnight_over_a_day_without_pickup() -> None:
    """The next pickup is in two days and still in time."""
    patient = ride("a", latest={"hub": at(13, days=2)})
    plan = planned(wave([patient], [gate(later_waves=later(8, days=2))]))
    assert plan.reasons[0].waits_for == at(8, days=2) and plan.runs == ()
    pressing = planned(wave([replace(patient, latest={"hub": at(18, days=1)})], [gate(later_waves=later(8, days=2))]))
    assert codes(pressing) == {"a": "MUST_GO"}


def test_what_must_go_takes_along_what_could_wait() -> None:
    gates = [gate("g1", later_waves=later(11, 15))]
    rides = [ride("must", latest={"hub": at(11)}), ride("may", latest={"hub": at(19)})]
    assert codes(planned(wave(rides, gates))) == {"must": "MUST_GO", "may": "RIDES_ALONG"}
    lazy = plan_by_rule(wave(rides, gates), Rule(name="lazy"), BUDGET, 1)
    assert codes(lazy) == {"must": "MUST_GO", "may": "HELD_FOR_LATER_WAVE"}


def test_hot_meals_ride_alone_and_heavy_goods_never_on_a_motorbike() -> None:
    rides = [ride("meal", handling=frozenset({"hot_meal"})), ride("stone", handling=frozenset({"heavy"})), ride("c")]
    plan = planned(wave(rides, vehicles=[bike(), truck()]))
    aboard = {frozenset(s.parcel_ids for s in run.stops): run.kind for run in plan.runs}
    assert aboard[frozenset({("meal",)})] == "motorbike"
    assert all(run.kind == "truck" for run in plan.runs for stop in run.stops if "stone" in stop.parcel_ids)


def test_a_committed_run_takes_parcels_along_at_its_stops() -> None:
    committed = passing(
        run_id="r1",
        weight_left_g=1_500,
    )
    plan = planned(wave([ride("a"), ride("b")], committed=(committed,)))
    assert [one.parcel_ids for one in plan.additions] == [("a",)]
    assert codes(plan) == {"a": "ADDED_TO_RUN", "b": "MUST_GO"}


def test_the_unit_of_weight_changes_nothing() -> None:
    gates = [gate("g1"), gate("g2"), gate("g3")]
    bills = []
    for scale in (1, 1000):
        rides = [ride(f"p{n}", f"g{n % 3 + 1}", weight_g=(7 + n) * scale) for n in range(12)]
        plan = planned(wave(rides, gates, [bike(weight_max_g=60 * scale)]))
        bills.append((len(plan.runs), plan.cost.bill_vnd))
    assert bills[0] == bills[1] and bills[0][0] == 3


def test_a_plan_is_made_again_from_its_steps_byte_for_byte() -> None:
    gates = [gate(f"g{n}") for n in range(1, 9)]
    rides = [ride(f"p{n:02}", f"g{n % 8 + 1}", weight_g=3_000 + 100 * n) for n in range(40)]
    one = wave(rides, gates, [bike(number=9), truck()])
    plan = planned(one)
    assert plan.steps > 0
    assert repr(plan_wave(one, Budget(cpu_seconds=0.0, trace=plan.trace), seed=1)) == repr(plan)


def test_an_island_without_a_way_comes_back_with_its_reason() -> None:
    ways = line({"start": 0.0, "hub": 0.0})
    one = replace(wave([ride("a")]), matrix=Matrix(ways.metres, ways.seconds))
    assert codes(planned(one)) == {"a": "NO_WAY"}
    assert codes(planned(wave([ride("a", weight_g=90_000)]))) == {"a": "NO_VEHICLE_FITS"}


@pytest.mark.parametrize(
    ("pressed", "windows"),
    [({"close_time": at(10.38)}, ()), ({}, (Window(at(9), at(10.38)),)), ({"latest": {"hub": at(10.83)}}, ())],
)
def test_two_parcels_of_one_gate_that_no_vehicle_can_serve_one_after_the_other_ride_in_two(
    pressed: dict[str, Any], windows: tuple[Window, ...]
) -> None:
    """10 minutes each from 10:21:40 at the gate, the way back 17: one is in time, two are not.

    Many parcels are searched a gate at a time, which must not bind these two together.
    """
    crowd = [ride(f"o{n}", "g2", weight_g=100) for n in range(165)]
    plan = planned(
        wave(
            [*crowd, *(ride(name, service_seconds=600, **pressed) for name in "ab")],
            [gate(windows=windows), gate("g2")],
            [bike(number=12)],
        )
    )
    assert set(codes(plan).values()) == {"MUST_GO"}
    assert len([run for run in plan.runs for stop in run.stops if stop.gate_id == "g1"]) == 2
