"""The payment of one order: what is due, what came, what goes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

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

LOOKED_BACK_ON = frozenset({"PaymentRequested", "OrderCancelled"})
"""Steps that later ones depend on; there are one or two of each, kept however many others follow."""

CLOCKS_DIFFER_MAX = timedelta(minutes=5)
"""The bank's clock and ours; some banks leave the seconds out too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Money of one part of the order. A cancelled part is never due again, a delivered one has earned its money."""

    part_id: str
    amount_vnd: int
    cancelled: bool = False
    delivered: bool = False


Step = tuple["Payment", tuple[object, ...]]
"""A payment after a step, and the facts it says."""

Received = tuple[Step, TransferState, int]
"""A step, how the transfer ended, and how many đồng of it go back."""

Stated = Mapping[str, Any]
"""Fields that orders' PaymentDue states."""

Undone = tuple["Payment", tuple[object, ...], int]
"""The same, and how many đồng go back to the buyer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Aggregate):
    """Invariant: refund_paid ≤ refund_due ≤ received, and what the parts earned never exceeds what is left.

    Late and early facts are remembered in it: a cancel of an unknown order is a VOIDED payment without method.
    `placed_by` empty = not known: then it is shown to those who see all, and only its code to others, who can pay it.
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
    placed_by: str = ""
    parts: tuple[Part, ...] = ()
    history: tuple[Happened, ...] = ()

    @property
    def due_vnd(self) -> int:
        """What the live parts cost."""
        return _due(self.total_vnd, self.parts)

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

    def noted(self, kind: str, time: datetime, detail: str = "", **changes: Any) -> Payment:
        """With changes to other fields, and one more step in its history."""
        steps = (*self.history, Happened(kind, time, detail))
        if len(steps) > HISTORY_LENGTH_MAX:
            oldest = next(number for number, step in enumerate(steps) if step.kind not in LOOKED_BACK_ON)
            steps = steps[:oldest] + steps[oldest + 1 :]
        return replace(self, history=steps, **changes)

    def is_shown_to(self, placed_by: str) -> bool:
        """Whether it is shown to whoever placed such orders; empty = sees all."""
        return placed_by in ("", self.placed_by)

    def shows_its_code_to(self, placed_by: str) -> bool:
        """The same for its QR code."""
        return not self.placed_by or self.is_shown_to(placed_by)

    def takes_transfers(self, now: datetime) -> bool:
        """Whether a transfer made now would count; in the grace the payment only waits for news of earlier ones."""
        return self.state is PaymentState.REQUESTED and self.expire_time is not None and now < self.expire_time

    # What orders says.

    def request(self, method: Method, total_vnd: int, parts: tuple[Part, ...], policy: Policy, now: datetime) -> Step:
        """Money is due: a QR is made, cash is accepted at once, or it is declined. Only the first time counts."""
        if self.method is not Method.UNKNOWN:
            return self, ()
        parts = _merged(parts, self.parts)
        due_vnd = _due(total_vnd, parts)
        stated: Stated = {"method": method, "total_vnd": total_vnd, "parts": parts}
        if self.state is PaymentState.VOIDED or (total_vnd > 0 and due_vnd == 0):
            return self._declined("ALREADY_VOIDED", now, stated)
        if method is Method.COD and max((part.amount_vnd for part in parts), default=total_vnd) > policy.cod_limit_vnd:
            return self._declined("OVER_COD_LIMIT", now, stated)
        if method is Method.COD or due_vnd == 0:
            return self._authorized(method, due_vnd, now, stated)
        if due_vnd >= policy.transfer_limit_vnd:
            return self._declined("OVER_TRANSFER_LIMIT", now, stated)
        return self._asked(due_vnd, policy, now, stated)

    def void(self, reason: str, now: datetime, parts_open: bool = False) -> Undone:
        """The order is off: what is held goes back; an unknown order leaves a tombstone.

        `parts_open`: it was called off on the way. Each part's money follows with its own OrderPartCancelled, or is
        earned, or collected, if the part is delivered all the same.
        """
        if self.state in (PaymentState.VOIDED, PaymentState.DECLINED, PaymentState.EXPIRED):
            return self, (), 0
        if parts_open and self.state is PaymentState.AUTHORIZED:
            return self if self._called_off else self.noted("OrderCancelled", now, reason), (), 0
        silent, back = self.paid or self.state is PaymentState.UNHEARD or self._has_delivered, self.held_vnd
        parts = tuple(part if part.delivered else replace(part, cancelled=True) for part in self.parts)
        off = self.noted("OrderCancelled", now, reason, state=PaymentState.VOIDED, parts=parts)
        fact = PaymentVoided(order_id=self.id, reason=reason)
        return off, () if silent or back else (fact,), back

    def cancel_part(self, part_id: str, amount_vnd: int, now: datetime) -> Undone:
        """One part is off. If it is paid its money goes back; if not, less is due, which may complete the payment."""
        known = self.part(part_id)
        if known is not None and known.cancelled:
            return self, (), 0
        gone = replace(known or Part(part_id=part_id, amount_vnd=amount_vnd), cancelled=True)
        others = tuple(part for part in self.parts if part.part_id != part_id)
        less = self.noted("OrderPartCancelled", now, f"{part_id} {amount_vnd}", parts=(*others, gone))
        off: tuple[object, ...] = ()
        if self.state is PaymentState.AUTHORIZED and (why := self._called_off) and all(p.cancelled for p in less.parts):
            fact = PaymentVoided(order_id=self.id, reason=why.detail)
            less, off = replace(less, state=PaymentState.VOIDED), () if self._has_delivered else (fact,)
        if self.paid:
            return less, (), min(amount_vnd, less.held_vnd)
        if less.state is PaymentState.REQUESTED and 0 < less.due_vnd <= less.held_vnd:
            return *less._authorized(less.method, less.due_vnd, now, {}), less.held_vnd - less.due_vnd
        return less, off, 0

    # What the bank says.

    def receive(self, transfer_id: str, amount_vnd: int, bank_time: datetime, now: datetime) -> Received:
        """Money came: it pays, is kept until the rest comes, or goes back."""
        state, back_vnd = self._judged(amount_vnd, self._possible(bank_time, now))
        received_vnd = self.received_vnd + amount_vnd
        came = self.noted("BankTransfer", bank_time, f"{state} {amount_vnd} {transfer_id}", received_vnd=received_vnd)
        if state in (TransferState.EXACT, TransferState.OVER):
            return came._authorized(came.method, came.due_vnd, now, {}), state, back_vnd
        return (came, ()), state, back_vnd

    def _judged(self, amount_vnd: int, bank_time: datetime) -> tuple[TransferState, int]:
        if self.state is PaymentState.AUTHORIZED:
            return TransferState.DUPLICATE, amount_vnd
        if self.state is not PaymentState.REQUESTED or self.expire_time is None or bank_time >= self.expire_time:
            return TransferState.LATE, amount_vnd
        excess_vnd = self.held_vnd + amount_vnd - self.due_vnd
        if excess_vnd < 0:
            return TransferState.SHORT, 0
        return (TransferState.OVER if excess_vnd else TransferState.EXACT), excess_vnd

    def _possible(self, bank_time: datetime, now: datetime) -> datetime:
        """The bank's time; if it is before the code was made, or yet to come, it is wrong and we take our own."""
        made = next((step.time for step in self.history if step.kind == "PaymentRequested"), now)
        return bank_time if made - CLOCKS_DIFFER_MAX <= bank_time <= now + CLOCKS_DIFFER_MAX else now

    def expire(self, grace: timedelta, now: datetime) -> Step:
        """No full transfer came in time, and the time for late notices is over too."""
        if self.state is not PaymentState.REQUESTED or self.expire_time is None or now < self.expire_time + grace:
            return self, ()
        fact = PaymentExpired(order_id=self.id, expire_time=self.expire_time)
        return self.noted("PaymentExpired", now, state=PaymentState.EXPIRED), (fact,)

    def refund(self, refund_id: str, amount_vnd: int, reason: str, part_id: str, now: datetime) -> Step:
        """Money of the buyer's is to go back; never more than is held."""
        assert 0 < amount_vnd <= self.held_vnd, f"refund of {amount_vnd}, held {self.held_vnd}"
        fact = RefundDue(order_id=self.id, refund_id=refund_id, amount_vnd=amount_vnd, reason=reason, part_id=part_id)
        owed_vnd = self.refund_due_vnd + amount_vnd
        return self.noted("RefundDue", now, f"{reason} {amount_vnd}", refund_due_vnd=owed_vnd), (fact,)

    def refunded(self, refund_id: str, amount_vnd: int, refund_time: datetime) -> Step:
        """A refund of the order was paid."""
        fact = PaymentRefunded(order_id=self.id, refund_id=refund_id, amount_vnd=amount_vnd, refund_time=refund_time)
        paid_vnd = self.refund_paid_vnd + amount_vnd
        return self.noted("PaymentRefunded", refund_time, str(amount_vnd), refund_paid_vnd=paid_vnd), (fact,)

    # What shipping says.

    def deliver(self, part_id: str, deliver_time: datetime) -> Payment:
        """A part reached the buyer; an unknown part is remembered."""
        part = self.part(part_id)
        if part is None:
            parts = (*self.parts, Part(part_id=part_id, amount_vnd=0, delivered=True))
        else:
            parts = tuple(replace(one, delivered=True) if one is part else one for one in self.parts)
        return self.noted("ParcelDelivered", deliver_time, part_id, parts=parts)

    def cod_vnd(self, part_id: str) -> int | None:
        """Cash that a part's delivery brings, whether orders closed it or not; None if nobody told us yet."""
        part = self.part(part_id)
        if self.method is Method.UNKNOWN or (self.method is Method.COD and not self.parts):
            return None
        return 0 if part is None or self.method is Method.QR else part.amount_vnd

    def awaits_cash(self, part_id: str) -> bool:
        """Whether cash is still to be collected for a part."""
        part = self.part(part_id)
        is_open = part is not None and not (part.cancelled or part.delivered)
        return is_open and self.state is PaymentState.AUTHORIZED and bool(self.cod_vnd(part_id))

    # Steps of the steps.

    @property
    def _has_delivered(self) -> bool:
        """Its cash has come, or is asked of the partner: such a payment is not said to be voided."""
        return any(part.delivered for part in self.parts)

    @property
    def _called_off(self) -> Happened | None:
        """That the order was called off while its parts were still open; None if it was not."""
        return next((step for step in self.history if step.kind == "OrderCancelled"), None)

    def _declined(self, reason: str, now: datetime, stated: Stated) -> Step:
        state = self.state if self.state is PaymentState.VOIDED else PaymentState.DECLINED
        declined = self.noted("PaymentDeclined", now, reason, state=state, **stated)
        return declined, (PaymentDeclined(order_id=self.id, reason=reason),)

    def _authorized(self, method: Method, due_vnd: int, now: datetime, stated: Stated) -> Step:
        fact = PaymentAuthorized(order_id=self.id, amount_vnd=due_vnd, method=method, authorize_time=now)
        changes = {"state": PaymentState.AUTHORIZED, "paid": method is Method.QR, **stated}
        return self.noted("PaymentAuthorized", now, method.value, **changes), (fact,)

    def _asked(self, due_vnd: int, policy: Policy, now: datetime, stated: Stated) -> Step:
        payload, until = policy.qr_payload(self.id, due_vnd), now + policy.qr_time
        fact = PaymentRequested(order_id=self.id, amount_vnd=due_vnd, qr_payload=payload, expire_time=until)
        changes = {"state": PaymentState.REQUESTED, "expire_time": until, "qr_payload": payload, **stated}
        return self.noted("PaymentRequested", now, str(due_vnd), **changes), (fact,)


def _due(total_vnd: int, parts: tuple[Part, ...]) -> int:
    return max(0, total_vnd - sum(part.amount_vnd for part in parts if part.cancelled))


def _merged(due: tuple[Part, ...], remembered: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts as orders states them, with what was heard of them before."""
    if not remembered:
        return due
    heard = {part.part_id: part for part in remembered}
    stated = {part.part_id for part in due}
    merged = tuple(
        replace(part, cancelled=heard[part.part_id].cancelled, delivered=heard[part.part_id].delivered)
        if part.part_id in heard
        else part
        for part in due
    )
    return (*merged, *(replace(part, amount_vnd=0) for part in remembered if part.part_id not in stated))
