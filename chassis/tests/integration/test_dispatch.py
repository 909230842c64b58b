"""Commands in bulk against a real PostgreSQL: one transaction, set-aside culprits, bisection, waiting for outages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from asyncpg import PostgresError
from chassis.dispatch import Item, OpenGate
from chassis.inbox import REPLAY_WINDOW_HOURS, prune
from chassis.kernel import NotFound
from chassis.outages import is_outage, sqlstate
from chassis.telemetry import Telemetry
from chassis.wiring import TopicShape
from counters.domain import Count, CountWithin, Move, SetLimit, Unlucky
from counters.given import counted, dead_headers, dispatcher, hear, letters, rows, said, totals
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis import sql

Statements = Callable[[], list[str]]


@pytest.fixture
def statements(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Every statement from the call on; BEGIN is implied, COMMIT and ROLLBACK are not."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(" ".join(statement.split()))

    async def fetch(connection: Any, driver: Any, statement: str, arguments: Any) -> Any:
        seen.append(" ".join(statement.split()))
        return await straight(connection, driver, statement, arguments)

    def begin() -> list[str]:
        seen.clear()
        return seen

    straight = sql._fetch
    monkeypatch.setattr(sql, "_fetch", fetch)
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    event.listen(engine.sync_engine, "commit", lambda _c: seen.append("COMMIT"))
    event.listen(engine.sync_engine, "rollback", lambda _c: seen.append("ROLLBACK"))
    return begin


def heads(seen: list[str]) -> list[str]:
    return [" ".join(one.split()[:3]) for one in seen]


async def test_a_batch_is_one_transaction_of_a_few_statements(engine: AsyncEngine, statements: Statements) -> None:
    seen = statements()
    await hear(dispatcher(engine), *(counted(f"c{n % 50}", 1) for n in range(200)))
    assert heads(seen) == [
        "INSERT INTO inbox",
        "SELECT EXISTS (SELECT",
        'SELECT "id", "version",',
        'INSERT INTO "counters"',
        "INSERT INTO outbox",
        "COMMIT",
    ]
    assert set((await totals(engine)).values()) == {4}
    assert len(await said(engine)) == 200


async def test_a_batch_that_asks_nothing_loads_and_saves_nothing(engine: AsyncEngine, statements: Statements) -> None:
    seen = statements()
    await hear(dispatcher(engine), counted("c1", 7))
    assert heads(seen) == ["INSERT INTO inbox", "SELECT EXISTS (SELECT", "COMMIT"]


async def test_a_record_heard_twice_is_carried_out_once(engine: AsyncEngine) -> None:
    one, two = counted("c1", 1, id="one"), counted("c1", 2, id="two")
    await hear(dispatcher(engine), one, two, one)
    await hear(dispatcher(engine), two, one, counted("c1", 4, id="three"))
    assert await totals(engine) == {"c1": 7}
    assert await said(engine) == [("c1", 1, 1), ("c1", 2, 3), ("c1", 3, 7)]


async def test_two_consumers_hearing_the_same_records_at_once_carry_them_out_once(engine: AsyncEngine) -> None:
    records = [counted(f"c{n % 7}", 1) for n in range(100)]
    both = dispatcher(engine), dispatcher(engine)
    await asyncio.gather(*(hear(one, *records[start:]) for start in (0, 20, 40) for one in both))
    assert sum((await totals(engine)).values()) == 100
    assert len(await said(engine)) == 100


async def test_a_culprit_is_set_aside_without_a_rollback(engine: AsyncEngine, statements: Statements) -> None:
    seen, trace = statements(), f"00-{'a' * 32}-{'b' * 16}-00"
    await hear(dispatcher(engine), counted("c1", 1), counted("c2", 13, "", "bad", 5, trace), counted("c3", 1))
    assert seen.count("COMMIT") == 1
    assert "ROLLBACK" not in seen
    assert await totals(engine) == {"c1": 1, "c3": 1}
    assert await letters(engine) == [("c2", "dead", "UNLUCKY counter_id=c2")]
    [headers] = await dead_headers(engine)
    assert headers == {
        "ce_id": "bad",
        "traceparent": trace,
        "dead-reason": "UNLUCKY counter_id=c2",
        "dead-attempts": "1",
        "dead-topic": "counters.v1.Heard",
        "dead-partition": "0",
        "dead-offset": "5",
        "dead-group": "counters",
    }
    assert await rows(engine, "SELECT topic, key FROM outbox WHERE headers IS NOT NULL") == [
        ("counters.v1.Heard.counters.dead", "c2")
    ]


async def test_the_outbox_keeps_the_order_of_a_key_across_transactions_that_overlap(engine: AsyncEngine) -> None:
    one = dispatcher(engine)
    await asyncio.gather(*(hear(one, *(counted(f"c{n % 3}", 1) for n in range(30))) for _ in range(8)))
    by_key: dict[str, list[int]] = {}
    for key, version, total in await said(engine):
        by_key.setdefault(key, []).append(version)
        assert version == total
    assert by_key == {f"c{n}": list(range(1, 81)) for n in range(3)}


async def test_commands_of_jobs_are_answered_by_reply_or_exception(engine: AsyncEngine) -> None:
    one = dispatcher(engine)
    answers = await one.dispatch([Count("a", 2), Count("a", 13), Count("a", 3), *(Count("b", 1) for _ in range(600))])
    assert (answers[0], type(answers[1]), answers[2], answers[-1]) == (2, Unlucky, 5, 600)
    [refused] = await one.dispatch([Count("a", 2_000_000)])
    assert isinstance(refused, Exception) and sqlstate(refused) == "23514"
    assert await totals(engine) == {"a": 5, "b": 600}
    assert one.said.is_set()


async def test_tables_are_locked_in_one_order_whatever_the_handler_says(
    engine: AsyncEngine, statements: Statements
) -> None:
    one = dispatcher(engine)
    full = statements()
    assert await one.dispatch([SetLimit("l", "a", 5), CountWithin("a", "l", 9), CountWithin("b", "l", 3)]) == [
        None,
        5,
        3,
    ]
    locked = [one for one in full if "FOR UPDATE" in one]
    assert ["counters" in locked[0], "limits" in locked[1], len(locked)] == [True, True, 2]
    full = statements()
    [within, without] = await one.dispatch([CountWithin("b", "l", 9), CountWithin("c", "none", 9)])
    assert (within, type(without)) == (5, NotFound)
    assert sum("FOR UPDATE" in one for one in full) == 1
    assert any('FROM "limits"' in one and "FOR UPDATE" not in one for one in full)


async def test_a_hot_row_is_locked_once_a_batch_and_changed_in_the_order_of_arrival(
    engine: AsyncEngine, statements: Statements
) -> None:
    seen = statements()
    await hear(dispatcher(engine), *(counted("hot", 1, note=str(n)) for n in range(100)))
    assert sum(one.startswith('SELECT "id"') for one in seen) == 1
    assert [row[0] for row in await rows(engine, "SELECT jsonb_array_elements_text(notes) FROM counters")] == [
        str(n) for n in range(100)
    ]


async def test_the_inbox_forgets_a_record_only_after_its_topic_and_the_replay_window(engine: AsyncEngine) -> None:
    one = dispatcher(engine)
    await hear(one, *(counted("c1", 1, id=f"e{number}") for number in range(3)))
    hours = 24 + REPLAY_WINDOW_HOURS
    async with engine.begin() as connection:
        for number, age in enumerate((hours + 1, hours - 1, 100_000)):
            change = "UPDATE inbox SET received_time = now() - make_interval(hours => $1) WHERE id = $2"
            await connection.exec_driver_sql(change, (age, f"e{number}"))
        await connection.exec_driver_sql("INSERT INTO inbox VALUES ('for ever', 'kept', now() - interval '9 years')")
        shapes = {**one.service.heard_shapes, "kept": TopicShape(retention_hours=None)}
        assert await prune(connection, shapes) == 2
    assert await rows(engine, "SELECT count(*) FROM inbox") == [(2,)]


async def test_opposite_moves_at_once_neither_deadlock_nor_lose_anything(engine: AsyncEngine) -> None:
    one = dispatcher(engine)
    await one.dispatch([Count("a", 100), Count("b", 100)])
    moves = [[Move("a", "b", 1)], [Move("b", "a", 1)]] * 20
    answers = await asyncio.gather(*(one.dispatch(move) for move in moves))
    assert answers == [[None]] * 40
    assert await totals(engine) == {"a": 100, "b": 100}


async def test_an_outage_raises_and_nothing_is_dead_lettered(engine: AsyncEngine, database: str) -> None:
    one = dispatcher(engine)
    gone = dispatcher(create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:9/nothing"))
    with pytest.raises(OSError) as refused:
        await hear(gone, counted("c1", 1))
    assert is_outage(refused.value)

    class Killing(OpenGate):
        async def leave(self, connection: Any, items: Sequence[Item]) -> None:
            async with engine.connect() as other:
                pid = (await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar()
                await other.exec_driver_sql("SELECT pg_terminate_backend($1)", (pid,))
            await connection.exec_driver_sql("SELECT 1")

    with pytest.raises(DBAPIError) as killed:
        await one.carry_out([Item(Count("c1", 1))], Killing())
    assert is_outage(killed.value)
    assert await totals(engine) == {}
    assert await letters(engine) == []
    await hear(one, counted("c1", 1))
    assert await totals(engine) == {"c1": 1}


async def test_a_connection_lost_between_two_statements_is_an_outage_and_leaves_the_pool_clean(
    engine: AsyncEngine,
) -> None:
    class KillingFirst(OpenGate):
        async def enter(self, connection: Any, items: Sequence[Item]) -> Sequence[Item]:
            [[pid]] = await sql.fetch(connection, "SELECT pg_backend_pid()")
            async with engine.connect() as other:
                await other.exec_driver_sql("SELECT pg_terminate_backend($1)", (pid,))
            return items

    one = dispatcher(engine)
    for _ in range(3):
        with pytest.raises((sql.ConnectionLost, DBAPIError)) as lost:
            await one.carry_out([Item(Count("c1", 1))], KillingFirst())
        assert is_outage(lost.value)
        assert await one.dispatch([Count("c2", 1)]) != []
    assert await totals(engine) == {"c2": 3}


async def test_a_missing_table_blames_the_deployment_and_no_record(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE counters RENAME TO counters_not_yet")
    try:
        with pytest.raises(PostgresError) as missing:
            await hear(dispatcher(engine), counted("c1", 1))
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE counters_not_yet RENAME TO counters")
    assert is_outage(missing.value)
    assert await letters(engine) == []


async def test_every_record_has_a_span_in_its_own_trace_and_the_transaction_one_with_links(engine: AsyncEngine) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    one = dispatcher(engine, Telemetry(provider.get_tracer("test"), 1.0))
    traces = [f"00-{digit * 32}-{'b' * 16}-01" for digit in "12"]
    await hear(one, counted("c1", 1, trace=traces[0]), counted("c2", 13, trace=traces[1]), counted("c3", 1))
    process = {span.context.trace_id: span for span in exporter.get_finished_spans() if span.name.startswith("process")}
    assert {f"{trace:032x}" for trace in process} == {"1" * 32, "2" * 32}
    [transaction] = [span for span in exporter.get_finished_spans() if span.name == "transaction counters"]
    assert {f"{link.context.trace_id:032x}" for link in transaction.links} == {"1" * 32, "2" * 32}
    ids = {span.attributes["chophien.transaction.id"] for span in (transaction, *process.values()) if span.attributes}
    assert len(ids) == 1
    assert not process[int("2" * 32, 16)].status.is_ok
    carried = await rows(engine, "SELECT key, traceparent FROM outbox WHERE headers IS NULL ORDER BY seq")
    assert carried[0][1].startswith(f"00-{'1' * 32}-{process[int('1' * 32, 16)].context.span_id:016x}")
    [dead] = await dead_headers(engine)
    assert dead["traceparent"].startswith(f"00-{'2' * 32}")
