"""Cash on delivery from the door to the bank, to the đồng."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from chassis.testing import Memory, carry_out_twice
from payments.domain.cod import CodParcel, CodStatement
from payments.domain.errors import StatementMismatch
from payments.domain.events import CodCollected, CodRemitted
from payments.domain.policy import Policy, RemittanceCalendar
from payments.domain.words import CodState, Method, RemittanceOutcome

from .given import (
    HANDLERS,
    NOW,
    ORDER,
    balances,
    delivered,
    done,
    due,
    names,
    only,
    part_off,
    payment,
    statement,
    transfer,
    void,
)

P1, P2 = f"{ORDER}-1", f"{ORDER}-2"


def cash_order() -> Memory:
    memory = Memory()
    done(memory, due(Method.COD, (100_000, 85_000)))
    return memory


def test_collected_cash_is_owed_by_the_partner_until_its_due_date() -> None:
    memory = cash_order()
    carry_out_twice(HANDLERS, memory, delivered(1, 100_000), NOW)
    fact = memory.facts[-1]
    assert isinstance(fact, CodCollected)
    assert (fact.parcel_id, fact.amount_vnd, fact.remit_due_date) == (P1, 100_000, date(2026, 2, 6))
    assert balances(memory) == {"cod_receivable:partner-a": 100_000, "sellers_payable": -100_000}
    assert only(memory, CodParcel).state is CodState.COLLECTED


def test_a_claim_moves_the_cash_into_transit_and_the_bank_settles_it() -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000), delivered(2, 85_000))
    lines = ((P1, 100_000), (P2, 85_000))
    carry_out_twice(HANDLERS, memory, statement(*lines), NOW)
    assert [fact for fact in memory.facts if isinstance(fact, CodRemitted)] == memory.facts[-2:]
    assert balances(memory) == {"cod_in_transit:partner-a": 185_000, "sellers_payable": -185_000}
    assert {one.state for one in memory.all(CodParcel)} == {CodState.REMITTED}
    carry_out_twice(HANDLERS, memory, statement(*reversed(lines), settles=True), NOW)
    assert balances(memory) == {"bank_clearing:partner-a": 185_000, "sellers_payable": -185_000}
    assert {one.state for one in memory.all(CodParcel)} == {CodState.SETTLED}
    assert names(memory).count("CodRemitted") == 2


def test_the_bank_may_speak_first() -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000))
    done(memory, statement((P1, 100_000), settles=True), statement((P1, 100_000)))
    assert balances(memory) == {"bank_clearing:partner-a": 100_000, "sellers_payable": -100_000}


def test_short_over_and_unknown_lines_come_back_itemised_and_stay_booked() -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000), delivered(2, 85_000))
    reply = done(memory, statement((P1, 90_000), (P2, 86_000), ("DH260204NOBODYKNOWS-1", 7_000))).reply
    assert isinstance(reply, CodStatement)
    assert [(line.outcome, line.open_vnd) for line in reply.lines] == [
        (RemittanceOutcome.SHORT, 100_000),
        (RemittanceOutcome.OVER, 85_000),
        (RemittanceOutcome.UNKNOWN_PARCEL, 0),
    ]
    assert balances(memory) == {
        "cod_in_transit:partner-a": 183_000,
        "cod_disputed:partner-a": 10_000 - 1_000 - 7_000,
        "sellers_payable": -185_000,
    }
    assert {one.state for one in memory.all(CodParcel)} == {CodState.DISPUTED}


def test_the_rest_on_a_later_statement_ends_the_dispute() -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000), statement((P1, 90_000)))
    reply = done(memory, statement((P1, 10_000), id="S2", settles=True)).reply
    assert isinstance(reply, CodStatement)
    assert reply.lines[0].outcome is RemittanceOutcome.MATCHED
    assert only(memory, CodParcel).state is CodState.REMITTED
    assert "cod_disputed:partner-a" not in balances(memory)


def test_a_delivery_told_after_its_statement_resolves_it() -> None:
    memory = cash_order()
    done(memory, statement((P1, 100_000)))
    assert balances(memory) == {"cod_in_transit:partner-a": 100_000, "cod_disputed:partner-a": -100_000}
    done(memory, delivered(1, 100_000))
    assert balances(memory) == {"cod_in_transit:partner-a": 100_000, "sellers_payable": -100_000}
    assert only(memory, CodParcel).state is CodState.REMITTED


def test_another_partners_statement_touches_only_its_own_books() -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000), statement((P1, 100_000), partner="partner-b"))
    assert memory.get(CodParcel, f"partner-a/{P1}").state is CodState.COLLECTED
    assert memory.get(CodParcel, f"partner-b/{P1}").disputed_vnd == -100_000


@pytest.mark.parametrize("method", list(Method)[1:])
def test_who_did_not_deliver_a_parcel_never_makes_its_cash_remitted(method: Method) -> None:
    """The line stays booked as disputed, but orders hear of it only from the partner that has the cash, if any has."""
    memory = Memory()
    done(memory, due(method, (100_000,)), *[transfer(100_000)] * (method is Method.QR))
    done(memory, delivered(1, 100_000 * (method is Method.COD)), statement((P1, 100_000), partner="partner-b"))
    assert "CodRemitted" not in names(memory)
    assert memory.get(CodParcel, f"partner-b/{P1}").disputed_vnd == -100_000


def test_a_parcel_that_is_no_part_of_its_order_is_not_told_as_remitted() -> None:
    memory = cash_order()
    done(memory, statement((f"{ORDER}-9", 100_000)))
    assert "CodRemitted" not in names(memory)


def test_a_statement_cannot_change_its_mind() -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000), statement((P1, 100_000)))
    with pytest.raises(StatementMismatch):
        done(memory, statement((P1, 99_000)))


@pytest.mark.parametrize("collected", [0, 90_000, 110_000])
def test_what_was_not_collected_as_due_is_disputed(collected: int) -> None:
    memory = cash_order()
    done(memory, delivered(1, collected))
    parcel = only(memory, CodParcel)
    assert (parcel.state, parcel.outstanding_vnd, parcel.disputed_vnd) == (
        CodState.DISPUTED,
        collected,
        100_000 - collected,
    )
    assert ("CodCollected" in names(memory)) == (collected > 0)


@pytest.mark.parametrize("collected", [0, 90_000, 100_000, 110_000])
def test_the_statements_sum_is_the_ledgers_or_the_difference_is_itemised(collected: int) -> None:
    """R66: the courier took as much as was due, nothing, or an amount changed on its side (`update_cod`)."""
    memory = cash_order()
    done(memory, delivered(1, collected), delivered(2, 85_000))
    reply = done(memory, statement((P1, collected), (P2, 85_000), settles=True)).reply
    assert isinstance(reply, CodStatement)
    stated = sum(line.amount_vnd for line in reply.lines)
    difference = sum(line.open_vnd - line.amount_vnd for line in reply.lines)
    books = balances(memory)
    assert books.get("bank_clearing:partner-a", 0) == stated == collected + 85_000
    assert books.get("cod_disputed:partner-a", 0) == difference == 185_000 - stated
    assert [line.outcome for line in reply.lines if line.open_vnd != line.amount_vnd] == (
        [] if difference == 0 else [RemittanceOutcome.SHORT if difference > 0 else RemittanceOutcome.OVER]
    )
    assert "cod_receivable:partner-a" not in books and "cod_in_transit:partner-a" not in books


OFF = (
    (part_off(1, 100_000),),
    (void(),),
    (replace(void(), parts_open=True), part_off(1, 100_000), part_off(2, 85_000)),
    (part_off(1, 100_000), part_off(2, 85_000), void("NO_PART_LEFT")),
)
"""A part alone, and the whole order in the three ways it is called off."""


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("collected", [0, 90_000, 100_000])
def test_cash_of_a_part_that_was_off_is_booked_alike_whatever_came_first(
    off: tuple[object, ...], collected: int
) -> None:
    """What orders closed, lost or called off, may reach the buyer all the same; the two facts come on two ways."""
    ends = []
    for first in range(len(off) + 1):
        memory = cash_order()
        done(memory, *off[:first])
        carry_out_twice(HANDLERS, memory, delivered(1, collected), NOW)
        done(memory, *off[first:])
        cash = replace(only(memory, CodParcel), version=0)
        assert cash.state is (CodState.COLLECTED if collected == 100_000 else CodState.DISPUTED)
        ends.append((payment(memory).state, payment(memory).books(), cash, balances(memory)))
    assert all(end == ends[0] for end in ends)
    expected = {"cod_receivable:partner-a": collected, "cod_disputed:partner-a": 100_000 - collected}
    assert ends[0][-1] == {name: vnd for name, vnd in expected.items() if vnd} | {"sellers_payable": -100_000}


@pytest.mark.parametrize("off", OFF)
def test_a_payment_whose_cash_came_is_not_said_to_be_voided(off: tuple[object, ...]) -> None:
    memory = cash_order()
    done(memory, delivered(1, 100_000), *off)
    assert "PaymentVoided" not in names(memory)


def test_a_part_that_is_off_is_not_told_as_remitted_before_it_is_delivered() -> None:
    memory = cash_order()
    done(memory, part_off(1, 100_000), statement((P1, 100_000)))
    assert "CodRemitted" not in names(memory)


def test_a_prepaid_part_that_was_lost_and_then_delivered_is_refunded_once_and_the_delivery_shows() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000,)), transfer(100_000), part_off(1, 100_000))
    carry_out_twice(HANDLERS, memory, delivered(1), NOW)
    assert balances(memory) == {"bank": 100_000, "refunds_payable": -100_000}
    assert [step.kind for step in payment(memory).history][-2:] == ["RefundDue", "ParcelDelivered"]


def test_a_prepaid_delivery_turns_the_prepayment_into_the_sellers_money() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000, 85_000)), transfer())
    carry_out_twice(HANDLERS, memory, delivered(1), NOW)
    assert balances(memory) == {"bank": 185_000, "buyer_prepaid": -85_000, "sellers_payable": -100_000}
    assert list(memory.all(CodParcel)) == []
    done(memory, void())
    assert balances(memory) == {"bank": 185_000, "refunds_payable": -85_000, "sellers_payable": -100_000}


def test_cash_for_an_order_nobody_told_us_of_is_not_lost() -> None:
    memory = Memory()
    carry_out_twice(HANDLERS, memory, delivered(1, 100_000), NOW)
    assert balances(memory) == {"cod_receivable:partner-a": 100_000, "sellers_payable": -100_000}
    done(memory, due(Method.COD, (100_000,)))
    assert names(memory) == ["CodCollected", "PaymentAuthorized"]
    assert payment(memory).cod_vnd(P1) == 100_000


def test_a_line_of_nothing_for_a_parcel_without_cash_is_in_order() -> None:
    memory = Memory()
    done(memory, due(), transfer(), delivered(1))
    reply = done(memory, statement((P1, 0))).reply
    assert isinstance(reply, CodStatement)
    assert reply.lines[0].outcome is RemittanceOutcome.MATCHED
    assert list(memory.all(CodParcel)) == []


@pytest.mark.parametrize(
    ("delivered_time", "due_date"),
    [
        (datetime(2026, 2, 6, 3, tzinfo=UTC), date(2026, 2, 10)),  # Friday -> Tuesday
        (datetime(2026, 2, 4, 16, 59, tzinfo=UTC), date(2026, 2, 6)),  # Wednesday 23:59 local
        (datetime(2026, 2, 4, 17, 1, tzinfo=UTC), date(2026, 2, 9)),  # Thursday 00:01 local
        (datetime(2026, 2, 13, 3, tzinfo=UTC), date(2026, 2, 24)),  # Friday before Tết
    ],
)
def test_cash_is_due_two_working_days_later_by_local_time(delivered_time: datetime, due_date: date) -> None:
    tet = frozenset(date(2026, 2, day) for day in range(16, 21))
    policy = Policy(calendars={"partner-a": RemittanceCalendar(working_days=2, holidays=tet)})
    assert policy.remit_due_date("partner-a", delivered_time) == due_date
