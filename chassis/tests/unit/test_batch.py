"""Handlers in a batch: order, shared copies, versions, and no trace of what failed; no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chassis.batch import Batch, HandlerMistake
from chassis.dispatch import Item
from chassis.kernel import Handler, NotFound, said, together
from chassis.outbox import FACT_BYTES_MAX, FactTooLarge
from chassis.telemetry import Telemetry
from chassis.wiring import Effect
from counters.bootstrap import service
from counters.domain import BellWished, Count, Counted, Counter, Move, RingFor, Unlucky, keys
from counters.given import NOW
from counters.wire import CounterEvent


async def _never(*_: Any) -> None:
    raise AssertionError("effects are not carried out here")


def run(items: Sequence[Item], *stored: Counter, **parts: Any) -> Batch:
    batch = Batch(service(**parts), Telemetry(), NOW)
    batch.name_keys(items)
    batch.take(stored)
    batch.carry_out(items)
    return batch


def versions(batch: Batch) -> list[tuple[str, int, int]]:
    events = [CounterEvent.FromString(row.payload) for row in batch.said]
    return [(event.counter_id, event.version, event.counted.amount) for event in events]


def test_commands_see_what_earlier_ones_of_the_batch_changed() -> None:
    items = [Item(Count("a", 1)), Item(Count("b", 5)), Item(Count("a", 2)), Item(Move("b", "a", 3))]
    batch = run(items, Counter(id="a", version=4, total=10))
    assert versions(batch) == [("a", 5, 11), ("b", 1, 5), ("a", 6, 13), ("b", 2, 2), ("a", 7, 16)]
    assert batch.before[Counter] == {"a": Counter(id="a", version=4, total=10), "b": None}
    assert [item.outcome.reply if item.outcome else None for item in items] == [11, 5, 13, None]
    assert {key[1]: one.version for key, one in batch.state.items()} == {"a": 7, "b": 2}


def test_a_refused_command_is_its_own_answer_and_leaves_no_trace() -> None:
    items = [
        Item(Count("a", 1)),
        Item(Count("a", 13)),
        Item(Count("a", 666)),
        Item(Move("a", "x", 1)),
        Item(Count("a", 1)),
    ]
    batch = run(items)
    assert [type(item.error) for item in items] == [type(None), Unlucky, ZeroDivisionError, NotFound, type(None)]
    assert versions(batch) == [("a", 1, 1), ("a", 2, 2)]


def test_nothing_more_is_run_in_a_lane_after_a_failure_but_other_lanes_go_on() -> None:
    items = [Item(Count("a", 13), lane="a"), Item(Count("b", 1), lane="b"), Item(Count("a", 1), lane="a")]
    batch = run(items)
    assert [item.held for item in items] == [False, False, True]
    assert versions(batch) == [("b", 1, 1)]


def test_a_known_culprit_is_never_handed_to_a_handler() -> None:
    items = [Item(Count("a", 1), lane="a", culprit=ValueError("known")), Item(Count("a", 1), lane="a")]
    assert run(items).said == []
    assert isinstance(items[0].error, ValueError)
    assert items[1].held


def test_a_change_without_facts_moves_the_version_by_one_and_several_facts_by_as_many() -> None:
    def act(command: Count, loaded: Any, moment: Any) -> Any:
        counter = loaded.get(Counter, "a") or Counter(id="a")
        if command.amount == 1:
            return said(replace(counter, total=1))
        return said(counter, Counted("a", 2), Counted("a", 3))

    items = [Item(Count("a", 1)), Item(Count("a", 2))]
    batch = run(items, handlers={Count: Handler(act, keys)})
    assert versions(batch) == [("a", 2, 2), ("a", 3, 3)]
    assert batch.state[Counter, "a"].version == 3


def test_two_changes_of_one_aggregate_in_one_outcome_follow_each_other() -> None:
    def act(command: Count, loaded: Any, moment: Any) -> Any:
        first = Counter(id="a", total=1)
        return together(said(first, Counted("a", 1)), said(replace(first, total=2, version=0), Counted("a", 2)))

    batch = run([Item(Count("a", 1))], handlers={Count: Handler(act, keys)})
    assert versions(batch) == [("a", 1, 1), ("a", 2, 2)]


def test_an_unchanged_aggregate_that_speaks_does_not_touch_the_loaded_copy() -> None:
    def act(command: Count, loaded: Any, moment: Any) -> Any:
        outcome = said(loaded.require(Counter, "a"), Counted("a", 1))
        return outcome if command.amount == 1 else together(outcome, said(Counter(id="b"), Counted("b", 1)))

    stored = Counter(id="a", version=4)
    items = [Item(Count("a", 2)), Item(Count("a", 1))]
    batch = run(items, stored, handlers={Count: Handler(act, keys)})
    assert isinstance(items[0].error, HandlerMistake)
    assert versions(batch) == [("a", 5, 1)]
    assert stored.version == 4


def test_a_handler_may_change_only_what_its_keys_name_and_only_from_what_it_was_handed() -> None:
    def stranger(command: Count, loaded: Any, moment: Any) -> Any:
        return said(Counter(id="somebody else"), Counted("a", 1))

    def stale(command: Count, loaded: Any, moment: Any) -> Any:
        return said(Counter(id="a", total=1), Counted("a", 1))

    for act in (stranger, stale):
        items = [Item(Count("a", 1))]
        assert run(items, Counter(id="a", version=4), handlers={Count: Handler(act, keys)}).said == []
        assert isinstance(items[0].error, HandlerMistake)


def test_a_fact_too_large_for_the_broker_is_refused_when_it_is_written() -> None:
    items = [Item(Count("a", 1, "x" * FACT_BYTES_MAX)), Item(Count("b", 1, "y"))]
    batch = run(items)
    assert isinstance(items[0].error, FactTooLarge)
    assert versions(batch) == [("b", 1, 1)]


def test_a_wish_is_kept_for_the_effects_and_not_published() -> None:
    batch = run([Item(RingFor("a"))], Counter(id="a", version=1), effects={BellWished: Effect(_never, _never)})
    assert batch.said == []
    assert [(wish.aggregate_id, wish.kind, wish.wish) for wish in batch.wished] == [
        ("a", "BellWished", '{"counter_id":"a","total":0}')
    ]


def test_facts_carry_the_trace_of_their_aggregate() -> None:
    story, cause = f"00-{'a' * 32}-{'b' * 16}-00", f"00-{'c' * 32}-{'d' * 16}-00"
    batch = run([Item(Count("a", 1, trace=story), cause), Item(Count("b", 1), cause)])
    assert [row.traceparent for row in batch.said] == [story, cause]
