"""Aggregates in a real PostgreSQL: whole round trips, locks and version checks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from chassis.store import AggregateStore, Conflict, aggregate_columns
from counters.bootstrap import counters, service
from counters.domain import Box, Counter, Mood
from sqlalchemy import Column, MetaData, Table, Text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import migrate

STORE = AggregateStore(Counter, counters)
FULL = Counter(
    id="full",
    version=1,
    trace="00-aa",
    total=-5,
    mood=Mood.EXCITED,
    ratio=0.25,
    is_open=False,
    counted_time=datetime(2026, 2, 4, 6, 30, tzinfo=UTC),
    notes=("chè", 'mật "ong"'),
    box=Box("hộp", (1, 2)),
)
BARE = Counter(id="bare", version=1)


async def test_what_is_saved_is_what_is_loaded(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": None, "bare": None}, [FULL, BARE])
    async with engine.begin() as connection:
        loaded = await STORE.load(connection, ["full", "none", "bare"], lock=True)
    assert loaded == [BARE, FULL]
    assert isinstance(loaded[1].mood, Mood)


async def test_changed_rows_are_updated_only_from_the_version_they_were_loaded_at(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": None, "bare": None}, [FULL, BARE])
    newer = [replace(FULL, version=2, box=None), replace(BARE, version=2, total=9)]
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": FULL, "bare": BARE}, newer)
    async with engine.connect() as connection:
        assert await STORE.load(connection, ["full", "bare"], lock=False) in (newer, newer[::-1])
    async with engine.connect() as connection:
        with pytest.raises(Conflict, match="bare"):
            newest = [replace(newer[0], version=3), newer[1]]
            await STORE.save(connection, {"full": newer[0], "bare": BARE}, newest)


async def test_a_new_row_may_take_what_a_changed_one_lets_go_of(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        name = STORE.table.name
        await connection.exec_driver_sql(f'CREATE UNIQUE INDEX one_open ON "{name}" (total) WHERE is_open')
        held = replace(FULL, is_open=True)
        await STORE.save(connection, {"full": None}, [held])
        taken = [replace(held, version=2, is_open=False), replace(held, id="new")]
        await STORE.save(connection, {"full": held, "new": None}, taken)
        assert len(await STORE.load(connection, ["full", "new"], lock=False)) == 2


async def test_a_new_aggregate_that_somebody_else_made_is_a_conflict(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": None}, [FULL])
    async with engine.connect() as connection:
        with pytest.raises(Conflict, match="full"):
            await STORE.save(connection, {"full": None, "bare": None}, [FULL, BARE])


async def test_two_loads_that_find_the_rows_in_opposite_order_wait_instead_of_deadlocking(engine: AsyncEngine) -> None:
    many = [replace(BARE, id=f"c{number:03}") for number in range(200)]
    ids = [one.id for one in many]
    async with engine.begin() as connection:
        await STORE.save(connection, dict.fromkeys(ids), many)
        for turn in ("CREATE TEMP TABLE here ON COMMIT DROP AS SELECT * FROM counters", "DELETE FROM counters"):
            await connection.exec_driver_sql(turn)
        await connection.exec_driver_sql("INSERT INTO counters SELECT * FROM here ORDER BY id DESC")

    async def load(shun: str) -> int:
        async with engine.begin() as connection:
            for way in ("bitmapscan", shun):  # by the index from the first id on, or as they lie, from the last
                await connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
            found = len(await STORE.load(connection, ids, lock=True))
            await asyncio.sleep(0.01)
            return found

    assert await asyncio.gather(*(load(shun) for shun in ("indexscan", "seqscan") * 5)) == [200] * 10


@pytest.mark.parametrize("lock", [True, False])
async def test_what_is_loaded_to_be_changed_is_locked_and_what_is_only_read_is_not(
    engine: AsyncEngine, lock: bool
) -> None:
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": None}, [FULL])
    async with engine.begin() as connection, engine.connect() as other:
        await STORE.load(connection, ["full"], lock=lock)
        free = await other.exec_driver_sql("SELECT id FROM counters FOR UPDATE SKIP LOCKED")
        assert [row[0] for row in free] == ([] if lock else ["full"])


async def test_the_migration_makes_what_the_code_declares_and_may_run_twice(engine: AsyncEngine) -> None:
    await asyncio.gather(*(migrate.upgrade(engine, service().migrations) for _ in range(2)))
    await migrate.check(engine, service().migrations)


def test_a_table_that_does_not_fit_the_dataclass_is_refused_at_start() -> None:
    with pytest.raises(TypeError, match=r"differ in .*'mood'"):
        AggregateStore(Counter, Table("counters", MetaData(), *aggregate_columns()))
    wrong = Table("counters", MetaData(), *(Column(c.name, Text, nullable=c.nullable) for c in counters.columns))
    with pytest.raises(TypeError, match="needs BigInteger"):
        AggregateStore(Counter, wrong)


async def test_only_what_changed_is_sent_and_the_rest_of_the_row_stays(engine: AsyncEngine) -> None:
    """Columns are those in which any row of the batch differs; here one row's notes and the other's total."""
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": None, "bare": None}, [FULL, BARE])
        await connection.exec_driver_sql("UPDATE counters SET ratio = 0.75 WHERE id = 'full'")
    newer = [replace(FULL, version=2, notes=()), replace(BARE, version=2, total=9)]
    async with engine.begin() as connection:
        await STORE.save(connection, {"full": FULL, "bare": BARE}, newer)
    async with engine.connect() as connection:
        loaded = {one.id: one for one in await STORE.load(connection, ["full", "bare"], lock=False)}
    assert loaded == {"full": replace(newer[0], ratio=0.75), "bare": newer[1]}
