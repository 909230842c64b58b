"""The contenders of the saga bench: the running system, and the reference with single and with grouped placing."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import grpc
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from laptop.stack import Stack

from bench import measure
from bench.floor.steps import HEARS
from bench.load import Load

SERVICES = ("catalog", "orders", "payments", "shipping")
POLL_SECONDS = 0.1
ROUND_SECONDS_MAX = 120.0
OURS_DONE = "SELECT id FROM orders WHERE id = ANY($1) AND wait = 'DELIVERY'"
FLOOR_DONE = "SELECT id FROM orders WHERE id = ANY($1) AND state = 'delivery'"


@dataclass(slots=True, kw_only=True)
class Contender:
    """Something that carries an order from PlaceOrder until its parcel is known to orders."""

    name: str
    stack: Stack
    done_sql: str
    orders_url: str
    products: tuple[str, ...]
    target: str = ""
    processes: dict[str, int] = field(default_factory=dict)

    def load(self) -> Load:
        """Fresh load for one round."""
        return Load(self.target, self.stack.tokens["buyer-channel"], self.products)

    async def run(self, count: int, admin_url: str) -> measure.Round:
        """Place `count` orders, after a warm-up, and wait until all have their parcel."""
        connection = await asyncpg.connect(self.orders_url)
        try:
            await self._carried(connection, self.load(), max(20, count // 20))
            before_tx, before_cpu = await measure.written(admin_url), self._cpu()
            load, start = self.load(), time.perf_counter()
            seen = await self._carried(connection, load, count)
            took, cpu = max(seen[one.order_id] for one in load.placed) - start, self._cpu()
            transactions = await measure.written(admin_url) - before_tx
        finally:
            await connection.close()
        latencies = [seen[placed.order_id] - placed.first_try for placed in load.placed]
        used = {name: cpu[name] - before_cpu[name] for name in cpu}
        return measure.Round(count, took, latencies, used, transactions)

    def _cpu(self) -> dict[str, float]:
        shared = {name: self.stack.children[name].process.pid for name in ("kafka", "postgres")}
        return measure.cpu_seconds({**self.processes, **shared})

    async def _carried(self, connection: asyncpg.Connection, load: Load, count: int) -> dict[str, float]:
        """Place orders and poll until all have their parcel; answers when each was first seen to."""
        placing = asyncio.create_task(load.full_speed(count))
        seen: dict[str, float] = {}
        deadline = time.perf_counter() + ROUND_SECONDS_MAX
        pending: list[str] = []
        while pending or not placing.done() or len(seen) < len(load.placed):
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{self.name}: {len(seen)} of {count} sagas done after {ROUND_SECONDS_MAX} s")
            await asyncio.sleep(POLL_SECONDS)
            pending = [one.order_id for one in load.placed if one.order_id not in seen]
            rows = await connection.fetch(self.done_sql, pending)
            now = time.perf_counter()
            seen.update({row["id"]: now for row in rows})
            pending = pending[len(rows) :]
        await placing
        return seen


@asynccontextmanager
async def ours(stack: Stack, products: tuple[str, ...]) -> AsyncIterator[Contender]:
    """The four services of the system, started for the round and stopped after it."""
    for service in SERVICES:
        stack.start_role(service, "all")
    try:
        pids = {service: stack.children[f"{service}.all"].process.pid for service in SERVICES}
        yield Contender(
            name="chophien",
            stack=stack,
            done_sql=OURS_DONE,
            orders_url=plain(stack.database_url("orders")),
            products=products,
            target=stack.target("orders"),
            processes=pids,
        )
    finally:
        for service in SERVICES:
            stack.kill(service, "all", signal.SIGTERM)
        for service in SERVICES:
            stack.children[f"{service}.all"].process.wait(30)


@asynccontextmanager
async def floor(
    stack: Stack, urls: Mapping[str, str], group: int, products: tuple[str, ...]
) -> AsyncIterator[Contender]:
    """The four processes of the reference; `group` orders share a placing transaction at most."""
    bootstrap, targets, children = stack.kafka_bootstrap, {}, {}
    for service in SERVICES:
        targets[service] = f"127.0.0.1:{free_port()}"
        argv = [sys.executable, "-m", "bench.floor", service, str(group), urls[service], bootstrap, targets[service]]
        children[service] = await asyncio.to_thread(subprocess.Popen, argv)
    try:
        async with grpc.aio.insecure_channel(targets["orders"]) as channel:
            await asyncio.wait_for(channel.channel_ready(), 30)
        await asyncio.sleep(1.0)
        yield Contender(
            name="floor, single" if group == 1 else "floor, grouped",
            stack=stack,
            done_sql=FLOOR_DONE,
            orders_url=urls["orders"],
            products=products,
            target=targets["orders"],
            processes={service: child.pid for service, child in children.items()},
        )
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait(10)


async def prepare_floor(stack: Stack) -> dict[str, str]:
    """The reference's databases and topics, with as many partitions as the system's; answers the databases' URLs."""
    client = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await client.start()
    try:
        for cls in {cls for classes in HEARS.values() for cls in classes}:
            await client.create_topics([NewTopic(f"{cls.DESCRIPTOR.full_name}.floor", 6, 1)])
    except TopicAlreadyExistsError:
        pass
    finally:
        await client.close()
    admin = await asyncpg.connect(admin_url(stack))
    try:
        existing = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
        for name in (f"floor_{service}" for service in SERVICES):
            if name not in existing:
                await admin.execute(f'CREATE DATABASE "{name}"')
    finally:
        await admin.close()
    base = admin_url(stack).rsplit("/", 1)[0]
    return {service: f"{base}/floor_{service}" for service in SERVICES}


def admin_url(stack: Stack) -> str:
    """The superuser's connection, for asyncpg."""
    return plain(stack.postgres.url("postgres"))


def plain(url: str) -> str:
    """A URL as asyncpg itself reads it."""
    return url.replace("postgresql+asyncpg://", "postgresql://")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
