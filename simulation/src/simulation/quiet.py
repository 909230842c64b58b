"""Knows when the system is at rest: ticks have seen the time, consumers have heard everything, outboxes are empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

REST_SECONDS_MAX = 90.0
PAUSE_SECONDS = (0.02, 0.2)
DEAD = ".dead"

LOOK = """
    SELECT (SELECT count(*) FROM outbox) AS outbox,
           (SELECT count(*) FROM effects WHERE state IN ('wished', 'unknown')) AS effects,
           (SELECT min(business_time) FROM ticks) AS ticked"""

AWAY = (KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class NoRest(Exception):
    """The system did not come to rest; the message says what was still going on."""


def _as_plain(url: str) -> str:
    return url.replace("postgresql+asyncpg://", "postgresql://")


class Quiet:
    """Looks from outside at databases and broker; survives their restarts. `away` services are left out."""

    def __init__(
        self, databases: Mapping[str, str], kafka_bootstrap: str, check: Callable[[], None] = lambda: None
    ) -> None:
        """`databases` is a URL by service, also the name of its consumer group; `check` raises when waiting is vain."""
        self.away: set[str] = set()
        self._urls = {service: _as_plain(url) for service, url in databases.items()}
        self._bootstrap, self._check = kafka_bootstrap, check
        self._connections: dict[str, asyncpg.Connection[Any]] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._heard: dict[str, list[TopicPartition]] = {}

    async def wait(self, now: datetime) -> None:
        """Until nothing is under way at business time `now`; raises NoRest after REST_SECONDS_MAX of real time."""
        deadline, pause = time.monotonic() + REST_SECONDS_MAX, PAUSE_SECONDS[0]
        while busy := await self._busy(now):
            self._check()
            if time.monotonic() > deadline:
                raise NoRest(f"no rest at {now:%a %d %b %H:%M} after {REST_SECONDS_MAX:.0f} s: {busy}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, PAUSE_SECONDS[1])

    async def _busy(self, now: datetime) -> str:
        """What is still under way.

        What ticks and consumers cause is in the outbox before they are done, so looking in this order is sound.
        """
        try:
            for service in self._services():
                row = await self._look(service)
                if row["ticked"] is None or row["ticked"] < now:
                    return f"{service} has not ticked"
            before = await self._ends()
            if behind := await self._behind(before):
                return behind
            for service in self._services():
                row = await self._look(service)
                if row["outbox"] or row["effects"]:
                    return f"{service} has {row['outbox']} facts to say and {row['effects']} effects to carry out"
            return "" if await self._ends() == before else "new facts"
        except AWAY as error:
            await self.close()
            return f"cannot look: {error!r}"

    async def work_of(self, service: str) -> tuple[int, int]:
        """What waits for a service right now: facts it has not heard, facts it has not said."""
        ends = await self._ends()
        return await self._lag(service, ends), (await self._look(service))["outbox"]

    def _services(self) -> list[str]:
        return [service for service in self._urls if service not in self.away]

    async def _look(self, service: str) -> Any:
        if service not in self._connections:
            self._connections[service] = await asyncpg.connect(self._urls[service], timeout=5)
        return await self._connections[service].fetchrow(LOOK, timeout=5)

    async def _ends(self) -> dict[TopicPartition, int]:
        if self._consumer is None or self._admin is None:
            self._consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
            await self._consumer.start()
            await self._admin.start()
            self._heard = await self._who_hears(self._admin)
        partitions = {each for heard in self._heard.values() for each in heard}
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(partitions)
        return ends

    async def _who_hears(self, admin: AIOKafkaAdminClient) -> dict[str, list[TopicPartition]]:
        """Every group has a dead topic for each topic it hears, named <topic>.<group>.dead."""
        shapes = {
            each["topic"]: [part["partition"] for part in each["partitions"]] for each in await admin.describe_topics()
        }
        heard: dict[str, list[TopicPartition]] = {}
        for dead in sorted(shapes):
            if dead.endswith(DEAD):
                topic, group = dead.removesuffix(DEAD).rsplit(".", 1)
                heard.setdefault(group, []).extend(TopicPartition(topic, part) for part in shapes[topic])
        return heard

    async def _behind(self, ends: Mapping[TopicPartition, int]) -> str:
        for group in self._services():
            if lag := await self._lag(group, ends):
                return f"{group} is {lag} facts behind"
        return ""

    async def _lag(self, group: str, ends: Mapping[TopicPartition, int]) -> int:
        assert self._admin is not None
        committed = await self._admin.list_consumer_group_offsets(group)
        reached = {
            part: max(0, committed[part].offset) if part in committed else 0 for part in self._heard.get(group, ())
        }
        return sum(max(0, ends[part] - offset) for part, offset in reached.items())

    async def close(self) -> None:
        """Close every connection."""
        connections, self._connections = list(self._connections.values()), {}
        for connection in connections:
            connection.terminate()
        consumer, self._consumer, admin, self._admin = self._consumer, None, self._admin, None
        if consumer is not None:
            await consumer.stop()
        if admin is not None:
            await admin.close()
