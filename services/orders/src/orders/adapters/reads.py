"""Answers questions from the tables, without locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.kernel import NotFound
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from orders.adapters.tables import CONTACTS, ORDERS, orders
from orders.domain.contact import Contact
from orders.domain.order import Order
from orders.wire.answers import SUMMARY_FIELDS
from orders.wire.requests import OrderQuestion

SAME_PERSON = text("""
    SELECT other.id FROM contacts named JOIN contacts other ON other.phone = named.phone
    WHERE named.id = :contact_id AND other.id <> named.id AND other.phone <> '' ORDER BY other.id""")

OLD_CONTACTS = text("""
    SELECT id FROM contacts WHERE erase_time IS NULL AND place_time <= :placed_until
    ORDER BY place_time LIMIT :limit""")


async def get_order(connection: AsyncConnection, order_id: str, placed_by: str) -> Order:
    """One order; raises NotFound if there is none, or, with `placed_by`, if somebody else placed it."""
    for order in await ORDERS.load(connection, [order_id], lock=False):
        if placed_by in ("", order.placed_by):
            return order
    raise NotFound(kind="Order", id=order_id)


async def list_orders(connection: AsyncConnection, asked: OrderQuestion) -> tuple[Sequence[Row[Any]], str]:
    """A page of orders with the fields of a summary, newest id first, and the token of the next page."""
    query = select(*(orders.c[name] for name in SUMMARY_FIELDS)).order_by(orders.c.id.desc()).limit(asked.limit + 1)
    wanted = (
        (asked.before_order_id, orders.c.id < asked.before_order_id),
        (asked.placed_by, orders.c.placed_by == asked.placed_by),
        (asked.session_id, orders.c.session_id == asked.session_id),
        (asked.state, orders.c.state == asked.state),
        (asked.wait, orders.c.wait == asked.wait),
        (asked.overdue_only, orders.c.overdue),
        (asked.channel_order_id, orders.c.channel_order_id == asked.channel_order_id),
    )
    for given, condition in wanted:
        if given:
            query = query.where(condition)
    rows = (await connection.execute(query)).all()
    page = rows[: asked.limit]
    return page, page[-1].id if len(rows) > len(page) else ""


async def get_contacts(connection: AsyncConnection, contact_ids: Sequence[str]) -> list[Contact]:
    """The contacts that exist."""
    return await CONTACTS.load(connection, contact_ids, lock=False)


async def same_person(connection: AsyncConnection, contact_id: str) -> tuple[str, ...]:
    """The other contacts with the phone of one, as many as there are; none if it is erased or does not exist."""
    return tuple((await connection.execute(SAME_PERSON, {"contact_id": contact_id})).scalars())


async def old_contacts(connection: AsyncConnection, placed_until: datetime, limit: int) -> list[str]:
    """Contacts with personal data whose orders were placed so long ago, the oldest first."""
    found = await connection.execute(OLD_CONTACTS, {"placed_until": placed_until, "limit": limit})
    return list(found.scalars())


async def overdue_waits(connection: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Orders whose deadline has passed, the longest first."""
    query = select(orders.c.id).where(orders.c.deadline_time <= now).order_by(orders.c.deadline_time).limit(limit)
    return list((await connection.execute(query)).scalars())
