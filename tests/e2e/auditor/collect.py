"""Gathers the evidence from a running stack: whole topics, all tables of four databases, the actors' journals."""

from __future__ import annotations

import importlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from google.protobuf.descriptor_pool import Default as pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from laptop.layout import Layout

from tests.contract.topology import SERVICES, TOPICS, message_of
from tests.e2e.auditor.evidence import Evidence, Fact, Row

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
PAGE_RECORDS = 5_000
CONTRACTS = (
    "catalog.v1.seller_event",
    "catalog.v1.product_event",
    "catalog.v1.stock_event",
    "catalog.v1.livestream_event",
    "orders.v1.order_event",
    "payments.v1.payment_event",
    "shipping.v1.parcel_event",
    "shipping.v1.pickup_batch_event",
    "shipping.v1.courier_feed",
)


async def collect(layout: Layout, actors: Path) -> Evidence:
    """All of it; the system must be at rest, or the evidence contradicts itself."""
    for contract in CONTRACTS:
        importlib.import_module(f"chophien.{contract}_pb2")
    tables = {service: await _tables(layout.database_url(service)) for service in SERVICES}
    records = await raw_records(layout.kafka_bootstrap)
    return Evidence(
        facts=[_fact(record) for topic, record in records if topic in TOPICS],
        hears=hears(),
        inbox={service: {row["id"]: row["topic"] for row in tables[service]["inbox"]} for service in SERVICES},
        tables=tables,
        journals=_journals(actors),
        placed=_lines(actors / "world" / "placed.jsonl"),
        dead_records=[_header(record, "ce_id") for topic, record in records if topic not in TOPICS],
    )


def hears() -> dict[tuple[str, str], frozenset[str]]:
    """What each group takes in, by the wiring of the services themselves."""
    found = {}
    for service in SERVICES:
        wiring = importlib.import_module(f"{service}.bootstrap").SERVICE
        for topic, hearing in wiring.hears.items():
            found[service, topic] = frozenset(hearing.commands)
    return found


async def _tables(url: str) -> dict[str, list[Row]]:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        names = [row["table_name"] for row in await connection.fetch(TABLES)]
        return {name: [dict(row) for row in await connection.fetch(f'SELECT * FROM "{name}"')] for name in names}
    finally:
        await connection.close()


async def raw_records(bootstrap: str) -> list[tuple[str, Any]]:
    """Every record of every topic of ours, dead ones included, each partition in its order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = await _partitions(bootstrap)
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        found: list[tuple[str, Any]] = []
        left = {part for part in parts if ends[part]}
        while left:
            for part, records in (await consumer.getmany(*left, timeout_ms=500, max_records=PAGE_RECORDS)).items():
                found += [(part.topic, record) for record in records]
            left = {part for part in left if await consumer.position(part) < ends[part]}
        return found
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = [each for each in await admin.describe_topics() if each["topic"].startswith("chophien.")]
        return [TopicPartition(each["topic"], part["partition"]) for each in topics for part in each["partitions"]]
    finally:
        await admin.close()


def _fact(record: Any) -> Fact:
    event: Any = _message(record.topic).FromString(record.value)
    kind = event.WhichOneof("fact") or ""
    return Fact(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode(),
        id=_header(record, "ce_id"),
        kind=kind,
        version=event.version,
        trace=_header(record, "traceparent"),
        time=datetime.fromisoformat(_header(record, "ce_time")),
        body=getattr(event, kind) if kind else None,
    )


def _message(topic: str) -> type[Message]:
    return GetMessageClass(pool().FindMessageTypeByName(message_of(topic)))


def _header(record: Any, name: str) -> str:
    return next((value.decode() for key, value in record.headers if key == name and value), "")


def _journals(actors: Path) -> dict[str, list[Row]]:
    return {path.stem: _lines(path) for path in sorted(actors.glob("*.jsonl"))}


def _lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
