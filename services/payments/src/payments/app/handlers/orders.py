"""Carries out what orders' facts ask, and the expiry that only the clock asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chassis.kernel import NOTHING, Key, Loaded, Moment, Outcome, said

from payments.app.commands import CancelPart, ExpirePayment, RequestPayment, VoidPayment
from payments.app.handlers.posting import GoesBack, payment_of, stepped
from payments.domain import refund
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.policy import Policy
from payments.domain.refund import Refund


def request_payment(policy: Policy, command: RequestPayment, loaded: Loaded, moment: Moment) -> Outcome:
    """Ask for the money, once."""
    before = payment_of(loaded, command.order_id, moment)
    after, facts = before.request(command.method, command.total_vnd, command.parts, policy, moment.now)
    return said(replace(after, placed_by=command.placed_by), *facts) if after is not before else NOTHING


def cancel_part(command: CancelPart, loaded: Loaded, moment: Moment) -> Outcome:
    """Refund a part, or let less be due."""
    before = payment_of(loaded, command.order_id, moment)
    after, facts, back_vnd = before.cancel_part(command.part_id, command.amount_vnd, moment.now)
    if after is before:
        return NOTHING
    back = GoesBack(
        refund_id=refund.for_part(before.id, command.part_id),
        amount_vnd=back_vnd,
        reason="PART_CANCELLED",
        part_id=command.part_id,
    )
    return stepped(before, (after, facts), back, _part_entry(command), moment)


def cancel_part_keys(command: CancelPart) -> Iterable[Key[Any]]:
    """The payment, the refund and the booking of one part."""
    return (
        Key(Payment, command.order_id),
        Key(Refund, refund.for_part(command.order_id, command.part_id)),
        Key(LedgerEntry, _part_entry(command)),
    )


def void_payment(command: VoidPayment, loaded: Loaded, moment: Moment) -> Outcome:
    """Give everything back and take nothing any more."""
    before = payment_of(loaded, command.order_id, moment)
    after, facts, held_vnd = before.void(command.reason, moment.now, command.parts_open)
    if after is before:
        return NOTHING
    refund_id = refund.for_cancel(before.id)
    back = GoesBack(refund_id=refund_id, amount_vnd=held_vnd, reason="ORDER_CANCELLED")
    return stepped(before, (after, facts), back, _void_entry(command.order_id), moment)


def void_payment_keys(command: VoidPayment) -> Iterable[Key[Any]]:
    """The payment, the refund and the booking of a cancel."""
    order_id = command.order_id
    return (
        Key(Payment, order_id),
        Key(Refund, refund.for_cancel(order_id)),
        Key(LedgerEntry, _void_entry(order_id)),
    )


def expire_payment(policy: Policy, command: ExpirePayment, loaded: Loaded, moment: Moment) -> Outcome:
    """Give up waiting for a transfer."""
    before = loaded.get(Payment, command.order_id)
    if before is None:
        return NOTHING
    after, facts = before.expire(policy.grace_time, moment.now)
    if after is before:
        return NOTHING
    back = GoesBack(refund_id=refund.for_expiry(before.id), amount_vnd=before.held_vnd, reason="PAID_SHORT")
    return stepped(before, (after, facts), back, _expiry_entry(command.order_id), moment)


def expire_payment_keys(command: ExpirePayment) -> Iterable[Key[Any]]:
    """The payment, the refund and the booking of an expiry."""
    order_id = command.order_id
    return (
        Key(Payment, order_id),
        Key(Refund, refund.for_expiry(order_id)),
        Key(LedgerEntry, _expiry_entry(order_id)),
    )


def _part_entry(command: CancelPart) -> str:
    return f"part/{command.order_id}/{command.part_id}"


def _void_entry(order_id: str) -> str:
    return f"cancel/{order_id}"


def _expiry_entry(order_id: str) -> str:
    return f"expired/{order_id}"
