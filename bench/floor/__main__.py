"""Runs one service of the reference: `python -m bench.floor SERVICE GROUP DATABASE BOOTSTRAP LISTEN`."""

from __future__ import annotations

import asyncio
import sys
import uuid
from typing import Any

import asyncpg
import grpc.aio
import uvloop
from aiokafka import AIOKafkaConsumer

from bench.floor import outbox
from bench.floor.front import Front
from bench.floor.schema import COMMON, TABLES
from bench.floor.steps import HEARS, STEPS

RECORDS_MAX = 500


async def consume(pool: asyncpg.Pool, bootstrap: str, service: str, woken: asyncio.Event) -> None:
    """Batch after batch: inbox, step, outbox, COMMIT, then the offsets."""
    classes = {f"{cls.DESCRIPTOR.full_name}.floor": cls for cls in HEARS[service]}
    consumer = AIOKafkaConsumer(
        *classes,
        bootstrap_servers=bootstrap,
        group_id=f"floor-{service}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        while True:
            polled = await consumer.getmany(timeout_ms=200, max_records=RECORDS_MAX)
            records = [record for partition in polled.values() for record in partition]
            if records:
                await transact(pool, service, records, classes)
                woken.set()
                await consumer.commit()
    finally:
        await consumer.stop()


async def transact(pool: asyncpg.Pool, service: str, records: list[Any], classes: dict[str, Any]) -> None:
    """One batch in one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        ids = [uuid.UUID(dict(record.headers)["ce_id"].decode()) for record in records]
        rows = await connection.fetch(
            "INSERT INTO inbox SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING id", sorted(ids)
        )
        fresh = {row["id"] for row in rows}
        events = [
            classes[record.topic].FromString(record.value)
            for id, record in zip(ids, records, strict=True)
            if id in fresh
        ]
        said = await STEPS[service](connection, events)
        if said:
            await outbox.write(connection, said)


async def main() -> None:
    """Run until killed."""
    service, group, database, bootstrap, listen = sys.argv[1:6]
    pool = await asyncpg.create_pool(database, min_size=2, max_size=8)
    async with pool.acquire() as connection:
        await connection.execute(COMMON + TABLES[service])
    woken = asyncio.Event()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Front(pool, woken, int(group)),))
    server.add_insecure_port(listen)
    await server.start()
    await asyncio.gather(
        outbox.relay(pool, bootstrap, service, woken),
        consume(pool, bootstrap, service, woken),
        server.wait_for_termination(),
    )


if __name__ == "__main__":
    uvloop.run(main())
