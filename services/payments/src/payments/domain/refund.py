"""Money that goes back to a buyer; one cause makes one refund, whose id says the cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel import Aggregate

from payments.domain.errors import RefundAlreadyPaid, RefundAmountWrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Aggregate):
    """Owed to the buyer from `due_time`, paid once `paid_time` is set. Invariant: paid by one transaction only."""

    order_id: str
    amount_vnd: int
    reason: str
    part_id: str = ""
    due_time: datetime
    paid_time: datetime | None = None
    paid_transaction: str = ""

    def pay(self, amount_vnd: int, transaction: str, paid_time: datetime) -> Refund:
        """The refund paid; the same one if this transaction paid it before. Raises if amount or transaction differ."""
        if amount_vnd != self.amount_vnd:
            raise RefundAmountWrong(refund_id=self.id, amount_vnd=self.amount_vnd)
        if self.paid_time is None:
            return replace(self, paid_time=paid_time, paid_transaction=transaction)
        if transaction != self.paid_transaction:
            raise RefundAlreadyPaid(refund_id=self.id, paid_transaction=self.paid_transaction)
        return self


def for_cancel(order_id: str) -> str:
    """Id of the refund of a cancelled order."""
    return f"{order_id}:cancel"


def for_part(order_id: str, part_id: str) -> str:
    """Id of the refund of a cancelled part."""
    return f"{order_id}:part:{part_id}"


def for_expiry(order_id: str) -> str:
    """Id of the refund of what was paid short until the expiry."""
    return f"{order_id}:expired"


def for_transfer(order_id: str, transfer_id: str) -> str:
    """Id of the refund of a transfer, or of what was too much of it."""
    return f"{order_id}:transfer:{transfer_id}"


def order_of(refund_id: str) -> str:
    """The order a refund belongs to."""
    return refund_id.partition(":")[0]
