"""Turns records into commands and remembers which were taken, so that a record heard twice is carried out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import bounds, dead_letters, sql
from chassis.cloudevents import TEXT_CHARACTERS_MAX, id_and_trace
from chassis.dispatch import Item
from chassis.outages import Showable
from chassis.telemetry import Span, Telemetry, sampled, valid
from chassis.wiring import Hearing, TopicShape

REPLAY_WINDOW_HOURS = 7 * 24
"""How long after a topic has forgotten a record its inbox row is kept, for replays and late rewinds."""

PRUNED_MAX = 5_000
"""Inbox rows removed in one statement, so that pruning never holds anybody up."""

INSERT = """
    INSERT INTO inbox (id, topic, received_time)
    SELECT r.id, r.topic, now() FROM unnest($1::text[], $2::text[]) AS r(id, topic)
    ON CONFLICT (id) DO NOTHING RETURNING id"""

PRUNE = """
    DELETE FROM inbox WHERE id IN (
        SELECT id FROM inbox WHERE topic = $1 AND received_time < now() - make_interval(hours => $2) LIMIT $3)"""


class Record(Protocol):
    """What we need of a Kafka record; a parked one looks the same."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...  # noqa: D102


class Undecodable(Showable):
    """A record that is no fact: no id, no body, or a body of something else."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A record and its event id; the `source` of an item."""

    id: str
    record: Record


def items_of(records: Iterable[Record], hears: Mapping[str, Hearing]) -> list[Item]:
    """The records that concern us, in their order. Never raises: what cannot be decoded is an item with a culprit."""
    return [item for record in records if (item := _item(record, hears[record.topic])) is not None]


def _item(record: Record, hearing: Hearing) -> Item | None:
    command: object | None = None
    culprit: Exception | None = None
    id, trace = id_and_trace(record.headers)
    try:
        if not record.value:
            raise Undecodable("empty body")
        event = hearing.message.FromString(record.value)
        make = hearing.commands.get(event.WhichOneof("fact") or "")
        if make is None:
            return None
        bounds.check(event)
        command = make(event)
        if not id or len(id) > TEXT_CHARACTERS_MAX:
            raise Undecodable("ce_id is missing or too long")
    except Exception as error:
        culprit = error
        if not id or len(id) > TEXT_CHARACTERS_MAX:
            id = f"{record.topic}/{record.partition}/{record.offset}"
    lane = (record.topic, dead_letters.lane_of(record.key)) if record.key else None
    return Item(command, trace if valid(trace) else "", lane, Heard(id, record), culprit)


class InboxGate:
    """Around a batch of records: fresh ones are entered, those behind a dead letter parked, culprits written down."""

    def __init__(self, group: str, telemetry: Telemetry) -> None:
        """`group` is the consumer group, part of the dead topic's name."""
        self._group, self._telemetry = group, telemetry

    async def enter(self, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        """Write the event ids, sorted so that no two batches deadlock; answers the items not heard before."""
        first: dict[str, Item] = {}
        for item in items:
            first.setdefault(item.source.id, item)
        ids = sorted(first)
        topics = [first[id].source.record.topic for id in ids]
        fresh = {row[0] for row in await sql.fetch(connection, INSERT, ids, topics)}
        entered = [item for id, item in first.items() if id in fresh]
        if lanes := {item.lane for item in entered if item.lane is not None}:
            closed = await dead_letters.closed_lanes(connection, lanes)
            for item in entered:
                item.held = item.lane in closed
        return entered

    def begin(self, item: Item, transaction: str) -> Span | None:
        """The `process` span of a record, in its own trace; none for the many that nobody watches."""
        if item.trace and not sampled(item.trace):
            return None
        record = item.source.record
        return self._telemetry.process(
            record.topic,
            item.trace,
            transaction,
            item.command,
            partition=record.partition,
            offset=record.offset,
            group=self._group,
        )

    async def leave(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        """Culprits and parked records become dead letters; culprits go to the dead topic as well."""
        await dead_letters.bury(connection, self._group, [i for i in items if i.error is not None or i.held])


async def prune(connection: AsyncConnection, shapes: Mapping[str, TopicShape]) -> int:
    """Forget records that can come no more; answers how many. Topics kept for ever are remembered for ever."""
    forgotten = 0
    for topic, shape in shapes.items():
        if shape.retention_hours is not None:
            hours = shape.retention_hours + REPLAY_WINDOW_HOURS
            forgotten += (await connection.exec_driver_sql(PRUNE, (topic, hours, PRUNED_MAX))).rowcount
    return forgotten
