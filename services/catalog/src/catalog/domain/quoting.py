"""Quotes a basket: what each line would cost now, whether it could be held, and how it splits by pickup point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.domain.events import Refusal
from catalog.domain.goods import Handling, Line, Size, packed
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.places import PickupPoint
from catalog.domain.points import KnownPoint
from catalog.domain.products import Product
from catalog.domain.reserving import price_vnd_at
from catalog.domain.sellers import Seller
from catalog.domain.stock import Move, Stock


@dataclass(frozen=True, slots=True)
class Shop:
    """What a basket is quoted from, by id."""

    products: Mapping[str, Product]
    stocks: Mapping[str, Stock]
    sellers: Mapping[str, Seller]
    sessions: Mapping[str, LivestreamSession]
    points: Mapping[str, KnownPoint]

    def pickup_point(self, seller_id: str, now: datetime) -> PickupPoint:
        """Where a seller's parcels are collected: its point as it is now, whoever moved it."""
        stated = self.sellers[seller_id].pickup_point_at(now)
        known = self.points.get(stated.pickup_point_id)
        return known.at(now) if known else stated


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line at its present price (0 = none), and why it could not be held; None = it could."""

    line: Line
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class QuotedPart:
    """The lines of one pickup point, what they cost, weigh and need."""

    pickup_point: PickupPoint
    seller_ids: tuple[str, ...]
    lines: tuple[QuotedLine, ...]
    goods_vnd: int
    size: Size
    handling: tuple[Handling, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted basket; `unknown_lines` name products that do not exist."""

    parts: tuple[QuotedPart, ...]
    unknown_lines: tuple[QuotedLine, ...]

    @property
    def total_vnd(self) -> int:
        """What all parts cost, in đồng."""
        return sum(part.goods_vnd for part in self.parts)

    @property
    def available(self) -> bool:
        """Whether every line could be held now."""
        return not self.unknown_lines and all(one.refusal is None for part in self.parts for one in part.lines)


def quote_basket(lines: Sequence[Line], shop: Shop, now: datetime) -> Quote:
    """The quote; lines are taken in order, so that two of one product share its free pieces."""
    stocks = dict(shop.stocks)
    unknown: list[QuotedLine] = []
    by_point: dict[str, list[QuotedLine]] = {}
    for line in lines:
        product = shop.products.get(line.product_id)
        if product is None:
            unknown.append(QuotedLine(replace(line, unit_price_vnd=0), Refusal.NOT_FOR_SALE))
            continue
        quoted = _quoted(line, product, shop, stocks.get(product.id), now)
        if quoted.refusal is None:
            stocks[product.id] = stocks[product.id].moved(Move.FREE_TO_HELD, quoted.line)
        point = shop.pickup_point(product.seller_id, now)
        by_point.setdefault(point.pickup_point_id, []).append(quoted)
    return Quote(tuple(_part(quoted, shop, now) for quoted in by_point.values()), tuple(unknown))


def _quoted(line: Line, product: Product, shop: Shop, stock: Stock | None, now: datetime) -> QuotedLine:
    agreed = price_vnd_at(line.session_id, product, stock, shop.sessions.get(line.session_id), now)
    price = agreed if agreed is not None else product.list_price_vnd_at(now)
    priced = replace(line, unit_price_vnd=price or 0)
    suspended = shop.sellers[product.seller_id].suspend_time is not None
    if stock is None or suspended or not product.on_sale_at(now):
        return QuotedLine(priced, Refusal.NOT_FOR_SALE)
    return QuotedLine(priced, Refusal.PRICE_MISMATCH if agreed is None else stock.refusal_of(priced))


def _part(quoted: list[QuotedLine], shop: Shop, now: datetime) -> QuotedPart:
    products = [shop.products[one.line.product_id] for one in quoted]
    return QuotedPart(
        pickup_point=shop.pickup_point(products[0].seller_id, now),
        seller_ids=tuple(dict.fromkeys(product.seller_id for product in products)),
        lines=tuple(quoted),
        goods_vnd=sum(one.line.quantity * one.line.unit_price_vnd for one in quoted),
        size=packed([(p.description.size, one.line.quantity) for p, one in zip(products, quoted, strict=True)]),
        handling=tuple(dict.fromkeys(need for product in products for need in product.description.handling)),
    )
