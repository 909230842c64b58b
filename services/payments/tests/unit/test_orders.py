"""What orders' facts do to a payment: once, twice, late, early."""

from __future__ import annotations

import pytest
from chassis.testing import Memory, carry_out_twice
from payments.domain.events import PaymentAuthorized, PaymentDeclined, PaymentExpired, PaymentRequested, RefundDue
from payments.domain.ledger import LedgerEntry
from payments.domain.vietqr import parse
from payments.domain.words import Method, PaymentState

from .given import (
    EXPIRE,
    HANDLERS,
    NOW,
    ORDER,
    balances,
    done,
    due,
    minutes,
    names,
    part_off,
    payment,
    refunds,
    transfer,
    void,
)


def test_a_qr_asks_for_the_amount_with_the_order_as_memo() -> None:
    memory = Memory()
    carry_out_twice(HANDLERS, memory, due(), NOW)
    fact = memory.facts[0]
    assert isinstance(fact, PaymentRequested)
    code = parse(fact.qr_payload)
    assert (code.amount_vnd, code.memo, code.dynamic, code.bank_bin) == (185_000, ORDER, True, "970405")
    assert fact.expire_time == NOW + minutes(15)


def test_cash_on_delivery_is_authorized_at_once_by_one_small_insert() -> None:
    memory = Memory()
    carry_out_twice(HANDLERS, memory, due(Method.COD), NOW)
    assert memory.facts == [
        PaymentAuthorized(order_id=ORDER, amount_vnd=185_000, method=Method.COD, authorize_time=NOW)
    ]
    assert len(memory.aggregates) == 1


@pytest.mark.parametrize(
    ("method", "amount", "reason"),
    [
        (Method.QR, 499_999_999, None),
        (Method.QR, 500_000_000, "OVER_TRANSFER_LIMIT"),
        (Method.COD, 20_000_000, None),
        (Method.COD, 20_000_001, "OVER_COD_LIMIT"),
    ],
)
def test_limits_decline(method: Method, amount: int, reason: str | None) -> None:
    memory = Memory()
    done(memory, due(method, (amount,)))
    declined = [fact.reason for fact in memory.facts if isinstance(fact, PaymentDeclined)]
    assert declined == ([reason] if reason else [])


def test_a_cancel_of_an_unknown_order_refuses_the_late_payment_due() -> None:
    memory = Memory()
    carry_out_twice(HANDLERS, memory, void("GAVE_UP_PAYMENT"), NOW)
    carry_out_twice(HANDLERS, memory, due(), NOW)
    assert memory.facts == [PaymentDeclined(order_id=ORDER, reason="ALREADY_VOIDED")]
    assert payment(memory).state is PaymentState.VOIDED


def test_a_cancel_before_any_money_voids() -> None:
    memory = Memory()
    done(memory, due())
    carry_out_twice(HANDLERS, memory, void(), NOW)
    assert names(memory) == ["PaymentRequested", "PaymentVoided"]
    assert balances(memory) == {}


def test_a_cancel_after_the_money_refunds_it_once() -> None:
    memory = Memory()
    done(memory, due(), transfer())
    carry_out_twice(HANDLERS, memory, void(), NOW)
    assert refunds(memory) == {f"{ORDER}:cancel": (185_000, "ORDER_CANCELLED")}
    assert balances(memory) == {"bank": 185_000, "refunds_payable": -185_000}
    assert names(memory) == ["PaymentRequested", "PaymentAuthorized", "RefundDue"]


def test_a_cancelled_part_is_refunded_and_the_rest_with_the_order() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000, 85_000)), transfer())
    carry_out_twice(HANDLERS, memory, part_off(1, 100_000), NOW)
    assert memory.facts[-1] == RefundDue(
        order_id=ORDER,
        refund_id=f"{ORDER}:part:{ORDER}-1",
        amount_vnd=100_000,
        reason="PART_CANCELLED",
        part_id=f"{ORDER}-1",
    )
    done(memory, void())
    assert refunds(memory)[f"{ORDER}:cancel"] == (85_000, "ORDER_CANCELLED")
    assert balances(memory) == {"bank": 185_000, "refunds_payable": -185_000}


def test_a_refund_never_exceeds_what_came() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000, 85_000)), transfer(), part_off(1, 999_000), part_off(2, 85_000), void())
    assert sum(amount for amount, _reason in refunds(memory).values()) == 185_000


def test_a_cancelled_part_of_a_cash_order_lowers_what_is_due() -> None:
    memory = Memory()
    done(memory, due(Method.COD, (100_000, 85_000)))
    carry_out_twice(HANDLERS, memory, part_off(1, 100_000), NOW)
    assert payment(memory).due_vnd == 85_000
    assert not payment(memory).awaits_cash(f"{ORDER}-1") and payment(memory).awaits_cash(f"{ORDER}-2")
    assert names(memory) == ["PaymentAuthorized"]


def test_a_part_cancelled_before_payment_is_due_is_remembered() -> None:
    memory = Memory()
    done(memory, part_off(1, 100_000), due(amounts=(100_000, 85_000)))
    assert payment(memory).due_vnd == 85_000
    asked = memory.facts[0]
    assert isinstance(asked, PaymentRequested)
    assert asked.amount_vnd == 85_000


def test_a_part_cancelled_while_waiting_can_complete_what_was_paid_short() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000, 85_000)), transfer(90_000), part_off(1, 100_000))
    assert payment(memory).state is PaymentState.AUTHORIZED
    assert refunds(memory) == {f"{ORDER}:part:{ORDER}-1": (5_000, "PART_CANCELLED")}


def test_expiry_is_said_only_after_the_grace() -> None:
    memory = Memory()
    done(memory, due())
    done(memory, EXPIRE, now=NOW + minutes(34.9))
    assert payment(memory).state is PaymentState.REQUESTED
    carry_out_twice(HANDLERS, memory, EXPIRE, NOW + minutes(35))
    assert memory.facts[-1] == PaymentExpired(order_id=ORDER, expire_time=NOW + minutes(15))
    done(memory, void("PAYMENT_EXPIRED"))
    assert names(memory) == ["PaymentRequested", "PaymentExpired"]


def test_what_was_paid_short_goes_back_at_expiry() -> None:
    memory = Memory()
    done(memory, due(), transfer(100_000))
    done(memory, EXPIRE, now=NOW + minutes(35))
    assert refunds(memory) == {f"{ORDER}:expired": (100_000, "PAID_SHORT")}
    assert balances(memory) == {"bank": 100_000, "refunds_payable": -100_000}


def test_expiring_what_is_paid_or_unknown_does_nothing() -> None:
    memory = Memory()
    done(memory, EXPIRE)
    done(memory, due(), transfer())
    done(memory, EXPIRE, now=NOW + minutes(500))
    assert names(memory) == ["PaymentRequested", "PaymentAuthorized"]


def test_a_delay_of_ours_does_not_shorten_the_buyers_time() -> None:
    """The QR's minutes count from when it was made, however long payments was down before."""
    memory = Memory()
    done(memory, due(), now=NOW + minutes(12))
    assert payment(memory).expire_time == NOW + minutes(27)


def test_asking_books_nothing() -> None:
    memory = Memory()
    done(memory, due(), void())
    assert list(memory.all(LedgerEntry)) == []
