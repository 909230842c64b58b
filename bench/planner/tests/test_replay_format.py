"""The replay format: what is written can be read, fits its schema, and replays to the same end over files and pipes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bench.planner import formats
from bench.planner.examples.make import epochs
from bench.planner.families import FAMILIES
from bench.planner.ladder import make_policy
from bench.planner.pipes import answer_wave, converse
from bench.planner.refusal import BadInstance
from bench.planner.replay import main
from bench.planner.roads import Ground, Order
from bench.planner.simulate import View, replay

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_survives_the_round_trip(path: Path) -> None:
    instance = formats.load_instance(path)
    again = formats.parse(json.loads(formats.dump(instance)))
    assert again == instance
    assert formats.fingerprint(again) == formats.fingerprint(instance)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_the_schema(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text()), json.loads(formats.SCHEMA.read_text()))


def test_the_committed_schema_is_fresh() -> None:
    assert formats.SCHEMA.read_bytes() == formats.schema()


def test_a_generated_instance_survives_the_round_trip() -> None:
    instance = FAMILIES["E-ready_slip"](3)
    assert formats.parse(json.loads(formats.dump(instance))) == instance


def test_numbers_as_ids_and_flat_matrices_mean_the_same() -> None:
    raw = epochs()
    for place in raw["places"]:
        place["id"] = int(place["id"])
    for parcel in raw["parcels"]:
        parcel["place"] = int(parcel["place"])
    raw["vehicles"][0] |= {"start": 0, "shift": [0, 21600]}
    raw["profiles"]["car"].pop("periods")
    instance = formats.parse(raw)
    assert instance.profiles["car"].duration_s == [epochs()["profiles"]["car"]["duration_s"]]
    assert instance.vehicles[0].shift == [(0, 21600)]
    assert instance.parcels == formats.parse(epochs()).parcels


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("waves", [{"decide_at": 5, "earliest_leave": 5}, {"decide_at": 5, "earliest_leave": 5}], "waves"),
        ("hubs", [{"id": "depot", "place": "nowhere"}], "hubs"),
        ("profiles", {"car": {"periods": [0], "duration_s": [[[0]]], "distance_m": [[[0]]]}}, "profiles"),
    ],
)
def test_a_contradiction_is_refused_with_its_field(field: str, value: Any, named: str) -> None:
    with pytest.raises(BadInstance, match=named):
        formats.parse(epochs() | {field: value})


def test_a_wrong_type_is_refused_with_its_path() -> None:
    with pytest.raises(BadInstance, match="known_at"):
        formats.parse(epochs() | {"parcels": [{**epochs()["parcels"][0], "known_at": "noon"}]})


def test_pipes_and_files_send_the_same_runs() -> None:
    """The environment outside reveals parcels and collects them, as the runner does."""
    instance = formats.parse(epochs())
    ground = Ground(instance)
    inside = replay(ground, make_policy("lazy", ground))
    outside = replay(ground, Piped())
    assert [(run.vehicle, run.leave, run.parcels) for run in outside.sent] == [
        (run.vehicle, run.leave, run.parcels) for run in inside.sent
    ]


class Piped:
    """A policy that speaks JSON lines; the first carries everything, the next ones only what is new."""

    def orders(self, view: View) -> list[Order]:
        raw = epochs()
        raw["parcels"] = [one for one in raw["parcels"] if one["id"] in view.parcels]
        raw["waves"] = raw["waves"][view.wave :]
        answer = answer_wave(raw, "lazy", None, None)
        assert set(answer["held"]) == set(view.parcels) - {p for route in answer["routes"] for p in route["parcels"]}
        return [Order(route["vehicle"], route["leave"], tuple(route["parcels"])) for route in answer["routes"]]


def test_a_line_keeps_what_the_line_before_said_and_a_bad_one_is_answered() -> None:
    first = epochs() | {"parcels": epochs()["parcels"][:3], "waves": epochs()["waves"][:1]}
    second = {"parcels": epochs()["parcels"][3:5], "waves": [{"decide_at": 3600, "earliest_leave": 7200}]}
    lines = io.StringIO(json.dumps(first) + "\n" + json.dumps({"waves": []}) + "\n" + json.dumps(second) + "\n")
    answers = io.StringIO()
    converse(lines, answers, "greedy", None, None)
    one, bad, other = map(json.loads, answers.getvalue().splitlines())
    assert {p for route in one["routes"] for p in route["parcels"]} == {"request-1", "request-2", "request-3"}
    assert "waves" in bad["error"]
    assert {p for route in other["routes"] for p in route["parcels"]} == {"request-4", "request-5"}


def test_the_command_prints_a_line_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*map(str, EXAMPLES), "--policy", "take_all", "--budget", "0.05"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["late"] for line in printed] == [0, 0]
    assert all(line["left"] == 0 and line["money"] > 0 for line in printed)
