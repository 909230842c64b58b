"""One bank transfer as a provider told us, kept once per provider and transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel import Aggregate

from payments.domain.errors import NotTheRemittance, TransferMismatch
from payments.domain.words import TransferState


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTransfer(Aggregate):
    """Invariant: an unmatched one may lose its memo or turn out to be a courier's remittance, no other changes.

    A repeated notice finds it and is answered with how it stands.
    `memo` is kept only while no order is known, and for some years, because payers write names into it; `order_id`
    empty = none.
    """

    amount_vnd: int
    bank_time: datetime
    incoming: bool
    state: TransferState
    order_id: str = ""
    memo: str = ""

    def confirm_same(self, amount_vnd: int, bank_time: datetime, incoming: bool) -> None:
        """Raises TransferMismatch if a notice with the same id says something else."""
        if (amount_vnd, bank_time, incoming) != (self.amount_vnd, self.bank_time, self.incoming):
            raise TransferMismatch(transfer_id=self.id)


def brought(transfer: BankTransfer, amount_vnd: int) -> BankTransfer:
    """The transfer as a courier's remittance of that sum; raises NotTheRemittance if it cannot be."""
    if transfer.state is not TransferState.UNMATCHED or transfer.amount_vnd != amount_vnd:
        raise NotTheRemittance(transfer_id=transfer.id, state=transfer.state, amount_vnd=transfer.amount_vnd)
    return replace(transfer, state=TransferState.REMITTANCE, memo="")


def transfer_id(provider: str, provider_transaction_id: str) -> str:
    """The id of a transfer: unique per provider and transaction."""
    return f"{provider}/{provider_transaction_id}"
