"""What orders says: the facts of an order, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orders.domain.goods import Destination, Line, Part, PaymentMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """A buyer placed the order; catalog is asked to hold its stock."""

    order_id: str
    contact_id: str
    channel: str
    channel_order_id: str
    destination: Destination
    payment_method: PaymentMethod
    parts: tuple[Part, ...]
    total_vnd: int
    place_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDue:
    """Stock is held; payments is asked for the money. `part_amounts` are (part_id, amount_vnd)."""

    order_id: str
    total_vnd: int
    payment_method: PaymentMethod
    due_time: datetime
    part_amounts: tuple[tuple[str, int], ...]
    channel: str
    placed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed:
    """Stock and payment are settled; shipping is asked for one parcel a part, catalog commits the hold."""

    order_id: str
    contact_id: str
    destination: Destination
    parts: tuple[Part, ...]
    payment_method: PaymentMethod
    place_time: datetime
    confirm_time: datetime
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPartCancelled:
    """The buyer will not get this part: its money is undone, and `restock_lines` go back to stock."""

    order_id: str
    part_id: str
    reason: str
    amount_vnd: int
    restock_lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """The order is off; everything is undone but `open_part_ids`, which follow part by part."""

    order_id: str
    reason: str
    cancel_time: datetime
    open_part_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCompleted:
    """Every part is settled and at least one is with the buyer."""

    order_id: str
    complete_time: datetime
