"""Reading forgives: a file with only the fields that everybody expects loads and replays, in any plausible spelling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bench.planner import formats
from bench.planner.examples.make import epochs
from bench.planner.instance import DAY_S
from bench.planner.ladder import make_policy, search_seed
from bench.planner.replay import main
from bench.planner.roads import Ground
from bench.planner.simulate import Outcome, replay

HOUR = 3600
WAY = [[0, 1800, 2400], [1800, 0, 900], [2400, 900, 0]]
METRES: list[list[int | None]] = [[0, 10_000, 14_000], [10_000, 0, 5_000], [14_000, 5_000, None]]


def bare(**changed: Any) -> dict[str, Any]:
    """Two gates and a hub, every field of the agreed list and no other: no names, ids or kinds of vehicles."""
    prices = {"fixed": 30_000, "per_m": 3.5, "per_drive_s": 0, "per_duty_s": 0, "per_stop": 2000, "per_parcel": 0}
    rest = {"number": None, "number_scope": "wave", "start": "hub", "end": "hub", "shift": [6 * HOUR, 20 * HOUR],
            "max_run_s": 8 * HOUR, **prices}  # fmt: skip
    return {
        "units": {"time": "s", "distance": "m", "money": "vnd", "weight": "g"},
        "late_forbidden": False,
        "information": "frozen",
        "budget": 0.05,
        "seed": 7,
        "profiles": {
            name: {"periods": [0, 15 * HOUR], "duration_s": [WAY, WAY], "distance_m": [METRES, METRES]}
            for name in ("motorbike", "truck")
        },
        "hubs": [{"id": "hub", "place": "depot", "open": 0, "close": 22 * HOUR, "cutoffs": [13 * HOUR, 19 * HOUR],
                  "handling_s": 900}],
        "places": [
            {"id": "depot", "stop_service_s": 0, "stop_fee": 0, "max_kind": None},
            {"id": "lane", "stop_service_s": 240, "stop_fee": 1000, "max_kind": "motorbike"},
            {"id": "road", "stop_service_s": 240, "stop_fee": 1000, "max_kind": "truck"},
        ],
        "parcels": [
            {"id": number, "place": place, "known_at": 7 * HOUR, "ready": 7 * HOUR, "open": 0, "close": 20 * HOUR,
             "service_s": 30, "load": {"g": weight}, "latest": {"hub": 13 * HOUR}, "must_wave": None}
            for number, (place, weight) in enumerate((("lane", 9000), ("lane", 9000), ("road", 90_000)))
        ],
        "vehicles": [
            {"partner": "a", "profile": "motorbike", "capacity": {"g": 45_000}, **rest},
            {"partner": "a", "profile": "truck", "capacity": {"g": 700_000}, **rest, "fixed": 250_000, "per_m": 7.5},
        ],
        "waves": [{"decide_at": hour * HOUR, "earliest_leave": hour * HOUR + 1800} for hour in (8, 14)],
        "must_rule": "derived",
        "last_wave_all": True,
        "forecast": "none",
        "late_price": 50_000,
        "wait_price": 50,
        **changed,
    }  # fmt: skip


def run(raw: dict[str, Any], policy: str = "take_all") -> Outcome:
    ground = Ground(formats.parse(raw))
    return replay(ground, make_policy(policy, ground))


def with_row(field: str, **changed: Any) -> dict[str, Any]:
    """The bare instance with every row of a list changed."""
    return bare(**{field: [row | changed for row in bare()[field]]})


def test_a_file_with_only_the_agreed_fields_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(bare()))
    assert main([str(path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["parcels"] == 3 and said["left"] == said["late"] == 0 and said["money"] > 250_000


def test_it_fits_the_schema_when_ids_are_words() -> None:
    raw = bare(forecast={}, late_price={"fixed": 1})
    raw["parcels"] = [row | {"id": f"p{row['id']}"} for row in raw["parcels"]]
    raw["vehicles"] = [row | {"shift": [row["shift"]]} for row in raw["vehicles"]]
    jsonschema.validate(raw, json.loads(formats.SCHEMA.read_text()))


def test_vehicles_without_ids_get_different_ones() -> None:
    raw = bare()
    raw["vehicles"] += [dict(raw["vehicles"][0]), dict(raw["vehicles"][0], id="a-motorbike")]
    ids = [vehicle.id for vehicle in formats.parse(raw).vehicles]
    assert ids == ["a-motorbike-0", "a-truck-1", "a-motorbike-2", "a-motorbike"]
    assert formats.parse(raw) == formats.parse(raw)


def test_the_largest_kind_of_a_gate_binds_vehicles_without_a_kind() -> None:
    sent = run(bare()).sent
    by = {parcel: run.vehicle for run in sent for parcel in run.parcels}
    assert by == {"0": "a-motorbike-0", "1": "a-motorbike-0", "2": "a-truck-1"}


@pytest.mark.parametrize("said", ["Motorcycle", "moto_1", "bike"])
def test_kinds_are_understood_in_other_words(said: str) -> None:
    raw = bare()
    raw["places"][1]["max_kind"] = said
    raw["vehicles"][0] |= {"kind": said, "profile": "truck"}
    instance = formats.parse(raw)
    assert instance.places[1].max_kind == instance.vehicles[0].kind == "motorbike"


@pytest.mark.parametrize("said", ["any", "All", "none"])
def test_any_kind_is_no_limit(said: str) -> None:
    assert formats.parse(with_row("places", max_kind=said)).places[1].max_kind is None


@pytest.mark.parametrize("value", [None, {}, [], "none", {"none": None}, {"none": True}, {"kind": "none"},
                                   {"days": None, "pool": None}])  # fmt: skip
def test_no_forecast_may_be_said_in_many_ways(value: Any) -> None:
    forecast = formats.parse(bare(forecast=value)).forecast
    assert not forecast.days and forecast.pool is None


def test_earlier_days_may_be_parcels_as_they_were() -> None:
    days = [bare()["parcels"], [{"place": "lane", "known_at": 1, "ready": None, "load": 3, "latest": 50_000}]]
    for forecast in (days, {"days": days}, {"days": [{"parcels": day} for day in days]}):
        found = formats.parse(bare(forecast=forecast)).forecast.days
        assert [len(day) for day in found] == [3, 1]
        assert found[1][0].latest == {"hub": 50_000} and found[1][0].load == {"g": 3} and found[1][0].ready == 1
    assert run(bare(forecast=days), "ours").parcels == 3


def test_a_pool_may_stand_alone_and_have_plain_numbers() -> None:
    pool = {"draws_per_wave": 2.0, "place": ["lane", "road"], "window": [[0, 50_000], None], "load": [1, 2.0]}
    for forecast in (pool, {"pool": pool}, {"pool": pool | {"service": [0, 0], "drop_unreachable": None}}):
        found = formats.parse(bare(forecast=forecast)).forecast.pool
        assert found is not None and found.load == [{"g": 1}, {"g": 2}] and found.service == [0, 0]
        assert found.window[0] == (0, 50_000) and found.window[1][1] >= DAY_S
    assert run(bare(forecast=pool), "ours").parcels == 3


def test_null_means_what_is_usual() -> None:
    names = ("late_price", "wait_price", "budget", "seed", "units", "must_rule", "last_wave_all", "information")
    instance = formats.parse(bare(**dict.fromkeys((*names, "late_forbidden"))))
    assert (instance.budget, instance.seed, instance.must_rule, instance.information) == (0.5, 0, "derived", "frozen")
    assert instance.late_price.fixed == instance.wait_price == 0


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("hubs", ["open", "close", "cutoffs", "handling_s"]),
        ("places", ["stop_service_s", "stop_fee", "max_kind"]),
        ("parcels", ["ready", "open", "close", "service_s", "must_wave"]),
        ("vehicles", ["partner", "number", "number_scope", "start", "end", "shift", "max_run_s", "fixed", "per_m",
                      "per_drive_s", "per_duty_s", "per_stop", "per_parcel"]),
        ("waves", ["earliest_leave"]),
    ],
)  # fmt: skip
def test_null_in_a_row_means_what_is_usual(field: str, names: list[str]) -> None:
    for name in names:
        assert run(with_row(field, **{name: None})).parcels == 3, name


def test_a_vehicle_may_start_at_a_hub_and_end_at_a_place() -> None:
    raw = with_row("vehicles", start="hub", end="depot")
    assert {(one.start, one.end) for one in formats.parse(raw).vehicles} == {("depot", "hub")}


def test_hubs_and_places_may_share_names_and_ground() -> None:
    """A hub called as another place, two hubs at one place, and a seller beside the hub."""
    called = json.loads(json.dumps(bare()).replace('"hub"', '"road"'))
    assert run(called, "ours").parcels == 3
    two = bare(hubs=[*bare()["hubs"], {"id": "second", "place": "depot"}])
    assert run(two, "ours").parcels == 3
    beside = with_row("parcels", place="depot")
    assert run(beside, "ours").parcels == 3


def test_a_way_without_metres_or_seconds_is_closed_and_staying_costs_nothing() -> None:
    raw = bare()
    for row in raw["profiles"].values():
        row["duration_s"] = [[[1800 if one == 0 else one for one in line] for line in WAY]] * 2
        row["distance_m"] = [[[None, *METRES[0][1:]], METRES[1], [None, *METRES[2][1:]]]] * 2
    assert {parcel for sent in run(raw, "ours").sent for parcel in sent.parcels} >= {"0", "1"}


def test_whole_floats_are_whole_numbers() -> None:
    def floats(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: floats(one) for key, one in value.items()}
        if isinstance(value, list):
            return [floats(one) for one in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    raw = floats(bare())
    assert formats.parse(raw) == formats.parse(bare())


def test_fractions_of_seconds_and_metres_are_taken_to_the_safe_side() -> None:
    raw = with_row("parcels", known_at=1.5, ready=2.25, close=99.9, latest={"hub": 88.8})
    raw["profiles"]["truck"]["duration_s"] = [[[one + 0.25 for one in row] for row in WAY]] * 2
    instance = formats.parse(raw)
    parcel = instance.parcels[0]
    assert (parcel.known_at, parcel.ready, parcel.close, parcel.latest) == (2, 3, 99, {"hub": 88})
    assert instance.profiles["truck"].duration_s[0][0] == [1, 1801, 2401]


def test_a_dimension_with_fractions_is_counted_in_thousandths() -> None:
    raw = with_row("vehicles", capacity={"kg": 45, "m3": 2})
    raw["parcels"] = [row | {"load": {"kg": 1.5, "m3": 1}} for row in raw["parcels"]]
    instance = formats.parse(raw)
    assert instance.parcels[0].load == {"kg": 1500, "m3": 1} and instance.vehicles[0].capacity == {
        "kg": 45_000,
        "m3": 2,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"units": "s, m, vnd"},
        {"budget": {"cpu_s": 0.05}},
        {"late_forbidden": 0, "last_wave_all": 1},
        {"information": "at the door"},
        {"must_rule": "Given"},
        {"late_price": {"fixed": 5, "per_day": None}},
        {"waves": [8 * HOUR, 14 * HOUR]},
        {"places": {"depot": {}, "lane": {"stop_fee": 5}, "road": {}}},
        {"profiles": [{"id": name, "duration_s": WAY} for name in ("motorbike", "truck")]},
        {"profiles": {n: {"periods": [[0, DAY_S]], "duration_s": [WAY]} for n in ("motorbike", "truck")}},
        {"profiles": {n: {"periods": [{"from": 0, "to": 9}], "duration_s": WAY} for n in ("motorbike", "truck")}},
        {"id": "day-1", "meta": {"by": "hand"}, "family": "A"},
        {"comment": "by hand", "$schema": "somewhere"},
    ],
)
def test_other_ways_of_saying_it_load_and_replay(changed: dict[str, Any]) -> None:
    assert run(bare(**changed)).parcels == 3


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("vehicles", {"shift": {"from": 6 * HOUR, "to": 20 * HOUR}}),
        ("vehicles", {"shift": [[0, DAY_S], [DAY_S, 2 * DAY_S]]}),
        ("vehicles", {"capacity": None}),
        ("vehicles", {"capacity": 700_000}),
        ("vehicles", {"number_scope": "in-use", "number": 3.0}),
        ("parcels", {"latest": 13 * HOUR}),
        ("parcels", {"load": 5}),
        ("parcels", {"load": None}),
        ("parcels", {"close": 10**12, "latest": {"hub": 10**12}}),
        ("parcels", {"sender": "somebody"}),
        ("hubs", {"cutoffs": 13 * HOUR}),
    ],
)
def test_other_ways_of_saying_a_row_load_and_replay(field: str, changed: dict[str, Any]) -> None:
    assert run(with_row(field, **changed)).parcels == 3


def test_what_is_ignored_is_said() -> None:
    noted: list[str] = []
    formats.parse(with_row("parcels", sender="somebody"), noted.append)
    assert noted == ["parcels[].sender: is unknown and ignored"]


def test_a_vehicle_whose_kind_nobody_can_tell_is_said() -> None:
    raw, noted = bare(), list[str]()
    raw["profiles"]["way"] = raw["profiles"]["truck"]
    raw["vehicles"][1]["profile"] = "way"
    formats.parse(raw, noted.append)
    assert len(noted) == 1 and "vehicles[a-way-1].kind" in noted[0]


@pytest.mark.parametrize("seed", [42_948, 42_950, 10**6, 2**32, 10**12, -1])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    assert 0 <= search_seed(seed, 400 * DAY_S) < 2**32
    assert run(epochs() | {"seed": seed, "budget": 0.02}, "ours").parcels == 7


def test_small_seeds_stay_what_they_were() -> None:
    assert [search_seed(seed, 7200) for seed in (0, 5, 42_900)] == [120, 500_135, 4_290_128_820]
