"""The double-entry ledger: entries that are never changed, each made from the books before and after one cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chassis.kernel import Aggregate

BANK = "bank"
BUYER_PREPAID = "buyer_prepaid"
SELLERS_PAYABLE = "sellers_payable"
REFUNDS_PAYABLE = "refunds_payable"
UNMATCHED_TRANSFERS = "unmatched_transfers"

Books = Mapping[str, int]
"""Account -> balance in đồng, debits above 0; what one aggregate stands for. Always sums to 0."""

EMPTY: Books = {}


def bank_clearing(partner_id: str) -> str:
    """Cash that arrived, as a statement says; `bank` is debited by the bank's notice alone, so it counts it once."""
    return f"bank_clearing:{partner_id}"


def cod_receivable(partner_id: str) -> str:
    """Cash a partner collected and has not stated."""
    return f"cod_receivable:{partner_id}"


def cod_in_transit(partner_id: str) -> str:
    """Cash a partner stated that neither bank nor operator has said to have arrived."""
    return f"cod_in_transit:{partner_id}"


def cod_disputed(partner_id: str) -> str:
    """What differs between expected, collected and stated."""
    return f"cod_disputed:{partner_id}"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An amount on an account in đồng: above 0 debit, below 0 credit."""

    account: str
    amount_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry(Aggregate):
    """One booking. Invariant: its lines sum to 0; its id names its cause, so a cause is booked once; never changed."""

    order_id: str
    parcel_id: str = ""
    post_time: datetime
    lines: tuple[LedgerLine, ...]

    def __post_init__(self) -> None:
        """An unbalanced booking cannot be made."""
        if sum(line.amount_vnd for line in self.lines) != 0 or len(self.lines) < 2:
            raise AssertionError(f"entry {self.id} does not balance")


def moved(*steps: tuple[Books, Books]) -> tuple[LedgerLine, ...]:
    """The lines that lead from the books before to the books after, summed over several aggregates."""
    total: Counter[str] = Counter()
    for before, after in steps:
        total.update(after)
        total.subtract(before)
    return tuple(LedgerLine(account, amount) for account, amount in sorted(total.items()) if amount)
