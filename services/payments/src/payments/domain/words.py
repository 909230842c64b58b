"""The states and small records that the whole domain shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """How an order is paid; UNKNOWN until orders says that payment is due."""

    UNKNOWN = "UNKNOWN"
    QR = "QR"
    COD = "COD"


class PaymentState(StrEnum):
    """Where a payment stands."""

    UNHEARD = "UNHEARD"
    REQUESTED = "REQUESTED"
    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"


class TransferState(StrEnum):
    """How a bank's notice ended."""

    EXACT = "EXACT"
    SHORT = "SHORT"
    OVER = "OVER"
    LATE = "LATE"
    DUPLICATE = "DUPLICATE"
    UNMATCHED = "UNMATCHED"
    OUTGOING = "OUTGOING"
    REMITTANCE = "REMITTANCE"


class CodState(StrEnum):
    """Where the cash of one parcel stands; DUE lives on the payment, the others on the partner's parcel."""

    DUE = "DUE"
    COLLECTED = "COLLECTED"
    REMITTED = "REMITTED"
    SETTLED = "SETTLED"
    DISPUTED = "DISPUTED"


class RemittanceOutcome(StrEnum):
    """How a line of a statement compares with what was open."""

    MATCHED = "MATCHED"
    SHORT = "SHORT"
    OVER = "OVER"
    UNKNOWN_PARCEL = "UNKNOWN_PARCEL"


@dataclass(frozen=True, slots=True)
class Happened:
    """One step of a payment's history; `detail` never holds personal data."""

    kind: str
    time: datetime
    detail: str = ""
