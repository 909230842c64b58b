"""What only the passing of business time causes: payments that nobody paid expire, payers' words are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.wiring import Runtime

from payments.adapters import reads
from payments.app.commands import ExpirePayment, ForgetMemo

EXPIRED_AT_ONCE_MAX = 500
ROUNDS_MAX = 20
"""Transactions of one tick; what is left waits for the next."""

FORGOTTEN_AT_ONCE_MAX = 500
MEMOS_EVERY_SECONDS = 600.0
"""Years are not counted in seconds."""


async def expire_payments(grace_time: timedelta, runtime: Runtime, now: datetime) -> None:
    """Expire what waits longer than its QR and the grace for late notices; raises what the first failure raised."""
    for _ in range(ROUNDS_MAX):
        async with runtime.engine.connect() as connection:
            order_ids = await reads.overdue(connection, now - grace_time, EXPIRED_AT_ONCE_MAX)
        await _dispatch(runtime, [ExpirePayment(order_id=order_id) for order_id in order_ids])
        if len(order_ids) < EXPIRED_AT_ONCE_MAX:
            return


async def forget_memos(memo_time: timedelta, runtime: Runtime, now: datetime) -> None:
    """Forget memos of unmatched transfers that were heard of so long ago; what is left waits for the next tick."""
    async with runtime.engine.connect() as connection:
        transfer_ids = await reads.old_memos(connection, now - memo_time, FORGOTTEN_AT_ONCE_MAX)
    await _dispatch(runtime, [ForgetMemo(transfer_id=transfer_id) for transfer_id in transfer_ids])


async def _dispatch(runtime: Runtime, commands: Sequence[object]) -> None:
    for answer in await runtime.dispatch(commands) if commands else ():
        if isinstance(answer, Exception):
            raise answer
