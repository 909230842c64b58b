"""Decides whether lines may be held: by the terms the buyer agreed to, then by the pieces there are; all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from catalog.domain.events import Refusal
from catalog.domain.goods import Line
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.products import Product
from catalog.domain.stock import Move, Stock


@dataclass(frozen=True, slots=True)
class Refused:
    """Why lines cannot be held (the first reason met), and the products that caused it."""

    refusal: Refusal
    product_ids: tuple[str, ...]


def refusal_of_terms(
    line: Line, product: Product | None, stock: Stock | None, session: LivestreamSession | None, place_time: datetime
) -> Refusal | None:
    """Why the line's terms did not hold when the order was placed; None if they did."""
    if product is None or not product.on_sale_at(place_time):
        return Refusal.NOT_FOR_SALE
    if price_vnd_at(line.session_id, product, stock, session, place_time) != line.unit_price_vnd:
        return Refusal.PRICE_MISMATCH
    return None


def price_vnd_at(
    session_id: str, product: Product, stock: Stock | None, session: LivestreamSession | None, time: datetime
) -> int | None:
    """The price of one piece at a moment: the session's offer if one is named, else the list price; None = no price."""
    if not session_id:
        return product.list_price_vnd_at(time)
    offer = stock.offer_of(session_id) if stock else None
    if offer is None or session is None or not session.was_live_at(time) or time < offer.from_time:
        return None
    return offer.offer_price_vnd


def hold_lines(
    lines: Iterable[Line], stocks: dict[str, Stock], terms: Callable[[Line], Refusal | None] = lambda _line: None
) -> dict[str, Stock] | Refused:
    """The stocks with all lines held, or why not. Lines are taken in order, so that two of one product add up."""
    after = dict(stocks)
    refused: list[tuple[Refusal, str]] = []
    for line in lines:
        stock = after.get(line.product_id)
        refusal = terms(line) or (stock.refusal_of(line) if stock else Refusal.NOT_FOR_SALE)
        if refusal is not None:
            refused.append((refusal, line.product_id))
        elif stock is not None:
            after[line.product_id] = stock.moved(Move.FREE_TO_HELD, line)
    if refused:
        return Refused(refused[0][0], tuple(dict.fromkeys(product_id for _, product_id in refused)))
    return after
