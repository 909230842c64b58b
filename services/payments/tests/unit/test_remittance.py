"""A courier's remittance is told by a bank's notice and by statements: the bank account counts it once."""

from __future__ import annotations

from chassis.testing import Memory, carry_out_twice
from hypothesis import given, settings
from hypothesis import strategies as st
from payments.domain.cod import CodParcel
from payments.domain.words import CodState, Method

from .given import HANDLERS, NOW, ORDER, balances, delivered, done, due, statement, transfer

P1, P2 = f"{ORDER}-1", f"{ORDER}-2"
LINES = ((P1, 100_000), (P2, 85_000))
NOTICE = transfer(185_000, id="sepay/cod-1", code="", memo="partner-a COD S1")
CLAIM, ARRIVED = statement(*LINES), statement(*LINES, settles=True)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([NOTICE, CLAIM, ARRIVED]), max_size=6).flatmap(
        lambda more: st.permutations([NOTICE, CLAIM, ARRIVED, *more])
    )
)
def test_the_bank_account_counts_it_once_in_whatever_order_it_is_told(told: list[object]) -> None:
    memory = Memory()
    done(memory, due(Method.COD, (100_000, 85_000)), delivered(1, 100_000), delivered(2, 85_000))
    for command in told:
        carry_out_twice(HANDLERS, memory, command, NOW)
        now = balances(memory)
        assert sum(now.values()) == 0
        assert now.get("bank", 0) in (0, 185_000)
    assert balances(memory) == {
        "bank": 185_000,
        "unmatched_transfers": -185_000,
        "bank_clearing:partner-a": 185_000,
        "sellers_payable": -185_000,
    }
    assert {(one.state, one.open_vnd) for one in memory.all(CodParcel)} == {(CodState.SETTLED, 0)}
