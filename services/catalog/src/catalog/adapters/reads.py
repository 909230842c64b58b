"""Reads for questions and for the clock, without locks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chassis.kernel import NotFound
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.adapters.tables import (
    HOLDS,
    PRODUCTS,
    RESTOCKS,
    SELLERS,
    SESSIONS,
    STOCKS,
    products,
    restocks,
    sellers,
    stock_holds,
)
from catalog.app.commands import ExpireHold, FinishRestock
from catalog.app.questions import ProductFilter
from catalog.domain.products import Product
from catalog.domain.quoting import Shop


async def shop_of(connection: AsyncConnection, product_ids: Iterable[str], session_ids: Iterable[str] = ()) -> Shop:
    """All there is to say about products: their stock, their sellers, the sessions that offer them and those named."""
    known = await PRODUCTS.load(connection, set(product_ids), lock=False)
    stocks = await STOCKS.load(connection, [product.id for product in known], lock=False)
    of = await SELLERS.load(connection, {product.seller_id for product in known}, lock=False)
    offered = {offer.session_id for stock in stocks for offer in stock.offers} | set(session_ids)
    sessions = await SESSIONS.load(connection, offered, lock=False) if offered else []
    return Shop(
        products={product.id: product for product in known},
        stocks={stock.id: stock for stock in stocks},
        sellers={seller.id: seller for seller in of},
        sessions={session.id: session for session in sessions},
    )


async def product(connection: AsyncConnection, product_id: str) -> Shop:
    """One product and all around it; raises NotFound."""
    shop = await shop_of(connection, [product_id])
    if product_id not in shop.products:
        raise NotFound(kind=Product.__name__, id=product_id)
    return shop


async def product_ids(connection: AsyncConnection, wanted: ProductFilter) -> list[str]:
    """The ids of a page of products and of one more, if there is one."""
    query = select(products.c.id).where(products.c.id > wanted.after_product_id)
    if wanted.seller_id:
        query = query.where(products.c.seller_id == wanted.seller_id)
    if wanted.commune_code:
        query = query.join(sellers, sellers.c.id == products.c.seller_id)
        query = query.where(sellers.c.commune_code == wanted.commune_code)
    if wanted.ocop_only:
        query = query.where(func.jsonb_typeof(products.c.description["ocop"]) == "object")
    if not wanted.include_withdrawn:
        query = query.where(products.c.withdraw_time.is_(None))
    result = await connection.execute(query.order_by(products.c.id).limit(wanted.limit + 1))
    return list(result.scalars())


async def expired_holds(connection: AsyncConnection, now: datetime, limit: int) -> list[ExpireHold]:
    """The holds whose time is over, the oldest first."""
    query = select(stock_holds.c.id).where(stock_holds.c.state == "HELD", stock_holds.c.expire_time <= now)
    ids = (await connection.execute(query.order_by(stock_holds.c.expire_time).limit(limit))).scalars().all()
    holds = await HOLDS.load(connection, ids, lock=False) if ids else []
    return [
        ExpireHold(order_id=hold.id, product_ids=_once(held.line.product_id for held in hold.lines)) for hold in holds
    ]


async def owed_restocks(connection: AsyncConnection, limit: int) -> list[FinishRestock]:
    """Pieces that are still to be carried back to the shelf."""
    query = select(restocks.c.id).where(~restocks.c.done).order_by(restocks.c.id).limit(limit)
    ids = (await connection.execute(query)).scalars().all()
    owed = await RESTOCKS.load(connection, ids, lock=False) if ids else []
    return [
        FinishRestock(restock_id=one.id, product_ids=_once(moved.line.product_id for moved in one.moves))
        for one in owed
    ]


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
