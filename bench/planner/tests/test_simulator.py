"""The simulator on days that can be done on paper: what is revealed, driven, refused and paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from bench.planner import formats
from bench.planner.instance import Instance
from bench.planner.roads import BrokenOrder, Ground, Order
from bench.planner.simulate import View, replay
from bench.planner.store import Store

HOUR = 3600


def line(**changed: Any) -> Instance:
    """Hub – a – b on one road, half an hour and 10 km each; a van takes two parcels; waves at 8 and 10."""
    way = [[0, 1800, 3600], [1800, 0, 1800], [3600, 1800, 0]]
    metres = [[0, 10_000, 20_000], [10_000, 0, 10_000], [20_000, 10_000, 0]]
    raw: dict[str, Any] = {
        "profiles": {"road": {"duration_s": [way], "distance_m": [metres]}},
        "hubs": [{"id": "hub", "place": "hub", "handling_s": 600}],
        "places": [{"id": "hub"}, {"id": "a", "stop_service_s": 300, "stop_fee": 1000}, {"id": "b"}],
        "parcels": [parcel("one", "a", 8 * HOUR), parcel("two", "b", 9 * HOUR)],
        "vehicles": [
            {"id": "van", "kind": "van", "profile": "road", "capacity": {"parcels": 2}, "number": 1, "start": "hub",
             "end": "hub", "fixed": 5000, "per_m": 1, "per_stop": 500, "per_parcel": 100}
        ],
        "waves": [{"decide_at": hour * HOUR, "earliest_leave": hour * HOUR + 900} for hour in (8, 10)],
        "late_price": {"fixed": 50_000, "per_day": 20_000},
    }  # fmt: skip
    return formats.parse(raw | changed)


def parcel(name: str, place: str, ready: int, latest: int = 14 * HOUR, **more: Any) -> dict[str, Any]:
    return {"id": name, "place": place, "known_at": ready - 1800, "ready": ready, "load": {"parcels": 1},
            "latest": {"hub": latest}, **more}  # fmt: skip


class Says:
    """Sends what the test says, by wave, and remembers what it was shown."""

    def __init__(self, *waves: Sequence[Order]) -> None:
        self.waves, self.shown = waves, list[set[str]]()

    def orders(self, view: View) -> Sequence[Order]:
        self.shown.append(set(view.parcels))
        return self.waves[view.wave] if view.wave < len(self.waves) else ()


def both_at_ten(*parcels: str) -> Says:
    return Says((), [Order("van", 10 * HOUR + 900, parcels)])


def test_a_parcel_is_shown_only_when_it_is_known() -> None:
    policy = both_at_ten("one", "two")
    replay(Ground(line()), policy)
    assert policy.shown == [{"one"}, {"one", "two"}]


def test_money_of_a_run_is_fixed_way_stops_and_parcels() -> None:
    """40 km there and back, two stops of 500 with the fee of a, two parcels."""
    outcome = replay(Ground(line()), both_at_ten("one", "two"))
    assert outcome.bill == 5000 + 40_000 + 2 * 500 + 1000 + 2 * 100
    assert (outcome.late, outcome.solo, outcome.parcels) == (0, 0, 2)
    assert outcome.sent[0].home == 10 * HOUR + 900 + 4 * 1800 + 300


def test_what_is_left_at_the_end_pays_a_run_of_its_own() -> None:
    outcome = replay(Ground(line()), Says())
    assert (outcome.solo, outcome.parcels) == (2, 2)
    assert outcome.bill == (5000 + 20_000 + 500 + 1000 + 100) + (5000 + 40_000 + 500 + 100)


def test_handling_counts_towards_the_promise_and_days_of_lateness_are_begun_days() -> None:
    home = 10 * HOUR + 900 + 4 * 1800 + 300
    for latest, late in ((home + 600, 0), (home + 599, 1)):
        changed = line(parcels=[parcel("one", "a", 8 * HOUR), parcel("two", "b", 9 * HOUR, latest)])
        outcome = replay(Ground(changed), both_at_ten("one", "two"))
        assert (outcome.late, outcome.money - outcome.bill) == (late, 70_000 * late)


def test_a_promise_nobody_could_keep_is_born_late() -> None:
    changed = line(parcels=[parcel("one", "a", 8 * HOUR), parcel("two", "b", 9 * HOUR, 11 * HOUR)])
    outcome = replay(Ground(changed), both_at_ten("one", "two"))
    assert (outcome.late, outcome.born_late) == (0, 1)


@pytest.mark.parametrize(
    ("changed", "order", "rule"),
    [
        ({}, Order("van", 8 * HOUR + 899, ("one",)), "lead"),
        ({}, Order("van", 8 * HOUR + 900, ("two",)), "not known"),
        ({}, Order("van", 8 * HOUR + 900, ()), "nothing"),
        ({"places": [{"id": "hub"}, {"id": "a", "max_kind": "motorbike"}, {"id": "b"}]},
         Order("van", 8 * HOUR + 900, ("one",)), "too large"),
        ({"parcels": [parcel("one", "a", 8 * HOUR, close=8 * HOUR + 1800)]},
         Order("van", 8 * HOUR + 900, ("one",)), "closed"),
        ({"parcels": [parcel("one", "a", 8 * HOUR, ready_actual=8 * HOUR + 1)]},
         Order("van", 8 * HOUR + 900, ("one",)), "not ready"),
        ({"parcels": [{**parcel("one", "a", 8 * HOUR), "load": {"parcels": 3}}]},
         Order("van", 8 * HOUR + 900, ("one",)), "carries more"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_refused(changed: dict[str, Any], order: Order, rule: str) -> None:
    with pytest.raises(BrokenOrder, match=rule):
        replay(Ground(line(**changed)), Says([order]))


@pytest.mark.parametrize(("scope", "allowed"), [("wave", True), ("in_use", False), ("day", False)])
def test_the_number_of_vehicles_is_counted_by_its_scope(scope: str, allowed: bool) -> None:
    """The first run leaves at 9:45 and is on the road at 10:15."""
    vehicle = {**msgspec.to_builtins(line().vehicles[0]), "number_scope": scope}
    sent = Says([Order("van", 9 * HOUR + 2700, ("one",))], [Order("van", 10 * HOUR + 900, ("two",))])
    ground = Ground(line(vehicles=[vehicle]))
    if allowed:
        assert replay(ground, sent).runs == 2
    else:
        with pytest.raises(BrokenOrder, match=scope):
            replay(ground, sent)


def test_at_the_door_what_is_not_ready_stays_and_what_is_ready_comes_along() -> None:
    """`one` slips past the arrival; `more` was not planned but stands there; the stop is paid all the same."""
    parcels = [
        parcel("one", "a", 8 * HOUR, ready_actual=9 * HOUR),
        parcel("more", "a", 8 * HOUR),
        parcel("two", "b", 8 * HOUR),
    ]
    ground = Ground(line(parcels=parcels, information="door"))
    policy = Says([Order("van", 8 * HOUR + 900, ("one", "two"))])
    outcome = replay(ground, policy)
    assert (outcome.sent[0].parcels, outcome.sent[0].missed) == (("more", "two"), ("one",))
    assert outcome.missed == 1
    assert policy.shown[1] == {"one"}


def test_at_the_door_nothing_comes_along_that_a_later_planned_load_needs_the_room_for() -> None:
    parcels = [parcel("one", "a", 8 * HOUR), parcel("more", "a", 8 * HOUR), parcel("two", "b", 8 * HOUR)]
    ground = Ground(line(parcels=parcels, information="door"))
    outcome = replay(ground, Says([Order("van", 8 * HOUR + 900, ("one", "two"))]))
    assert outcome.sent[0].parcels == ("one", "two")


def test_at_the_door_a_run_that_comes_to_a_gate_twice_takes_what_stands_there_once() -> None:
    names = (("one", "a"), ("two", "b"), ("three", "a"), ("more", "a"))
    day = line(parcels=[parcel(name, place, 8 * HOUR) for name, place in names], information="door")
    van = msgspec.structs.replace(day.vehicles[0], capacity={"parcels": 9})
    ground = Ground(msgspec.structs.replace(day, vehicles=[van]))
    outcome = replay(ground, Says([Order("van", 8 * HOUR + 900, ("one", "two", "three"))]))
    assert sorted(outcome.sent[0].parcels) == ["more", "one", "three", "two"]


def test_a_closed_road_is_a_period() -> None:
    """From nine o'clock nothing drives between a and b."""
    way = [[0, 1800, 3600], [1800, 0, 1800], [3600, 1800, 0]]
    shut = [[0, 1800, None], [1800, 0, None], [None, None, 0]]
    roads = {"road": {"periods": [0, 9 * HOUR], "duration_s": [way, shut], "distance_m": [way, shut]}}
    with pytest.raises(BrokenOrder, match="cannot drive"):
        replay(Ground(line(profiles=roads)), both_at_ten("one", "two"))


def test_the_store_keeps_the_better_plan_and_believes_only_what_can_be_driven(tmp_path: Any) -> None:
    ground, path = Ground(line()), tmp_path / "best.json.gz"
    dear, cheap = replay(ground, Says()), replay(ground, both_at_ten("one", "two"))
    store = Store(path)
    assert store.offer(ground, dear, "nothing")
    assert store.offer(ground, cheap, "said")
    assert not store.offer(ground, dear, "nothing")
    store.save()
    known = Store(path).best(ground)
    assert known is not None and known.money == cheap.money
    assert Store(path).best(Ground(line(parcels=[parcel("one", "a", 8 * HOUR)]))) is None


def test_the_store_keeps_no_plan_that_luck_at_the_door_made(tmp_path: Any) -> None:
    """`more` stood there before it was announced; whoever plans it finds its gate closed."""
    parcels = [
        parcel("one", "a", 8 * HOUR),
        parcel("more", "a", 9 * HOUR, known_at=8 * HOUR, ready_actual=8 * HOUR, close=9 * HOUR - 600),
    ]
    ground = Ground(line(parcels=parcels, information="door"))
    lucky = replay(ground, Says([Order("van", 8 * HOUR + 900, ("one",))]))
    assert lucky.sent[0].parcels == ("one", "more")
    store = Store(tmp_path / "best.json.gz")
    assert not store.offer(ground, lucky, "lucky")
    assert store.best(ground) is None
