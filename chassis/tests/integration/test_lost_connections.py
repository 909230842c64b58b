"""Every way the database may fail under a transaction is an outage: nothing is decided, nothing is dead-lettered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from chassis.dispatch import Item, OpenGate
from chassis.outages import is_outage, sqlstate
from counters.domain import Count
from counters.given import counted, dispatcher, hear, letters, rows, totals
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis import sql


@pytest.fixture
async def impatient(database: str, engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """Whose server ends transactions in which nothing happens for a moment."""
    settings = {"idle_in_transaction_session_timeout": "200"}
    own = create_async_engine(database, connect_args={"server_settings": settings})
    yield own
    await own.dispose()


class Losing(OpenGate):
    """Loses the connection, in one way, at the first or the last statement."""

    def __init__(self, how: str, first: bool, other: AsyncEngine) -> None:
        self._how, self._first, self._other = how, first, other

    async def enter(self, connection: Any, items: Sequence[Item]) -> Sequence[Item]:
        await sql.fetch(connection, "SELECT 1")
        if self._first:
            await self._lose(connection)
        return items

    async def leave(self, connection: Any, items: Sequence[Item]) -> None:
        if not self._first:
            await self._lose(connection)

    async def _lose(self, connection: Any) -> None:
        if self._how == "ended by the server":
            [[pid]] = await sql.fetch(connection, "SELECT pg_backend_pid()")
            await rows(self._other, f"SELECT pg_terminate_backend({pid})")
        elif self._how == "idle for too long":
            await asyncio.sleep(0.4)
        else:
            time.sleep(0.4)  # noqa: ASYNC251 - the whole process stands still, as it does when it is swapped out


@pytest.mark.parametrize("how", ["ended by the server", "idle for too long", "process held up"])
@pytest.mark.parametrize("first", [True, False], ids=["between statements", "before COMMIT"])
async def test_a_connection_lost_at_any_moment_is_an_outage(
    engine: AsyncEngine, impatient: AsyncEngine, how: str, first: bool
) -> None:
    one, items = dispatcher(impatient), [Item(Count("c1", 1)), Item(Count("c2", 1))]
    with pytest.raises(Exception) as lost:
        await one.carry_out(items, Losing(how, first, engine))
    assert is_outage(lost.value)
    assert await totals(engine) == {}
    assert await one.dispatch([Count("c1", 1)]) == [1]


@pytest.mark.parametrize("state", ["40001", "40P01", "53100", "53200", "53300", "57P03", "58030"])
async def test_no_trouble_of_the_servers_ever_dead_letters(engine: AsyncEngine, state: str) -> None:
    one = dispatcher(engine)
    trouble = f"BEGIN RAISE EXCEPTION 'Lò Thị May' USING ERRCODE = '{state}'; END"
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $${trouble}$$")
        await connection.exec_driver_sql(
            "CREATE TRIGGER trouble BEFORE INSERT ON counters FOR EACH ROW EXECUTE FUNCTION trouble()"
        )
    try:
        with pytest.raises(Exception) as raised:
            await hear(one, counted("c1", 1), counted("c2", 1))
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("DROP FUNCTION trouble CASCADE")
    assert is_outage(raised.value)
    assert state.startswith("57P") or sqlstate(raised.value) == state
    assert await letters(engine) == []
    await hear(one, counted("c1", 1), counted("c2", 1))
    assert await totals(engine) == {"c1": 1, "c2": 1}
