"""`must_rule: given`: a parcel rides at its wave at the latest, and earlier whenever waiting would make it late."""

from __future__ import annotations

from typing import Any

import pytest

from bench.planner import formats
from bench.planner.asking import Asker
from bench.planner.examples.make import epochs
from bench.planner.ladder import make_policy
from bench.planner.pipes import answer_wave
from bench.planner.roads import Ground
from bench.planner.simulate import Outcome, View, replay

HOUR = 3600


def day(must_wave: int | None, due_h: float, **changed: Any) -> dict[str, Any]:
    """One parcel 20 minutes away, ready at eight; waves at 8, 10, 12 and 14, so the 10:00 wave is the last for noon."""
    parcel = {"id": "a", "place": "g", "known_at": 8 * HOUR, "load": {"g": 1000}, "latest": {"hub": int(due_h * HOUR)}}
    return {
        "profiles": {"bike": {"duration_s": [[0, 1200], [1200, 0]]}},
        "hubs": [{"id": "hub", "place": "hub"}],
        "places": [{"id": "hub"}, {"id": "g"}],
        "parcels": [parcel | {"must_wave": must_wave}],
        "vehicles": [{"profile": "bike", "capacity": {"g": 9000}, "start": "hub", "end": "hub", "fixed": 5000}],
        "waves": [{"decide_at": hour * HOUR, "earliest_leave": hour * HOUR} for hour in (8, 10, 12, 14)],
        "must_rule": "given",
        "late_forbidden": True,
        "budget": 0.02,
        **changed,
    }


def run(raw: dict[str, Any], policy: str = "ours") -> Outcome:
    ground = Ground(formats.parse(raw))
    return replay(ground, make_policy(policy, ground))


@pytest.mark.parametrize("policy", ["ours", "lazy"])
@pytest.mark.parametrize("must_wave", [None, 2, 3])
def test_a_parcel_does_not_wait_past_the_last_wave_that_will_do(must_wave: int | None, policy: str) -> None:
    outcome = run(day(must_wave, 12), policy)
    assert outcome.late == outcome.solo == 0 and [one.wave for one in outcome.sent] == [1]


@pytest.mark.parametrize(("must_wave", "rides"), [(0, 0), (1, 1), (2, 2), (None, 3)])
def test_a_parcel_with_time_rides_at_its_wave_and_without_one_at_the_last(must_wave: int | None, rides: int) -> None:
    outcome = run(day(must_wave, 30), "lazy")
    assert outcome.solo == 0 and [one.wave for one in outcome.sent] == [rides]


def test_given_waves_that_are_the_derived_ones_change_nothing() -> None:
    derived = epochs()
    ground = Ground(formats.parse(derived))
    last = {one: sent.wave for sent in replay(ground, make_policy("lazy", ground)).sent for one in sent.parcels}
    given = derived | {"must_rule": "given"}
    given["parcels"] = [row | {"must_wave": last[row["id"]]} for row in derived["parcels"]]
    empty = derived | {"must_rule": "given"}
    for policy in ("ours", "lazy", "take_all"):
        runs = [[(s.wave, s.leave, s.parcels) for s in run(raw, policy).sent] for raw in (derived, given, empty)]
        assert runs[0] == runs[1] == runs[2]


def test_a_line_that_names_no_wave_to_come_leaves_the_word_to_the_environment() -> None:
    """Its parcels could wait for a wave that nobody named yet; only a derived rule must take the last for the last."""
    alone = day(None, 30)["waves"][:1]
    assert answer_wave(day(None, 30, waves=alone), "lazy", None, None)["held"] == ["a"]
    assert answer_wave(day(0, 30, waves=alone), "lazy", None, None)["held"] == []
    assert answer_wave(day(None, 30, waves=alone, must_rule="derived"), "lazy", None, None)["held"] == []
    assert answer_wave(day(None, 30, waves=alone, last_wave_all=True), "lazy", None, None)["held"] == []


def test_the_planner_hears_true_or_nothing() -> None:
    ground = Ground(formats.parse(day(2, 30)))
    told = [Asker(ground).wave(View(ground, wave, ground.parcels, (), {})).rides[0].must_ride for wave in range(4)]
    assert told == [None, None, True, True]
