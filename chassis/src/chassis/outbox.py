"""Writes facts into the outbox, in the transaction that made them true; the relay takes them from there."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.outages import Showable
from chassis.store import columns_of
from chassis.wiring import OutgoingFact

FACT_BYTES_MAX = 900_000
"""Largest payload we say; a broker takes 1 MiB (message.max.bytes) with key and headers."""

SHARDS = 16
"""How many relays a service could ever have; one today."""

# unnest is scanned in order, so the identity, drawn row by row, follows the order of the facts.
INSERT = """
    INSERT INTO outbox (id, topic, key, type, occurred_time, payload, traceparent, headers, shard)
    SELECT uuidv7(), r.topic, r.key, r.type, r.occurred_time, r.payload, r.traceparent, r.headers::jsonb, r.shard
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[], $6::text[], $7::text[], $8::int[])
        AS r(topic, key, type, occurred_time, payload, traceparent, headers, shard)"""


class FactTooLarge(Showable):
    """A fact is larger than FACT_BYTES_MAX; no broker would take it."""


class OutboxRow(NamedTuple):
    """A record for Kafka; `headers` (a JSON object of text) replaces the CloudEvents headers, for dead letters."""

    topic: str
    key: str
    type: str
    occurred_time: datetime
    payload: bytes
    traceparent: str
    headers: str | None
    shard: int


def row(fact: OutgoingFact, occurred_time: datetime, traceparent: str) -> OutboxRow:
    """A fact as an outbox row; raises FactTooLarge."""
    if len(fact.payload) > FACT_BYTES_MAX:
        raise FactTooLarge(f"{fact.type} has {len(fact.payload)} bytes, at most {FACT_BYTES_MAX} are said")
    return OutboxRow(
        fact.topic, fact.key, fact.type, occurred_time, fact.payload, traceparent, None, shard_of(fact.key)
    )


def shard_of(key: str) -> int:
    """Which relay would send this key, if there were several."""
    return zlib.crc32(key.encode()) % SHARDS


async def write(connection: AsyncConnection, rows: Sequence[OutboxRow]) -> None:
    """Insert rows in their order, in one statement; after all row locks of the transaction, so order is true."""
    if rows:
        await connection.exec_driver_sql(INSERT, columns_of(rows))
