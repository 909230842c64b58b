"""Hindsight that goes on from a known plan: the plan survives being said in groups, and search makes it cheaper."""

from __future__ import annotations

import pytest

from bench.planner.clairvoyance import Routed
from bench.planner.contest import ground_of
from bench.planner.ladder import make_hindsight, make_policy
from bench.planner.options import FLEETS
from bench.planner.roads import Ground
from bench.planner.simulate import Outcome, replay
from bench.planner.whole import Whole


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A day of one commune."""
    return ground_of("A-fixed", 3, 0.02)


@pytest.fixture(scope="module")
def greedy(ground: Ground) -> Outcome:
    """A dear plan: everything at once, wave after wave."""
    return replay(ground, make_policy("greedy", ground))


@pytest.mark.parametrize("tight", [False, True])
def test_a_known_plan_comes_to_the_same_when_said_as_routes(ground: Ground, greedy: Outcome, tight: bool) -> None:
    """Nothing is lost between runs, groups and routes."""
    whole = Whole(ground, FLEETS[0], greedy.sent, tight=tight)
    again = replay(ground, Routed(whole.as_known(), lambda view: []))
    assert again.score == pytest.approx(greedy.score)
    assert again.runs == greedy.runs


def test_going_on_from_a_known_plan_makes_it_cheaper(ground: Ground, greedy: Outcome) -> None:
    """Start 2 has the whole fleet, so greedy's many runs can be merged."""
    found = replay(ground, make_hindsight(ground, 0.5, 2, greedy))
    assert found.late == 0
    assert found.money < 0.9 * greedy.money


def test_an_option_stands_for_a_run_only_on_its_day_and_home_in_time(ground: Ground, greedy: Outcome) -> None:
    """Every run of the plan has its place, and none is home later than its option allows."""
    whole = Whole(ground, FLEETS[0], greedy.sent)
    assert len(whole.known) == len(greedy.sent)
    assert all(run.home <= whole.options[option].home_by for option, run in whole.known)
