"""The picture of a day: a line for every run, and the figures of the plans beside each other."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.planner.picture import beside, draw, runs_of

SVG = "{http://www.w3.org/2000/svg}"


def test_every_run_of_the_day_is_a_line_of_its_own() -> None:
    ground, plans = beside("A-fixed", 0, 0.05, ["take_all"])
    root = ElementTree.fromstring(draw(ground, 0, plans))
    assert len(root.findall(f"{SVG}polyline")) == sum(len(runs_of(outcome, 0)) for _, outcome in plans) > 0
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert f"{sum(len(run.parcels) for run in plans[0][1].sent)} parcels" in words


def test_a_day_without_runs_has_no_lines() -> None:
    ground, plans = beside("A-fixed", 0, 0.05, ["take_all"])
    assert not ElementTree.fromstring(draw(ground, 7, plans)).findall(f"{SVG}polyline")
