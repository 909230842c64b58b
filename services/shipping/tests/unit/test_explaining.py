"""Why a parcel is on no run any more is told from what became of its last one, not as if no wave had seen it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from shipping.domain.explaining import explain
from shipping.domain.line import Line, LineState
from shipping.domain.wave import Decision

Yard = Any


def why(yard: Yard, id: str) -> str:
    lines = {line.batch_id: line for line in yard.memory.all(Line) if line.parcel_id == id}
    decisions = sorted((one for one in yard.memory.all(Decision) if one.parcel_id == id), key=lambda x: x.decide_time)
    on_run = any(line.live for line in lines.values())
    latest = decisions[-1] if decisions else None
    code, text = explain(yard.parcel(id), on_run, on_run, latest, lines.get(latest.batch_id) if latest else None)
    assert text != code, "every code has words"
    return code


@pytest.fixture
def accepted(yard: Yard) -> Any:
    """Three parcels on a run that leaves one of them out, and the run."""
    ids = yard.packed(3)
    yard.at("14:45")
    (batch,) = yard.plan()
    yard.accept(batch, refused=[ids[2]])
    return ids, yard.batch(batch.id)


def test_it_rides_while_it_is_on_a_run_and_not_once_the_partner_left_it_out(yard: Yard, accepted: Any) -> None:
    ids, _ = accepted
    assert [why(yard, id) for id in ids] == ["MUST_GO", "MUST_GO", "REFUSED_BY_PARTNER"]


@pytest.mark.parametrize("days", [0, 1], ids=["on the day", "the next morning"])
def test_a_miss_is_told_until_a_wave_decides_anew(yard: Yard, accepted: Any, days: int) -> None:
    ids, batch = accepted
    yard.at("16:00")
    yard.report(batch, picked=[ids[1]], missed=[ids[0]], finished=True)
    yard.at("08:00" if days else "16:05", days)
    assert (why(yard, ids[0]), why(yard, ids[1])) == ("MISSED", "COLLECTED")
    yard.at("09:30", 1)
    yard.plan()
    assert why(yard, ids[0]) == "NOT_ON_TIME_ANY_MORE"


def test_a_closed_commune_and_a_run_that_nobody_reported_are_told(yard: Yard, accepted: Any) -> None:
    ids, _ = accepted
    yard.later(days=1)
    yard.lapse()
    assert why(yard, ids[0]) == "RUN_LAPSED"
    yard.plan()
    yard.close_road(hours=2, road_id="", commune_code="03390")
    assert why(yard, ids[0]) == "COMMUNE_CLOSED"
    yard.later(minutes=1)
    yard.plan()
    assert why(yard, ids[0]) not in ("COMMUNE_CLOSED", "WAITS_FOR_FIRST_WAVE")


def test_what_was_not_packed_at_its_wave_waits_for_its_first_one(yard: Yard) -> None:
    id = yard.confirm()
    yard.at("14:45")
    yard.plan()
    yard.ready(id)
    assert why(yard, id) == "WAITS_FOR_FIRST_WAVE"


def test_a_run_that_nobody_took_is_not_told_as_taken_without_it(yard: Yard) -> None:
    (id,) = yard.packed(1)
    yard.at("14:45")
    yard.plan()
    yard.later(minutes=16)
    yard.expire()
    (taken_back,) = yard.memory.all(Line)
    yard.memory.put(taken_back.taken_out(LineState.REFUSED, "NO_PARTNER_TOOK_IT"))  # As the next plan does.
    assert why(yard, id) == "NO_PARTNER_TOOK_IT"


def test_what_a_later_wave_decided_counts_more_than_the_miss_before(yard: Yard, accepted: Any) -> None:
    """Missed on Wednesday, held on Thursday, asked on Friday morning."""
    ids, batch = accepted
    yard.report(batch, missed=ids[:2], finished=True)
    yard.at("09:30", 1)
    held = replace(next(iter(yard.memory.all(Decision))), id="D2", parcel_id=ids[0], batch_id="", rides=False)
    yard.memory.put(replace(held, code="HELD_FOR_LATER_WAVE", decide_time=yard.now, local_date="2026-02-05"))
    yard.at("08:00", 2)
    assert (why(yard, ids[0]), why(yard, ids[1])) == ("HELD_FOR_LATER_WAVE", "MISSED")
