"""Carries out commands: any number in one transaction, loaded, decided and saved in bulk."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import crash
from chassis.batch import Batch
from chassis.clock import Clock
from chassis.kernel import Aggregate, Outcome
from chassis.outages import Backoff, is_outage, is_repeatable
from chassis.telemetry import Span, Telemetry, count
from chassis.wiring import Service

ITEMS_MAX = 500
"""Commands in one transaction of `dispatch`; consumers and the door bound their own batches."""

REPEATS_MAX = 10
"""How often a transaction that met another one is repeated at once, before it counts as an outage."""

LONE_TRIES_MAX = 3
"""How often a command that fails alone in the database is tried before it is the culprit."""


@dataclass(slots=True, eq=False)
class Item:
    """One command on its way through a transaction, and what became of it.

    Put in: `command` (None: nothing to do, only the gate's bookkeeping), `trace` (traceparent of its cause), `lane`
    (items of one lane are carried out in order; once one failed the rest of the lane is held), `source` (the gate's
    own: a record, a call), `culprit` (it is known to fail: never handed to a handler).
    Comes out: `outcome`, or `error` (a DomainError, a bug, or the database's refusal of this item alone), or `held`.
    `attempts` are all its transactions, `lone_tries` those that failed with nobody else to blame.
    """

    command: object | None
    trace: str = ""
    lane: Hashable = None
    source: Any = None
    culprit: Exception | None = None
    outcome: Outcome | None = None
    error: Exception | None = None
    held: bool = False
    attempts: int = 0
    lone_tries: int = 0
    span: Span | None = None


class Gate(Protocol):
    """What happens around the commands, inside the same transaction; each method may run again after a rollback."""

    async def enter(self, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        """First statement(s): remember these items; answers those to carry out (others were carried out before)."""
        ...

    def begin(self, item: Item, transaction: str) -> Span | None:
        """The span in which this item is carried out, if it deserves its own; ended after COMMIT or rollback."""
        ...

    async def leave(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        """Last statement(s): write down what became of the items entered."""
        ...


class OpenGate:
    """No bookkeeping: everything is carried out."""

    async def enter(self, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        """All of them."""
        return items

    def begin(self, item: Item, transaction: str) -> Span | None:
        """No span of its own."""
        return None

    async def leave(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        """Nothing to write down."""


class Dispatcher:
    """Carries out commands for one service; shared by consumer, door, ticker, effects and replay."""

    def __init__(self, service: Service, engine: AsyncEngine, clock: Clock, telemetry: Telemetry) -> None:
        """`said` and `wished` are set after a commit that left something for the relay or for the effects."""
        self.service, self.engine, self.clock, self.telemetry = service, engine, clock, telemetry
        self.said, self.wished = asyncio.Event(), asyncio.Event()
        self._stores = {store.kind: store for store in sorted(service.stores, key=lambda store: store.table.name)}

    async def dispatch(self, commands: Sequence[object], trace: str = "") -> list[object]:
        """Carry out commands in order, each answered by its reply or its exception; raises on an outage."""
        items = [Item(command, trace) for command in commands]
        for start in range(0, len(items), ITEMS_MAX):
            await self.carry_out(items[start : start + ITEMS_MAX], OpenGate())
        return [item.error if item.outcome is None else item.outcome.reply for item in items]

    async def carry_out(self, items: Sequence[Item], gate: Gate) -> None:
        """Carry out items in one transaction, all but those that fail; returns after COMMIT.

        An error of the database that is no outage splits the items until the culprit is alone; it comes back as that
        item's `error`, after a transaction of its own with `culprit` set, so that the gate writes it down.
        An outage raises (see `outages.is_outage`): nothing is decided then, not even whether COMMIT happened.
        """
        try:
            await self._persist(items, gate)
        except Exception as error:
            if is_outage(error):
                raise
            count("dispatch.split")
            if len(items) > 1:
                middle = len(items) // 2
                await self.carry_out(items[:middle], gate)
                await self.carry_out(items[middle:], gate)
            else:
                await self._lone(items[0], gate, error)

    async def _lone(self, item: Item, gate: Gate, error: Exception) -> None:
        """It failed alone: once or twice more, then it is the culprit."""
        if item.culprit is not None:
            raise error  # Not even its failure can be written down.
        item.lone_tries += 1
        if item.lone_tries >= LONE_TRIES_MAX:
            item.culprit = error
        await self.carry_out([item], gate)

    async def _persist(self, items: Sequence[Item], gate: Gate) -> None:
        """The transaction, again at once when others were in the way."""
        backoff = Backoff(0.005, 0.2)
        for remaining in reversed(range(REPEATS_MAX)):
            try:
                return await self._transact(items, gate)
            except Exception as error:
                if not is_repeatable(error) or not remaining:
                    raise
                count("dispatch.repeated")
            await asyncio.sleep(backoff.pause())

    async def _transact(self, items: Sequence[Item], gate: Gate) -> None:
        for item in items:
            item.outcome, item.error, item.held = None, None, False
            if item.culprit is None or not item.attempts:
                item.attempts += 1
        transaction = self.telemetry.transaction(self.service.name, (item.trace for item in items), len(items))
        batch = Batch(self.service, self.telemetry, self.clock.now())
        try:
            async with self.engine.connect() as connection:
                entered = await gate.enter(connection, items)
                await self._load(connection, batch, entered)
                for item in entered:
                    item.span = gate.begin(item, transaction.id)
                batch.carry_out(entered)
                await self._save(connection, batch)
                await gate.leave(connection, entered)
                crash.point("dispatch.before_commit")
                await connection.commit()
        except BaseException as error:
            transaction.fail(type(error).__name__)
            raise
        finally:
            _end(transaction, items)
        if batch.said:
            self.said.set()
        if batch.wished:
            self.wished.set()

    async def _load(self, connection: AsyncConnection, batch: Batch, items: Iterable[Item]) -> None:
        """One statement a table, in one order for all transactions: first what is locked, then what is only read."""
        batch.name_keys(items)
        for lock, wanted in ((True, batch.locked), (False, batch.read)):
            for kind, store in self._stores.items():
                if ids := [key[1] for key in wanted if key[0] is kind]:
                    batch.take(await store.load(connection, ids, lock))

    async def _save(self, connection: AsyncConnection, batch: Batch) -> None:
        changed: dict[type[Aggregate], list[Aggregate]] = {}
        for kind, id in batch.changed:
            changed.setdefault(kind, []).append(batch.state[kind, id])
        for kind, store in self._stores.items():
            if kind in changed:
                await store.save(connection, batch.before[kind], changed[kind])
        await batch.write(connection)


def _end(transaction: Span, items: Sequence[Item]) -> None:
    for item in items:
        if item.span is not None:
            if item.error is not None:
                item.span.fail(type(item.error).__name__)
            item.span.end()
            item.span = None
    transaction.end()
