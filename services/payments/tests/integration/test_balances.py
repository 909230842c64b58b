"""The running balances are those of the journal, whatever was booked, repeated, rolled back or booked side by side."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from chophien.payments.v1 import payments_service_pb2 as pb
from payments.adapters import tables
from payments.domain.ledger import LedgerEntry, LedgerLine

from .conftest import House
from .speech import NOW, confirmed, delivered, due, notice, off, order_id, part_off

JOURNAL = """
    SELECT line->>'account', sum(greatest((line->>'amount_vnd')::bigint, 0))::bigint,
           sum(greatest(-(line->>'amount_vnd')::bigint, 0))::bigint
    FROM ledger_entries, jsonb_array_elements(lines) AS line GROUP BY 1 ORDER BY 1"""


async def same_as_the_journal(house: House) -> Any:
    """The answer of GetLedger, which must be what the journal sums to."""
    ledger = await house.stub().GetLedger(pb.GetLedgerRequest())
    told = [(one.account, one.debit_vnd, one.credit_vnd) for one in ledger.accounts]
    assert told == await house.rows(JOURNAL)
    assert [(ledger.entry_count,)] == await house.rows("SELECT count(*) FROM ledger_entries")
    assert ledger.trial_balance_vnd == 0 == sum(debit - credit for _, debit, credit in told)
    return ledger


def booking(number: int) -> LedgerEntry:
    lines = (LedgerLine("bank", number), LedgerLine(f"cod_in_transit:p{number % 3}", -number))
    return LedgerEntry(id=f"test/{number}", version=1, trace="", order_id="DH1", post_time=NOW, lines=lines)


async def book(house: House, *numbers: int) -> None:
    entries = [booking(number) for number in numbers]
    async with house.served.runtime.engine.begin() as connection:
        await tables.LEDGER_ENTRIES.save(connection, dict.fromkeys(one.id for one in entries), entries)


async def test_an_empty_ledger_has_no_accounts(house: House) -> None:
    ledger = await same_as_the_journal(house)
    assert (list(ledger.accounts), ledger.entry_count) == ([], 0)


async def test_a_day_of_orders_leaves_balances_that_are_the_journals(house: House) -> None:
    orders = [order_id() for _ in range(6)]
    await house.hear(*(due(order, 50_000, 30_000, cod=number % 2 == 1) for number, order in enumerate(orders)))
    for order in orders[::2]:
        await house.stub("bank").ReportBankTransfer(notice(order, 80_000))
    await house.hear(*(confirmed(order) for order in orders))
    await house.hear(part_off(orders[0], 1, 50_000), off(orders[2]))
    await house.hear(delivered(orders[1], 1, 50_000), delivered(orders[4], 1, 0))
    ledger = await same_as_the_journal(house)
    assert ledger.entry_count > len(orders) and len(ledger.accounts) >= 4


async def test_bookings_side_by_side_all_count(house: House) -> None:
    await asyncio.gather(*(book(house, *range(start, 201, 8)) for start in range(1, 9)))
    ledger = await same_as_the_journal(house)
    assert ledger.entry_count == 200 and ledger.accounts[0].debit_vnd == sum(range(1, 201))


async def test_what_is_rolled_back_is_not_counted(house: House) -> None:
    await book(house, 1)
    with pytest.raises(ZeroDivisionError):
        async with house.served.runtime.engine.begin() as connection:
            await tables.LEDGER_ENTRIES.save(connection, {"test/2": None}, [booking(2)])
            raise ZeroDivisionError
    assert (await same_as_the_journal(house)).entry_count == 1
