"""One bank transfer as a provider told us, kept once per provider and transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.kernel import Aggregate

from payments.domain.errors import TransferMismatch
from payments.domain.words import TransferState


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTransfer(Aggregate):
    """Invariant: never changed but for its memo; a repeated notice finds it and is answered as the first one was.

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


def transfer_id(provider: str, provider_transaction_id: str) -> str:
    """The id of a transfer: unique per provider and transaction."""
    return f"{provider}/{provider_transaction_id}"
