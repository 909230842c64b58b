"""What reads answer: domain objects put together for one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from payments.domain.cod import CodParcel
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.transfer import BankTransfer


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """One payment and all that belongs to it."""

    payment: Payment
    transfers: Sequence[BankTransfer]
    refunds: Sequence[Refund]
    cod_parcels: Sequence[CodParcel]


@dataclass(frozen=True, slots=True)
class AccountSums:
    """What was booked on one account, in đồng."""

    account: str
    debit_vnd: int
    credit_vnd: int


@dataclass(frozen=True, slots=True)
class PartnerCash:
    """The cash of one partner, in đồng and parcels."""

    partner_id: str
    outstanding_parcels: int
    outstanding_vnd: int
    overdue_vnd: int
    disputed_parcels: int
    disputed_vnd: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The ledger at a glance."""

    accounts: Sequence[AccountSums]
    partners: Sequence[PartnerCash]
    entry_count: int
    unmatched_transfer_count: int


Listed = LedgerEntry | CodParcel | BankTransfer | Refund
