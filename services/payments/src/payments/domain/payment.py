"""The payment of one order: what is due, what came, what goes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel import Aggregate

from payments.domain import ledger
from payments.domain.events import (
    PaymentAuthorized,
    PaymentDeclined,
    PaymentExpired,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundDue,
)
from payments.domain.policy import Policy
from payments.domain.words import Happened, Method, PaymentState, TransferState

HISTORY_LENGTH_MAX = 200
"""The newest steps are kept; no order of the real world comes near it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Money of one part of the order. A cancelled part is never due again, a delivered one has earned its money."""

    part_id: str
    amount_vnd: int
    cancelled: bool = False
    delivered: bool = False


Step = tuple["Payment", tuple[object, ...]]
"""A payment after a step, and the facts it says."""

Undone = tuple["Payment", tuple[object, ...], int]
"""The same, and how many đồng go back to the buyer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Aggregate):
    """Invariant: refund_paid ≤ refund_due ≤ received, and what the parts earned never exceeds what is left.

    Late and early facts are remembered in it: a cancel of an unknown order is a VOIDED payment without method.
    """

    state: PaymentState = PaymentState.UNHEARD
    method: Method = Method.UNKNOWN
    total_vnd: int = 0
    received_vnd: int = 0
    refund_due_vnd: int = 0
    refund_paid_vnd: int = 0
    paid: bool = False
    expire_time: datetime | None = None
    qr_payload: str = ""
    parts: tuple[Part, ...] = ()
    history: tuple[Happened, ...] = ()

    @property
    def due_vnd(self) -> int:
        """What the live parts cost."""
        return max(0, self.total_vnd - sum(part.amount_vnd for part in self.parts if part.cancelled))

    @property
    def earned_vnd(self) -> int:
        """What delivered parts have turned from the buyer's prepayment into the sellers' money."""
        if not self.paid:
            return 0
        earned = sum(part.amount_vnd for part in self.parts if part.delivered and not part.cancelled)
        return min(earned, self.received_vnd - self.refund_due_vnd)

    @property
    def held_vnd(self) -> int:
        """What came, is not refunded and not earned: the most that can still be refunded."""
        return self.received_vnd - self.refund_due_vnd - self.earned_vnd

    def books(self) -> ledger.Books:
        """What the payment stands for in the ledger."""
        return {
            ledger.BANK: self.received_vnd - self.refund_paid_vnd,
            ledger.BUYER_PREPAID: -self.held_vnd,
            ledger.REFUNDS_PAYABLE: self.refund_paid_vnd - self.refund_due_vnd,
            ledger.SELLERS_PAYABLE: -self.earned_vnd,
        }

    def part(self, part_id: str) -> Part | None:
        """One part; None if it is not known."""
        return next((part for part in self.parts if part.part_id == part_id), None)

    def noted(self, kind: str, time: datetime, detail: str = "") -> Payment:
        """With one more step in its history."""
        return replace(self, history=(*self.history, Happened(kind, time, detail))[-HISTORY_LENGTH_MAX:])

    # What orders says.

    def request(self, method: Method, total_vnd: int, parts: tuple[Part, ...], policy: Policy, now: datetime) -> Step:
        """Money is due: a QR is made, cash is accepted at once, or it is declined. Only the first time counts."""
        if self.method is not Method.UNKNOWN:
            return self, ()
        known = replace(self, method=method, total_vnd=total_vnd, parts=_merged(parts, self.parts))
        if self.state is PaymentState.VOIDED or (total_vnd > 0 and known.due_vnd == 0):
            return known._declined("ALREADY_VOIDED", now)
        if method is Method.COD and max((part.amount_vnd for part in parts), default=total_vnd) > policy.cod_limit_vnd:
            return known._declined("OVER_COD_LIMIT", now)
        if method is Method.COD or known.due_vnd == 0:
            return known._authorized(now)
        if known.due_vnd >= policy.transfer_limit_vnd:
            return known._declined("OVER_TRANSFER_LIMIT", now)
        return known._asked(policy, now)

    def void(self, reason: str, now: datetime) -> Undone:
        """The order is off: what is held goes back; an unknown order leaves a tombstone."""
        if self.state in (PaymentState.VOIDED, PaymentState.DECLINED, PaymentState.EXPIRED):
            return self, (), 0
        silent, back = self.paid or self.state is PaymentState.UNHEARD, self.held_vnd
        parts = tuple(part if part.delivered else replace(part, cancelled=True) for part in self.parts)
        off = replace(self, state=PaymentState.VOIDED, parts=parts).noted("OrderCancelled", now, reason)
        fact = PaymentVoided(order_id=self.id, reason=reason)
        return off, () if silent or back else (fact,), back

    def cancel_part(self, part_id: str, amount_vnd: int, now: datetime) -> Undone:
        """One part is off. If it is paid its money goes back; if not, less is due, which may complete the payment."""
        known = self.part(part_id)
        if known is not None and known.cancelled:
            return self, (), 0
        gone = replace(known or Part(part_id=part_id, amount_vnd=amount_vnd), cancelled=True)
        others = tuple(part for part in self.parts if part.part_id != part_id)
        less = replace(self, parts=(*others, gone)).noted("OrderPartCancelled", now, f"{part_id} {amount_vnd}")
        if self.paid:
            return less, (), min(amount_vnd, less.held_vnd)
        if less.state is PaymentState.REQUESTED and 0 < less.due_vnd <= less.held_vnd:
            return *less._authorized(now), less.held_vnd - less.due_vnd
        return less, (), 0

    # What the bank says.

    def receive(self, amount_vnd: int, bank_time: datetime, now: datetime) -> tuple[Step, TransferState, int]:
        """Money came. Answers the step, how the transfer ended and how much of it goes back."""
        came = replace(self, received_vnd=self.received_vnd + amount_vnd)
        if self.state is PaymentState.AUTHORIZED:
            return (came, ()), TransferState.DUPLICATE, amount_vnd
        if self.state is not PaymentState.REQUESTED or self.expire_time is None or bank_time >= self.expire_time:
            return (came, ()), TransferState.LATE, amount_vnd
        excess = came.held_vnd - self.due_vnd
        if excess < 0:
            return (came, ()), TransferState.SHORT, 0
        return came._authorized(now), TransferState.OVER if excess else TransferState.EXACT, excess

    def expire(self, grace: timedelta, now: datetime) -> Step:
        """No full transfer came in time, and the time for late notices is over too."""
        if self.state is not PaymentState.REQUESTED or self.expire_time is None or now < self.expire_time + grace:
            return self, ()
        fact = PaymentExpired(order_id=self.id, expire_time=self.expire_time)
        return replace(self, state=PaymentState.EXPIRED).noted("PaymentExpired", now), (fact,)

    def refund(self, refund_id: str, amount_vnd: int, reason: str, part_id: str, now: datetime) -> Step:
        """Money of the buyer's is to go back; never more than is held."""
        assert 0 < amount_vnd <= self.held_vnd, f"refund of {amount_vnd}, held {self.held_vnd}"
        fact = RefundDue(order_id=self.id, refund_id=refund_id, amount_vnd=amount_vnd, reason=reason, part_id=part_id)
        owing = replace(self, refund_due_vnd=self.refund_due_vnd + amount_vnd)
        return owing.noted("RefundDue", now, f"{reason} {amount_vnd}"), (fact,)

    def refunded(self, refund_id: str, amount_vnd: int, refund_time: datetime) -> Step:
        """A refund of the order was paid."""
        fact = PaymentRefunded(order_id=self.id, refund_id=refund_id, amount_vnd=amount_vnd, refund_time=refund_time)
        less = replace(self, refund_paid_vnd=self.refund_paid_vnd + amount_vnd)
        return less.noted("PaymentRefunded", refund_time, str(amount_vnd)), (fact,)

    # What shipping says.

    def deliver(self, part_id: str, deliver_time: datetime) -> Payment:
        """A part reached the buyer; an unknown part is remembered."""
        part = self.part(part_id)
        if part is None:
            parts = (*self.parts, Part(part_id=part_id, amount_vnd=0, delivered=True))
        else:
            parts = tuple(replace(one, delivered=True) if one is part else one for one in self.parts)
        return replace(self, parts=parts).noted("ParcelDelivered", deliver_time, part_id)

    def cod_due_vnd(self, part_id: str) -> int | None:
        """Cash to be collected for a part; None if nobody told us yet."""
        part = self.part(part_id)
        if self.method is Method.UNKNOWN or (self.method is Method.COD and not self.parts):
            return None
        if part is None or part.cancelled or self.method is Method.QR or self.state is not PaymentState.AUTHORIZED:
            return 0
        return part.amount_vnd

    # Steps of the steps.

    def _declined(self, reason: str, now: datetime) -> Step:
        state = self.state if self.state is PaymentState.VOIDED else PaymentState.DECLINED
        declined = replace(self, state=state).noted("PaymentDeclined", now, reason)
        return declined, (PaymentDeclined(order_id=self.id, reason=reason),)

    def _authorized(self, now: datetime) -> Step:
        fact = PaymentAuthorized(order_id=self.id, amount_vnd=self.due_vnd, method=self.method, authorize_time=now)
        paid = replace(self, state=PaymentState.AUTHORIZED, paid=self.method is Method.QR)
        return paid.noted("PaymentAuthorized", now, self.method), (fact,)

    def _asked(self, policy: Policy, now: datetime) -> Step:
        payload, until = policy.qr_payload(self.id, self.due_vnd), now + policy.qr_time
        fact = PaymentRequested(order_id=self.id, amount_vnd=self.due_vnd, qr_payload=payload, expire_time=until)
        asked = replace(self, state=PaymentState.REQUESTED, expire_time=until, qr_payload=payload)
        return asked.noted("PaymentRequested", now, str(self.due_vnd)), (fact,)


def _merged(due: tuple[Part, ...], remembered: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts as orders states them, with what was heard of them before."""
    heard = {part.part_id: part for part in remembered}
    stated = {part.part_id for part in due}
    merged = tuple(
        replace(part, cancelled=heard[part.part_id].cancelled, delivered=heard[part.part_id].delivered)
        if part.part_id in heard
        else part
        for part in due
    )
    return (*merged, *(replace(part, amount_vnd=0) for part in remembered if part.part_id not in stated))
