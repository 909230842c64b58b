"""What orders does by the clock, in bounded bulk: gives up waits past their deadline, forgets buyers of long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.wiring import Runtime

from orders.adapters import reads
from orders.app.commands import EraseContact, GiveUpWait

ORDERS_MAX = 200
"""Waits given up in one transaction; what is left waits for the next tick, a moment later."""

CONTACTS_MAX = 500
"""Contacts erased in one transaction; what is left waits for the next tick."""


async def give_up_waits(runtime: Runtime, now: datetime) -> None:
    """Give up what is past its deadline; raises the first error, after all others were carried out."""
    async with runtime.engine.connect() as connection:
        order_ids = await reads.overdue_waits(connection, now, ORDERS_MAX)
    await runtime.dispatch([GiveUpWait(order_id=order_id) for order_id in order_ids])


async def erase_contacts(contact_time: timedelta, runtime: Runtime, now: datetime) -> None:
    """Erase contacts kept for so long since their orders were placed, whatever became of these."""
    async with runtime.engine.connect() as connection:
        contact_ids = await reads.old_contacts(connection, now - contact_time, CONTACTS_MAX)
    await runtime.dispatch([EraseContact(contact_id=contact_id) for contact_id in contact_ids])
