"""Clock, spool, banking app, actor's agenda and map, each by itself."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from simulation.actor import Actor, Stage
from simulation.actors.partner import bank_day, working_day
from simulation.line import Line, NotNow
from simulation.script import binh_lu
from simulation.spool import Spool
from simulation.times import THE_DAY, StepClock, at
from simulation.vietqr import crc, read_transfer

from simulation import cast, runs_map

PAYLOAD = (
    "00020101021238570010A00000072701270006970405011386002051234560208QRIBFTTA"
    "530370454061850005802VN62180814DH260214BL004263043EF5"
)


def test_a_step_clock_stands_still_and_never_goes_back(tmp_path: Path) -> None:
    clock = StepClock(tmp_path / "clock.json")
    clock.step(at("13:00"))
    written = json.loads((tmp_path / "clock.json").read_text())
    assert (written["business_anchor"], written["speed"]) == (at("13:00").timestamp(), 0.0)
    with pytest.raises(ValueError, match="never goes back"):
        clock.step(at("12:59"))


def test_a_spool_is_read_as_it_grows_and_never_half_a_line(tmp_path: Path) -> None:
    writer, reader = Spool(tmp_path / "s.jsonl"), Spool(tmp_path / "s.jsonl")
    assert reader.fresh() == []
    writer.write({"name": "Bình Lư"})
    assert reader.fresh() == [{"name": "Bình Lư"}]
    with (tmp_path / "s.jsonl").open("a") as file:
        file.write('{"half":')
    assert reader.fresh() == []
    with (tmp_path / "s.jsonl").open("a") as file:
        file.write(" 1}\n")
    assert reader.fresh() == [{"half": 1}]


def test_the_banking_app_reads_memo_and_amount() -> None:
    assert crc("123456789") == "29B1"
    assert read_transfer(PAYLOAD) == ("DH260214BL0042", 185_000)


@pytest.mark.parametrize("broken", [PAYLOAD[:-4] + "0000", PAYLOAD.replace("185000", "985000")])
def test_the_banking_app_takes_no_broken_code(broken: str) -> None:
    with pytest.raises(ValueError, match="check sum"):
        read_transfer(broken)


def test_couriers_rest_on_sunday_banks_on_saturday_too() -> None:
    thursday = THE_DAY + timedelta(days=1)
    assert working_day(thursday, 2) == THE_DAY + timedelta(days=3)
    assert bank_day(thursday, 2) == THE_DAY + timedelta(days=5)


def make_actor(folder: Path) -> Actor:
    line = Line({}, {}, Spool(folder / "journal.jsonl"))
    return Actor(Stage("somebody", binh_lu(1), line, folder, ""))


def test_an_actor_does_what_is_due_in_order_and_wishes_for_the_rest(tmp_path: Path) -> None:
    actor, done = make_actor(tmp_path), []

    async def deed(name: str) -> None:
        done.append(name)

    actor.plan(at("13:02"), lambda: deed("third"))
    actor.plan(at("13:01"), lambda: deed("second"))
    actor.plan(at("13:00"), lambda: deed("first"))
    assert asyncio.run(actor.turn(at("13:01"))) == {"did": 2, "next": at("13:02").isoformat()}
    assert done == ["first", "second"]


def test_a_deed_that_finds_nobody_is_tried_again_a_minute_later(tmp_path: Path) -> None:
    actor, tries = make_actor(tmp_path), []

    async def deed() -> None:
        tries.append(actor.now)
        if len(tries) < 3:
            raise NotNow("away")

    actor.plan(at("14:00"), deed)
    for minute in range(3):
        answer = asyncio.run(actor.turn(at(f"14:0{minute}")))
        assert answer["did"] == (1 if minute == 2 else 0)
    assert tries == [at("14:00"), at("14:01"), at("14:02")]


def test_the_map_is_well_formed_and_keeps_every_mark_of_the_names() -> None:
    run = {"batch_id": "PB260204-1", "date": "2026-02-04", "partner": "partner-a", "hub": "hub-lai-chau"}
    run |= {"parcels_picked": 87, "missed": 3, "moved_by_closure": "c"}  # type: ignore[dict-item]
    picture = runs_map.draw([{**run, "stops": [cast.ZONE.id, cast.HAMLETS[0].id]}])
    texts = {element.text for element in ElementTree.fromstring(picture).iter() if element.text}
    assert {cast.ZONE.name, "Sa Pa", "Lai Châu · Tân Phong", "1", "2"} <= texts
    assert any("Đèo Ô Quy Hồ" in text for text in texts)
