"""Goods on their way to a buyer: lines, sizes, destinations, and the parts an order is split into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class PaymentMethod(StrEnum):
    """How a buyer pays."""

    QR = "QR"
    COD = "COD"


class Handling(StrEnum):
    """What goods need on the way; none = dry goods."""

    FRAGILE = "FRAGILE"
    HEAVY = "HEAVY"
    OVERSIZE = "OVERSIZE"
    DRY_FOOD = "DRY_FOOD"
    PERISHABLE = "PERISHABLE"
    HOT_MEAL = "HOT_MEAL"
    LIQUID = "LIQUID"
    LIVE_PLANT = "LIVE_PLANT"
    UPRIGHT = "UPRIGHT"
    HIGH_VALUE = "HIGH_VALUE"
    DOCUMENTS = "DOCUMENTS"


class ParcelState(StrEnum):
    """How far the parcel of a part has come, as heard from shipping."""

    AWAITED = "AWAITED"
    CREATED = "CREATED"
    READY = "READY"
    PICKED_UP = "PICKED_UP"
    IN_TRANSIT = "IN_TRANSIT"
    RETURNING = "RETURNING"
    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"
    LOST = "LOST"

    @property
    def rank(self) -> int:
        """Later states have higher ranks; old news never moves a parcel backwards, and final states never move."""
        return min(_ORDER[self], _FINAL)

    @property
    def is_final(self) -> bool:
        """Nothing more will happen to this parcel."""
        return self.rank == _FINAL


_ORDER = {state: number for number, state in enumerate(ParcelState)}
_FINAL = _ORDER[ParcelState.DELIVERED]


@dataclass(frozen=True, slots=True)
class Size:
    """Gross weight in grams and outer sides in whole centimetres; 0 = not known."""

    weight_g: int
    length_cm: int
    width_cm: int
    height_cm: int

    @property
    def is_known(self) -> bool:
        """Weight and all three sides are known, so that it can be shipped."""
        return min(self.weight_g, self.length_cm, self.width_cm, self.height_cm) > 0


UNKNOWN = Size(0, 0, 0, 0)
"""Of something that nobody has measured."""


def packed(pieces: Iterable[tuple[Size, int]]) -> Size:
    """The estimated size of one box around (size, quantity): the largest footprint, as high as the volume needs."""
    items = list(pieces)
    length = max(size.length_cm for size, _ in items)
    width = max(size.width_cm for size, _ in items)
    tallest = max(size.height_cm for size, _ in items)
    volume = sum(size.length_cm * size.width_cm * size.height_cm * quantity for size, quantity in items)
    height = max(tallest, -(-volume // (length * width)))
    return Size(sum(size.weight_g * quantity for size, quantity in items), length, width, height)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an order goes: a five-digit commune code on a local date ("YYYY-MM-DD"), and a hamlet (empty = unknown)."""

    commune_code: str
    as_of_date: str
    hamlet: str


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces of one product at the agreed price; session_id names the session whose offer gave it (empty = list)."""

    product_id: str
    quantity: int
    unit_price_vnd: int
    session_id: str = ""

    @property
    def amount_vnd(self) -> int:
        """What the line costs."""
        return self.quantity * self.unit_price_vnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one buyer gets from one pickup point; it becomes one parcel, with the part's id.

    `parcel` is what was heard of that parcel; `cancel_reason` says why the buyer will not get it (empty = they will,
    or nobody knows yet).
    """

    part_id: str
    pickup_point_id: str
    seller_ids: tuple[str, ...]
    lines: tuple[Line, ...]
    goods_vnd: int
    size: Size
    handling: tuple[Handling, ...]
    parcel: ParcelState = ParcelState.AWAITED
    cancel_reason: str = ""
