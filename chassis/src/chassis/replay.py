"""Carries dead letters and what is parked behind them out again, in order per key and for this service only."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.dead_letters import OPEN, dead_record
from chassis.dispatch import Dispatcher, Item
from chassis.inbox import Undecodable, items_of
from chassis.outages import explain
from chassis.outbox import write_dead
from chassis.store import columns_of
from chassis.telemetry import Span

RECORDS_MAX = 500
"""Records replayed in one transaction."""

READ = f"""
    SELECT id, event_id, topic, partition, "offset", lane, key, payload, headers::text, state, reason, attempts, note
    FROM dead_letters WHERE {OPEN}"""

LOCK = f"SELECT id FROM dead_letters WHERE {OPEN} AND id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"

SETTLE = """
    UPDATE dead_letters AS d SET state = r.state, reason = r.reason, attempts = d.attempts + r.attempts,
        settled_time = CASE WHEN r.state = 'replayed' THEN now() END
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[]) AS r(id, state, reason, attempts)
    WHERE d.id = r.id"""

DISCARD = f"""
    UPDATE dead_letters SET state = 'discarded', note = $2, settled_time = now() WHERE id = $1 AND {OPEN}
    RETURNING id"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that waits: `state` is dead (a culprit) or parked (behind one)."""

    id: int
    event_id: str
    topic: str
    partition: int
    offset: int
    lane: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    state: str
    reason: str
    attempts: int
    note: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The source of a replayed item: looks like `inbox.Heard`, with the row it came from."""

    id: str
    record: DeadLetter


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to, in records."""

    carried_out: int = 0
    failed: int = 0
    still_parked: int = 0


async def open_letters(connection: AsyncConnection, topic: str = "", lane: str = "") -> list[DeadLetter]:
    """Everything that waits, in the order it came; optionally of one topic or key."""
    result = await connection.exec_driver_sql(
        f"{READ} AND ($1 = '' OR topic = $1) AND ($2 = '' OR lane = $2) ORDER BY id", (topic, lane)
    )
    return [_letter(row) for row in result]


def _letter(row: Any) -> DeadLetter:
    values = list(row)
    pairs = msgspec.json.decode(row.headers, type=list[tuple[str, str]])
    values[8] = [(name, value.encode()) for name, value in pairs]
    return DeadLetter(*values)


async def replay(dispatcher: Dispatcher, topic: str = "", lane: str = "") -> Replayed:
    """Try again what waits, culprit first; a key whose record fails again stays closed from there."""
    total = Replayed()
    closed: set[tuple[str, str | int]] = set()
    while True:
        async with dispatcher.engine.connect() as connection:
            letters = await open_letters(connection, topic, lane)
        letters = [letter for letter in letters if _way(letter) not in closed][:RECORDS_MAX]
        if not letters:
            return total
        items = [_item(letter, dispatcher) for letter in letters]
        await dispatcher.carry_out(items, ReplayGate(dispatcher.service.name))
        failed = [item for item in items if item.error is not None]
        closed |= {_way(item.source.record) for item in failed}
        parked = sum(item.held for item in items)
        done = len(items) - len(failed) - parked
        total = Replayed(total.carried_out + done, total.failed + len(failed), total.still_parked + parked)


def _way(letter: DeadLetter) -> tuple[str, str | int]:
    """What is closed by a failure: the key; a keyless record closes nobody's way but its own."""
    return letter.topic, letter.lane or letter.id


async def discard(connection: AsyncConnection, id: int, note: str) -> bool:
    """Give one record up, with the reason for posterity; what is parked behind it waits for the next replay."""
    if not note.strip():
        raise ValueError("a discarded record needs a reason")
    return (await connection.exec_driver_sql(DISCARD, (id, note))).first() is not None


def _item(letter: DeadLetter, dispatcher: Dispatcher) -> Item:
    """The letter as a record again, under the event id the inbox knows it by."""
    if letter.topic not in dispatcher.service.hears:
        item = Item(None, culprit=Undecodable("the topic is heard no more"))
    else:
        item = next(iter(items_of([letter], dispatcher.service.hears)), Item(None))
    item.lane = (letter.topic, letter.lane) if letter.lane else None
    item.source = Stored(letter.event_id, letter)
    return item


class ReplayGate:
    """Around replayed records: their rows are locked, so that no consumer parks behind them unseen, and settled."""

    def __init__(self, group: str) -> None:
        """`group` is the consumer group, part of the dead topic's name."""
        self._group = group
        self._closed: set[Hashable] = set()

    async def enter(self, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        """Only rows that are still open; behind what failed in an earlier share of these items the lane is held."""
        ids = [item.source.record.id for item in items]
        still = {row[0] for row in await connection.exec_driver_sql(LOCK, (ids,))}
        entered = [item for item in items if item.source.record.id in still]
        for item in entered:
            item.held = item.lane in self._closed
        return entered

    def begin(self, item: Item, transaction: str) -> Span | None:
        """The facts said carry the record's own trace."""
        return None

    async def leave(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        """Write down what became of each; a parked one that fails is a culprit of its own now."""
        self._closed |= {item.lane for item in items if item.error is not None and item.lane is not None}
        await connection.exec_driver_sql(SETTLE, columns_of([_settled(item) for item in items]))
        new = (item for item in items if item.error is not None and item.source.record.state == "parked")
        await write_dead(connection, [dead_record(item, self._group) for item in new])


def _settled(item: Item) -> tuple[int, str, str, int]:
    letter: DeadLetter = item.source.record
    if item.held:
        return letter.id, letter.state, letter.reason, 0
    if item.error is not None:
        return letter.id, "dead", explain(item.error), item.attempts
    return letter.id, "replayed", letter.reason, item.attempts
