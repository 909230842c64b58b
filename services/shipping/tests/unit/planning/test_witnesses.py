"""Holding is proved by runs that can be driven later, with what is left then; the checker finds those that cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from shipping.domain.planning import (
    Addition,
    Budget,
    CommittedStop,
    Forbidden,
    HubPlace,
    PartnerDay,
    Pin,
    Plan,
    Run,
    Vehicle,
    Wave,
    Window,
    broken_rules,
    plan_wave,
)
from shipping.domain.planning import witness as proving
from shipping.domain.planning.checker_witness import broken_witnesses

from .given import at, bike, gate, later, line, passing, ride, wave

HUBS = (HubPlace(hub_id="hub"), HubPlace(hub_id="hub2"))


def planned(one: Wave) -> Plan:
    """The plan, which breaks no rule, and the same again from its trace."""
    plan = plan_wave(one, Budget(0.1), 1)
    assert broken_rules(one, plan) == () and list(broken_witnesses(one, plan)) == []
    assert plan_wave(one, Budget(0.0, plan.trace), 1) == plan
    return plan


def codes(plan: Plan) -> dict[str, str]:
    return {reason.parcel_id: reason.code for reason in plan.reasons}


def proved(plan: Plan) -> set[str]:
    return {p for proof in plan.witnesses for stop in proof.run.stops for p in stop.parcel_ids}


def beside_one_that_must(vehicle: Vehicle, hour: float, due: float) -> Wave:
    """One parcel must go to one hub now, and is there at 10:58; another waits for a wave to the other hub."""
    gates = [gate("g1"), gate("g2", hub_ids=("hub2",), later_waves=later(hour))]
    must, waits = ride("must", service_seconds=1_200), ride("waits", "g2", latest={"hub2": at(due)})
    return wave([must, waits], gates, [vehicle], places={"hub2": 0.0}, hubs=HUBS)


def test_a_vehicle_that_drives_once_a_day_proves_nothing_once_it_is_gone() -> None:
    plan = planned(beside_one_that_must(bike(number=1, number_scope="day"), 15, 19))
    assert codes(plan) == {"must": "MUST_GO", "waits": "NO_CAPACITY"} and plan.witnesses == ()


def test_a_vehicle_that_is_on_its_way_proves_nothing_until_it_is_back() -> None:
    away = planned(beside_one_that_must(bike(number=1, number_scope="in_use"), 10.2, 11.3))
    back = planned(beside_one_that_must(bike(number=1, number_scope="in_use"), 11, 12))
    assert away.witnesses == () and codes(away)["waits"] != "HELD_FOR_LATER_WAVE"
    assert proved(back) == {"waits"}


def test_runs_promised_before_and_vehicles_that_return_are_away_too() -> None:
    run = passing(
        return_time=at(11.5),
        stops=(CommittedStop("g1", at(11)),),
        weight_left_g=0,
        parcels_left=0,
    )
    car = bike(number=1, number_later=2, number_scope="in_use")
    for hour, due, found in ((11, 12, set()), (11.6, 13, {"waits"})):
        one = beside_one_that_must(replace(car, number_later=1), hour, due)
        assert proved(planned(replace(one, committed=(run,)))) == found
        returning = replace(one, vehicles=(replace(car, number_later=1, returning_times=(at(11.5),)),))
        assert proved(planned(returning)) == found


def test_what_has_no_witness_because_of_this_waves_runs_rides_with_them() -> None:
    """Three motorbikes now, one later: while the run that must leave is out, nobody can fetch the other."""
    plan = planned(beside_one_that_must(bike(number=3, number_later=1, number_scope="in_use"), 10.2, 11.3))
    assert codes(plan) == {"must": "MUST_GO", "waits": "NO_WITNESS"} and len(plan.runs) == 2


def three_loads(partner: PartnerDay, days: int = 0) -> Plan:
    """One parcel must go now; three loads that fill a motorbike each may wait for 15:00, of a coming day or today."""
    gates = [gate("g1"), *(gate(f"g{n}", hub_ids=("hub2",), later_waves=later(15, days=days)) for n in (2, 3, 4))]
    loads = [ride(f"p{n}", f"g{n}", weight_g=40_000, latest={"hub2": at(19, days)}) for n in (2, 3, 4)]
    return planned(wave([ride("must"), *loads], gates, places={"hub2": 0.0}, hubs=HUBS, partners=(partner,)))


@pytest.mark.parametrize(
    ("ceilings", "number"),
    [({"runs_max": 3, "runs_today": 1}, 1), ({"parcels_max": 3}, 2), ({"weight_max_g": 42_000}, 1), ({}, 3)],
)
def test_later_runs_keep_within_what_their_partner_carries_in_a_day(ceilings: dict[str, int], number: int) -> None:
    plan = three_loads(PartnerDay(partner_id="p", **ceilings))
    assert len(plan.runs) + len(plan.witnesses) == 1 + number


def test_on_another_day_a_partner_carries_as_much_again() -> None:
    assert len(three_loads(PartnerDay(partner_id="p", runs_max=3, runs_today=2), days=1).witnesses) == 3
    assert len(three_loads(PartnerDay(partner_id="p", runs_max=2, runs_today=1), days=1).witnesses) == 2


def test_a_shift_that_ends_at_noon_proves_no_run_at_three() -> None:
    one = wave([ride("a", latest={"hub": at(19)})], [gate(later_waves=later(15))], [bike(home_time=at(12))])
    assert codes(planned(one)) == {"a": "NO_WITNESS"}


def test_on_another_day_a_shift_ends_at_the_same_hour() -> None:
    rides, noon = [ride("a", latest={"hub": at(19, 1)})], [bike(home_time=at(12))]
    early = planned(wave(rides, [gate(later_waves=later(8, 15, days=1))], noon))
    late = planned(wave(rides, [gate(later_waves=later(15, days=1))], noon))
    assert [proof.decide_time for proof in early.witnesses] == [at(8, 1)] and codes(late) == {"a": "NO_WITNESS"}


def test_a_vehicle_that_comes_later_today_leaves_no_sooner_on_a_later_wave() -> None:
    one = wave([ride("a", latest={"hub": at(19)})], [gate(later_waves=later(11))], [bike(available_time=at(14))])
    assert [proof.run.leave_time for proof in planned(one).witnesses] == [at(14)]


def test_of_many_gates_each_is_proved_or_rides() -> None:
    """125 loads that fill a motorbike each, and one motorbike later."""
    gates = [gate(f"g{n}", later_waves=later(15)) for n in range(125)]
    rides = [ride(f"p{n}", f"g{n}", weight_g=40_000, latest={"hub": at(19)}) for n in range(125)]
    matrix = line({"start": 0, "hub": 0, **{f"g{n}": 10 + n / 100 for n in range(125)}})
    one = wave(rides, gates, [bike(number=125, number_later=1)], matrix=matrix)
    plan = plan_wave(
        replace(one, information="door"), Budget(0.1), 1
    )  # At the door the rule plans, and holds all it may.
    assert Counter(codes(plan).values()) == {"NO_WITNESS": 124, "HELD_FOR_LATER_WAVE": 1} and len(plan.witnesses) == 1
    crowd = plan_wave(one, Budget(0.1), 1)
    assert crowd.policy == "triage" and len(crowd.runs) == 125


def test_reasons_name_the_wave_that_proves_or_say_that_none_does(monkeypatch: pytest.MonkeyPatch) -> None:
    gates = [gate("g1", later_waves=later(15)), gate("g2", later_waves=later(15))]
    one = wave([ride("a", latest={"hub": at(18)}), ride("b", "g2", latest={"hub": at(19)})], gates)
    monkeypatch.setattr(proving, "TRIES_MAX", 1)
    named = {reason.parcel_id: dict(reason.figures)["witness_time"] for reason in planned(one).reasons}
    assert named == {"a": at(15).isoformat(), "b": "none"}


def good() -> tuple[Wave, Plan]:
    """One run now, and two motorbikes at 15:00, each with a parcel of its own weight and one light one with them."""
    gates = [gate("g1"), *(gate(f"g{n}", hub_ids=("hub2",), later_waves=later(15)) for n in (2, 3))]
    heavy = [ride(f"p{n}", f"g{n}", weight_g=30_000, latest={"hub2": at(19)}) for n in (2, 3)]
    light = ride("light", "g2", latest={"hub2": at(19)})
    one = wave([ride("must"), *heavy, light], gates, [bike(number=3)], places={"hub2": 0.0}, hubs=HUBS)
    plan = planned(one)
    assert len(plan.witnesses) == 2 and proved(plan) == {"p2", "p3", "light"}
    return one, plan


WAVE, PLAN = good()
FIRST, SECOND = sorted(PLAN.witnesses, key=lambda proof: -len(proof.run.stops[0].parcel_ids))
HOUR = timedelta(hours=1)


def with_run(**changes: Any) -> Plan:
    return replace(PLAN, witnesses=(replace(FIRST, run=replace(FIRST.run, **changes)), SECOND))


def moved(shift: timedelta) -> Run:
    stops = tuple(
        replace(stop, arrive_time=stop.arrive_time + shift, leave_time=stop.leave_time + shift)
        for stop in FIRST.run.stops
    )
    run = FIRST.run
    return replace(run, leave_time=run.leave_time + shift, return_time=run.return_time + shift, stops=stops)


def with_car(**changes: Any) -> Wave:
    return replace(WAVE, vehicles=(replace(WAVE.vehicles[0], **changes),))


def with_ride(**changes: Any) -> Wave:
    """The parcels of the first witness are otherwise."""
    mine = set(FIRST.run.stops[0].parcel_ids)
    return replace(WAVE, rides=tuple(replace(r, **changes) if r.parcel_id in mine else r for r in WAVE.rides))


def with_gate(**changes: Any) -> Wave:
    return replace(WAVE, gates=tuple(replace(g, **changes) if g.gate_id == "g2" else g for g in WAVE.gates))


def with_partner(**ceilings: int) -> Wave:
    return replace(WAVE, partners=(PartnerDay(partner_id="p", **ceilings),))


STOP = FIRST.run.stops[0]
CLAIM = replace(PLAN.reasons[0], figures=(("witness_time", at(15).isoformat()),))
BUSY = passing(
    return_time=at(16),
    stops=(CommittedStop("g1", at(11)),),
    weight_left_g=0,
    parcels_left=0,
)
TRUCKS = replace(PLAN, witnesses=tuple(replace(w, run=replace(w.run, kind="truck")) for w in PLAN.witnesses))
TOMORROW = replace(BUSY, return_time=at(16, 1), stops=(CommittedStop("g1", at(11, 1)),))

BROKEN: list[tuple[str, Wave, Plan]] = [
    ("unknown", WAVE, with_run(vehicle_id="nobody's")),
    ("unknown", WAVE, with_run(hub_id="nowhere")),
    ("unknown", WAVE, with_run(stops=(replace(STOP, parcel_ids=("nothing",)),))),
    ("unknown", WAVE, with_run(stops=())),
    ("twice", WAVE, replace(PLAN, witnesses=(FIRST, FIRST, SECOND))),
    ("for a parcel that rides", WAVE, with_run(stops=(replace(PLAN.runs[0].stops[0]),))),
    ("must is in none", WAVE, replace(PLAN, reasons=(CLAIM, *PLAN.reasons[1:]))),
    ("p3 is in none", WAVE, replace(PLAN, witnesses=(FIRST,))),
    ("no wave of g2", WAVE, replace(PLAN, witnesses=(replace(FIRST, decide_time=at(14)), SECOND))),
    (
        "home after its wave's end",
        with_gate(later_waves=tuple(replace(w, home_time=at(15.1)) for w in later(15))),
        PLAN,
    ),
    ("before the lead is over", with_car(lead_seconds=60), PLAN),
    ("before it is available", with_car(available_time=at(15.1)), PLAN),
    ("home after the shift", with_car(home_time=at(15.1)), PLAN),
    ("run too long", with_car(run_seconds_max=600), PLAN),
    ("under way in a break", with_car(breaks=(Window(at(15.1), at(15.2)),)), PLAN),
    ("hub not open", replace(WAVE, hubs=(HUBS[0], replace(HUBS[1], close_time=at(15.1)))), PLAN),
    ("hub not open", replace(WAVE, hubs=(HUBS[0], replace(HUBS[1], open_time=at(17)))), PLAN),
    ("cannot be there then", WAVE, with_run(leave_time=FIRST.run.leave_time + HOUR)),
    ("cannot be home then", WAVE, with_run(return_time=FIRST.run.return_time - HOUR)),
    ("outside its window", with_gate(windows=(Window(at(8), at(15)),)), PLAN),
    ("outside its window", with_ride(close_time=at(15)), PLAN),
    ("late: ", with_ride(latest={"hub2": at(15.5)}), PLAN),
    ("too heavy", with_car(weight_max_g=30_500), PLAN),
    ("too many parcels", with_car(parcels_max=1), PLAN),
    ("too voluminous", replace(with_car(volume_max_cm3=10), rides=with_ride(volume_cm3=6).rides), PLAN),
    ("hot meal batched", with_ride(handling=frozenset({"hot_meal"})), PLAN),
    ("heavy on a motorbike", with_ride(needs_van=True), PLAN),
    ("wrong hub", with_gate(hub_ids=("hub",)), PLAN),
    ("wrong hub", with_ride(latest={"hub": at(19)}), PLAN),
    ("partner does not carry it", with_ride(partner_ids=("q",)), PLAN),
    ("vehicle too large", replace(with_car(kind="truck"), gates=with_gate(largest_kind="van").gates), TRUCKS),
    ("forbidden partner", replace(WAVE, forbidden=(Forbidden("p", "c1", at(16)),)), PLAN),
    ("pinned to another partner", replace(WAVE, pins=(Pin(parcel_id="p2", partner_id="q"),)), PLAN),
    ("more vehicles", with_car(number=1), PLAN),
    ("more vehicles", with_car(number_later=1), PLAN),
    ("more vehicles", with_car(number=2, number_scope="day"), PLAN),
    ("more vehicles", with_car(number_later=2, number_scope="in_use", returning_times=(at(16),)), PLAN),
    ("more vehicles", replace(with_car(number_later=2, number_scope="in_use"), committed=(BUSY,)), PLAN),
    ("partner ceiling", with_partner(runs_max=2), PLAN),
    ("partner ceiling", with_partner(runs_max=3, runs_today=1), PLAN),
    ("partner ceiling", with_partner(parcels_max=3), PLAN),
    ("partner ceiling", with_partner(weight_max_g=61_500), PLAN),
]


@pytest.mark.parametrize(("rule", "one", "plan"), BROKEN)
def test_a_witness_that_cannot_be_driven_is_found(rule: str, one: Wave, plan: Plan) -> None:
    found = list(broken_witnesses(one, plan))
    assert any(rule in each for each in found), found


ENOUGH: list[tuple[str, Wave, Plan]] = [
    ("runs of other days", replace(with_car(number=3, number_scope="day"), committed=(TOMORROW,)), PLAN),
    ("a vehicle that is back", with_car(number_later=2, number_scope="in_use", returning_times=(at(14),)), PLAN),
    (
        "one that is back and was told twice",
        replace(with_car(number_later=3, number_scope="in_use", returning_times=(at(16),)), committed=(BUSY,)),
        PLAN,
    ),
    ("ceilings just met", with_partner(runs_max=3, parcels_max=4, weight_max_g=62_000), PLAN),
    ("a partner that is allowed again", replace(WAVE, forbidden=(Forbidden("p", "c1", at(15)),)), PLAN),
    ("late already", with_ride(latest={"hub2": at(10.1)}), PLAN),
]


@pytest.mark.parametrize(("why", "one", "plan"), ENOUGH)
def test_a_witness_that_just_can_be_driven_passes(why: str, one: Wave, plan: Plan) -> None:
    assert list(broken_witnesses(one, plan)) == []


def test_what_is_added_to_a_promised_run_counts_with_its_partner() -> None:
    one = replace(with_partner(parcels_max=4), committed=(replace(BUSY, return_time=at(12)),))
    rides = (*one.rides, ride("more"))
    plan = replace(PLAN, additions=(Addition(run_id="r", gate_id="g1", parcel_ids=("more",)),))
    assert any("ceiling" in each for each in broken_witnesses(replace(one, rides=rides), plan))


def test_a_late_parcel_aims_at_a_line_haul_that_there_is() -> None:
    soon = replace(HUBS[1], cutoff_times=(at(12),))
    one = replace(with_ride(latest={"hub2": at(10.1)}), hubs=(HUBS[0], soon))
    assert any("late" in each for each in broken_witnesses(one, PLAN))
