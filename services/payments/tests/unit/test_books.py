"""Whatever happens, in whatever order and however often, the books balance and say what the aggregates say."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from chassis.kernel import DomainError
from chassis.testing import Memory, carry_out_twice
from hypothesis import given, settings
from hypothesis import strategies as st
from payments.domain.cod import CodParcel, CodStatement
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.transfer import BankTransfer
from payments.domain.words import Method, TransferState

from .given import (
    EXPIRE,
    HANDLERS,
    NOW,
    ORDER,
    balances,
    delivered,
    due,
    minutes,
    paid_back,
    part_off,
    statement,
    transfer,
    void,
)

AMOUNTS = (100_000, 85_000)
P1, P2 = f"{ORDER}-1", f"{ORDER}-2"
cash = st.sampled_from([0, 85_000, 90_000, 100_000])
partners = st.sampled_from(["partner-a", "partner-b"])
refund_ids = st.sampled_from(
    [
        f"{ORDER}:cancel",
        f"{ORDER}:expired",
        f"{ORDER}:part:{P1}",
        f"{ORDER}:transfer:sepay/1",
        f"{ORDER}:transfer:sepay/2",
    ]
)

transfers = st.builds(
    transfer,
    amount_vnd=st.sampled_from([1, 85_000, 100_000, 185_000, 200_000]),
    id=st.integers(1, 5).map("sepay/{}".format),
    after=st.sampled_from([1.0, 14.0, 15.0, 40.0]),
    code=st.sampled_from([ORDER, ""]),
)
statements = st.builds(
    lambda one, two, id, settles, partner, brought_by: statement(
        (P1, one), (P2, two), id=id, settles=settles, partner=partner, brought_by=brought_by
    ),
    cash,
    cash,
    st.sampled_from(["S1", "S2"]),
    st.booleans(),
    partners,
    st.sampled_from(["", "", "sepay/1", "sepay/2"]),
)
commands = st.one_of(
    st.builds(due, st.sampled_from([Method.QR, Method.COD]), st.just(AMOUNTS)),
    transfers,
    transfers,
    statements,
    st.builds(part_off, st.integers(1, 2), st.sampled_from([0, 85_000, 100_000, 500_000])),
    st.builds(void),
    st.just(EXPIRE),
    st.builds(delivered, st.integers(1, 2), cash, partners),
    st.builds(paid_back, refund_ids, st.sampled_from([100_000, 185_000])),
)
steps = st.tuples(st.sampled_from([0, 0, 0, 10, 30]), commands)


@settings(max_examples=400, deadline=None)
@given(st.booleans(), st.lists(steps, max_size=25))
def test_the_books_balance_and_agree_with_every_aggregate(
    starts_with_due: bool, sequence: list[tuple[int, object]]
) -> None:
    memory, now = Memory(), NOW
    for wait, command in [(0, due(amounts=AMOUNTS))] * starts_with_due + sequence:
        now += minutes(wait)
        try:
            carry_out_twice(HANDLERS, memory, command, now)
        except DomainError:
            continue
        check(memory)


def check(memory: Memory) -> None:
    """Everything that must hold after every step."""
    balance = balances(memory)
    assert sum(balance.values()) == 0
    assert balance == booked_by_aggregates(memory)
    came = sum(one.amount_vnd for one in memory.all(BankTransfer) if one.incoming)
    paid = sum(one.amount_vnd for one in memory.all(Refund) if one.paid_time)
    assert balance.get("bank", 0) == came - paid
    for payment in memory.all(Payment):
        owed = [one for one in memory.all(Refund) if one.order_id == payment.id]
        assert sum(one.amount_vnd for one in owed) == payment.refund_due_vnd <= payment.received_vnd
        assert sum(one.amount_vnd for one in owed if one.paid_time) == payment.refund_paid_vnd
        assert payment.held_vnd >= 0
    said = [at.version for at in memory.said if at.aggregate_id == ORDER]
    assert all(later > earlier for earlier, later in pairwise(said))


def booked_by_aggregates(memory: Memory) -> dict[str, int]:
    """What payments, parcels and unmatched transfers stand for, zeros left out."""
    total: Counter[str] = Counter()
    standing: list[Payment | CodParcel] = [*memory.all(Payment), *memory.all(CodParcel)]
    for one in standing:
        total.update(one.books())
    for kept in memory.all(BankTransfer):
        if kept.state is TransferState.UNMATCHED:
            total.update({"bank": kept.amount_vnd, "unmatched_transfers": -kept.amount_vnd})
    for said in memory.all(CodStatement):
        if said.transfer_id:
            total.update({"bank": said.total_vnd, f"bank_clearing:{said.partner_id}": -said.total_vnd})
    return {account: amount for account, amount in total.items() if amount}


ORDINARY = (
    due(amounts=AMOUNTS),
    transfer(100_000),
    transfer(85_000, id="sepay/2"),
    delivered(2),
    part_off(1, 100_000),
    paid_back(f"{ORDER}:part:{P1}", 100_000),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(ORDINARY), max_size=15).flatmap(lambda more: st.permutations([*ORDINARY, *more])))
def test_an_ordinary_life_shuffled_and_repeated_stays_in_balance(sequence: list[object]) -> None:
    memory = Memory()
    for command in sequence:
        try:
            carry_out_twice(HANDLERS, memory, command, NOW)
        except DomainError:
            continue
    check(memory)
    for command in sequence:
        try:
            carry_out_twice(HANDLERS, memory, command, NOW + timedelta(minutes=1))
        except DomainError:
            continue
    check(memory)
    assert all(sum(line.amount_vnd for line in entry.lines) == 0 for entry in memory.all(LedgerEntry))
