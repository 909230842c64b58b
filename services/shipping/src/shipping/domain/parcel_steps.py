"""The states of a parcel, the scans that move it between them, and the steps of its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ParcelState(StrEnum):
    """How far a parcel has come; the names of the contract."""

    WAITING = "waiting"
    CALLED_OFF = "called_off"
    CREATED = "created"
    READY = "ready"
    ON_HOLD = "on_hold"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    CANCELLED = "cancelled"
    REFUSED = "refused"


ENDS = {ParcelState.LOST: 1, ParcelState.RETURNED: 2, ParcelState.DELIVERED: 3}
"""How a way ends, and which end outweighs which.

Who delivered a parcel, or brought it back, knows more than who cannot find it. The times say nothing here: cash is
collected whatever was scanned before or after, and so the end does not depend on which scan arrives first.
"""

FINAL = frozenset({*ENDS, ParcelState.CANCELLED, ParcelState.REFUSED})
"""Nothing more is to happen; yet a scan may show that a courier has what was called off, or found what was lost."""

BEFORE_PICKUP = frozenset({ParcelState.WAITING, ParcelState.CREATED, ParcelState.READY, ParcelState.ON_HOLD})
ON_THE_WAY = frozenset(
    {ParcelState.PICKED_UP, ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY, ParcelState.DELIVERY_FAILED}
)


class Step(NamedTuple):
    """One entry of a parcel's history; `scan_id` "" = our own doing. Scans stand at the partner's time."""

    kind: str
    time: datetime
    detail: str = ""
    scan_id: str = ""


class ScanKind(StrEnum):
    """What a partner scans after the pickup; the value is the step's kind."""

    UNKNOWN = "Unknown"
    IN_TRANSIT = "ParcelInTransit"
    OUT_FOR_DELIVERY = "OutForDelivery"
    DELIVERY_FAILED = "DeliveryFailed"
    DELIVERED = "ParcelDelivered"
    RETURNED = "ParcelReturned"
    LOST = "ParcelLost"


MOVES = {
    ScanKind.IN_TRANSIT: ParcelState.IN_TRANSIT,
    ScanKind.OUT_FOR_DELIVERY: ParcelState.OUT_FOR_DELIVERY,
    ScanKind.DELIVERY_FAILED: ParcelState.DELIVERY_FAILED,
    ScanKind.DELIVERED: ParcelState.DELIVERED,
    ScanKind.RETURNED: ParcelState.RETURNED,
    ScanKind.LOST: ParcelState.LOST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A scan as the parcel hears it."""

    scan_id: str
    kind: ScanKind
    time: datetime
    partner_id: str
    cod_collected_vnd: int = 0
    reason: str = ""


def outweighs(end: ParcelState, state: ParcelState) -> bool:
    """Whether a scan of that end moves a parcel from its state."""
    return ENDS.get(end, 0) > ENDS.get(state, 0)


def ordered(history: tuple[Step, ...], steps: Iterable[Step]) -> tuple[Step, ...]:
    """The history with these steps, by time, then by scan; what came together stays in its order."""
    return tuple(sorted((*history, *steps), key=lambda step: (step.time, step.scan_id)))
