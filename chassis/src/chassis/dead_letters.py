"""Keeps what could not be carried out, and what waits behind it, until somebody replays or discards it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import sql
from chassis.cloudevents import TEXT_CHARACTERS_MAX, readable
from chassis.outages import explain
from chassis.outbox import FACT_BYTES_MAX, DeadRow, write_dead
from chassis.store import columns_of
from chassis.telemetry import count

if TYPE_CHECKING:
    from chassis.dispatch import Item

OPEN = "state IN ('dead', 'parked')"

ANY_CLOSED = f"SELECT EXISTS (SELECT FROM dead_letters WHERE {OPEN})"

# A replay holds these locks until it commits; whoever waited for it sees here that the lane is open again.
LOCK_LANES = f"SELECT topic, lane FROM dead_letters WHERE {OPEN} AND lane = ANY($1::text[]) ORDER BY id FOR UPDATE"

INSERT = """
    INSERT INTO dead_letters (event_id, topic, partition, "offset", lane, key, payload, headers,
        state, reason, attempts, note, received_time)
    SELECT r.event_id, r.topic, r.partition, r."offset", r.lane, r.key, r.payload, r.headers::jsonb,
        r.state, r.reason, r.attempts, '', now()
    FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $8::text[],
        $9::text[], $10::text[], $11::int[])
        AS r(event_id, topic, partition, "offset", lane, key, payload, headers, state, reason, attempts)"""


def dead_topic(topic: str, group: str) -> str:
    """Where a group's culprits of a topic go."""
    return f"{topic}.{group}.dead"


def lane_of(key: bytes | None) -> str:
    """The key as text that fits an index; records of one lane wait for each other. Empty = no key, nobody waits."""
    text = readable(key)
    return text if len(text) <= TEXT_CHARACTERS_MAX else "sha256:" + hashlib.sha256(key or b"").hexdigest()


async def closed_lanes(connection: AsyncConnection, lanes: Iterable[Hashable]) -> set[Hashable]:
    """Which of these (topic, lane) hold an open dead letter; one cheap statement, unless there are any at all."""
    [found] = await sql.fetch(connection, ANY_CLOSED)
    if not found[0]:
        return set()
    names = ([lane[1] for lane in lanes if isinstance(lane, tuple)],)
    return {tuple(row) for row in await connection.exec_driver_sql(LOCK_LANES, names)}


async def bury(connection: AsyncConnection, group: str, items: Sequence[Item]) -> None:
    """Write culprits and parked records down, in one statement; culprits go to their dead topics as well."""
    if not items:
        return
    await connection.exec_driver_sql(INSERT, columns_of(map(_row, items)))
    count("dispatch.dead", sum(item.error is not None for item in items))
    count("dispatch.parked", sum(item.held for item in items))
    await write_dead(connection, [dead_record(item, group) for item in items if item.error is not None])


def _row(item: Item) -> tuple[Any, ...]:
    record = item.source.record
    return (
        item.source.id,
        record.topic,
        record.partition,
        record.offset,
        lane_of(record.key),
        record.key,
        record.value,
        msgspec.json.encode([(readable(name.encode()), readable(value)) for name, value in record.headers]).decode(),
        "parked" if item.held else "dead",
        "" if item.error is None else readable(explain(item.error).encode()),
        item.attempts,
    )


def dead_record(item: Item, group: str) -> DeadRow:
    """A culprit as it goes to the dead topic: its own body, key and headers, and why it lies there."""
    record, key, body = item.source.record, readable(item.source.record.key), item.source.record.value or b""
    headers = {readable(name.encode()): readable(value) for name, value in record.headers}
    headers |= {
        "dead-reason": "" if item.error is None else readable(explain(item.error).encode()),
        "dead-attempts": str(item.attempts),
        "dead-topic": record.topic,
        "dead-partition": str(record.partition),
        "dead-offset": str(record.offset),
        "dead-group": group,
    }
    if item.span is not None:
        headers["traceparent"] = item.span.traceparent
    if len(body) + len(key) + sum(len(n) + len(v) for n, v in headers.items()) > FACT_BYTES_MAX:
        # The whole record is in dead_letters; with our headers on top no broker would take it.
        body, headers, key = b"", {n: v[:TEXT_CHARACTERS_MAX] for n, v in headers.items()}, lane_of(record.key)
        headers["dead-body"] = "left out, too large"
    return DeadRow(dead_topic(record.topic, group), key, body, msgspec.json.encode(headers).decode())
