"""What the handlers share: a payment's step with its refund and its booking, as one outcome."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.kernel import Change, Loaded, Moment, Outcome

from payments.domain.ledger import Books, LedgerEntry, moved
from payments.domain.payment import Payment, Step
from payments.domain.refund import Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesBack:
    """Money to refund for one cause; 0 = nothing."""

    refund_id: str
    amount_vnd: int
    reason: str
    part_id: str = ""


def payment_of(loaded: Loaded, order_id: str, moment: Moment) -> Payment:
    """The order's payment, or a new one that has heard of nothing."""
    return loaded.get(Payment, order_id) or Payment(id=order_id, trace=moment.trace)


def booked(
    entry_id: str, owner: Payment, moment: Moment, *steps: tuple[Books, Books], parcel_id: str = ""
) -> tuple[Change, ...]:
    """The ledger entry of one cause; none if it moves no money."""
    lines = moved(*steps)
    if not lines:
        return ()
    entry = LedgerEntry(
        id=entry_id, trace=owner.trace, order_id=owner.id, parcel_id=parcel_id, post_time=moment.now, lines=lines
    )
    return (Change(entry),)


def stepped(
    before: Payment, step: Step, back: GoesBack, entry_id: str, moment: Moment, reply: object = None
) -> Outcome:
    """A payment's step, the refund it causes and one booking of both."""
    after, facts = step
    changes: tuple[Change, ...] = ()
    if back.amount_vnd > 0:
        after, more = after.refund(back.refund_id, back.amount_vnd, back.reason, back.part_id, moment.now)
        facts = (*facts, *more)
        changes = (Change(_refund(after, back, moment)),)
    entry = booked(entry_id, after, moment, (before.books(), after.books()), parcel_id=back.part_id)
    return Outcome((Change(after, facts), *changes, *entry), reply)


def _refund(payment: Payment, back: GoesBack, moment: Moment) -> Refund:
    return Refund(
        id=back.refund_id,
        trace=payment.trace,
        order_id=payment.id,
        amount_vnd=back.amount_vnd,
        reason=back.reason,
        part_id=back.part_id,
        due_time=moment.now,
    )
