"""What orders knows of catalog's products, sellers and livestream sessions; kept so that news may come in any order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from chassis.kernel import Aggregate

from orders.domain.goods import UNKNOWN, Handling, Size

CHANGES_MAX = 100
"""Prices or pickup points kept per view; older ones are not needed, as an order is placed now."""


FINISHED = "FINISHED"
"""Catalog's word for the ordinary end of a session."""


class Price(NamedTuple):
    """A list price of one piece and the business time from which it holds; later facts win at the same time."""

    from_time: datetime
    fact_version: int
    price_vnd: int


class PickupFrom(NamedTuple):
    """The pickup point that holds from a business time on; later facts win at the same time."""

    from_time: datetime
    fact_version: int
    pickup_point_id: str


class Offer(NamedTuple):
    """A product at a price of its own in a session, from a business time on; later facts win at the same time."""

    from_time: datetime
    fact_version: int
    product_id: str
    price_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView(Aggregate):
    """A product as ordered from: `published` and `withdrawn` are the versions of the last such facts (0 = never)."""

    published: int = 0
    withdrawn: int = 0
    seller_id: str = ""
    prices: tuple[Price, ...] = ()
    size: Size = UNKNOWN
    handling: tuple[Handling, ...] = ()

    def publish(
        self, fact_version: int, price: Price, seller_id: str, size: Size, handling: tuple[Handling, ...]
    ) -> ProductView:
        """It can be ordered; an older publication only adds its price."""
        priced = self.price(price)
        if fact_version <= self.published:
            return priced
        return replace(priced, published=fact_version, seller_id=seller_id, size=size, handling=handling)

    def withdraw(self, fact_version: int) -> ProductView:
        """It can no longer be ordered, unless it was published again later."""
        return replace(self, withdrawn=max(self.withdrawn, fact_version))

    def price(self, price: Price) -> ProductView:
        """The list price changes at a time."""
        return replace(self, prices=tuple(sorted({*self.prices, price})[-CHANGES_MAX:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerView(Aggregate):
    """A seller as ordered from: where parcels are collected from when on, and whether they may sell.

    `suspension_version` is the fact that said so last; facts of before change nothing.
    """

    is_suspended: bool = False
    suspension_version: int = 0
    pickup_points: tuple[PickupFrom, ...] = ()

    def suspend(self, fact_version: int) -> SellerView:
        """They may not sell, unless they were let again later."""
        return self._may_sell(False, fact_version)

    def reinstate(self, fact_version: int) -> SellerView:
        """They may sell, unless they were stopped again later."""
        return self._may_sell(True, fact_version)

    def _may_sell(self, may: bool, fact_version: int) -> SellerView:
        if fact_version <= self.suspension_version:
            return self
        return replace(self, is_suspended=not may, suspension_version=fact_version)

    def collect_at(self, pickup: PickupFrom) -> SellerView:
        """Parcels are collected there from a time on."""
        return replace(self, pickup_points=tuple(sorted({*self.pickup_points, pickup})[-CHANGES_MAX:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView(Aggregate):
    """A livestream session: when it is live, and its offers, which end with it."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    end_reason: str = ""
    offers: tuple[Offer, ...] = ()

    def takes_orders(self, now: datetime) -> bool:
        """It has started; an ordinary end leaves the list prices (R25), any other stops its orders for good (R42)."""
        has_started = self.start_time is not None and self.start_time <= now
        return has_started and (self.end_time is None or self.end_reason == FINISHED)

    def open_offer(self, offer: Offer) -> SessionView:
        """A product is offered."""
        return replace(self, offers=tuple(sorted({*self.offers, offer})))

    def offer_price(self, product_id: str, now: datetime) -> int | None:
        """The price of the last offer of the product that has begun; None if there is none, or the session is over."""
        if self.end_time is not None:
            return None
        prices = [o.price_vnd for o in self.offers if o.product_id == product_id and o.from_time <= now]
        return prices[-1] if prices else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForSale(Aggregate):
    """A product together with its seller, as placing an order reads them; id = product id, never changed."""

    published: int
    withdrawn: int
    seller_id: str
    prices: tuple[Price, ...]
    size: Size
    handling: tuple[Handling, ...]
    seller_is_suspended: bool
    pickup_points: tuple[PickupFrom, ...]

    @property
    def is_published(self) -> bool:
        """It can be ordered."""
        return self.published > self.withdrawn

    def list_price(self, now: datetime) -> int | None:
        """The list price in force; None before the first."""
        prices = [price.price_vnd for price in self.prices if price.from_time <= now]
        return prices[-1] if prices else None

    def pickup_point_id(self, now: datetime) -> str | None:
        """Where it is collected now; None if the seller has no point yet or may not sell."""
        points = [pickup.pickup_point_id for pickup in self.pickup_points if pickup.from_time <= now]
        return points[-1] if points and not self.seller_is_suspended else None


def for_sale(product: ProductView, seller: SellerView | None) -> ForSale:
    """The two together, as the database's view `for_sale` joins them."""
    return ForSale(
        id=product.id,
        version=product.version,
        published=product.published,
        withdrawn=product.withdrawn,
        seller_id=product.seller_id,
        prices=product.prices,
        size=product.size,
        handling=product.handling,
        seller_is_suspended=seller is not None and seller.is_suspended,
        pickup_points=seller.pickup_points if seller else (),
    )
