"""What is shipped: sizes, handling, and everything about a parcel that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Handling(StrEnum):
    """What a parcel needs on the way; the names of the contract without their prefix."""

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


NEEDS_VAN = frozenset({Handling.HEAVY, Handling.OVERSIZE})


@dataclass(frozen=True, slots=True)
class Size:
    """Gross weight in grams and the three sides in centimetres; 0 = not known."""

    weight_g: int = 0
    length_cm: int = 0
    width_cm: int = 0
    height_cm: int = 0

    @property
    def side_max_cm(self) -> int:
        """The longest side."""
        return max(self.length_cm, self.width_cm, self.height_cm)

    def chargeable_g(self, divisor: int, step_g: int) -> int:
        """The larger of actual and volumetric grams, rounded to the partner's step; divisor in cm³ a kilogram."""
        volumetric = _half_up(self.length_cm * self.width_cm * self.height_cm * 1000, divisor)
        return -(-max(self.weight_g, volumetric) // step_g) * step_g


def _half_up(number: int, divisor: int) -> int:
    return (2 * number + divisor) // (2 * divisor)


@dataclass(frozen=True, slots=True)
class Place:
    """A commune on a local date (ISO); hamlet "" = not known."""

    commune_code: str = ""
    as_of_date: str = ""
    hamlet: str = ""


NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What a part of an order asks to be shipped; fixed for the life of its parcel. All defaults = a tombstone's."""

    order_id: str = ""
    contact_id: str = ""
    seller_ids: tuple[str, ...] = ()
    pickup_point_id: str = ""
    destination: Place = Place()
    size: Size = Size()
    handling: tuple[Handling, ...] = ()
    cod_vnd: int = 0
    channel: str = ""
    place_time: datetime = NEVER

    @property
    def needs_van(self) -> bool:
        """Whether a motorbike cannot take it."""
        return bool(NEEDS_VAN & set(self.handling))


NO_SHIPMENT = Shipment()
"""A tombstone's."""
