"""What only the passing of business time causes: payments that nobody paid expire."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.wiring import Runtime

from payments.adapters import reads
from payments.app.commands import ExpirePayment

EXPIRED_AT_ONCE_MAX = 500
ROUNDS_MAX = 20
"""Transactions of one tick; what is left waits for the next."""


async def expire_payments(grace_time: timedelta, runtime: Runtime, now: datetime) -> None:
    """Expire what waits longer than its QR and the grace for late notices; raises what the first failure raised."""
    for _ in range(ROUNDS_MAX):
        async with runtime.engine.connect() as connection:
            order_ids = await reads.overdue(connection, now - grace_time, EXPIRED_AT_ONCE_MAX)
        answers = await runtime.dispatch([ExpirePayment(order_id=order_id) for order_id in order_ids])
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        if len(order_ids) < EXPIRED_AT_ONCE_MAX:
            return
