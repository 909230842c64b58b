"""Behind a culprit the rest of its key waits; replay and discard open the way again, in order, for this group only."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from chassis.dead_letters import dead_topic
from chassis.kernel import Handler
from chassis.replay import Replayed, discard, open_letters, replay
from counters import domain
from counters.domain import HANDLERS, Count
from counters.given import FakeRecord, counted, dead_headers, dispatcher, hear, letters, rows, said, totals
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import replay as chassis_replay


def healed(amount: int = 12) -> dict[Any, Any]:
    """The handlers after the bug was repaired: thirteen counts as twelve."""

    def act(command: Count, loaded: Any, moment: Any) -> Any:
        return domain.count(replace(command, amount=amount) if command.amount == 13 else command, loaded, moment)

    return {**HANDLERS, Count: Handler(act, domain.keys)}


async def test_later_records_of_the_key_are_parked_in_this_and_in_later_batches(engine: AsyncEngine) -> None:
    one = dispatcher(engine)
    await hear(one, counted("c1", 1), counted("c1", 13), counted("c1", 2), counted("c2", 1))
    await hear(one, counted("c1", 3), counted("c2", 2))
    assert await totals(engine) == {"c1": 1, "c2": 3}
    assert [(lane, state) for lane, state, _ in await letters(engine)] == [
        ("c1", "dead"),
        ("c1", "parked"),
        ("c1", "parked"),
    ]
    assert len(await dead_headers(engine)) == 1
    assert await rows(engine, "SELECT count(*) FROM inbox") == [(6,)]


async def test_a_parked_record_heard_again_is_not_parked_again(engine: AsyncEngine) -> None:
    one, parked = dispatcher(engine), counted("c1", 2)
    await hear(one, counted("c1", 13), parked)
    await hear(one, parked)
    assert len(await letters(engine)) == 2


async def test_what_cannot_be_decoded_closes_its_key_too(engine: AsyncEngine) -> None:
    broken = FakeRecord(b"\xff\xff", b"c1", 3, [("ce_id", b"\xff\x00"), ("traceparent", b"\xff")])
    await hear(dispatcher(engine), counted("c0", 1), broken, counted("c1", 1), FakeRecord(None, None, 4))
    assert await totals(engine) == {"c0": 1}
    assert [(lane, state) for lane, state, _ in await letters(engine)] == [
        ("c1", "dead"),
        ("c1", "parked"),
        ("", "dead"),
    ]
    assert (await dead_headers(engine))[0]["ce_id"] == "\\xff\\x00"


async def test_replay_carries_out_the_culprit_and_what_waits_behind_it_in_order(engine: AsyncEngine) -> None:
    await hear(dispatcher(engine), counted("c1", 1), counted("c1", 13), counted("c1", 2), counted("c2", 13))
    await hear(dispatcher(engine), counted("c1", 3))
    assert await replay(dispatcher(engine, handlers=healed()), lane="c1") == Replayed(3, 0, 0)
    assert await said(engine) == [("c1", 1, 1), ("c1", 2, 13), ("c1", 3, 15), ("c1", 4, 18)]
    assert [letter.lane for letter in await open_in(engine)] == ["c2"]
    await hear(dispatcher(engine), counted("c1", 4))
    assert (await totals(engine))["c1"] == 22


async def test_a_replay_that_fails_again_keeps_the_key_closed_and_counts_the_try(engine: AsyncEngine) -> None:
    await hear(dispatcher(engine), counted("c1", 13), counted("c1", 2), counted("c2", 666))
    assert await replay(dispatcher(engine)) == Replayed(0, 2, 1)
    assert [(one.lane, one.state, one.attempts) for one in await open_in(engine)] == [
        ("c1", "dead", 2),
        ("c1", "parked", 1),
        ("c2", "dead", 2),
    ]
    assert len(await dead_headers(engine)) == 2


async def test_a_parked_record_that_fails_at_the_replay_becomes_a_culprit_of_its_own(engine: AsyncEngine) -> None:
    await hear(dispatcher(engine), counted("c1", 13), counted("c1", 666, id="second"), counted("c1", 5))
    assert await replay(dispatcher(engine, handlers=healed())) == Replayed(1, 1, 1)
    assert [(one.state, one.event_id == "second") for one in await open_in(engine)] == [
        ("dead", True),
        ("parked", False),
    ]
    assert [headers["ce_id"] == "second" for headers in await dead_headers(engine)] == [False, True]


async def test_a_replay_that_is_halved_keeps_the_rest_of_the_key_behind_its_culprit(engine: AsyncEngine) -> None:
    await hear(dispatcher(engine), *(counted("c1", amount) for amount in (13, 2, 3)), counted("c2", 666))
    too_much_for_the_table = healed(2_000_000)
    assert await replay(dispatcher(engine, handlers=too_much_for_the_table)) == Replayed(0, 2, 2)
    assert await totals(engine) == {}
    assert [(one.lane, one.state) for one in await open_in(engine)] == [
        ("c1", "dead"),
        ("c1", "parked"),
        ("c1", "parked"),
        ("c2", "dead"),
    ]


async def test_records_without_a_key_wait_for_nobody_at_the_replay_either(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_replay, "RECORDS_MAX", 2)
    keyless = [replace(counted(f"c{number}", 666 if number < 3 else 13), key=None) for number in range(6)]
    await hear(dispatcher(engine), *keyless)
    assert await replay(dispatcher(engine, handlers=healed())) == Replayed(3, 3, 0)
    assert await totals(engine) == {"c3": 12, "c4": 12, "c5": 12}


async def test_a_replay_tells_nobody_but_its_own_service(engine: AsyncEngine) -> None:
    one = dispatcher(engine)
    await hear(one, counted("c1", 13), counted("c1", 2))
    await replay(dispatcher(engine, handlers=healed()))
    topics = {topic for (topic,) in await rows(engine, "SELECT topic FROM outbox")}
    assert topics == {*one.service.publishes, *(dead_topic(topic, one.service.name) for topic in one.service.hears)}


async def test_a_discarded_culprit_stays_on_record_and_the_rest_is_replayed(engine: AsyncEngine) -> None:
    await hear(dispatcher(engine), counted("c1", 13), counted("c1", 2))
    [culprit, _] = await open_in(engine)
    async with engine.begin() as connection:
        with pytest.raises(ValueError, match="needs a reason"):
            await discard(connection, culprit.id, " ")
        assert await discard(connection, culprit.id, "counted twice by hand")
        assert not await discard(connection, culprit.id, "again")
    await hear(dispatcher(engine), counted("c1", 3))
    assert await totals(engine) == {}
    assert await replay(dispatcher(engine)) == Replayed(2, 0, 0)
    assert await totals(engine) == {"c1": 5}
    assert await rows(engine, "SELECT state, note FROM dead_letters ORDER BY id LIMIT 1") == [
        ("discarded", "counted twice by hand")
    ]


async def test_a_consumer_and_a_replay_at_once_leave_nothing_behind_and_keep_the_order(engine: AsyncEngine) -> None:
    await hear(dispatcher(engine), counted("c1", 13), *(counted("c1", 1) for _ in range(50)))
    later = dispatcher(engine)

    async def keep_hearing() -> None:
        for _ in range(20):
            await hear(later, counted("c1", 1), counted("c1", 1))

    await asyncio.gather(keep_hearing(), replay(dispatcher(engine, handlers=healed())))
    await replay(dispatcher(engine, handlers=healed()))
    assert await open_in(engine) == []
    assert await totals(engine) == {"c1": 12 + 50 + 40}
    assert [version for _, version, _ in await said(engine)] == list(range(1, 92))


async def test_a_dead_letter_too_large_for_the_dead_topic_goes_without_its_body(engine: AsyncEngine) -> None:
    body = b"\xff" + b"x" * 1_000_000
    await hear(dispatcher(engine), FakeRecord(body, b"c1", 3, [("ce_id", b"big")]))
    [headers] = await dead_headers(engine)
    assert headers["dead-body"] == "left out, too large"
    assert await rows(engine, "SELECT length(payload) FROM outbox") == [(0,)]
    assert await rows(engine, "SELECT length(payload) FROM dead_letters") == [(len(body),)]


async def open_in(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list(await open_letters(connection))
