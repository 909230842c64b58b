"""An order called off on the way: the money of each part follows its goods."""

from __future__ import annotations

import pytest
from chassis.testing import Memory, carry_out_twice
from payments.app.commands import VoidPayment
from payments.domain.payment import HISTORY_LENGTH_MAX
from payments.domain.words import Method, PaymentState

from .given import HANDLERS, NOW, ORDER, balances, delivered, done, due, names, part_off, payment, refunds, transfer

ON_THE_WAY = VoidPayment(order_id=ORDER, reason="BUYER_CANCELLED", parts_open=True)


def test_money_of_a_part_on_the_way_goes_back_when_the_part_does() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000, 85_000)), transfer())
    carry_out_twice(HANDLERS, memory, ON_THE_WAY, NOW)
    assert refunds(memory) == {}
    done(memory, part_off(1, 100_000), part_off(2, 85_000))
    assert sum(amount for amount, _ in refunds(memory).values()) == 185_000
    assert payment(memory).held_vnd == 0


def test_a_cash_part_delivered_in_spite_of_the_cancel_is_collected() -> None:
    """Else the courier's cash would be a dispute, and the seller unpaid."""
    memory = Memory()
    done(memory, due(Method.COD, (100_000, 85_000)), ON_THE_WAY, part_off(2, 85_000), delivered(1, 100_000))
    assert payment(memory).state is PaymentState.AUTHORIZED
    assert balances(memory) == {"cod_receivable:partner-a": 100_000, "sellers_payable": -100_000}


@pytest.mark.parametrize(("method", "voided"), [(Method.QR, 0), (Method.COD, 1)])
def test_the_last_part_called_off_voids_the_payment(method: Method, voided: int) -> None:
    """However a cancel is undone, at once or part by part, the payment of a cancelled order ends the same."""
    memory = Memory()
    done(memory, due(method, (100_000, 85_000)), *[transfer()] * (method is Method.QR), ON_THE_WAY)
    done(memory, part_off(1, 100_000))
    assert payment(memory).state is PaymentState.AUTHORIZED
    carry_out_twice(HANDLERS, memory, part_off(2, 85_000), NOW)
    assert payment(memory).state is PaymentState.VOIDED
    assert names(memory).count("PaymentVoided") == voided
    done(memory, transfer(id="sepay/9"))
    assert refunds(memory)[f"{ORDER}:transfer:sepay/9"] == (185_000, "PAID_LATE")


def test_however_many_transfers_came_the_cancel_is_not_forgotten() -> None:
    memory = Memory()
    done(memory, due(amounts=(100_000,)), transfer(100_000), ON_THE_WAY)
    done(memory, *(transfer(1, id=f"sepay/small-{number}") for number in range(HISTORY_LENGTH_MAX + 10)))
    done(memory, part_off(1, 100_000))
    assert payment(memory).state is PaymentState.VOIDED


def test_a_transfer_after_the_cancel_goes_back() -> None:
    memory = Memory()
    done(memory, due(), transfer(), ON_THE_WAY, transfer(id="sepay/2"))
    assert list(refunds(memory).values()) == [(185_000, "PAID_TWICE")]
