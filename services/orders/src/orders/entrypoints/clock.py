"""What orders does by the clock: gives up waits past their deadline, in bounded bulk."""

from __future__ import annotations

from datetime import datetime

from chassis.wiring import Job, Runtime

from orders.adapters import reads
from orders.app.commands import GiveUpWait

ORDERS_MAX = 200
"""Waits given up in one transaction; what is left waits for the next tick, a moment later."""


async def give_up_waits(runtime: Runtime, now: datetime) -> None:
    """Give up what is past its deadline; raises the first error, after all others were carried out."""
    async with runtime.engine.connect() as connection:
        order_ids = await reads.overdue_waits(connection, now, ORDERS_MAX)
    await runtime.dispatch([GiveUpWait(order_id=order_id) for order_id in order_ids])


JOBS = (Job("give_up_waits", give_up_waits),)
