"""Looks for buyers' names, phones and addresses everywhere they must not be: topics, logs, spans, databases."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from laptop.layout import Layout

from tests.contract.topology import SERVICES
from tests.e2e.auditor.collect import raw_records

TRACES_MAX = 1_000
WIDE_MS = 7 * 86_400_000
ALLOWED = {("orders", "contacts")}
"""The one table that holds them; a person is erased there alone."""


def secrets(run_dir: Path) -> set[str]:
    """What buyers told of themselves, as the actor outside wrote it down; phones without their prefix."""
    found: set[str] = set()
    for line in (run_dir / "actors" / "buyers.jsonl").read_text("utf-8").splitlines():
        buyer = json.loads(line).get("request", {}).get("buyer", {})
        found |= {buyer.get("name", ""), buyer.get("phone", "")[-9:], buyer.get("address", "")}
    return {text for text in found if len(text) > 6}


async def personal_data_in(layout: Layout, run_dir: Path) -> list[str]:
    """Where something of a buyer was found, and what; a place is a topic, a log file, the spans, a table."""
    wanted = secrets(run_dir)
    assert len(wanted) > 100, "the buyers told nothing: the scan would prove nothing"
    found = []
    for place, text in [*logs(run_dir), *spans(layout), *await tables(layout), *await topics(layout)]:
        found += [f"{place}: {secret}" for secret in wanted if secret in text]
    return found


def logs(run_dir: Path) -> Iterator[tuple[str, str]]:
    """The logs of all services."""
    for path in sorted((run_dir / "logs").glob("*.log")):
        if path.name.split(".")[0] in SERVICES:
            yield f"log {path.name}", path.read_text("utf-8", errors="replace")


def spans(layout: Layout) -> Iterator[tuple[str, str]]:
    """What the trace viewer holds, a service at a time."""
    for service in SERVICES:
        query = f"/api/v2/traces?serviceName={service}&limit={TRACES_MAX}&lookback={WIDE_MS}"
        with urllib.request.urlopen(layout.zipkin_url + query, timeout=60) as answer:
            yield f"spans of {service}", "\n".join(words(json.load(answer)))


def words(value: object, name: str = "") -> Iterator[str]:
    """All text of a span; its numbers and random ids hold nine digits of any phone now and then."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from words(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from words(one, name)
    elif isinstance(value, str) and name not in ("id", "traceId", "parentId"):
        yield value


async def tables(layout: Layout) -> list[tuple[str, str]]:
    """Every row of every table but the one that may."""
    found = []
    for service in SERVICES:
        connection = await asyncpg.connect(layout.database_url(service).replace("+asyncpg", ""))
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in names:
            if (service, name) not in ALLOWED:
                rows = await connection.fetch(f'SELECT t::text FROM "{name}" AS t')
                found.append((f"table {service}.{name}", "\n".join(row[0] for row in rows)))
        await connection.close()
    return found


async def topics(layout: Layout) -> list[tuple[str, str]]:
    """Keys, headers and bodies of every record of every topic."""
    return [
        (
            f"topic {topic}",
            b" ".join(filter(None, (record.key, record.value, repr(record.headers).encode()))).decode(
                "utf-8", "replace"
            ),
        )
        for topic, record in await raw_records(layout.kafka_bootstrap)
    ]
