"""What cannot be meant is refused in one sentence that names the field, and the other files are replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.planner import formats
from bench.planner.examples.make import epochs
from bench.planner.refusal import BadInstance
from bench.planner.replay import main


def changed(field: str, **row: Any) -> dict[str, Any]:
    """The example with the first row of a list changed."""
    raw = epochs()
    return raw | {field: [raw[field][0] | row, *raw[field][1:]]}


def pool(**lists: Any) -> dict[str, Any]:
    return epochs() | {"forecast": {"pool": epochs()["forecast"]["pool"] | lists}}


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (changed("vehicles", fixed=-5), "vehicles[0].fixed"),
        (changed("vehicles", per_m=-0.1), "vehicles[0].per_m"),
        (changed("vehicles", number=-1), "vehicles[0].number"),
        (changed("vehicles", number=1.5), "vehicles[0].number"),
        (changed("vehicles", capacity={"demand": -1}), "vehicles[0].capacity"),
        (changed("vehicles", max_run_s=-1), "vehicles[0].max_run_s"),
        (changed("vehicles", number_scope="year"), "vehicles[0].number_scope"),
        (changed("vehicles", shift=[9, 5]), "vehicles[car].shift"),
        (changed("vehicles", end=["depot", "other"]), "vehicles[0].end: must be one name"),
        (changed("vehicles", start={"place": "0"}), "vehicles[0].start: must be one name"),
        (changed("parcels", id=[1]), "parcels[0].id: must be one name"),
        (changed("vehicles", profile="boat"), "vehicles[car].profile"),
        (changed("vehicles", max_run=5), "vehicles[0].max_run: is unknown; max_run_s is meant?"),
        (changed("places", stop_fee=-1), "places[0].stop_fee"),
        (changed("places", max_kind="boat"), "places[0].max_kind"),
        (changed("places", windows=[[5, 3]]), "places[0].windows"),
        (changed("parcels", load={"demand": -1}), "parcels[0].load"),
        (changed("parcels", service_s=-1), "parcels[0].service_s"),
        (changed("parcels", open=9, close=5), "parcels[request-1].close"),
        (changed("parcels", latest={}), "parcels[request-1].latest"),
        (changed("parcels", latest={"x": 5}), "parcels[request-1].latest"),
        (changed("parcels", must_wave=-1), "parcels[0].must_wave"),
        (changed("parcels", known_at=None), "parcels[0].known_at: is missing"),
        (changed("parcels", must_wvae=3), "parcels[0].must_wvae: is unknown; must_wave is meant?"),
        (changed("waves", earliest_leave=-1), "waves[0].earliest_leave"),
        (changed("hubs", handling_s=-1), "hubs[0].handling_s"),
        (changed("hubs", close=-5), "hubs[depot].close"),
        (epochs() | {"budget": -1}, "budget"),
        (epochs() | {"budget": float("nan")}, "budget"),
        (epochs() | {"wait_price": -1}, "wait_price"),
        (epochs() | {"late_price": -1}, "late_price"),
        (epochs() | {"late_price": {"day": 1}}, "late_price.day"),
        (epochs() | {"units": {"time": "min"}}, "units.time"),
        ({"last_wave_al": True}, "last_wave_al: is unknown; last_wave_all is meant?"),
        (epochs() | {"colour": 5}, "colour: is unknown"),
        (epochs() | {"profiles": {"car": {"duration_s": [[-5] * 5] * 5}}}, "profiles[car].duration_s"),
        (epochs() | {"profiles": {"car": {"duration_s": [[0] * 4] * 5}}}, "profiles[car].duration_s"),
        (epochs() | {"profiles": {"car": {"duration_s": 5}}}, "profiles[car].duration_s"),
        (epochs() | {"profiles": {"car": {"periods": [5], "duration_s": [[[0] * 5] * 5]}}}, "profiles[car].periods"),
        (epochs() | {"profiles": {"car": {"periods": [], "duration_s": []}}}, "profiles[car].periods"),
        (
            epochs() | {"profiles": {"car": {"duration": []}}},
            "profiles[car].duration: is unknown; duration_s is meant?",
        ),
        (epochs() | {"profiles": {"car": 5}}, "profiles[car]"),
        (epochs() | {"profiles": []}, "profiles"),
        (epochs() | {"parcels": ["a"]}, "parcels[0]"),
        (epochs() | {"parcels": "a"}, "parcels"),
        (epochs() | {"waves": None}, "waves"),
        (pool(place=["1", "2", "3"]), "forecast.pool.place"),
        (pool(service=[1]), "forecast.pool.service"),
        (pool(place=["1", "2", "3", "nowhere"]), "forecast.pool.place"),
        (pool(window=[[5, 3]] * 4), "forecast.pool.window"),
        (pool(draws_per_wave=-1), "forecast.pool.draws_per_wave"),
        (pool(load=[{"demand": -1}] * 4), "forecast.pool.load"),
        (
            epochs() | {"forecast": {"days": [[{"place": "x", "known_at": 0, "load": {}, "latest": {}}]]}},
            "forecast.days",
        ),
        (epochs() | {"forecast": 5}, "forecast"),
        ([], "instance"),
        (None, "instance"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_meant_is_refused_with_its_field(raw: Any, named: str) -> None:
    with pytest.raises(BadInstance) as refusal:
        formats.parse(raw)
    said = str(refusal.value)
    assert said.startswith(named) and "\n" not in said and ": " in said


def test_a_refused_file_is_one_sentence_and_the_others_are_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {
        "good": json.dumps(epochs()),
        "priced": json.dumps(changed("vehicles", fixed=-5)),
        "broken": "{",
        "far": json.dumps(epochs() | {"profiles": {"car": {"duration_s": [[0, 1, 2, 3, 10**8]] * 5}}}),
        "again": "\ufeff" + json.dumps(epochs()),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.json").write_text(text)
    files = [str(tmp_path / f"{name}.json") for name in (*texts, "none")]
    assert main([*files, "--policy", "greedy", "--budget", "0.02"]) == 2
    out, errors = capsys.readouterr()
    assert [Path(json.loads(line)["file"]).stem for line in out.splitlines()] == ["good", "again"]
    said = errors.splitlines()
    assert [line.split(".json: ")[0].rsplit("/", 1)[1] for line in said] == ["priced", "broken", "far", "none"]
    assert (
        "vehicles[0].fixed" in said[0]
        and "JSON" in said[1]
        and "profiles[car]" in said[2]
        and "no such file" in said[3]
    )


def test_a_folder_means_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no *.json" in capsys.readouterr().err
    (tmp_path / "one.json").write_text(json.dumps(epochs()))
    assert main([str(tmp_path), "--policy", "greedy", "--budget", "0.02"]) == 0


def test_a_wrong_path_is_helped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "commune.json").write_text("{}")
    assert main([str(tmp_path / "comune.json")]) == 2
    assert "commune.json" in capsys.readouterr().err.split("no such file")[1]


@pytest.mark.parametrize("arguments", [[], ["--budget", "-1", "x.json"], ["--budget", "nan", "x.json"]])
def test_a_command_without_sense_says_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2 and "usage:" in capsys.readouterr().err


def test_help_says_what_goes_in_and_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for word in ("--stdio", "README.md", "examples/epochs.json", "exit code", '{"routes"', "take_all"):
        assert word in said
