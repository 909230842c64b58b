"""Bank notices end in distinct states, and every đồng of them is booked once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chassis.kernel import NotFound
from chassis.testing import Memory, carry_out_twice
from payments.domain.errors import RefundAlreadyPaid, RefundAmountWrong, TransferMismatch
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import HISTORY_LENGTH_MAX
from payments.domain.transfer import BankTransfer
from payments.domain.words import Method, PaymentState, TransferState

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
    only,
    paid_back,
    payment,
    refunds,
    transfer,
    void,
)

OTHER = "DH260204ZZZZZZZZZZZZ"


def test_exact_short_over_late_and_duplicate_are_five_states() -> None:
    ends = {}
    for name, notice in {
        "exact": transfer(),
        "short": transfer(100_000),
        "over": transfer(200_000),
        "late": transfer(after=15),
    }.items():
        memory = Memory()
        done(memory, due())
        ends[name] = done(memory, notice, now=NOW + minutes(15)).reply.state  # type: ignore[attr-defined]
    memory = Memory()
    ends["duplicate"] = done(memory, due(), transfer(), transfer(id="sepay/2")).reply.state  # type: ignore[attr-defined]
    assert ends == {
        "exact": TransferState.EXACT,
        "short": TransferState.SHORT,
        "over": TransferState.OVER,
        "late": TransferState.LATE,
        "duplicate": TransferState.DUPLICATE,
    }


def test_seven_identical_notices_make_one_entry_and_seven_equal_answers() -> None:
    memory = Memory()
    done(memory, due())
    answers = [done(memory, transfer()).reply for _ in range(7)]
    assert {(one.id, one.state, one.order_id) for one in answers} == {  # type: ignore[attr-defined]
        ("sepay/1", TransferState.EXACT, ORDER)
    }
    assert len(list(memory.all(LedgerEntry))) == 1
    assert names(memory) == ["PaymentRequested", "PaymentAuthorized"]


def test_a_known_transaction_with_another_amount_is_refused() -> None:
    memory = Memory()
    done(memory, due(), transfer())
    with pytest.raises(TransferMismatch):
        done(memory, transfer(1))


def test_paid_twice_is_refunded_once() -> None:
    memory = Memory()
    done(memory, due(), transfer())
    carry_out_twice(HANDLERS, memory, transfer(id="sepay/2"), NOW)
    assert refunds(memory) == {f"{ORDER}:transfer:sepay/2": (185_000, "PAID_TWICE")}
    assert balances(memory) == {"bank": 370_000, "buyer_prepaid": -185_000, "refunds_payable": -185_000}


def test_overpaid_authorizes_and_refunds_the_excess() -> None:
    memory = Memory()
    done(memory, due(), transfer(200_000))
    assert refunds(memory) == {f"{ORDER}:transfer:sepay/1": (15_000, "OVERPAID")}
    assert names(memory)[-2:] == ["PaymentAuthorized", "RefundDue"]
    assert len(list(memory.all(LedgerEntry))) == 1


def test_short_payments_accumulate() -> None:
    memory = Memory()
    done(memory, due(), transfer(100_000), transfer(80_000, id="sepay/2"))
    assert payment(memory).state is PaymentState.REQUESTED
    assert done(memory, transfer(5_000, id="sepay/3")).reply.state is TransferState.EXACT  # type: ignore[attr-defined]
    assert payment(memory).state is PaymentState.AUTHORIZED
    assert balances(memory) == {"bank": 185_000, "buyer_prepaid": -185_000}


def test_late_by_the_banks_time_goes_back_though_the_payment_still_waits() -> None:
    memory = Memory()
    done(memory, due())
    done(memory, transfer(after=15), now=NOW + minutes(16))
    assert refunds(memory) == {f"{ORDER}:transfer:sepay/1": (185_000, "PAID_LATE")}
    assert payment(memory).state is PaymentState.REQUESTED
    done(memory, transfer(id="sepay/2", after=14.9), now=NOW + minutes(17))
    assert payment(memory).state is PaymentState.AUTHORIZED


def test_in_time_by_the_banks_time_but_told_in_the_grace_is_in_time() -> None:
    memory = Memory()
    done(memory, due())
    done(memory, transfer(after=14), now=NOW + minutes(24))
    assert payment(memory).state is PaymentState.AUTHORIZED


def test_however_many_transfers_came_the_moment_of_the_code_is_not_forgotten() -> None:
    memory = Memory()
    done(memory, due())
    done(memory, *(transfer(1, id=f"sepay/small-{number}") for number in range(HISTORY_LENGTH_MAX + 10)))
    done(memory, transfer(after=14), now=NOW + minutes(24))
    assert payment(memory).state is PaymentState.AUTHORIZED
    assert len(payment(memory).history) == HISTORY_LENGTH_MAX


def test_a_notice_that_found_us_down_for_ten_minutes_is_in_time_when_it_is_repeated() -> None:
    """An outage that is promised to be survived costs nobody an order; the bank needs some minutes to try again."""
    memory = Memory()
    done(memory, due())
    done(memory, EXPIRE, transfer(after=14), now=NOW + minutes(14 + 10 + 8))
    assert payment(memory).state is PaymentState.AUTHORIZED


@pytest.mark.parametrize("stated", [-7 * 60, -6, 7 * 60])
@pytest.mark.parametrize(("heard", "counts"), [(14, True), (15, False)])
def test_a_time_that_cannot_be_is_replaced_by_when_we_heard_of_it(stated: float, heard: float, counts: bool) -> None:
    """Before the code was made nobody could pay with it, and nothing comes from the future: a wrong zone, say."""
    memory = Memory()
    done(memory, due())
    done(memory, transfer(after=stated), now=NOW + minutes(heard))
    assert (payment(memory).state is PaymentState.AUTHORIZED) is counts
    assert only(memory, BankTransfer).bank_time == NOW + minutes(stated)


@pytest.mark.parametrize(("stated", "heard"), [(-4, 25), (14, 10), (4, 0)])
def test_clocks_may_differ_by_some_minutes(stated: float, heard: float) -> None:
    memory = Memory()
    done(memory, due())
    done(memory, transfer(after=stated), now=NOW + minutes(heard))
    assert payment(memory).state is PaymentState.AUTHORIZED


@pytest.mark.parametrize("end", [EXPIRE, void()])
def test_money_after_the_end_goes_back_whatever_its_bank_time(end: object) -> None:
    memory = Memory()
    done(memory, due())
    done(memory, end, transfer(after=14), now=NOW + minutes(40))
    assert refunds(memory) == {f"{ORDER}:transfer:sepay/1": (185_000, "PAID_LATE")}


def test_money_for_a_tombstone_or_a_cash_order_goes_back() -> None:
    memory = Memory()
    done(memory, void(), transfer())
    assert refunds(memory)[f"{ORDER}:transfer:sepay/1"] == (185_000, "PAID_LATE")
    memory = Memory()
    done(memory, due(Method.COD), transfer())
    assert refunds(memory)[f"{ORDER}:transfer:sepay/1"] == (185_000, "PAID_TWICE")


def test_a_transfer_that_names_no_order_is_kept_with_its_memo_and_booked() -> None:
    memory = Memory()
    carry_out_twice(HANDLERS, memory, transfer(code="", memo="tra no"), NOW)
    kept = only(memory, BankTransfer)
    assert (kept.state, kept.memo, kept.order_id) == (TransferState.UNMATCHED, "tra no", "")
    assert balances(memory) == {"bank": 185_000, "unmatched_transfers": -185_000}


def test_the_memo_of_a_matched_transfer_is_forgotten() -> None:
    memory = Memory()
    done(memory, due(), transfer())
    assert only(memory, BankTransfer).memo == ""


def test_of_two_orders_named_the_one_that_waits_for_the_amount_is_paid() -> None:
    both = replace(transfer(90_000), order_codes=(ORDER, OTHER))
    memory = Memory()
    done(memory, due(), due(amounts=(90_000,), order_id=OTHER), both)
    assert only(memory, BankTransfer).order_id == OTHER
    memory = Memory()
    done(memory, due(), due(order_id=OTHER), replace(both, amount_vnd=185_000))
    assert only(memory, BankTransfer).state is TransferState.UNMATCHED


def test_money_that_leaves_is_noted_and_books_nothing() -> None:
    memory = Memory()
    done(memory, due(), replace(transfer(), incoming=False))
    assert only(memory, BankTransfer).state is TransferState.OUTGOING
    assert balances(memory) == {}


def test_a_refund_is_paid_once() -> None:
    memory = Memory()
    done(memory, due(), transfer(), void())
    carry_out_twice(HANDLERS, memory, paid_back(f"{ORDER}:cancel", 185_000), NOW)
    assert names(memory)[-1] == "PaymentRefunded"
    assert balances(memory) == {}
    with pytest.raises(RefundAlreadyPaid):
        done(memory, paid_back(f"{ORDER}:cancel", 185_000, "sepay/out-2"))
    with pytest.raises(RefundAmountWrong):
        done(memory, paid_back(f"{ORDER}:cancel", 1))
    with pytest.raises(NotFound):
        done(memory, paid_back(f"{ORDER}:expired", 185_000))


def test_one_outgoing_transaction_pays_one_refund() -> None:
    """Two refunds of one amount and one transfer: the second buyer must not be told the money is on its way."""
    memory = Memory()
    done(memory, due(), transfer(), transfer(id="sepay/2"), void())
    first, second = f"{ORDER}:cancel", f"{ORDER}:transfer:sepay/2"
    done(memory, paid_back(first, 185_000))
    with pytest.raises(TransferMismatch):
        done(memory, paid_back(second, 185_000))
    assert balances(memory) == {"bank": 185_000, "refunds_payable": -185_000}
    done(memory, paid_back(second, 185_000, "sepay/out-2"))
    assert balances(memory) == {}
