"""What holds of every batch, whatever is in it: locks in one order, read committed, every record accounted for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from chassis.dispatch import Item, OpenGate
from counters.domain import Count
from counters.given import counted, dispatcher, hear, letters, rows, said
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import inbox, sql

GOOD, REFUSED, BUG, NOTHING, TOO_MUCH, BROKEN = 1, 13, 666, 7, 2_000_000, -1
"""What the counters make of an amount; the last one becomes a body nobody can decode."""


async def test_event_ids_are_entered_in_one_order_whatever_the_records(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two consumers with the same records in another order would lock each other up."""
    entered: list[list[str]] = []
    real = sql.fetch

    async def fetch(connection: Any, statement: str, *arguments: Any) -> Any:
        if statement == inbox.INSERT:
            entered.append(arguments[0])
        return await real(connection, statement, *arguments)

    monkeypatch.setattr(sql, "fetch", fetch)
    await hear(dispatcher(engine), *(counted("c1", 1, id=id) for id in "dbxacb"))
    assert entered == [["a", "b", "c", "d", "x"]]


async def test_a_transaction_is_read_committed(engine: AsyncEngine) -> None:
    seen: list[Any] = []

    class Asking(OpenGate):
        async def leave(self, connection: Any, items: Sequence[Item]) -> None:
            seen.extend(await sql.fetch(connection, "SHOW transaction_isolation"))

    await dispatcher(engine).carry_out([Item(Count("c1", 1))], Asking())
    assert [row[0] for row in seen] == ["read committed"]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_record_is_carried_out_or_dead_or_parked_and_none_is_skipped(
    engine: AsyncEngine, seed: int
) -> None:
    dice = random.Random(seed)
    amounts = dice.choices((GOOD, REFUSED, BUG, NOTHING, TOO_MUCH, BROKEN), (90, 2, 2, 4, 2, 2), k=300)
    records = [counted(f"c{dice.randrange(40)}", amount, id=f"e{n}", offset=n) for n, amount in enumerate(amounts)]
    for record, amount in zip(records, amounts, strict=True):
        record.value = b"\xff" if amount == BROKEN else record.value
    one, at = dispatcher(engine), 0
    while at < len(records):
        end = at + dice.randrange(1, 80)
        # Some come again, as they do after a lost offset commit.
        await hear(one, *records[max(0, at - dice.randrange(20)) : end])
        at = end
    expected, closed = Counter[str](), set[bytes | None]()
    for record, amount in zip(records, amounts, strict=True):
        if record.key in closed:
            expected["parked"] += 1
        elif amount == GOOD:
            expected["said"] += 1
        elif amount != NOTHING:
            expected["dead"] += 1
            closed.add(record.key)
    found = Counter(state for _, state, _ in await letters(engine))
    found["said"] = len(await said(engine))
    assert found == expected
    assert await rows(engine, "SELECT count(*) FROM inbox") == [(300,)]
