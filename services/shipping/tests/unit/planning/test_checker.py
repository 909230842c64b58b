"""The checker finds every broken rule: good plans are broken on purpose, one rule at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from shipping.domain.planning import (
    Addition,
    Budget,
    CommittedStop,
    DiscountStep,
    Forbidden,
    HubPlace,
    Outbound,
    PartnerDay,
    Pin,
    Plan,
    Run,
    Wave,
    Window,
    Witness,
    broken_rules,
    plan_wave,
)

from .given import at, bike, gate, later, passing, ride, truck, wave


def good() -> tuple[Wave, Plan]:
    rides = [ride("a"), ride("b", "g2"), ride("c", "g2", weight_g=30_000)]
    one = wave(rides, [gate("g1"), gate("g2")], [bike(), truck(number=1)])
    plan = plan_wave(one, Budget(cpu_seconds=0.1), 1)
    assert broken_rules(one, plan) == () and len(plan.runs) == 1 and len(plan.runs[0].stops) == 2
    return one, plan


WAVE, PLAN = good()
RUN = PLAN.runs[0]
FIRST, SECOND = RUN.stops


def with_run(**changes: Any) -> Plan:
    return replace(PLAN, runs=(replace(RUN, **changes),))


def with_first_stop(**changes: Any) -> Plan:
    return with_run(stops=(replace(FIRST, **changes), SECOND))


def with_ride(parcel_id: str, **changes: Any) -> Wave:
    return replace(WAVE, rides=tuple(replace(r, **changes) if r.parcel_id == parcel_id else r for r in WAVE.rides))


def with_gates(**changes: Any) -> Wave:
    return replace(WAVE, gates=tuple(replace(one, **changes) for one in WAVE.gates))


def with_vehicle(**changes: Any) -> Wave:
    mine = tuple(replace(one, **changes) if one.vehicle_id == RUN.vehicle_id else one for one in WAVE.vehicles)
    return replace(WAVE, vehicles=mine)


def second(run: Run) -> Plan:
    return replace(PLAN, runs=(RUN, run))


TRUCKED = with_run(kind="truck", vehicle_id="p:truck")
SHORTLY = timedelta(seconds=1)
LONELY = replace(WAVE.matrix, seconds={way: s for way, s in WAVE.matrix.seconds.items() if way != ("start", "g1")})
COMMITTED = passing(
    weight_left_g=500,
    parcels_left=9,
)
EMPTIES = replace(WAVE, outbound=(Outbound(outbound_id="o", gate_id="g1", weight_g=1),))


def nothing(**changes: Any) -> Plan:
    """A plan without runs, but for these changes."""
    added = {parcel_id for one in changes.get("additions", ()) for parcel_id in one.parcel_ids}
    codes = {False: "NO_CAPACITY", True: "ADDED_TO_RUN"}
    reasons = [replace(one, rides=one.parcel_id in added, run_index=None) for one in PLAN.reasons]
    reasons = [replace(one, code=codes[one.rides]) for one in reasons]
    return replace(PLAN, runs=(), cost=type(PLAN.cost)(), reasons=tuple(reasons), **changes)


def with_passing(volume_cm3: int = 0, **changes: Any) -> Wave:
    """The wave with a committed run that has room for a and stops at its gate."""
    run = replace(COMMITTED, **({"weight_left_g": 9_000} | changes))
    return replace(with_ride("a", volume_cm3=volume_cm3), committed=(run,))


ALONG = nothing(additions=(Addition(run_id="r", gate_id="g1", parcel_ids=("a",)),))
BROKEN: list[tuple[str, Wave, Plan]] = [
    ("unknown vehicle", WAVE, with_run(vehicle_id="x")),
    ("unknown hub", WAVE, with_run(hub_id="x")),
    ("unknown gate", WAVE, with_first_stop(gate_id="x")),
    ("unknown parcel", WAVE, with_first_stop(parcel_ids=("x",))),
    ("collected twice", WAVE, second(RUN)),
    ("reasons", WAVE, replace(PLAN, reasons=PLAN.reasons[:-1])),
    ("reasons", WAVE, replace(PLAN, reasons=(replace(PLAN.reasons[0], rides=False), *PLAN.reasons[1:]))),
    ("reasons", WAVE, replace(PLAN, reasons=(replace(PLAN.reasons[0], run_index=7), *PLAN.reasons[1:]))),
    ("more vehicles than there are", with_vehicle(number=0), PLAN),
    ("partner ceiling: runs", replace(WAVE, partners=(PartnerDay(partner_id="p", runs_max=0),)), PLAN),
    ("partner ceiling: parcels", replace(WAVE, partners=(PartnerDay(partner_id="p", parcels_max=2),)), PLAN),
    ("partner ceiling: weight", replace(WAVE, partners=(PartnerDay(partner_id="p", weight_max_g=1),)), PLAN),
    ("empty run", WAVE, with_run(stops=())),
    ("does not go to", with_vehicle(hub_ids=("elsewhere",)), PLAN),
    ("hot meal batched", with_ride("a", handling=frozenset({"hot_meal"})), PLAN),
    ("too large for the gate", replace(with_gates(largest_kind="van"), vehicles=(truck(),)), TRUCKED),
    ("hub not reachable", with_gates(hub_ids=()), PLAN),
    ("forbidden partner", replace(WAVE, forbidden=(Forbidden("p", "c1", at(11)),)), PLAN),
    ("partner does not carry it", with_ride("a", partner_ids=("q",)), PLAN),
    ("heavy on a motorbike", with_ride("a", handling=frozenset({"heavy"})), PLAN),
    ("heavy on a motorbike", with_ride("a", needs_van=True), PLAN),
    ("wrong hub", with_ride("a", latest={"elsewhere": at(13)}), PLAN),
    ("not ready", with_ride("a", ready_time=at(10) + SHORTLY), PLAN),
    ("not known yet", with_ride("a", known_time=at(10) + SHORTLY), PLAN),
    ("leaves before the lead", with_vehicle(lead_seconds=1), PLAN),
    ("leaves before it is available", with_vehicle(available_time=at(10) + SHORTLY), PLAN),
    ("cannot be driven", replace(WAVE, matrix=LONELY), PLAN),
    ("wrong arrival", WAVE, with_first_stop(arrive_time=FIRST.arrive_time - SHORTLY)),
    ("wrong leaving", WAVE, with_first_stop(leave_time=FIRST.leave_time + SHORTLY)),
    ("wrong return", WAVE, with_run(return_time=RUN.return_time - SHORTLY)),
    ("home too late", with_vehicle(home_time=RUN.return_time - SHORTLY), PLAN),
    ("home too late", replace(WAVE, hubs=(HubPlace(hub_id="hub", close_time=at(10.5)),)), PLAN),
    ("hub not open yet", replace(WAVE, hubs=(HubPlace(hub_id="hub", open_time=at(15)),)), PLAN),
    ("run too long", with_vehicle(run_seconds_max=60), PLAN),
    ("under way in a break", with_vehicle(breaks=(Window(at(10.2), at(10.4)),)), PLAN),
    ("gate closed", with_gates(windows=(Window(at(8), at(9)),)), PLAN),
    ("outside its window", with_ride("a", close_time=at(10)), PLAN),
    ("too heavy", with_vehicle(weight_max_g=31_999), PLAN),
    ("too voluminous", replace(with_ride("a", volume_cm3=10), vehicles=with_vehicle(volume_max_cm3=9).vehicles), PLAN),
    ("too many parcels", with_vehicle(parcels_max=2), PLAN),
    ("wrong load", WAVE, with_run(weight_g=1)),
    ("wrong metres", WAVE, with_run(metres=1)),
    ("wrong cost", WAVE, with_run(cost_vnd=RUN.cost_vnd - 1)),
    ("wrong cost split", WAVE, replace(PLAN, cost=replace(PLAN.cost, wait_vnd=1))),
    ("wrong number of late", WAVE, replace(PLAN, late_parcels=1)),
    ("wrong number of late", with_ride("a", latest={"hub": at(10.5)}), PLAN),
    ("wrong cost split", replace(WAVE, wait_hour_vnd=1_000), PLAN),
    (
        "wrong cost split",
        replace(WAVE, partners=(PartnerDay(partner_id="p", discounts=(DiscountStep(3, 100),)),)),
        PLAN,
    ),
    ("wrong cost split", replace(WAVE, last_plan=with_run(leave_time=at(9)), change_vnd=5), PLAN),
    ("pin: a must wait", replace(WAVE, pins=(Pin(parcel_id="a", rides=False),)), PLAN),
    ("pin: a rides with", replace(WAVE, pins=(Pin(parcel_id="a", partner_id="q"),)), PLAN),
    ("pin: run of", replace(WAVE, pinned_runs=(replace(RUN, leave_time=at(11)),)), PLAN),
    ("addition: no such stop", WAVE, replace(PLAN, additions=(Addition(run_id="x", gate_id="g1", parcel_ids=()),))),
    (
        "addition: no room left",
        replace(WAVE, committed=(COMMITTED,)),
        replace(PLAN, additions=(Addition(run_id="r", gate_id="g1", parcel_ids=("a",)),)),
    ),
    (
        "addition: late or elsewhere",
        replace(WAVE, committed=(COMMITTED,)),
        replace(PLAN, additions=(Addition(run_id="r", gate_id="g1", parcel_ids=("b",)),)),
    ),
    (
        "addition: not on such a run",
        replace(with_ride("a", needs_van=True), committed=(COMMITTED,)),
        replace(PLAN, additions=(Addition(run_id="r", gate_id="g1", parcel_ids=("a",)),)),
    ),
    ("brought twice", EMPTIES, with_first_stop(outbound_ids=("o", "o"))),
    ("addition: may not ride with", with_passing(partner_id="q"), ALONG),
    ("addition: late or elsewhere", with_passing(return_time=at(13) + SHORTLY), ALONG),
    ("addition: the stop is over", with_passing(stops=(CommittedStop("g1", at(9.9)),)), ALONG),
    (
        "addition: gate closed",
        replace(with_passing(), gates=with_gates(windows=(Window(at(12), at(13)),)).gates),
        ALONG,
    ),
    ("addition: outside its window", replace(with_passing(), rides=with_ride("a", close_time=at(10.55)).rides), ALONG),
    ("addition: outside its window", replace(with_passing(), rides=with_ride("a", open_time=at(10.6)).rides), ALONG),
    ("addition: not on such a run", replace(with_passing(), rides=with_ride("a", known_time=at(10.1)).rides), ALONG),
    (
        "addition: not on such a run",
        replace(with_passing(), rides=with_ride("a", handling=frozenset({"hot_meal"})).rides),
        ALONG,
    ),
    (
        "addition: vehicle too large",
        replace(with_passing(kind="truck"), gates=with_gates(largest_kind="van").gates),
        ALONG,
    ),
    ("addition: hub not reachable", replace(with_passing(), gates=with_gates(hub_ids=()).gates), ALONG),
    ("addition: forbidden partner", replace(with_passing(), forbidden=(Forbidden("p", "c1", at(11)),)), ALONG),
    ("addition: no room left", with_passing(volume_left_cm3=0, volume_cm3=1), ALONG),
    ("addition: no room left", with_passing(parcels_left=0), ALONG),
    ("partner ceiling: parcels", replace(with_passing(), partners=(PartnerDay(partner_id="p", parcels_max=0),)), ALONG),
    (
        "partner ceiling: weight",
        replace(with_passing(), partners=(PartnerDay(partner_id="p", weight_max_g=999),)),
        ALONG,
    ),
    ("pin: a rides with", replace(with_passing(), pins=(Pin(parcel_id="a", partner_id="q"),)), ALONG),
    ("spare: q could not", WAVE, with_run(spare_partner_id="q")),
    ("unknown outbound load", WAVE, with_first_stop(outbound_ids=("x",))),
    (
        "too heavy",
        replace(WAVE, outbound=(Outbound(outbound_id="o", gate_id=SECOND.gate_id, weight_g=45_001),)),
        with_run(stops=(FIRST, replace(SECOND, outbound_ids=("o",)))),
    ),
    (
        "outbound load at the wrong gate",
        replace(WAVE, outbound=(Outbound(outbound_id="o", gate_id=SECOND.gate_id, weight_g=1),)),
        with_first_stop(outbound_ids=("o",)),
    ),
]


@pytest.mark.parametrize(("rule", "one", "plan"), BROKEN, ids=[f"{n}-{case[0]}" for n, case in enumerate(BROKEN)])
def test_a_broken_rule_is_found(rule: str, one: Wave, plan: Plan) -> None:
    found = broken_rules(one, plan)
    assert any(rule in text for text in found), found


def held(**changes: Any) -> Plan:
    """Everything waits for 15:00 by the planner's own word, without a witness; but for these changes."""
    fields = {"code": "HELD_FOR_LATER_WAVE", "waits_for": at(15), "figures": (("witness_time", "none"),)} | changes
    return replace(nothing(), reasons=tuple(replace(one, **fields) for one in nothing().reasons))


PATIENT = with_gates(later_waves=later(15))
NAIVE = RUN.leave_time.replace(tzinfo=None)
UNTRUE: list[tuple[str, Wave, Plan]] = [
    ("this is the plan of 'x'", WAVE, replace(PLAN, wave_id="x")),
    ("has no time zone", WAVE, with_run(leave_time=NAIVE)),
    ("has no time zone", WAVE, with_first_stop(arrive_time=NAIVE)),
    ("has no time zone", WAVE, replace(PLAN, witnesses=(Witness(decide_time=NAIVE, run=RUN),))),
    ("a says RIDES_ALONG and rides=False", WAVE, held(code="RIDES_ALONG")),
    ("a says NONSENSE", WAVE, held(code="NONSENSE")),
    ("a names the wrong run", PATIENT, held(run_index=0)),
    ("a waits for no wave", WAVE, held()),
    ("a waits for no wave", PATIENT, held(waits_for=at(16))),
    ("a names no witness", PATIENT, held(figures=())),
    ("a must ride", replace(PATIENT, rides=with_ride("a", must_ride=True).rides), held()),
    ("freeze: run of", replace(WAVE, last_plan=PLAN, freeze_time=at(11)), nothing()),
    ("addition: wrong cost", with_passing(per_parcel_vnd=1), ALONG),
]


@pytest.mark.parametrize(("rule", "one", "plan"), UNTRUE, ids=[f"{n}-{case[0]}" for n, case in enumerate(UNTRUE)])
def test_a_plan_that_the_wave_contradicts_is_found(rule: str, one: Wave, plan: Plan) -> None:
    found = broken_rules(one, plan)
    assert any(rule in text for text in found), found


def test_what_waits_by_a_true_word_is_let_through() -> None:
    assert broken_rules(PATIENT, held()) == ()
    told = tuple(replace(one, must_ride=False) for one in WAVE.rides)
    assert broken_rules(replace(WAVE, rides=told), held(waits_for=None, figures=())) == ()
    gone = replace(WAVE, last_plan=PLAN, freeze_time=at(11), vehicles=())
    assert broken_rules(gone, nothing()) == ()


def test_a_pinned_parcel_that_stays_behind_is_found() -> None:
    assert broken_rules(WAVE, nothing()) == ()
    pinned = replace(WAVE, pins=(Pin(parcel_id="a", rides=True),))
    assert broken_rules(pinned, nothing()) == ("pin: a must ride",)
    assert broken_rules(pinned, nothing(), must=False) == ()


def test_an_addition_that_breaks_no_rule_is_let_through() -> None:
    assert broken_rules(with_passing(), ALONG) == ()


def test_a_run_that_was_told_may_leave_within_the_lead() -> None:
    """It was booked when it was told; the lead is for runs that are new."""
    hurried = with_vehicle(lead_seconds=1)
    assert any("leaves before the lead" in rule for rule in broken_rules(hurried, PLAN))
    assert broken_rules(replace(hurried, last_plan=PLAN), PLAN) == ()
