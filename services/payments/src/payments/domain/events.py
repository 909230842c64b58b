"""What payments says happened; `order_id` is the topic's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from payments.domain.words import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested:
    """A QR code was made; transfers must have a bank time before `expire_time`."""

    order_id: str
    amount_vnd: int
    qr_payload: str
    expire_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAuthorized:
    """The money is there, or cash on delivery is accepted."""

    order_id: str
    amount_vnd: int
    method: Method
    authorize_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined:
    """The payment cannot be made: OVER_TRANSFER_LIMIT, OVER_COD_LIMIT, ALREADY_VOIDED."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExpired:
    """No full transfer came in time, by the bank's time."""

    order_id: str
    expire_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoided:
    """The payment is no longer wanted and nothing had been received."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDue:
    """The buyer gets money back; `part_id` empty = not for one part."""

    order_id: str
    refund_id: str
    amount_vnd: int
    reason: str
    part_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded:
    """The buyer got money back."""

    order_id: str
    refund_id: str
    amount_vnd: int
    refund_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CodCollected:
    """A courier collected cash and owes it from now on, until `remit_due_date` (local)."""

    order_id: str
    parcel_id: str
    partner_id: str
    amount_vnd: int
    collect_time: datetime
    remit_due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CodRemitted:
    """A courier stated the cash as remitted."""

    order_id: str
    parcel_id: str
    partner_id: str
    amount_vnd: int
    statement_id: str
    remit_time: datetime
