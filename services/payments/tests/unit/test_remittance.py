"""A courier's remittance is told by a bank's notice and by statements: the bank account counts it once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chassis.kernel import DomainError, NotFound
from chassis.testing import Memory, carry_out_twice
from hypothesis import given, settings
from hypothesis import strategies as st
from payments.domain.cod import CodParcel
from payments.domain.errors import NotTheRemittance
from payments.domain.transfer import BankTransfer
from payments.domain.words import CodState, Method, TransferState

from .given import HANDLERS, NOW, ORDER, balances, delivered, done, due, only, statement, transfer

P1, P2 = f"{ORDER}-1", f"{ORDER}-2"
LINES = ((P1, 100_000), (P2, 85_000))
NOTICE = transfer(185_000, id="sepay/cod-1", code="", memo="partner-a COD S1")
CLAIM, ARRIVED = statement(*LINES), statement(*LINES, settles=True)
BROUGHT = statement(*LINES, brought_by="sepay/cod-1")


def cash_order() -> Memory:
    """Two parcels of a cash order, delivered and paid at the door."""
    memory = Memory()
    done(memory, due(Method.COD, (100_000, 85_000)), delivered(1, 100_000), delivered(2, 85_000))
    return memory


def in_any_order(*told: object) -> st.SearchStrategy[list[object]]:
    """All of them, some of them again, in any order."""
    more = st.lists(st.sampled_from(told), max_size=6)
    return more.flatmap(lambda again: st.permutations([*told, *again]))


def hear(memory: Memory, told: list[object]) -> None:
    """Carry all out, each twice; refusals change nothing. The bank account has the money at most once."""
    for command in told:
        try:
            carry_out_twice(HANDLERS, memory, command, NOW)
        except DomainError:
            continue
        assert sum(balances(memory).values()) == 0
        assert balances(memory).get("bank", 0) in (0, 185_000)


@settings(max_examples=200, deadline=None)
@given(in_any_order(NOTICE, CLAIM, ARRIVED))
def test_the_bank_account_counts_it_once_in_whatever_order_it_is_told(told: list[object]) -> None:
    memory = cash_order()
    hear(memory, told)
    assert balances(memory) == {
        "bank": 185_000,
        "unmatched_transfers": -185_000,
        "bank_clearing:partner-a": 185_000,
        "sellers_payable": -185_000,
    }
    assert {(one.state, one.open_vnd) for one in memory.all(CodParcel)} == {(CodState.SETTLED, 0)}


@settings(max_examples=200, deadline=None)
@given(in_any_order(NOTICE, CLAIM, ARRIVED, BROUGHT))
def test_once_the_transfer_is_named_nothing_is_left_to_clear(told: list[object]) -> None:
    memory = cash_order()
    hear(memory, [*told, BROUGHT])
    assert balances(memory) == {"bank": 185_000, "sellers_payable": -185_000}
    kept = only(memory, BankTransfer)
    assert (kept.state, kept.memo, kept.order_id) == (TransferState.REMITTANCE, "", "")
    assert done(memory, NOTICE).reply == kept
    assert {(one.state, one.open_vnd) for one in memory.all(CodParcel)} == {(CodState.SETTLED, 0)}


def test_a_transfer_of_which_no_notice_was_heard_brings_nothing_yet() -> None:
    memory = cash_order()
    before = balances(memory)
    with pytest.raises(NotFound):
        done(memory, BROUGHT)
    assert balances(memory) == before


@pytest.mark.parametrize(
    "other",
    [
        replace(NOTICE, amount_vnd=184_999),
        replace(NOTICE, incoming=False),
        replace(NOTICE, order_codes=(ORDER,)),
    ],
)
def test_only_an_unmatched_transfer_of_the_statements_sum_can_have_brought_it(other: object) -> None:
    memory = cash_order()
    done(memory, other)
    with pytest.raises(NotTheRemittance):
        done(memory, BROUGHT)


def test_a_transfer_brings_one_statement_and_a_statement_comes_by_one_transfer() -> None:
    memory = cash_order()
    done(memory, NOTICE, replace(NOTICE, transfer_id="sepay/cod-2"), BROUGHT)
    with pytest.raises(NotTheRemittance):
        done(memory, replace(BROUGHT, transfer_id="sepay/cod-2"))
    with pytest.raises(NotTheRemittance):
        done(memory, replace(BROUGHT, statement_id="S2"))
    assert balances(memory) == {"bank": 370_000, "unmatched_transfers": -185_000, "sellers_payable": -185_000}
