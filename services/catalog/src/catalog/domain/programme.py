"""A commune's e-commerce programme in counters (R07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from catalog.domain.products import Product

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
BUSY_ORDERS = 20
"""So many orders a day make a seller a busy one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Sellers and products as they are, orders of one day."""

    seller_count: int
    ocop_product_count: int
    ocop_on_sale_count: int
    busy_seller_count: int
    busy_order_count: int


def programme(seller_count: int, products: Sequence[Product], orders: Mapping[str, int], now: datetime) -> Programme:
    """The counters; `products` are those that ever had a certificate, `orders` confirmed ones of the day by seller."""
    today = now.astimezone(LOCAL).date()
    certified = [one for one in products if one.description.ocop and one.description.ocop.badge_shown_on(today)]
    busy = [count for count in orders.values() if count >= BUSY_ORDERS]
    return Programme(
        seller_count=seller_count,
        ocop_product_count=len(certified),
        ocop_on_sale_count=sum(one.on_sale_at(now) for one in certified),
        busy_seller_count=len(busy),
        busy_order_count=sum(busy),
    )
