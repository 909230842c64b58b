"""Hours of the first day stand for every day where the waves go on; hours told day by day keep their meaning."""

from __future__ import annotations

from typing import Any

import pytest

from bench.planner import formats
from bench.planner.examples.make import epochs
from bench.planner.families import FAMILIES
from bench.planner.hours import daily
from bench.planner.instance import DAY_S, Instance
from bench.planner.ladder import make_policy
from bench.planner.roads import Ground
from bench.planner.simulate import Outcome, replay

HOUR = 3600
DAYS = (0, 1, 3)


def days(*hours: int, **changed: Any) -> dict[str, Any]:
    """A parcel each day, 20 minutes away; waves at the hours of three days, with a day between without any."""
    parcels = [
        {"id": f"p{day}", "place": "g", "known_at": day * DAY_S + 8 * HOUR, "load": {"g": 1000},
         "latest": {"hub": day * DAY_S + 19 * HOUR}}
        for day in DAYS
    ]  # fmt: skip
    vehicle = {"id": "v", "profile": "bike", "capacity": {"g": 9000}, "start": "hub", "end": "hub", "fixed": 5000}
    return {
        "profiles": {"bike": {"duration_s": [[0, 1200], [1200, 0]]}},
        "hubs": [{"id": "hub", "place": "hub"}],
        "places": [{"id": "hub"}, {"id": "g"}],
        "parcels": parcels,
        "vehicles": [vehicle | changed.pop("vehicle", {})],
        "waves": [{"decide_at": day * DAY_S + hour * HOUR} for day in DAYS for hour in hours or (8, 12, 16)],
        "late_price": {"fixed": 50_000},
        "budget": 0.02,
        **changed,
    }


def heard(raw: dict[str, Any]) -> tuple[Instance, list[str]]:
    notes: list[str] = []
    return formats.parse(raw, notes.append), notes


def run(instance: Instance) -> Outcome:
    ground = Ground(instance)
    return replay(ground, make_policy("lazy", ground))


def test_a_shift_of_the_first_day_is_daily_and_said_once() -> None:
    instance, notes = heard(days(vehicle={"shift": [7 * HOUR, 20 * HOUR]}))
    assert instance.vehicles[0].shift == [(day * DAY_S + 7 * HOUR, day * DAY_S + 20 * HOUR) for day in DAYS]
    assert len(notes) == 1 and notes[0].startswith("vehicles[].shift: ")
    outcome = run(instance)
    assert (outcome.late, outcome.left, outcome.parcels) == (0, 0, 3)


def test_several_spans_of_the_first_day_are_daily_too() -> None:
    halves = [[7 * HOUR, 12 * HOUR], [13 * HOUR, 20 * HOUR]]
    instance, _ = heard(days(vehicle={"shift": halves}))
    assert len(instance.vehicles[0].shift) == 6 and run(instance).left == 0


def test_a_shift_over_midnight_is_daily_too() -> None:
    instance, _ = heard(days(vehicle={"shift": [20 * HOUR, 30 * HOUR]}))
    spans = instance.vehicles[0].shift
    assert (20 * HOUR, 30 * HOUR) in spans and (DAY_S + 20 * HOUR, DAY_S + 30 * HOUR) in spans


def test_a_whole_day_every_day_is_always() -> None:
    instance, _ = heard(days(vehicle={"shift": [0, DAY_S]}))
    assert instance.vehicles[0].shift == [] and run(instance).left == 0


@pytest.mark.parametrize(
    "shift",
    [
        [[0, 30 * DAY_S]],
        [[7 * HOUR, 20 * HOUR], [DAY_S + 7 * HOUR, DAY_S + 20 * HOUR]],
        [],
    ],
)
def test_spans_that_name_later_days_or_cover_them_stay(shift: list[list[int]]) -> None:
    instance, notes = heard(days(vehicle={"shift": shift}))
    assert instance.vehicles[0].shift == [tuple(span) for span in shift]
    assert not any("shift: " in note for note in notes)


def test_a_vehicle_of_the_first_day_only_stays_so_beside_one_that_names_its_days() -> None:
    raw = days(vehicle={"shift": [[day * DAY_S + 7 * HOUR, day * DAY_S + 20 * HOUR] for day in DAYS]})
    raw["vehicles"].append(raw["vehicles"][0] | {"id": "once", "shift": [[7 * HOUR, 20 * HOUR]]})
    instance, notes = heard(raw)
    assert instance.vehicles[1].shift == [(7 * HOUR, 20 * HOUR)] and not notes


def test_one_day_stays_as_it_is() -> None:
    raw = epochs()
    raw["vehicles"][0]["shift"] = [0, 21_600]
    instance, notes = heard(raw)
    assert instance.vehicles[0].shift == [(0, 21_600)] and not notes


def test_hours_of_a_hub_are_daily_too() -> None:
    """A run must be home while its hub is open, whatever the vehicle's own shift."""
    hub = {"id": "hub", "place": "hub", "open": 6 * HOUR, "close": 18 * HOUR, "cutoffs": [13 * HOUR, 19 * HOUR]}
    for shift in ([], [7 * HOUR, 20 * HOUR]):
        instance, notes = heard(days(hubs=[hub], vehicle={"shift": shift}))
        begin = 7 * HOUR if shift else 6 * HOUR
        assert instance.vehicles[0].shift == [(day * DAY_S + begin, day * DAY_S + 18 * HOUR) for day in DAYS]
        assert instance.hubs[0].close > 300 * DAY_S and 3 * DAY_S + 13 * HOUR in instance.hubs[0].cutoffs
        assert sum(note.startswith("hubs[].close: ") for note in notes) == 1
        assert run(instance).left == run(instance).late == 0


def test_a_shift_outside_its_hub_s_hours_is_no_shift() -> None:
    hub = {"id": "hub", "place": "hub", "open": 6 * HOUR, "close": 18 * HOUR}
    instance, _ = heard(days(hubs=[hub], vehicle={"shift": [20 * HOUR, 23 * HOUR]}))
    assert run(instance).left == 3


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("C", "G", "H")])
def test_our_own_families_keep_their_meaning(family: str) -> None:
    instance, notes = FAMILIES[family](1), list[str]()
    assert daily(instance, notes.append) == instance and not notes
