"""What catalog can be asked to do. `acting_seller_id` is the seller of the caller's credential; empty = all sellers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.domain.events import EndReason
from catalog.domain.goods import Line
from catalog.domain.holds import HeldLine
from catalog.domain.livestreams import HostVerification
from catalog.domain.places import PickupPoint, Place
from catalog.domain.products import Description
from catalog.domain.sellers import PublicBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSeller:
    """Register a seller."""

    acting_seller_id: str
    seller_id: str
    public_block: PublicBlock
    home: Place
    pickup_point: PickupPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendSeller:
    """Stop a seller from selling."""

    seller_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstateSeller:
    """Let a suspended seller sell again."""

    seller_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePickupPoint:
    """Collect a seller's parcels elsewhere; `effective_time` None = now."""

    acting_seller_id: str
    seller_id: str
    pickup_point: PickupPoint
    effective_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishProduct:
    """Put a product on sale."""

    acting_seller_id: str
    product_id: str
    seller_id: str
    description: Description
    list_price_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawProduct:
    """Take a product off sale."""

    acting_seller_id: str
    product_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePrice:
    """Change a list price; `effective_time` None = now."""

    acting_seller_id: str
    product_id: str
    list_price_vnd: int
    effective_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStock:
    """Take a count of the pieces on the shelf, made against a version of the stock."""

    acting_seller_id: str
    product_id: str
    on_hand_quantity: int
    expected_stock_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLivestream:
    """Open a livestream session."""

    acting_seller_id: str
    session_id: str
    host_id: str
    host_verification: HostVerification
    seller_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOffer:
    """Offer a product in a session; quota 0 = as far as stock goes."""

    acting_seller_id: str
    session_id: str
    product_id: str
    offer_price_vnd: int
    quota: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLivestream:
    """End a session."""

    acting_seller_id: str
    session_id: str
    reason: EndReason
    authority_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveStock:
    """Hold all lines of an order until `expire_time`, at the terms of `place_time`, or none; `seller_ids` sell them."""

    order_id: str
    lines: tuple[HeldLine, ...]
    seller_ids: tuple[str, ...]
    place_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStock:
    """Make an order's hold a sale; its lines are told again for a hold that lapsed or never was."""

    order_id: str
    lines: tuple[HeldLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePart:
    """Let go of one part of an order; `restock_lines` go back to the shelf, the rest did not come back."""

    order_id: str
    part_id: str
    restock_lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStock:
    """Let go of all stock of an order but that of its open parts."""

    order_id: str
    open_part_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHold:
    """Let a hold lapse whose time is over; it draws on these products."""

    order_id: str
    product_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRestock:
    """Carry pieces back to the shelves of these products."""

    restock_id: str
    product_ids: tuple[str, ...]
