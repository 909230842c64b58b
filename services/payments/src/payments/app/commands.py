"""What payments can be told to do; one handler each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from payments.domain.payment import Part
from payments.domain.words import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment:
    """Money is due for an order; `placed_by` empty = nobody knows who placed it."""

    order_id: str
    method: Method
    total_vnd: int
    parts: tuple[Part, ...]
    placed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPart:
    """One part of an order is off."""

    order_id: str
    part_id: str
    amount_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidPayment:
    """The whole order is off; with `parts_open` its parts follow one by one."""

    order_id: str
    reason: str
    parts_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectCod:
    """A parcel was delivered, with or without cash."""

    order_id: str
    parcel_id: str
    partner_id: str
    collected_vnd: int
    deliver_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirePayment:
    """The time for a transfer may be over."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMemo:
    """What a payer wrote was kept for long enough."""

    transfer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBankTransfer:
    """A bank's notice; `order_codes` are what its memo may name, most likely first."""

    transfer_id: str
    bank_time: datetime
    amount_vnd: int
    incoming: bool
    memo: str
    order_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRefundPaid:
    """A refund was paid by bank transfer."""

    order_id: str
    refund_id: str
    amount_vnd: int
    transaction: str
    refund_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCodRemittance:
    """A partner's statement: pairs of parcel and đồng. `settles` = bank or operator says so, the money has arrived.

    `transfer_id` is the transfer that brought it; empty = not stated.
    """

    partner_id: str
    statement_id: str
    remit_time: datetime
    lines: tuple[tuple[str, int], ...]
    settles: bool
    transfer_id: str
