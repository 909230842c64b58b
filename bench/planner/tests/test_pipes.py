"""Over pipes every line has an answer, a bad line changes nothing, and waves are counted from the day's beginning."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from bench.planner.examples.make import epochs
from bench.planner.pipes import converse


def talk(*lines: Any, policy: str = "greedy") -> list[dict[str, Any]]:
    """One answer a line; what is no text is written as JSON first."""
    out, texts = io.StringIO(), [one if isinstance(one, str) else json.dumps(one) for one in lines]
    converse(io.StringIO("\n".join(texts) + "\n"), out, policy, 0.02, None)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def now(**changed: Any) -> dict[str, Any]:
    """The first wave of the example with two parcels."""
    return epochs() | {"waves": epochs()["waves"][:1], "parcels": epochs()["parcels"][:2]} | changed


VEHICLE = epochs()["vehicles"][0]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("5", "line"),
        ("null", "line"),
        ('"x"', "line"),
        ("[1, 2]", "line"),
        ("{", "line"),
        ("NaN", "line"),
        ({"sent": [{}]}, "sent[0].vehicle"),
        ({"sent": 5}, "sent"),
        ({"sent": [5]}, "sent[0]"),
        ({"sent": [{"vehicle": "boat", "leave": 0, "home": 5}]}, "sent[0].vehicle"),
        ({"sent": [{"vehicle": "car", "leave": 9, "home": 5}]}, "sent[0].home"),
        ({"sent": [{"vehicle": "car", "leave": 9}]}, "sent[0].home"),
        ({"profiles": []}, "profiles"),
        ({"parcels": ["a"]}, "parcels[0]"),
        ({"vehicles": [VEHICLE | {"fixed": -5}]}, "vehicles[0].fixed"),
        ({"waves": [{"decide_at": 3600, "earliest_leave": 0}]}, "waves[0].earliest_leave"),
        ({"waves": []}, "waves"),
        ({"wave": -1}, "wave"),
        ({"forecast": {"pool": epochs()["forecast"]["pool"] | {"place": ["zz"] * 4}}}, "forecast.pool.place"),
        ({"profiles": {"car": {"duration_s": [[0, 1, 2, 3, 10**8]] * 5}}}, "profiles[car]"),
        ({"colour": 5}, "colour"),
        ({"parcels": [{"id": "x"}]}, "parcels[0].place"),
    ],
    ids=lambda one: json.dumps(one)[:40],
)
def test_a_bad_line_is_answered_with_its_field_and_changes_nothing(line: Any, named: str) -> None:
    first, bad, after = talk(now(), line, {"budget": 0.02})
    assert bad["error"].startswith(named) and "\n" not in bad["error"]
    assert after == first and len(after["routes"]) == 1


@pytest.mark.parametrize(
    "changed",
    [{"sent": None}, {"sent": []}, {"seed": 10**6}, {"seed": -3}, {"budget": None}, {"comment": "hello"},
     {"sent": [{"vehicle": "car", "leave": 0.0, "home": 5.0, "parcels": ["z"]}]}],
)  # fmt: skip
def test_a_line_that_can_be_meant_is_planned(changed: dict[str, Any]) -> None:
    (answer,) = talk(now(**changed))
    assert answer["held"] == [] and len(answer["routes"]) == 1


def test_a_byte_order_mark_and_empty_lines_do_not_matter() -> None:
    assert len(talk("\ufeff" + json.dumps(now()), "", "  ", now())) == 2


def test_a_failure_that_nobody_foresaw_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment outside must not lose its day because one wave went wrong here."""

    def fails(*_: Any) -> None:
        raise KeyError("gate")

    with monkeypatch.context() as patched:
        patched.setattr("bench.planner.pipes.make_policy", fails)
        (bad,) = talk(now())
    assert bad["error"].startswith("planner: ")


def given(*must: int) -> dict[str, Any]:
    """Three waves and parcels that ride at a given wave at the latest."""
    waves = [{"decide_at": n * 3600, "earliest_leave": n * 3600 + 60} for n in range(4)]
    parcels = [epochs()["parcels"][0] | {"id": f"p{n}", "must_wave": n, "close": 20_000, "open": 0} for n in must]
    return epochs() | {"must_rule": "given", "last_wave_all": False, "waves": waves, "parcels": parcels}


def sent(answers: list[dict[str, Any]]) -> list[list[str]]:
    return [[parcel for route in answer["routes"] for parcel in route["parcels"]] for answer in answers]


def rest(raw: dict[str, Any], wave: int, *left: int) -> dict[str, Any]:
    """What a line says later: the waves still to come, and the parcels not collected with their numbers as ever."""
    names = {f"p{n}" for n in left}
    return {"waves": raw["waves"][wave:], "parcels": [one for one in raw["parcels"] if one["id"] in names]}


def test_must_wave_counts_from_the_beginning_of_the_day() -> None:
    raw = given(0, 1, 2)
    answers = talk(raw, rest(raw, 1, 1, 2), rest(raw, 2, 2), policy="lazy")
    assert sent(answers) == [["p0"], ["p1"], ["p2"]]


def test_a_client_that_names_one_wave_a_line_is_counted_too() -> None:
    raw = given(2)
    lines = [raw | {"waves": raw["waves"][n : n + 1]} for n in range(3)]
    assert sent(talk(*lines, policy="lazy")) == [[], [], ["p2"]]


def test_a_repeated_or_refused_line_does_not_count() -> None:
    raw = given(1)
    assert sent(talk(raw, raw, policy="lazy")) == [[], []]
    _, bad, after = talk(raw, {"waves": []}, rest(raw, 1, 1), policy="lazy")
    assert "waves" in bad["error"] and sent([after]) == [["p1"]]


def test_a_wave_that_was_not_asked_counts_when_it_was_announced() -> None:
    raw = given(2)
    assert sent(talk(raw, rest(raw, 2, 2), policy="lazy")) == [[], ["p2"]]


def test_a_line_may_say_which_wave_it_is() -> None:
    raw = given(3)
    begun = raw | rest(raw, 2, 3) | {"wave": 2}
    assert sent(talk(begun, rest(raw, 3, 3), policy="lazy")) == [[], ["p3"]]


def test_an_earlier_wave_begins_another_day() -> None:
    raw = given(1)
    again = raw | {"waves": [{"decide_at": n * 3600 - 60, "earliest_leave": n * 3600} for n in range(3)]}
    assert sent(talk(raw, rest(raw, 1, 1), again, policy="lazy")) == [[], ["p1"], []]
