"""What catalog says has happened; each fact carries the id that is its topic's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.domain.goods import Handling, Line, Ocop, Size
from catalog.domain.places import PickupPoint, Place


class SellerKind(StrEnum):
    """What kind of trader a seller is (R01)."""

    HOUSEHOLD = "HOUSEHOLD"
    INDIVIDUAL = "INDIVIDUAL"
    COOPERATIVE = "COOPERATIVE"
    COMPANY = "COMPANY"

    @property
    def always_registered(self) -> bool:
        """Whether it exists by its business registration only; households and individuals may trade without one."""
        return self in (SellerKind.COOPERATIVE, SellerKind.COMPANY)


class Refusal(StrEnum):
    """Why stock was refused."""

    SHORT = "SHORT"
    OFFER_SOLD_OUT = "OFFER_SOLD_OUT"
    PRICE_MISMATCH = "PRICE_MISMATCH"
    NOT_FOR_SALE = "NOT_FOR_SALE"
    ALREADY_RELEASED = "ALREADY_RELEASED"


class ReleaseReason(StrEnum):
    """Why stock was let go."""

    ORDER_CANCELLED = "ORDER_CANCELLED"
    PART_CANCELLED = "PART_CANCELLED"
    HOLD_EXPIRED = "HOLD_EXPIRED"


class EndReason(StrEnum):
    """Why a livestream session ended."""

    FINISHED = "FINISHED"
    STOPPED_BY_AUTHORITY = "STOPPED_BY_AUTHORITY"


@dataclass(frozen=True, slots=True)
class SellerRegistered:
    """The seller was registered."""

    seller_id: str
    legal_name: str
    kind: SellerKind
    tax_id: str
    home: Place
    pickup_point: PickupPoint
    register_time: datetime


@dataclass(frozen=True, slots=True)
class PickupPointChanged:
    """The seller hands parcels over elsewhere from a moment on."""

    seller_id: str
    pickup_point: PickupPoint
    effective_time: datetime


@dataclass(frozen=True, slots=True)
class SellerSuspended:
    """The seller may not sell for now."""

    seller_id: str
    reason: str
    suspend_time: datetime


@dataclass(frozen=True, slots=True)
class SellerReinstated:
    """A suspended seller may sell again."""

    seller_id: str
    reason: str
    reinstate_time: datetime


@dataclass(frozen=True, slots=True)
class ProductPublished:
    """The product can be ordered."""

    product_id: str
    seller_id: str
    name: str
    list_price_vnd: int
    size: Size
    handling: tuple[Handling, ...]
    ocop: Ocop | None
    publish_time: datetime


@dataclass(frozen=True, slots=True)
class ProductWithdrawn:
    """The product can no longer be ordered."""

    product_id: str
    withdraw_time: datetime


@dataclass(frozen=True, slots=True)
class PriceChanged:
    """The list price changes at a moment."""

    product_id: str
    list_price_vnd: int
    effective_time: datetime


@dataclass(frozen=True, slots=True)
class StockReserved:
    """All lines are held for the order."""

    order_id: str
    lines: tuple[Line, ...]
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class StockRefused:
    """Nothing is held for the order."""

    order_id: str
    refusal: Refusal
    product_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockReleased:
    """The order, or parts of it, let go of its stock; `lines` go back to the shelf."""

    order_id: str
    reason: ReleaseReason
    part_ids: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class StockCommitted:
    """The order's hold became a sale."""

    order_id: str
    commit_time: datetime


@dataclass(frozen=True, slots=True)
class LivestreamStarted:
    """The session went live."""

    session_id: str
    host_id: str
    seller_ids: tuple[str, ...]
    start_time: datetime


@dataclass(frozen=True, slots=True)
class OfferOpened:
    """A product is offered at a price of its own; quota 0 = as far as stock goes."""

    session_id: str
    product_id: str
    offer_price_vnd: int
    quota: int
    from_time: datetime


@dataclass(frozen=True, slots=True)
class LivestreamEnded:
    """The session is over, and its offers with it."""

    session_id: str
    end_time: datetime
    reason: EndReason
