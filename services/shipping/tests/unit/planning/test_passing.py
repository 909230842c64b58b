"""Collecting what a committed run takes along uses only time that the run has to spare."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shipping.domain.planning import Addition, Budget, CommittedStop, Plan, Wave, Window, broken_rules, plan_wave

from .given import at, gate, passing, ride, wave

ROOMY = passing(spare_seconds=1_000)


def planned(one: Wave) -> Plan:
    plan = plan_wave(one, Budget(cpu_seconds=0.02), 1)
    assert broken_rules(one, plan) == () and not plan.policy.startswith("mended")
    return plan


def added(plan: Plan) -> int:
    return sum(len(one.parcel_ids) for one in plan.additions)


@pytest.mark.parametrize(("seconds", "spare", "number"), [(600, 0, 0), (0, 0, 4), (600, 1_000, 1), (600, 2_400, 4)])
def test_a_passing_run_takes_no_more_than_it_has_time_for(seconds: int, spare: int, number: int) -> None:
    rides = [ride(f"p{n}", service_seconds=seconds) for n in range(4)]
    assert added(planned(wave(rides, committed=(passing(spare_seconds=spare),)))) == number


def test_an_addition_for_which_there_is_no_time_is_found() -> None:
    one = wave([ride("a", service_seconds=1_000), ride("b", service_seconds=0)], committed=(ROOMY,))
    plan = planned(one)
    assert added(plan) == 2
    hurried = replace(one, committed=(replace(ROOMY, spare_seconds=999),))
    assert "addition: no time left: r" in broken_rules(hurried, plan)


def test_what_is_added_first_delays_what_is_added_next() -> None:
    """The gate of the second stop closes before a run that has spent its spare time is there."""
    stops = CommittedStop("g1", at(10.2)), CommittedStop("g2", at(10.4))
    gates = [gate(), gate("g2", windows=(Window(at(8), at(10.5)),))]
    rides = [ride("a", service_seconds=900), ride("b", "g2", service_seconds=0)]
    one = wave(rides, gates, committed=(replace(ROOMY, stops=stops),))
    plan = planned(one)
    assert plan.additions == (Addition(run_id="r", gate_id="g1", parcel_ids=("a",)),)
    both = replace(plan, additions=(*plan.additions, Addition(run_id="r", gate_id="g2", parcel_ids=("b",))))
    assert "addition: gate closed: b" in broken_rules(one, both)
    assert "addition: gate closed: b" not in broken_rules(one, replace(both, additions=both.additions[1:]))
