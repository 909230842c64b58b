"""Writes facts into the outbox, in the transaction that made them true; the relay takes them from there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import sql
from chassis.outages import Showable
from chassis.store import columns_of
from chassis.wiring import OutgoingFact

FACT_BYTES_MAX = 900_000
"""Largest payload we say; a broker takes 1 MiB (message.max.bytes) with key and headers."""

# unnest is scanned in order, so the identity, drawn row by row, follows the order of the facts.
INSERT_FACTS = """
    INSERT INTO outbox (id, topic, key, type, occurred_time, payload, traceparent, shard)
    SELECT uuidv7(), r.topic, r.key, r.type, $6::timestamptz, r.payload, r.traceparent, hashtext(r.key) & 15
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[])
        AS r(topic, key, type, payload, traceparent)"""
"""The shard says which of up to 16 relays would send a key; one sends them all today."""

INSERT_DEAD = """
    INSERT INTO outbox (id, topic, key, type, occurred_time, payload, traceparent, headers, shard)
    SELECT uuidv7(), r.topic, r.key, '', $5::timestamptz, r.payload, '', r.headers::jsonb, hashtext(r.key) & 15
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) AS r(topic, key, payload, headers)"""


class FactTooLarge(Showable):
    """A fact is larger than FACT_BYTES_MAX; no broker would take it."""


class OutboxRow(NamedTuple):
    """A fact on its way to Kafka."""

    topic: str
    key: str
    type: str
    payload: bytes
    traceparent: str


class DeadRow(NamedTuple):
    """A culprit on its way to its dead topic; `headers` is a JSON object of text."""

    topic: str
    key: str
    payload: bytes
    headers: str


def row(fact: OutgoingFact, traceparent: str) -> OutboxRow:
    """A fact as an outbox row; raises FactTooLarge."""
    if len(fact.payload) > FACT_BYTES_MAX:
        raise FactTooLarge(f"{fact.type} has {len(fact.payload)} bytes, at most {FACT_BYTES_MAX} are said")
    return OutboxRow(fact.topic, fact.key, fact.type, fact.payload, traceparent)


async def write(connection: AsyncConnection, rows: Sequence[OutboxRow], occurred_time: datetime) -> None:
    """Insert facts in their order, in one statement; after all row locks of the transaction, so the order is true."""
    if rows:
        await sql.fetch(connection, INSERT_FACTS, *columns_of(rows), occurred_time)


async def write_dead(connection: AsyncConnection, rows: Sequence[DeadRow]) -> None:
    """Insert culprits for their dead topics, in one statement."""
    if rows:
        await connection.exec_driver_sql(INSERT_DEAD, (*columns_of(rows), datetime.now(UTC)))
