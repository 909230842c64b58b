"""Places an order: agrees on prices, splits the basket by pickup point, and remembers what the channel was answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from chassis.kernel import Aggregate, Invalid

from orders.domain.errors import PriceChanged, ProductNotForSale, ProductWithoutSize, SellerNotSelling, SessionNotLive
from orders.domain.goods import Destination, Line, Part, PaymentMethod, packed
from orders.domain.views import ForSale, SessionView

TOTAL_VND_MAX = 10**13 - 1
"""13 digits (R65), the room there is for the amount of a QR code."""


class PlacedPart(NamedTuple):
    """A part as answered to whoever placed the order."""

    part_id: str
    pickup_point_id: str
    goods_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOrder(Aggregate):
    """What was answered to a channel for its own order id; id = "channel:channel_order_id", so it is unique (R09).

    Only whoever placed it is answered so again, and only for the same content (see `content_of`); `placed_by` or
    `content` empty = not known, then anybody, or anything.
    """

    order_id: str
    placed_by: str = ""
    content: str = ""
    total_vnd: int
    place_time: datetime
    parts: tuple[PlacedPart, ...]


def content_of(lines: Sequence[Line], place: Destination, method: PaymentMethod) -> str:
    """A digest of what was asked for, as it was stated: the lines in any order, where to, how paid; not who asked."""
    asked = sorted((line.product_id, line.session_id, line.quantity, line.unit_price_vnd) for line in lines)
    stated = (place.commune_code, place.as_of_date, place.hamlet, method, asked)
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()


def agreed(line: Line, product: ForSale, sessions: Mapping[str, SessionView], now: datetime) -> Line:
    """The line at today's price: the session's offer if there is one, else the list price.

    A line's own price is what the buyer was shown (0 = any). Raises PriceChanged, SessionNotLive, ProductNotForSale.
    """
    session = sessions.get(line.session_id)
    if line.session_id and (session is None or not session.takes_orders(now)):
        raise SessionNotLive(session_id=line.session_id)
    list_price = product.list_price(now)
    if not product.is_published or list_price is None:
        raise ProductNotForSale(product_id=product.id)
    offer_price = session.offer_price(product.id, now) if session else None
    price = list_price if offer_price is None else offer_price
    if line.unit_price_vnd not in (0, price):
        raise PriceChanged(product_id=product.id, expected_vnd=line.unit_price_vnd, current_vnd=price)
    return replace(line, unit_price_vnd=price, session_id="" if offer_price is None else line.session_id)


def split(order_id: str, lines: Sequence[Line], products: Mapping[str, ForSale], now: datetime) -> tuple[Part, ...]:
    """The parts of a basket, one a pickup point, in line order. Raises ProductWithoutSize, SellerNotSelling."""
    by_point: dict[str, list[Line]] = {}
    for line in lines:
        product = products[line.product_id]
        if not product.size.is_known:
            raise ProductWithoutSize(product_id=product.id)
        pickup_point_id = product.pickup_point_id(now)
        if pickup_point_id is None:
            raise SellerNotSelling(product_id=product.id, seller_id=product.seller_id)
        by_point.setdefault(pickup_point_id, []).append(line)
    return tuple(
        _part(f"{order_id}-{number}", point, tuple(of_point), products)
        for number, (point, of_point) in enumerate(by_point.items(), start=1)
    )


def total_vnd(parts: Sequence[Part]) -> int:
    """What all parts cost. Raises Invalid if that is more than can be paid."""
    total = sum(part.goods_vnd for part in parts)
    if total > TOTAL_VND_MAX:
        raise Invalid("lines", f"must cost at most {TOTAL_VND_MAX} đồng in all")
    return total


def _part(part_id: str, pickup_point_id: str, lines: tuple[Line, ...], products: Mapping[str, ForSale]) -> Part:
    goods = [products[line.product_id] for line in lines]
    return Part(
        part_id=part_id,
        pickup_point_id=pickup_point_id,
        seller_ids=tuple(sorted({product.seller_id for product in goods})),
        lines=lines,
        goods_vnd=sum(line.amount_vnd for line in lines),
        size=packed((products[line.product_id].size, line.quantity) for line in lines),
        handling=tuple(sorted({handling for product in goods for handling in product.handling})),
    )
