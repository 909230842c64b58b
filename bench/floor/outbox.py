"""The reference's outbox: one insert a transaction, and a relay that sends in order and deletes what was taken."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

FETCH_ROWS_MAX = 1000
IDLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Said:
    """A fact to publish."""

    key: str
    message: Message
    id: uuid.UUID = field(default_factory=uuid.uuid4)


def stamp(moment: datetime) -> Timestamp:
    """A moment as the contracts write it."""
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


async def write(connection: asyncpg.Connection, said: list[Said]) -> None:
    """Put facts into the outbox in one statement."""
    now = datetime.now(UTC)
    await connection.execute(
        "INSERT INTO outbox (id, topic, key, type, time, payload) SELECT * FROM unnest("
        "$1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[])",
        [one.id for one in said],
        [one.message.DESCRIPTOR.full_name + ".floor" for one in said],
        [one.key for one in said],
        [f"{one.message.DESCRIPTOR.full_name}.{one.message.WhichOneof('fact')}" for one in said],
        [now] * len(said),
        [one.message.SerializeToString() for one in said],
    )


def headers(row: asyncpg.Record, source: bytes) -> list[tuple[str, bytes]]:
    """The CloudEvents headers, as the system writes them."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(row["id"]).encode()),
        ("ce_source", source),
        ("ce_type", row["type"].encode()),
        ("ce_subject", row["key"].encode()),
        ("ce_time", row["time"].isoformat().encode()),
        ("content-type", b"application/protobuf"),
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
    ]


async def relay(pool: asyncpg.Pool, bootstrap: str, service: str, woken: asyncio.Event) -> None:
    """Send the outbox for ever."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    source = f"chophien/{service}".encode()
    try:
        async with pool.acquire() as connection:
            while True:
                rows = await connection.fetch(f"SELECT * FROM outbox ORDER BY seq LIMIT {FETCH_ROWS_MAX}")
                if not rows:
                    woken.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(woken.wait(), IDLE_SECONDS)
                    continue
                sent = [
                    await producer.send(row["topic"], row["payload"], row["key"].encode(), headers=headers(row, source))
                    for row in rows
                ]
                await asyncio.gather(*sent)
                await connection.execute("DELETE FROM outbox WHERE seq = ANY($1)", [row["seq"] for row in rows])
    finally:
        await producer.stop()
