"""Records become commands, and no record, however broken, hurts its neighbours."""

from __future__ import annotations

from typing import Any

import pytest
from chassis.dispatch import Item
from chassis.inbox import items_of
from counters.bootstrap import service
from counters.domain import Count
from counters.given import HEARD, FakeRecord, counted
from counters.wire import CounterEvent

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


def heard(*records: FakeRecord) -> list[Item]:
    return items_of(records, service().hears)


def test_a_record_becomes_a_command_with_its_id_trace_and_lane() -> None:
    [item] = heard(counted("c1", 5, "note", id="e1", trace=TRACE))
    assert (item.command, item.trace, item.lane, item.culprit) == (Count("c1", 5, "note"), TRACE, (HEARD, "c1"), None)
    assert item.source.id == "e1"


def test_kinds_nobody_asked_for_and_kinds_nobody_knows_are_skipped() -> None:
    event = CounterEvent(counter_id="c1")
    event.reset.amount = 1
    unknown_kind = b"\x0a\x02c1" + b"\x9a\x06\x02\x08\x01"  # field 99, as a newer writer would send it
    assert (
        heard(*(FakeRecord(body, headers=[("ce_id", b"e")]) for body in (event.SerializeToString(), unknown_kind)))
        == []
    )


def test_a_known_fact_that_asks_nothing_still_goes_through_the_inbox() -> None:
    [item] = heard(counted("c1", 7))
    assert item.command is None
    assert item.culprit is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (None, [("ce_id", b"e")]),
        (b"", [("ce_id", b"e")]),
        (b"\xff\xff\xff", [("ce_id", b"e")]),
        (counted("c1", 5).value, []),
        (counted("c1", 5).value, [("ce_id", b"")]),
        (counted("c1", 5).value, [("ce_id", None)]),
        (counted("c1", 5).value, [("ce_id", b"x" * 201)]),
    ],
)
def test_what_cannot_be_decoded_is_set_aside_and_costs_nobody_else(body: Any, headers: Any) -> None:
    before, item, after = heard(counted("c0", 1), FakeRecord(body, b"c1", 9, headers), counted("c2", 2))
    assert item.culprit is not None
    assert item.source.id in ("e", f"{HEARD}/0/9")
    assert before.culprit is None
    assert after.culprit is None


@pytest.mark.parametrize("header", [b"\xff\xfe", b"", None, b"00-zz", b"\x00"])
def test_a_bad_trace_header_is_ignored(header: bytes | None) -> None:
    record = counted("c1", 5)
    record.headers.append(("traceparent", header))
    [item] = heard(record)
    assert (item.trace, item.culprit) == ("", None)


def test_ids_and_keys_no_database_would_take_are_made_takeable() -> None:
    record = counted("c1", 5, id="e\x00\u20ac")
    record.key = b"\x00\xff" + b"k" * 300
    [item] = heard(record)
    assert item.source.id == "e\\x00€"
    assert item.lane[1].startswith("sha256:")  # type: ignore[index]


def test_records_without_a_key_wait_for_nobody() -> None:
    record = counted("c1", 5)
    record.key = None
    assert heard(record)[0].lane is None
