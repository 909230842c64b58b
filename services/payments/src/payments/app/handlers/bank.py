"""Carries out what the bank reports: money that came, refunds that left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chassis.kernel import NOTHING, Change, Key, Loaded, Moment, Outcome, said

from payments.app.commands import ForgetMemo, ReportBankTransfer, ReportRefundPaid
from payments.app.handlers.posting import GoesBack, booked, stepped
from payments.domain import refund
from payments.domain.errors import TransferMismatch
from payments.domain.ledger import BANK, EMPTY, UNMATCHED_TRANSFERS, LedgerEntry
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.transfer import BankTransfer
from payments.domain.words import PaymentState, TransferState

REASONS = {
    TransferState.OVER: "OVERPAID",
    TransferState.LATE: "PAID_LATE",
    TransferState.DUPLICATE: "PAID_TWICE",
}
"""Why money of a transfer goes back."""


def report_bank_transfer(command: ReportBankTransfer, loaded: Loaded, moment: Moment) -> Outcome:
    """Book a notice once and say how it ended."""
    known = loaded.get(BankTransfer, command.transfer_id)
    if known is not None:
        known.confirm_same(command.amount_vnd, command.bank_time, command.incoming)
        return Outcome(reply=known)
    if not command.incoming:
        outgoing = _transfer(command, TransferState.OUTGOING, None)
        return Outcome((Change(outgoing),), outgoing)
    payment = _matched(command, loaded)
    return _unmatched(command, moment) if payment is None else _received(command, payment, moment)


def report_bank_transfer_keys(command: ReportBankTransfer) -> Iterable[Key[Any]]:
    """The transfer, its booking, and whatever order its memo may name."""
    yield Key(BankTransfer, command.transfer_id)
    yield Key(LedgerEntry, _entry(command))
    for order_id in command.order_codes:
        yield Key(Payment, order_id)
        yield Key(Refund, refund.for_transfer(order_id, command.transfer_id))


def forget_memo(command: ForgetMemo, loaded: Loaded, moment: Moment) -> Outcome:
    """The money stays in the queue, what its payer wrote does not."""
    transfer = loaded.require(BankTransfer, command.transfer_id)
    return said(replace(transfer, memo="")) if transfer.memo else NOTHING


def report_refund_paid(command: ReportRefundPaid, loaded: Loaded, moment: Moment) -> Outcome:
    """Book a paid refund once."""
    due = loaded.require(Refund, command.refund_id)
    paid = due.pay(command.amount_vnd, command.transaction, command.refund_time)
    if paid is due:
        return Outcome(reply=due)
    if loaded.get(LedgerEntry, _paid_entry(command)) is not None:
        raise TransferMismatch(transfer_id=command.transaction)
    before = loaded.require(Payment, due.order_id)
    after, facts = before.refunded(due.id, due.amount_vnd, command.refund_time)
    entry = booked(_paid_entry(command), after, moment, (before.books(), after.books()), parcel_id=due.part_id)
    return Outcome((Change(after, facts), Change(paid), *entry), paid)


def report_refund_paid_keys(command: ReportRefundPaid) -> Iterable[Key[Any]]:
    """The payment, the refund and the booking, which names the transaction: one transfer pays one refund."""
    return (
        Key(Payment, command.order_id),
        Key(Refund, command.refund_id),
        Key(LedgerEntry, _paid_entry(command)),
    )


def _matched(command: ReportBankTransfer, loaded: Loaded) -> Payment | None:
    """The payment the memo names; among several the one that waits for just this amount, else a person decides."""
    named = [payment for code in command.order_codes if (payment := loaded.get(Payment, code)) is not None]
    known = [payment for payment in named if payment.state is not PaymentState.UNHEARD]
    if len(known) > 1:
        waiting = [payment for payment in known if payment.state is PaymentState.REQUESTED]
        known = [payment for payment in waiting if payment.due_vnd - payment.held_vnd == command.amount_vnd]
    return known[0] if len(known) == 1 else None


def _received(command: ReportBankTransfer, before: Payment, moment: Moment) -> Outcome:
    step, state, back_vnd = before.receive(command.transfer_id, command.amount_vnd, command.bank_time, moment.now)
    transfer = _transfer(command, state, before)
    back = GoesBack(
        refund_id=refund.for_transfer(before.id, command.transfer_id),
        amount_vnd=back_vnd,
        reason=REASONS.get(state, ""),
    )
    outcome = stepped(before, step, back, _entry(command), moment)
    return Outcome((*outcome.changes, Change(transfer)), transfer)


def _unmatched(command: ReportBankTransfer, moment: Moment) -> Outcome:
    transfer = _transfer(command, TransferState.UNMATCHED, None)
    books = {BANK: command.amount_vnd, UNMATCHED_TRANSFERS: -command.amount_vnd}
    entry = booked(_entry(command), Payment(id="", trace=moment.trace), moment, (EMPTY, books))
    return Outcome((Change(transfer), *entry), transfer)


def _transfer(command: ReportBankTransfer, state: TransferState, payment: Payment | None) -> BankTransfer:
    return BankTransfer(
        id=command.transfer_id,
        trace=payment.trace if payment else "",
        amount_vnd=command.amount_vnd,
        bank_time=command.bank_time,
        incoming=command.incoming,
        state=state,
        order_id=payment.id if payment else "",
        memo=command.memo if state is TransferState.UNMATCHED else "",
    )


def _entry(command: ReportBankTransfer) -> str:
    return f"transfer/{command.transfer_id}"


def _paid_entry(command: ReportRefundPaid) -> str:
    return f"paid/{command.transaction}"
