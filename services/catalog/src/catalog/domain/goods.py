"""Goods as catalog speaks of them: lines, sizes, handling, OCOP certificates."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

OCOP_STARS = range(3, 6)
OCOP_GROUPS = range(1, 7)
OCOP_VALID_MONTHS = 36


class Handling(StrEnum):
    """What a product needs on the way; named as in the common contract."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces of a product at the price of one piece; `session_id` names the livestream whose offer gave the price."""

    product_id: str
    quantity: int
    unit_price_vnd: int
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Outer size in centimetres and gross weight in grams of a packed piece; 0 = not known."""

    weight_g: int = 0
    length_cm: int = 0
    width_cm: int = 0
    height_cm: int = 0

    @property
    def is_known(self) -> bool:
        """Whether a courier can be asked to carry it."""
        return min(self.weight_g, self.length_cm, self.width_cm, self.height_cm) > 0


@dataclass(frozen=True, slots=True)
class Ocop:
    """An OCOP certificate; without a decision number no badge is shown."""

    stars: int
    group: int
    decision_number: str
    issue_date: date

    def badge_shown_on(self, day: date) -> bool:
        """Whether the badge may be shown on a local day: from the issue to the last day of month 36."""
        return bool(self.decision_number) and self.issue_date <= day <= _months_later(self.issue_date)


def _months_later(day: date) -> date:
    months = day.year * 12 + day.month - 1 + OCOP_VALID_MONTHS
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def packed(pieces: list[tuple[Size, int]]) -> Size:
    """Estimated size of pieces packed together: laid flat and stacked. All zeros if the size of one is not known."""
    if not pieces or not all(size.is_known for size, _ in pieces):
        return Size()
    sides = [sorted((s.length_cm, s.width_cm, s.height_cm), reverse=True) for s, _ in pieces]
    height = sum(side[2] * quantity for side, (_, quantity) in zip(sides, pieces, strict=True))
    outer = sorted((max(s[0] for s in sides), max(s[1] for s in sides), height), reverse=True)
    return Size(sum(size.weight_g * quantity for size, quantity in pieces), *outer)
