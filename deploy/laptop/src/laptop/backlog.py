"""Counts the work still under way: outbox rows, dead letters, open effects, records not yet read by consumers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from laptop.asynchronous import wait_for
from laptop.errors import StackError
from laptop.layout import Layout

# The id of an outbox row is a UUIDv7, which knows when it was made in real time; the row's own time is business time.
_SQL = """
SELECT (SELECT count(*) FROM outbox),
       (SELECT coalesce(extract(epoch FROM now() - min(uuid_extract_timestamp(id))), 0) FROM outbox),
       (SELECT count(*) FROM dead_letters WHERE state = 'dead'),
       (SELECT count(*) FROM dead_letters WHERE state = 'parked'),
       (SELECT count(*) FROM effects WHERE state IN ('wished', 'unknown')),
       (SELECT count(*) FROM effects WHERE state = 'exhausted')
"""


@dataclass(frozen=True)
class Backlog:
    """What one service has still to do; everything 0 means it is done."""

    outbox_rows: int
    outbox_age_seconds: float
    dead_letters: int
    parked: int
    effects_open: int
    effects_exhausted: int


def backlog(layout: Layout, service: str) -> Backlog | None:
    """The service's backlog; None when its database cannot be asked (not up, not migrated)."""
    try:
        columns = layout.postgres.sql(_SQL, service).split("|")
    except StackError:
        return None
    rows, age, dead, parked, effects_open, exhausted = columns
    return Backlog(int(rows), float(age), int(dead), int(parked), int(effects_open), int(exhausted))


def lags(bootstrap: str, groups: Iterable[str]) -> dict[str, Counter[str]]:
    """For each consumer group the records it has not yet committed, by topic; empty when the broker cannot be asked."""
    return wait_for(_lags(bootstrap, list(groups)))


async def _lags(bootstrap: str, groups: list[str]) -> dict[str, Counter[str]]:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    admin, consumer = AIOKafkaAdminClient(bootstrap_servers=bootstrap), AIOKafkaConsumer(bootstrap_servers=bootstrap)
    answer: dict[str, Counter[str]] = {}
    try:
        await admin.start()
        await consumer.start()
        for group in groups:
            committed = await admin.list_consumer_group_offsets(group)
            ends = await consumer.end_offsets(list(committed))
            answer[group] = Counter()
            for partition, position in committed.items():
                answer[group][partition.topic] += max(0, ends[partition] - max(0, position.offset))
    except (KafkaError, OSError):
        return {}
    finally:
        await consumer.stop()
        await admin.close()
    return answer
