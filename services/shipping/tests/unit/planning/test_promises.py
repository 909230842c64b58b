"""Promises that a wish would break are told with its price; what changed counts runs that pass by, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from shipping.domain.planning import (
    Budget,
    Forbidden,
    HubPlace,
    Pin,
    Plan,
    Wave,
    difference,
    explain,
    plan_wave,
    price_of,
)

from .given import at, gate, later, passing, ride, wave

BUDGET = Budget(cpu_seconds=0.02)


def due_at_one() -> Wave:
    """One parcel that must go: the next wave at 15:00 is too late for it."""
    return wave([ride("a")], [gate(later_waves=later(15))])


WISHES: dict[str, dict[str, Any]] = {
    "it shall wait": {"pins": [Pin(parcel_id="a", rides=False)]},
    "its partner shall not go": {"forbidden": [Forbidden("p", "c1", at(23))]},
    "its partner shall not go for now": {"forbidden": [Forbidden("p", "c1", at(14))]},
}


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES.keys())
def test_a_promise_that_a_wish_breaks_is_told_with_its_price(wish: dict[str, Any]) -> None:
    one = due_at_one()
    priced = price_of(one, plan_wave(one, BUDGET, 1), BUDGET, **wish)
    assert (priced.more_late, priced.more_vnd, priced.broken) == (1, -102_000, ())
    assert "Its promise is lost" in explain(priced.plan, "a")


def test_a_promise_that_a_forbidden_run_breaks_is_told_with_its_price() -> None:
    one = due_at_one()
    plan = plan_wave(one, BUDGET, 1)
    priced = price_of(one, plan, BUDGET, forbidden_runs=plan.runs)
    assert (priced.more_late, priced.more_vnd) == (1, -102_000)


def test_what_a_later_wave_brings_in_time_breaks_no_promise() -> None:
    one = replace(due_at_one(), gates=(gate(later_waves=later(12, 15)),))
    plan = plan_wave(replace(one, take_all=True), BUDGET, 1)
    for wish in WISHES.values():
        if "forbidden" not in wish:
            priced = price_of(one, plan, BUDGET, **wish)
            assert priced.more_late == 0 and "promise is lost" not in explain(priced.plan, "a")
    soon = price_of(one, plan, BUDGET, forbidden=[Forbidden("p", "c1", at(11))])
    assert soon.more_late == 0 and not soon.plan.runs


def test_a_promise_that_is_broken_either_way_is_not_the_price_of_a_wish() -> None:
    """It is late if it rides, and later if it waits."""
    hub = HubPlace(hub_id="hub", cutoff_times=(at(20),))
    one = replace(due_at_one(), rides=(ride("a", latest={"hub": at(10.2)}),), hubs=(hub,), take_all=True)
    plan = plan_wave(one, BUDGET, 1)
    assert plan.late_parcels == 1
    assert price_of(one, plan, BUDGET, pins=[Pin(parcel_id="a", rides=False)]).more_late == 0


def test_a_partner_that_is_back_too_late_breaks_the_promise() -> None:
    """It may collect there again from 10:54 on; a run of the wave of 11:00 is home at 11:38."""
    for due, broken in ((11.2, 1), (11.7, 0)):
        one = wave([ride("a", latest={"hub": at(due)})], [gate(later_waves=later(11))])
        plan = plan_wave(one, Budget(0.05), 1)
        wish = price_of(one, plan, Budget(0.05), forbidden=[Forbidden("p", "c1", at(10.9))])
        assert (wish.more_late, wish.plan.runs) == (broken, ())


def test_what_is_held_without_a_wave_is_told_so() -> None:
    plan = plan_wave(wave([ride("a", must_ride=False)]), Budget(0.05), 1)
    assert "a later wave still" not in explain(plan, "a")


def test_what_is_not_packed_breaks_no_promise_yet() -> None:
    one = wave([ride("a", ready_time=None)])
    assert plan_wave(one, BUDGET, 1).broken_promises == 0


def test_moving_to_a_run_that_passes_is_a_move() -> None:
    one = wave([ride("a", service_seconds=0)])
    alone = plan_wave(one, BUDGET, 1)
    added = plan_wave(replace(one, committed=(passing(),)), BUDGET, 1)
    assert len(added.additions) == 1
    told = difference(alone, added)
    assert (told.rides_now, told.waits_now, told.moved) == ((), (), ("a",)) and told.runs_gone == alone.runs
    held = Plan(wave_id="w", runs=(), reasons=())
    assert difference(held, added).rides_now == ("a",) and difference(added, held).waits_now == ("a",)
    assert difference(added, added).moved == ()
