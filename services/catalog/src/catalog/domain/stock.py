"""Counted stock of one product, and the livestream offers that draw on it: the one hot row of a product."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.kernel import Aggregate

from catalog.domain.errors import CountedBelowHeld, OfferExists, StockVersionMismatch, TooManyOffers
from catalog.domain.events import Refusal
from catalog.domain.goods import Line

OFFERS_MAX = 20
OFFER_KEPT = timedelta(days=3)
"""How long an offer is remembered here, for orders placed under it that arrive, lapse or come back late."""


class Move(StrEnum):
    """The ways of pieces."""

    FREE_TO_HELD = "FREE_TO_HELD"
    HELD_TO_FREE = "HELD_TO_FREE"
    HELD_TO_SOLD = "HELD_TO_SOLD"
    SOLD_TO_FREE = "SOLD_TO_FREE"


@dataclass(frozen=True, slots=True)
class Moved:
    """Pieces of a line on one of the ways."""

    move: Move
    line: Line


@dataclass(frozen=True, slots=True)
class Offer:
    """A price of its own in one session; `taken_quantity` pieces of `quota` (0 = no limit) are held or sold at it."""

    session_id: str
    offer_price_vnd: int
    quota: int
    from_time: datetime
    taken_quantity: int = 0

    def has_left(self, quantity: int) -> bool:
        """Whether so many more pieces may be sold at its price."""
        return self.quota == 0 or self.taken_quantity + quantity <= self.quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock(Aggregate):
    """Pieces of the product with the same id. Invariant: 0 <= held <= on hand, and held + sold + free = all counted.

    `stock_version` counts the changes of what is on hand, so that a count made before a sale is refused.
    """

    on_hand_quantity: int = 0
    held_quantity: int = 0
    sold_quantity: int = 0
    stock_version: int = 0
    offers: tuple[Offer, ...] = ()

    def __post_init__(self) -> None:
        """Holds the invariant, whatever moved."""
        assert 0 <= self.held_quantity <= self.on_hand_quantity and self.sold_quantity >= 0, self

    @property
    def free_quantity(self) -> int:
        """Pieces that can be held."""
        return self.on_hand_quantity - self.held_quantity

    def offer_of(self, session_id: str) -> Offer | None:
        """The session's offer; None if there is none, or it is long over."""
        return next((offer for offer in self.offers if offer.session_id == session_id), None)

    def set_counted(self, on_hand_quantity: int, expected_stock_version: int) -> Stock:
        """Take a count made against a version; raises StockVersionMismatch, CountedBelowHeld."""
        if expected_stock_version != self.stock_version:
            raise StockVersionMismatch(product_id=self.id, stock_version=self.stock_version)
        if on_hand_quantity < self.held_quantity:
            raise CountedBelowHeld(product_id=self.id, held_quantity=self.held_quantity)
        return replace(self, on_hand_quantity=on_hand_quantity, stock_version=self.stock_version + 1)

    def open_offer(self, offer: Offer) -> Stock:
        """Remember an offer, and forget those of long ago; raises OfferExists, TooManyOffers."""
        if self.offer_of(offer.session_id) is not None:
            raise OfferExists(product_id=self.id, session_id=offer.session_id)
        kept = tuple(old for old in self.offers if old.from_time > offer.from_time - OFFER_KEPT)
        if len(kept) >= OFFERS_MAX:
            raise TooManyOffers(product_id=self.id, offers_max=OFFERS_MAX)
        return replace(self, offers=(*kept, offer))

    def refusal_of(self, line: Line) -> Refusal | None:
        """Why the line's pieces cannot be held now; None if they can."""
        if line.quantity > self.free_quantity:
            return Refusal.SHORT
        offer = self.offer_of(line.session_id) if line.session_id else None
        if offer is not None and not offer.has_left(line.quantity):
            return Refusal.OFFER_SOLD_OUT
        return None

    def moved(self, move: Move, line: Line) -> Stock:
        """After the line's pieces went that way."""
        count = line.quantity
        match move:
            case Move.FREE_TO_HELD:
                return replace(self, held_quantity=self.held_quantity + count, offers=self._taken(line, count))
            case Move.HELD_TO_FREE:
                return replace(self, held_quantity=self.held_quantity - count, offers=self._taken(line, -count))
            case Move.HELD_TO_SOLD:
                return self._sold(count, held=self.held_quantity - count, offers=self.offers)
            case Move.SOLD_TO_FREE:
                return self._sold(-count, held=self.held_quantity, offers=self._taken(line, -count))

    def _sold(self, count: int, held: int, offers: tuple[Offer, ...]) -> Stock:
        return replace(
            self,
            on_hand_quantity=self.on_hand_quantity - count,
            held_quantity=held,
            sold_quantity=self.sold_quantity + count,
            stock_version=self.stock_version + 1,
            offers=offers,
        )

    def _taken(self, line: Line, count: int) -> tuple[Offer, ...]:
        if not line.session_id:
            return self.offers
        return tuple(
            replace(offer, taken_quantity=offer.taken_quantity + count)
            if offer.session_id == line.session_id
            else offer
            for offer in self.offers
        )


def all_moved(stocks: dict[str, Stock], moves: tuple[Moved, ...]) -> dict[str, Stock]:
    """The stocks, by product id, after all moves; fails if a product of a move is not among them."""
    after = dict(stocks)
    for one in moves:
        after[one.line.product_id] = after[one.line.product_id].moved(one.move, one.line)
    return after
