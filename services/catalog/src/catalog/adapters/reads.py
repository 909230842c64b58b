"""Reads for questions and for the clock, without locks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from chassis.kernel import NotFound
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.adapters.tables import (
    HOLDS,
    POINTS,
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
from catalog.domain.programme import LOCAL, Programme
from catalog.domain.programme import programme as counted
from catalog.domain.quoting import Shop

ORDERS_OF_DAY = text("""
    SELECT p.seller_id, count(DISTINCT h.id)
    FROM stock_holds h, jsonb_array_elements(h.lines) AS held
    JOIN products p ON p.id = held->'line'->>'product_id' JOIN sellers s ON s.id = p.seller_id
    WHERE h.commit_time >= :begin AND h.commit_time < :past AND s.commune_code = :commune_code
    GROUP BY 1""")


async def shop_of(connection: AsyncConnection, product_ids: Iterable[str], session_ids: Iterable[str] = ()) -> Shop:
    """All there is to say about products: stocks, sellers, pickup points, sessions that offer them or are named."""
    known = await PRODUCTS.load(connection, set(product_ids), lock=False)
    stocks = await STOCKS.load(connection, [product.id for product in known], lock=False)
    of = await SELLERS.load(connection, {product.seller_id for product in known}, lock=False)
    offered = {offer.session_id for stock in stocks for offer in stock.offers} | set(session_ids)
    sessions = await SESSIONS.load(connection, offered, lock=False) if offered else []
    named = {dated.pickup_point.pickup_point_id for seller in of for dated in seller.pickup_points}
    points = await POINTS.load(connection, named, lock=False)
    return Shop(
        products={product.id: product for product in known},
        stocks={stock.id: stock for stock in stocks},
        sellers={seller.id: seller for seller in of},
        sessions={session.id: session for session in sessions},
        points={point.id: point for point in points},
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


async def programme(connection: AsyncConnection, commune_code: str, day: date, now: datetime) -> Programme:
    """A commune's counters, with the orders confirmed on a local day."""
    home = sellers.c.commune_code == commune_code
    active = select(func.count()).select_from(sellers).where(home, sellers.c.suspend_time.is_(None))
    with_ocop = select(products.c.id).join(sellers, sellers.c.id == products.c.seller_id)
    with_ocop = with_ocop.where(home, func.jsonb_typeof(products.c.description["ocop"]) == "object")
    ids = (await connection.execute(with_ocop)).scalars().all()
    begin = datetime.combine(day, time(), LOCAL)
    span = {"commune_code": commune_code, "begin": begin, "past": begin + timedelta(days=1)}
    return counted(
        seller_count=(await connection.execute(active)).scalar_one(),
        products=await PRODUCTS.load(connection, ids, lock=False),
        orders={row[0]: row[1] for row in await connection.execute(ORDERS_OF_DAY, span)},
        now=now,
    )


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
