"""Carries out what was wished outside: leased rows, in order per aggregate, no transaction open while reaching out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.dispatch import Item
from chassis.outages import Backoff, Showable, explain, is_outage
from chassis.telemetry import Span, count
from chassis.wiring import Effect, Runtime

LEASED_MAX = 16
"""Effects carried out at the same time."""

POLL_SECONDS = 0.5
"""How long the runner sleeps when nobody wakes it."""

# Wishes of a kind that only a newer version knows wait for it.
# A leased row is 'unknown' from here on: if this process dies, the next one asks before it repeats.
LEASE = """
    UPDATE effects AS e SET state = 'unknown', attempts = e.attempts + 1,
        next_try_time = now() + make_interval(secs => $2)
    FROM (
        SELECT f.seq, f.state FROM effects AS f
        WHERE f.state IN ('wished', 'unknown') AND f.next_try_time <= now() AND f.kind = ANY($3::text[])
        AND NOT EXISTS (
            SELECT FROM effects AS g WHERE g.state IN ('wished', 'unknown')
            AND g.aggregate_id = f.aggregate_id AND g.seq < f.seq)
        ORDER BY f.seq LIMIT $1 FOR UPDATE SKIP LOCKED) AS old
    WHERE e.seq = old.seq
    RETURNING e.seq, e.key, e.kind, e.wish::text, e.trace, e.attempts, old.state AS state_before"""

SETTLE = """
    UPDATE effects SET state = $2, problem = $3, next_try_time = now() + make_interval(secs => $4)
    WHERE seq = $1 AND attempts = $5 AND state = 'unknown' RETURNING seq"""

_log = structlog.get_logger(__name__)


class Unknown(Showable):
    """Reaching out ended without an answer; nobody knows whether the thing was done."""


class LeaseLost(Exception):
    """It took longer than the lease, and somebody else has the row now; their answer counts."""


class EffectGate:
    """Settles an effect in the transaction of the command that reports its result."""

    def __init__(self, row: Any, state: str, problem: str) -> None:
        """`row` as leased; it becomes `state`."""
        self._row, self._state, self._problem = row, state, problem

    async def enter(self, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        """All of them."""
        return items

    def begin(self, item: Item, transaction: str) -> Span | None:
        """The facts said carry the wish's own trace."""
        return None

    async def leave(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        """Settle, unless the report failed: then the effect is tried again."""
        if all(item.error is None for item in items):
            await settle(connection, self._row, self._state, self._problem)


async def settle(connection: AsyncConnection, row: Any, state: str, problem: str, pause_seconds: float = 0.0) -> None:
    """Write down what became of a leased row; raises LeaseLost."""
    values = (row.seq, state, problem, pause_seconds, row.attempts)
    if (await connection.exec_driver_sql(SETTLE, values)).first() is None:
        raise LeaseLost


class Effects:
    """Runs the effects of a service; several processes may, a row is leased to one of them."""

    def __init__(self, runtime: Runtime) -> None:
        """What the effects are stands in `Service.effects`."""
        self._runtime = runtime
        self._kinds: dict[str, tuple[type, Effect]] = {
            kind.__name__: (kind, effect) for kind, effect in runtime.service.effects.items()
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Carry out wishes until told to stop."""
        if not self._kinds:
            await stop.wait()  # a loop that returns early means a broken role to those who watch it
        backoff, wished = Backoff(), self._runtime.dispatcher.wished
        while not stop.is_set():
            try:
                wished.clear()
                done = await self.step()
                self._runtime.health.ok("effects")
                backoff.reset()
            except Exception as error:
                self._runtime.health.failing("effects", explain(error))
                log = _log.warning if is_outage(error) else _log.error
                log("effects interrupted", why=explain(error))
                await asyncio.sleep(backoff.pause())
                continue
            if not done:
                with suppress(TimeoutError):
                    await asyncio.wait_for(wished.wait(), POLL_SECONDS)

    async def step(self) -> int:
        """Lease some and carry them out; answers how many."""
        # Longer than anybody may take, so that there is time left to write down what happened.
        lease = 1.5 * max(effect.lease_seconds for _, effect in self._kinds.values())
        async with self._runtime.engine.begin() as connection:
            rows = list(await connection.exec_driver_sql(LEASE, (LEASED_MAX, lease, list(self._kinds))))
        answers = await asyncio.gather(*(self._one(row) for row in rows), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, LeaseLost):
                count("effects.lease_lost")
            elif isinstance(answer, BaseException):
                raise answer
        return len(rows)

    async def _one(self, row: Any) -> None:
        kind, effect = self._kinds[row.kind]
        try:
            wish: Any = msgspec.json.decode(row.wish, type=kind)
        except msgspec.ValidationError as error:
            # No other try would read it; shown at once, so that the aggregate's later wishes do not wait for ever.
            count("effects.exhausted")
            async with self._runtime.engine.begin() as connection:
                await settle(connection, row, "exhausted", explain(error))
            return
        try:
            async with asyncio.timeout(effect.lease_seconds):
                command = await self._reach_out(row, effect, wish)
        except (Unknown, TimeoutError) as error:
            await self._failed(row, effect, wish, "unknown", error)
        except Exception as error:
            await self._failed(row, effect, wish, "wished", error)
        else:
            await self._report(row, effect, wish, command)

    async def _reach_out(self, row: Any, effect: Effect, wish: Any) -> object:
        """Ask first if an earlier try may have succeeded; then do."""
        if row.state_before == "unknown":
            try:
                command = await effect.ask(self._runtime, wish, row.key)
            except Exception as error:
                raise Unknown(explain(error)) from error
            if command is not None:
                return command
        return await effect.do(self._runtime, wish, row.key)

    async def _report(self, row: Any, effect: Effect, wish: Any, command: object) -> None:
        """The result is a command; done and reported are one transaction."""
        item = Item(command, row.trace)
        await self._runtime.dispatcher.carry_out([item], EffectGate(row, "done", ""))
        if item.error is not None:
            await self._failed(row, effect, wish, "unknown", item.error)

    async def _failed(self, row: Any, effect: Effect, wish: Any, state: str, error: BaseException) -> None:
        """Try again later, or give up and show it."""
        problem = explain(error)
        _log.warning("effect failed", effect=row.kind, seq=row.seq, attempts=row.attempts, why=problem)
        if row.attempts < effect.attempts_max:
            count("effects.failed")
            pause = min(2.0**row.attempts / 10, effect.lease_seconds)
            async with self._runtime.engine.begin() as connection:
                await settle(connection, row, state, problem, pause)
            return
        count("effects.exhausted")
        command = effect.exhausted(wish, problem)
        item = Item(command, row.trace)
        await self._runtime.dispatcher.carry_out([item], EffectGate(row, "exhausted", problem))
        if item.error is not None:
            async with self._runtime.engine.begin() as connection:
                await settle(connection, row, "exhausted", f"{problem}; its report: {explain(item.error)}")
