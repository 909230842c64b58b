"""What orders can be asked to do; ids and texts come checked from the edge, business time from the Moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from orders.domain.goods import Handling, Line, ParcelState, PaymentMethod, Size
from orders.domain.order import PaymentAnswer, StockAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Take an order. A line's price is what the buyer was shown (0 = any); an empty as_of_date is today."""

    order_id: str
    contact_id: str
    channel: str
    channel_order_id: str
    placed_by: str
    session_id: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)
    commune_code: str
    as_of_date: str
    hamlet: str
    payment_method: PaymentMethod
    lines: tuple[Line, ...]
    client_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Call an order off for its buyer; with `placed_by` only if that caller placed it (empty = whoever did)."""

    order_id: str
    placed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseContact:
    """Forget a buyer: the contact named, and `same_person_ids`, the others of the same person."""

    contact_id: str
    same_person_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpWait:
    """The clock found a deadline passed."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStock:
    """Catalog said something about an order's stock; `time` None = when it was heard, `answer` None = only news."""

    order_id: str
    kind: str
    detail: str
    time: datetime | None
    answer: StockAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePayment:
    """Payments said something about an order's money; `time` None = when it was heard, `answer` None = only news."""

    order_id: str
    kind: str
    detail: str
    time: datetime | None
    answer: PaymentAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteParcel:
    """Shipping said something about a part's parcel; `time` None = when it was heard, `answer` None = only news."""

    order_id: str
    parcel_id: str
    kind: str
    detail: str
    time: datetime | None
    answer: ParcelState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteProductPublished:
    """Catalog published a product."""

    product_id: str
    fact_version: int
    seller_id: str
    list_price_vnd: int
    size: Size
    handling: tuple[Handling, ...]
    publish_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteProductWithdrawn:
    """Catalog withdrew a product."""

    product_id: str
    fact_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePriceChanged:
    """A product's list price changes."""

    product_id: str
    fact_version: int
    list_price_vnd: int
    effective_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePickupPoint:
    """A seller registered, or moved: parcels are collected at this point from a time on."""

    seller_id: str
    fact_version: int
    pickup_point_id: str
    effective_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSellerSuspended:
    """A seller may not sell for now."""

    seller_id: str
    fact_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSellerReinstated:
    """A suspended seller may sell again."""

    seller_id: str
    fact_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLivestreamStarted:
    """A session went live."""

    session_id: str
    start_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOfferOpened:
    """A product is offered in a session."""

    session_id: str
    fact_version: int
    product_id: str
    offer_price_vnd: int
    from_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLivestreamEnded:
    """A session is over; `reason` as catalog says it."""

    session_id: str
    end_time: datetime
    reason: str
