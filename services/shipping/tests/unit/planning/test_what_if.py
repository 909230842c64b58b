"""What a dispatcher wishes: what it costs, or why it cannot be; runs that stay or pass; sellers worth a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from shipping.domain.planning import (
    Budget,
    Committed,
    Forbidden,
    InvalidWave,
    PartnerDay,
    Pin,
    Plan,
    Ride,
    Run,
    Wave,
    Window,
    broken_rules,
    difference,
    explain,
    plan_wave,
    price_of,
)

from .given import at, bike, gate, later, passing, ride, wave

BUDGET = Budget(cpu_seconds=0.02)


def codes(plan: Plan) -> dict[str, str]:
    return {reason.parcel_id: reason.code for reason in plan.reasons}


def patient() -> Wave:
    """One parcel that may wait for the wave at 15:00."""
    return wave([ride("a", latest={"hub": at(19)})], [gate(later_waves=later(15))])


def urgent() -> Wave:
    """Two gates, a parcel at each that must go; both are carried by p, who has a cheap motorbike, and by q."""
    rides = [ride("a", partner_ids=("p", "q")), ride("b", "g2", partner_ids=("p", "q"))]
    return wave(rides, [gate(), gate("g2")], [bike(), bike(vehicle_id="q:motorbike", partner_id="q", fixed_vnd=40_000)])


def run_of(one: Wave) -> Run:
    """The one run of a wave if everything rides."""
    (run,) = plan_wave(replace(one, take_all=True), BUDGET, 1).runs
    return run


def test_a_forced_parcel_costs_its_run() -> None:
    one = patient()
    plan = plan_wave(one, BUDGET, 1)
    priced = price_of(one, plan, BUDGET, pins=[Pin(parcel_id="a", rides=True)])
    assert (priced.more_late, priced.more_vnd, priced.broken) == (0, 102_000, ())
    assert plan_wave(priced.wave, BUDGET, 1).runs == priced.plan.runs


def test_a_forced_run_costs_what_it_costs() -> None:
    one = patient()
    plan, run = plan_wave(one, BUDGET, 1), run_of(one)
    priced = price_of(one, plan, BUDGET, runs=[run])
    assert plan.runs == () and priced.plan.runs == (run,)
    assert (priced.more_late, priced.more_vnd, priced.broken) == (0, 102_000, ())


def test_a_forced_parcel_that_cannot_ride_is_told_with_the_price() -> None:
    one = wave([ride("a", ready_time=None)])
    plan = plan_wave(one, BUDGET, 1)
    priced = price_of(one, plan, BUDGET, pins=[Pin(parcel_id="a", rides=True)])
    assert priced.broken == ("pin: a cannot ride: NOT_READY",) and priced.more_vnd == 0


def test_a_forbidden_run_is_made_by_another_vehicle() -> None:
    one = urgent()
    plan = plan_wave(one, BUDGET, 1)
    priced = price_of(one, plan, BUDGET, forbidden_runs=plan.runs)
    assert [run.partner_id for run in plan.runs] == ["p"] and [run.partner_id for run in priced.plan.runs] == ["q"]
    assert (priced.more_late, priced.more_vnd, priced.broken) == (0, 10_000, ())


def test_a_forbidden_run_may_leave_its_parcels_to_a_later_wave() -> None:
    one = replace(patient(), take_all=True)
    plan = plan_wave(one, BUDGET, 1)
    priced = price_of(one, plan, BUDGET, forbidden_runs=plan.runs)
    assert priced.plan.runs == () and priced.more_vnd == -102_000
    assert priced.wave.vehicles[0].number_later == one.vehicles[0].number


def test_a_forbidden_run_is_not_kept_by_the_freeze_time() -> None:
    one = urgent()
    last = plan_wave(one, BUDGET, 1)
    again = replace(one, last_plan=last, freeze_time=at(11), change_vnd=1_000)
    plan = plan_wave(again, BUDGET, 1)
    priced = price_of(again, plan, BUDGET, forbidden_runs=plan.runs)
    assert plan.runs == last.runs and [run.partner_id for run in priced.plan.runs] == ["q"]
    assert priced.plan.cost.change_vnd == 2_000 and priced.broken == ()


def test_only_a_run_of_the_plan_can_be_forbidden() -> None:
    one = urgent()
    with pytest.raises(InvalidWave) as refused:
        price_of(one, replace(plan_wave(one, BUDGET, 1), runs=()), BUDGET, forbidden_runs=[run_of(one)])
    assert refused.value.field_name == "forbidden_runs"


def test_a_new_pin_takes_the_place_of_an_earlier_one() -> None:
    one = replace(patient(), pins=(Pin(parcel_id="a", rides=False),))
    priced = price_of(one, plan_wave(one, BUDGET, 1), BUDGET, pins=[Pin(parcel_id="a", rides=True)])
    assert codes(priced.plan) == {"a": "MUST_GO"} and priced.broken == ()


RUN = run_of(urgent())
IMPOSSIBLE: dict[str, tuple[Wave, Sequence[Run]]] = {
    "leaves before the lead": (urgent(), [replace(RUN, leave_time=at(9))]),
    "leaves before it is available": (replace(urgent(), vehicles=(bike(available_time=at(11)),)), [RUN]),
    "too heavy": (replace(urgent(), vehicles=(bike(weight_max_g=1_500),)), [RUN]),
    "collected twice": (urgent(), [RUN, RUN]),
    "pin: a must wait": (replace(urgent(), pins=(Pin(parcel_id="a", rides=False),)), [RUN]),
    "pin: a rides with q": (replace(urgent(), pins=(Pin(parcel_id="a", partner_id="q"),)), [RUN]),
    "forbidden partner": (replace(urgent(), forbidden=(Forbidden("p", "c1", at(12)),)), [RUN]),
    "more vehicles than there are": (replace(urgent(), vehicles=(bike(number=0),)), [RUN]),
    "partner ceiling: runs": (replace(urgent(), partners=(PartnerDay(partner_id="p", runs_max=0),)), [RUN]),
    "unknown vehicle": (urgent(), [replace(RUN, vehicle_id="gone")]),
    "unknown gate": (replace(urgent(), gates=(gate(),), rides=(ride("a"),)), [RUN]),
    "wrong cost": (urgent(), [replace(RUN, cost_vnd=1)]),
}


@pytest.mark.parametrize(("rule", "given"), IMPOSSIBLE.items(), ids=IMPOSSIBLE.keys())
def test_a_run_that_could_not_be_driven_cannot_be_pinned(rule: str, given: tuple[Wave, Sequence[Run]]) -> None:
    one, runs = given
    for ask in (
        lambda: plan_wave(replace(one, pinned_runs=tuple(runs)), BUDGET, 1),
        lambda: price_of(one, plan_wave(one, BUDGET, 1), BUDGET, runs=runs),
    ):
        with pytest.raises(InvalidWave) as refused:
            ask()
        assert refused.value.field_name == "pinned_runs" and rule in refused.value.problem


@pytest.mark.parametrize(("rule", "given"), IMPOSSIBLE.items(), ids=IMPOSSIBLE.keys())
def test_an_announced_run_that_cannot_be_driven_any_more_is_planned_anew(
    rule: str, given: tuple[Wave, Sequence[Run]]
) -> None:
    one, runs = given
    last = replace(plan_wave(urgent(), BUDGET, 1), runs=tuple(runs))
    again = replace(one, last_plan=last, freeze_time=at(11), change_vnd=1_000)
    plan = plan_wave(again, BUDGET, 1)
    assert broken_rules(again, plan) == () and not plan.policy.startswith(("mended", "first_fit"))
    assert list(codes(plan).values()).count("RUN_STAYS") == (2 if rule == "collected twice" else 0)


def test_an_announced_run_stays_although_the_lead_of_new_ones_is_not_over() -> None:
    one = urgent()
    last = plan_wave(one, BUDGET, 1)
    again = replace(one, last_plan=last, freeze_time=at(11), vehicles=(bike(lead_seconds=3_600),))
    plan = plan_wave(again, BUDGET, 1)
    assert codes(plan) == {"a": "RUN_STAYS", "b": "RUN_STAYS"} and broken_rules(again, plan) == ()
    assert difference(last, plan).runs_gone == ()


def soon(**changes: Any) -> Ride:
    """A parcel that is announced for 10:30."""
    return ride("soon", **({"ready_time": None, "ready_expected_time": at(10.5)} | changes))


def called(*rides: Ride, **changes: Any) -> tuple[str, ...]:
    fields = {"gates": [gate(later_waves=later(15)), gate("g2", later_waves=later(15))]} | changes
    return plan_wave(wave(rides, **fields), BUDGET, 1).call_sellers


def test_a_seller_is_called_whose_parcel_would_start_a_run_or_break_its_promise() -> None:
    held = ride("held", "g2", latest={"hub": at(19)})
    assert called(held, soon()) == ("soon",)
    assert called(held, soon(latest={"hub": at(19)})) == ()
    assert called(held, soon(), vehicles=[bike(number=0)]) == ()
    assert called(held, soon(latest={"hub": at(10.1)})) == ()


def test_the_seller_whose_parcel_cannot_wait_is_called_first() -> None:
    others = [replace(soon(latest={"hub": at(19)}), parcel_id=f"s{n}") for n in range(5)]
    assert called(ride("now"), *others, soon(latest={"hub": at(12)}))[0] == "soon"


NOT_CALLED = {
    "needs more than a motorbike": (soon(needs_van=True), {}),
    "pinned to wait": (soon(), {"pins": (Pin(parcel_id="soon", rides=False),)}),
    "pinned to another partner": (soon(partner_ids=("p", "q")), {"pins": (Pin(parcel_id="soon", partner_id="q"),)}),
    "too heavy for what is left": (soon(weight_g=44_001, latest={"hub": at(19)}), {}),
    "too late for it": (soon(latest={"hub": at(10.5)}), {}),
    "a hot meal beside others": (soon(handling=frozenset({"hot_meal"}), latest={"hub": at(19)}), {}),
    "not known yet": (soon(known_time=at(10.1)), {}),
    "expected too late": (soon(ready_expected_time=at(12.1)), {}),
    "another hub": (
        soon(latest={"far": at(19)}),
        {"hubs": (replace(patient().hubs[0], hub_id="far"), *patient().hubs)},
    ),
    "over its partner's ceiling": (soon(), {"partners": (PartnerDay(partner_id="p", parcels_max=1),)}),
    "after its window": (soon(close_time=at(10.1)), {}),
}


@pytest.mark.parametrize(("announced", "changes"), NOT_CALLED.values(), ids=NOT_CALLED.keys())
def test_no_seller_is_called_whose_parcel_would_not_ride(announced: Ride, changes: dict[str, Any]) -> None:
    assert called(ride("now"), announced, **changes) == ()


def test_a_run_that_stays_takes_nobody_so_nobody_is_called_for_it() -> None:
    one = wave([ride("now")], [gate(later_waves=later(15))])
    run = run_of(one)
    two = replace(one, rides=(*one.rides, soon(latest={"hub": at(19)})))
    assert plan_wave(two, BUDGET, 1).call_sellers == ("soon",)
    assert plan_wave(replace(two, pinned_runs=(run,)), BUDGET, 1).call_sellers == ()


ONE = wave([ride("a", partner_ids=("p", "q"), volume_cm3=10)], vehicles=[*urgent().vehicles])
TAKEN = {
    "there is room": (passing(), ONE, True),
    "no volume is left": (passing(volume_left_cm3=0), ONE, False),
    "pinned to another partner": (passing(), replace(ONE, pins=(Pin(parcel_id="a", partner_id="q"),)), False),
    "the gate is closed then": (passing(), replace(ONE, gates=(gate(windows=(Window(at(11), at(13)),)),)), False),
    "its window is over then": (passing(), replace(ONE, rides=(replace(ONE.rides[0], close_time=at(10.5)),)), False),
    "it would have to wait": (passing(), replace(ONE, rides=(replace(ONE.rides[0], open_time=at(10.9)),)), False),
    "over the parcels ceiling": (
        passing(),
        replace(ONE, partners=(PartnerDay(partner_id="p", parcels_max=3, parcels_today=3),)),
        False,
    ),
    "over the weight ceiling": (
        passing(),
        replace(ONE, partners=(PartnerDay(partner_id="p", weight_max_g=1_000, weight_today_g=1),)),
        False,
    ),
}


@pytest.mark.parametrize(("run", "one", "taken"), TAKEN.values(), ids=TAKEN.keys())
def test_a_passing_run_takes_along_what_it_may_and_nothing_else(run: Committed, one: Wave, taken: bool) -> None:
    one = replace(one, committed=(run,))
    plan = plan_wave(one, BUDGET, 1)
    assert bool(plan.additions) is taken
    assert [reason.rides for reason in plan.reasons] == [True] and not plan.policy.startswith("mended")
    assert broken_rules(one, plan) == ()


def test_what_passing_runs_take_counts_for_the_ceilings_of_others() -> None:
    """Three parcels are left to p for the day: two ride along, so one is left for a run."""
    rides = [ride("a"), ride("b"), ride("c", "g2"), ride("d", "g2")]
    days = (PartnerDay(partner_id="p", parcels_max=10, parcels_today=7),)
    one = wave(rides, [gate(), gate("g2")], partners=days, committed=(passing(),))
    plan = plan_wave(one, BUDGET, 1)
    assert sorted(codes(plan).values()) == ["ADDED_TO_RUN", "ADDED_TO_RUN", "MUST_GO", "NO_CAPACITY"]
    assert broken_rules(one, plan) == () and "r, at hub at 11:00" in explain(plan, "a")
