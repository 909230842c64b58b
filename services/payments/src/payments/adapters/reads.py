"""Answers questions from the tables, without locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from chassis.kernel import A, NotFound
from chassis.store import AggregateStore
from sqlalchemy import ColumnElement, Select, Table, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.adapters import tables
from payments.app.views import AccountSums, PartnerCash, PaymentView, Totals
from payments.domain.cod import CodParcel
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.transfer import BankTransfer
from payments.wire.asked import Page

OF_ONE_ORDER_MAX = 200
"""Transfers, refunds or parcels shown with one payment."""

ACCOUNTS = text("""
    SELECT account, sum(debit_vnd)::bigint, sum(credit_vnd)::bigint, sum(entries)::bigint
    FROM ledger_balances GROUP BY 1 ORDER BY 1""")

UNMATCHED = text("SELECT count(*) FROM bank_transfers WHERE state = 'UNMATCHED'")

OLD_MEMOS = text("""
    SELECT t.id FROM bank_transfers AS t JOIN ledger_entries AS e ON e.id = 'transfer/' || t.id
    WHERE t.memo <> '' AND e.post_time <= :heard_before ORDER BY t.id LIMIT :limit""")

# Partners are found by leaping from one to the next in an index, their cash among the few parcels that are open.
PARTNERS = text("""
    WITH RECURSIVE partners AS (
        SELECT min(partner_id) AS partner_id FROM cod_parcels
        UNION ALL
        SELECT (SELECT min(c.partner_id) FROM cod_parcels AS c WHERE c.partner_id > p.partner_id)
        FROM partners AS p WHERE p.partner_id IS NOT NULL)
    SELECT p.partner_id, count(*) FILTER (WHERE c.outstanding_vnd > 0), coalesce(sum(c.outstanding_vnd), 0)::bigint,
           coalesce(sum(c.outstanding_vnd) FILTER (WHERE c.remit_due_date < :today), 0)::bigint,
           count(*) FILTER (WHERE c.disputed_vnd <> 0), coalesce(sum(c.disputed_vnd), 0)::bigint
    FROM partners AS p
    LEFT JOIN cod_parcels AS c ON c.partner_id = p.partner_id AND (c.outstanding_vnd <> 0 OR c.disputed_vnd <> 0)
    WHERE p.partner_id IS NOT NULL GROUP BY 1 ORDER BY 1""")


async def payment(connection: AsyncConnection, order_id: str) -> Payment:
    """One payment; raises NotFound."""
    found = await tables.PAYMENTS.load(connection, [order_id], lock=False)
    if not found:
        raise NotFound(kind="Payment", id=order_id)
    return found[0]


async def payment_view(connection: AsyncConnection, order_id: str) -> PaymentView:
    """One payment and all that belongs to it; raises NotFound."""
    return PaymentView(
        payment=await payment(connection, order_id),
        transfers=await _of_order(connection, tables.BANK_TRANSFERS, order_id, "bank_time"),
        refunds=await _of_order(connection, tables.REFUNDS, order_id, "due_time"),
        cod_parcels=await _of_order(connection, tables.COD_PARCELS, order_id, "id"),
    )


async def refunds_due(connection: AsyncConnection, order_id: str, page: Page) -> Sequence[Refund]:
    """Unpaid refunds by due time and id: one more than the page if there is a next one."""
    table = tables.refunds
    where = [table.c.paid_time.is_(None), *_equal(table, order_id=order_id)]
    return await _page(connection, tables.REFUNDS, "due_time", where, page)


async def entries(connection: AsyncConnection, order_id: str, parcel_id: str, page: Page) -> Sequence[LedgerEntry]:
    """Ledger entries by time and id: one more than the page if there is a next one."""
    where = _equal(tables.ledger_entries, order_id=order_id, parcel_id=parcel_id)
    return await _page(connection, tables.LEDGER_ENTRIES, "post_time", where, page)


async def cod_parcels(
    connection: AsyncConnection, partner_id: str, order_id: str, parcel_id: str, page: Page
) -> Sequence[CodParcel]:
    """Cash per parcel by id: one more than the page if there is a next one."""
    table = tables.cod_parcels
    where = _equal(table, partner_id=partner_id, order_id=order_id, parcel_id=parcel_id)
    if page.after:
        where.append(table.c.id > page.after[1])
    return await _load(connection, tables.COD_PARCELS, _ids(table, where, table.c.id).limit(page.size + 1))


async def unmatched_transfers(connection: AsyncConnection, page: Page) -> Sequence[BankTransfer]:
    """Transfers without an order by bank time and id: one more than the page if there is a next one."""
    where = [tables.bank_transfers.c.state == "UNMATCHED"]
    return await _page(connection, tables.BANK_TRANSFERS, "bank_time", where, page)


async def totals(connection: AsyncConnection, today: date) -> Totals:
    """The whole ledger at a glance; cash is summed over the parcels that are open."""
    booked = (await connection.execute(ACCOUNTS)).all()
    return Totals(
        accounts=[AccountSums(*row[:3]) for row in booked if row[0]],
        partners=[PartnerCash(*row) for row in await connection.execute(PARTNERS, {"today": today})],
        entry_count=next((row[3] for row in booked if not row[0]), 0),
        unmatched_transfer_count=(await connection.execute(UNMATCHED)).scalar_one(),
    )


async def overdue(connection: AsyncConnection, expired_before: datetime, limit: int) -> Sequence[str]:
    """Orders whose QR expired before a business time and that still wait, oldest first."""
    table = tables.payments
    where = [text("state = 'REQUESTED'"), table.c.expire_time <= expired_before]
    found: Sequence[str] = (
        (await connection.execute(_ids(table, where, table.c.expire_time).limit(limit))).scalars().all()
    )
    return found


async def old_memos(connection: AsyncConnection, heard_before: datetime, limit: int) -> Sequence[str]:
    """Transfers with a memo that were booked, whatever time their bank gave, before a business time."""
    found = await connection.execute(OLD_MEMOS, {"heard_before": heard_before, "limit": limit})
    return found.scalars().all()


async def _of_order(connection: AsyncConnection, store: AggregateStore[A], order_id: str, by: str) -> Sequence[A]:
    columns = store.table.c
    query = _ids(store.table, [columns.order_id == order_id], columns[by], columns.id)
    return await _load(connection, store, query.limit(OF_ONE_ORDER_MAX))


async def _page(
    connection: AsyncConnection, store: AggregateStore[A], by: str, where: Sequence[Any], page: Page
) -> Sequence[A]:
    columns = store.table.c
    following = [tuple_(columns[by], columns.id) > tuple_(*page.after)] if page.after else []
    query = _ids(store.table, [*where, *following], columns[by], columns.id)
    return await _load(connection, store, query.limit(page.size + 1))


async def _load(connection: AsyncConnection, store: AggregateStore[A], query: Select[Any]) -> Sequence[A]:
    ids = (await connection.execute(query)).scalars().all()
    found = {one.id: one for one in await store.load(connection, ids, lock=False)} if ids else {}
    return [found[id] for id in ids if id in found]


def _ids(table: Table, where: Sequence[Any], *order: ColumnElement[Any]) -> Select[Any]:
    return select(table.c.id).where(*where).order_by(*order)


def _equal(table: Table, **wanted: str) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in wanted.items() if value]
