"""What only the passing of business time causes: payments that nobody paid expire, payers' words are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.wiring import Runtime

from payments.adapters import reads
from payments.app.commands import ExpirePayment, ForgetMemo

EXPIRED_AT_ONCE_MAX = 500
ROUNDS_MAX = 20
"""Transactions of one tick; what is left waits for the next."""

FORGOTTEN_AT_ONCE_MAX = 500
LOOK_EVERY = timedelta(hours=1)
"""Of business time."""


async def expire_payments(grace_time: timedelta, runtime: Runtime, now: datetime) -> None:
    """Expire what waits longer than its QR and the grace for late notices; raises what the first failure raised."""
    for _ in range(ROUNDS_MAX):
        async with runtime.engine.connect() as connection:
            order_ids = await reads.overdue(connection, now - grace_time, EXPIRED_AT_ONCE_MAX)
        await runtime.dispatch([ExpirePayment(order_id=order_id) for order_id in order_ids])
        if len(order_ids) < EXPIRED_AT_ONCE_MAX:
            return


class OldMemos:
    """Forgets memos of unmatched transfers that were heard of so long ago.

    The job ticks like any other, so that whoever moves the clock sees it keep up, but looks once an hour only.
    """

    def __init__(self, memo_time: timedelta) -> None:
        """How long a memo is kept."""
        self._memo_time = memo_time
        self._look_time: datetime | None = None

    async def forget(self, runtime: Runtime, now: datetime) -> None:
        """Forget some; what is left waits for the next tick."""
        if self._look_time is not None and abs(now - self._look_time) < LOOK_EVERY:
            return
        async with runtime.engine.connect() as connection:
            transfer_ids = await reads.old_memos(connection, now - self._memo_time, FORGOTTEN_AT_ONCE_MAX)
        await runtime.dispatch([ForgetMemo(transfer_id=transfer_id) for transfer_id in transfer_ids])
        if len(transfer_ids) < FORGOTTEN_AT_ONCE_MAX:
            self._look_time = now
