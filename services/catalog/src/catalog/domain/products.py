"""Products: what is sold, by whom, and at which list price since when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel import Aggregate, Outcome, said

from catalog.domain.errors import NotForSale, ProductExists, TooManyPriceChanges
from catalog.domain.events import PriceChanged, ProductPublished, ProductWithdrawn
from catalog.domain.goods import Handling, Ocop, Size
from catalog.domain.sellers import effective_time

PRICE_KEPT = timedelta(days=2)
"""How long a price that is no longer in force is remembered, for orders placed under it that arrive late."""

PRICES_MAX = 32


@dataclass(frozen=True, slots=True)
class Price:
    """A list price of one piece in đồng and since when it is in force."""

    list_price_vnd: int
    from_time: datetime


@dataclass(frozen=True, slots=True)
class Description:
    """What a product is, as its seller states it."""

    name: str
    size: Size
    handling: tuple[Handling, ...]
    ocop: Ocop | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Aggregate):
    """Something for sale. Invariant: prices are in the order of their times, and few; counted pieces are Stock's."""

    seller_id: str
    description: Description
    prices: tuple[Price, ...]
    publish_time: datetime
    withdraw_time: datetime | None = None

    def list_price_vnd_at(self, time: datetime) -> int | None:
        """The list price in force at a moment; None before the first."""
        in_force = [price for price in self.prices if price.from_time <= time]
        return in_force[-1].list_price_vnd if in_force else None

    def on_sale_at(self, time: datetime) -> bool:
        """Whether it could be ordered at a moment: published, not withdrawn by then, its size known (R31)."""
        is_there = bool(self.prices) and self.prices[0].from_time <= time
        return is_there and self.description.size.is_known and not self.withdrawn_at(time)

    def withdrawn_at(self, time: datetime) -> bool:
        """Whether it was off sale at a moment."""
        return self.withdraw_time is not None and self.withdraw_time <= time

    def withdraw(self, now: datetime) -> Outcome:
        """Take it off sale; replies with the moment."""
        self._require_on_sale()
        return said(replace(self, withdraw_time=now), ProductWithdrawn(self.id, now), reply=now)

    def change_price(self, list_price_vnd: int, wished_time: datetime | None, now: datetime) -> Outcome:
        """Another list price from a moment on, now at the earliest; replies with that moment."""
        self._require_on_sale()
        from_time = effective_time(wished_time, now)
        changed = replace(self, prices=_with_price(self.prices, Price(list_price_vnd, from_time), now))
        return said(changed, PriceChanged(self.id, list_price_vnd, from_time), reply=from_time)

    def publish_anew(self, seller_id: str, description: Description, list_price_vnd: int, now: datetime) -> Outcome:
        """Put a withdrawn product on sale again as described now; replies with its id.

        Changes that were planned are off. Readers know them, so each is told anew with the price that holds.
        """
        if self.withdraw_time is None or seller_id != self.seller_id:
            raise ProductExists(product_id=self.id)
        past = tuple(price for price in self.prices if price.from_time <= now)
        prices = _with_price(past, Price(list_price_vnd, now), now)
        back = replace(self, description=description, prices=prices, publish_time=now, withdraw_time=None)
        planned = [price.from_time for price in self.prices if price.from_time > now]
        taken_back = (PriceChanged(self.id, list_price_vnd, time) for time in planned)
        return said(back, _published(back, list_price_vnd), *taken_back, reply=self.id)

    def _require_on_sale(self) -> None:
        if self.withdraw_time is not None:
            raise NotForSale(product_id=self.id)


def publish(
    product_id: str, seller_id: str, description: Description, list_price_vnd: int, now: datetime, trace: str
) -> Outcome:
    """A new product; replies with its id."""
    product = Product(
        id=product_id,
        trace=trace,
        seller_id=seller_id,
        description=description,
        prices=(Price(list_price_vnd, now),),
        publish_time=now,
    )
    return said(product, _published(product, list_price_vnd), reply=product_id)


def _published(product: Product, list_price_vnd: int) -> ProductPublished:
    what = product.description
    return ProductPublished(
        product.id,
        product.seller_id,
        what.name,
        list_price_vnd,
        what.size,
        what.handling,
        what.ocop,
        product.publish_time,
    )


def _with_price(prices: tuple[Price, ...], price: Price, now: datetime) -> tuple[Price, ...]:
    """The prices with one more; those out of force for longer than PRICE_KEPT are forgotten."""
    others = [other for other in prices if other.from_time != price.from_time]
    ordered = sorted([*others, price], key=lambda one: one.from_time)
    out_of_force = sum(1 for later in ordered[1:] if later.from_time <= now - PRICE_KEPT)
    kept = tuple(ordered[out_of_force:])
    if len(kept) > PRICES_MAX:
        raise TooManyPriceChanges(changes_max=PRICES_MAX)
    return kept
