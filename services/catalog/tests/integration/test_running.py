"""The service as it runs: one process with all roles on real Kafka and PostgreSQL, spoken to over the wire only."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.clock import write_clock_file
from chassis.grpc_client import channel
from chassis.testing import eventually
from chassis.testing.house import TRACE
from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from chophien.catalog.v1.stock_event_pb2 import StockEvent
from chophien.orders.v1.order_event_pb2 import OrderEvent
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

from .speech import NOW, OFFER_PRICE, cancelled, confirmed, line, open_shop, order_id, placed

TOKENS = {"tokens": [{"token": "ops", "identity": "ops", "role": "operator"}]}


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
async def environ(postgres: Any, kafka: str, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    (tmp_path / "tokens.json").write_text(json.dumps(TOKENS))
    write_clock_file(tmp_path / "clock.json", time.time(), NOW.timestamp(), 0)
    url = postgres.create_database("catalog")
    yield os.environ | {
        "CHOPHIEN_DATABASE_URL": url,
        "CHOPHIEN_KAFKA_BOOTSTRAP": kafka,
        "CHOPHIEN_GRPC_LISTEN": f"127.0.0.1:{free_port()}",
        "CHOPHIEN_TOKENS_FILE": str(tmp_path / "tokens.json"),
        "CHOPHIEN_CLOCK_FILE": str(tmp_path / "clock.json"),
        "CHOPHIEN_PARENT_PID": str(os.getpid()),
        "OTEL_TRACES_EXPORTER": "none",
    }
    postgres.drop_database(url)


@asynccontextmanager
async def started(environ: dict[str, str], role: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "catalog", role, env=environ)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def healthy(target: str) -> bool:
    async with grpc.aio.insecure_channel(target) as one:
        try:
            stub = health_pb2_grpc.HealthStub(one)
            names = ("serve", "consume", "relay", "tick")
            answers = [await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=1) for name in names]
        except grpc.aio.AioRpcError:
            return False
    return all(answer.status == health_pb2.HealthCheckResponse.SERVING for answer in answers)


async def tell(kafka: str, *events: OrderEvent) -> None:
    """Publish as the relay of orders would, every record twice."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    for event in events:
        headers = [("ce_id", uuid.uuid4().hex.encode()), ("traceparent", TRACE.encode())]
        for _ in range(2):
            name, key = event.DESCRIPTOR.full_name, event.order_id.encode()
            await producer.send(name, event.SerializeToString(), key, headers=headers)
    await producer.stop()


@asynccontextmanager
async def listening(kafka: str) -> AsyncIterator[dict[str, list[str]]]:
    """What catalog says of orders' stock: kinds of fact in the order of the topic."""
    heard: dict[str, list[str]] = {}
    consumer = AIOKafkaConsumer(StockEvent.DESCRIPTOR.full_name, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()

    async def listen() -> None:
        async for record in consumer:
            event = StockEvent.FromString(record.value)
            heard.setdefault(event.order_id, []).append(event.WhichOneof("fact") or "")

    task = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        task.cancel()
        await consumer.stop()


async def test_one_process_answers_hears_says_and_lets_holds_lapse(environ: dict[str, str]) -> None:
    kafka, target = environ["CHOPHIEN_KAFKA_BOOTSTRAP"], environ["CHOPHIEN_GRPC_LISTEN"]
    orders = [order_id() for _ in range(40)]
    async with started(environ, "migrate") as migration:
        assert await asyncio.wait_for(migration.wait(), 60) == 0
    async with started(environ, "all") as process, listening(kafka) as heard, channel(target, "ops") as one:
        await eventually(lambda: healthy(target), seconds_max=90)
        calls: Any = SimpleNamespace(
            **{name: partial(call, timeout=10) for name, call in vars(CatalogServiceStub(one)).items()}
        )
        await open_shop(calls)
        piece = line(1, OFFER_PRICE, "live-1")
        await tell(kafka, *(placed(order, piece) for order in orders))
        await eventually(lambda: set(orders) <= set(heard), seconds_max=90)
        winners = [order for order in orders if heard[order] == ["stock_reserved"]]
        lost = [order for order in orders if heard[order] == ["stock_refused"]]
        assert (len(winners), len(lost)) == (5, 35)
        sold, left = winners[:2], winners[2:]
        await tell(kafka, *(confirmed(order, piece) for order in sold), *(cancelled(order) for order in lost))
        await eventually(lambda: all(len(heard[order]) == 2 for order in sold), seconds_max=90)
        later = (NOW + timedelta(hours=3)).timestamp()
        write_clock_file(Path(environ["CHOPHIEN_CLOCK_FILE"]), time.time(), later, 0)
        await eventually(lambda: all(len(heard[order]) == 2 for order in left), seconds_max=90)
        found = await calls.GetProduct(pb.GetProductRequest(product_id="noodles"))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert all(heard[order] == ["stock_reserved", "stock_committed"] for order in sold)
    assert all(heard[order] == ["stock_reserved", "stock_released"] for order in left)
    assert all(heard[order] == ["stock_refused"] for order in lost)
    level = found.product.stock
    assert (level.on_hand_quantity, level.held_quantity, level.sold_quantity) == (8, 0, 2)
    assert found.product.offers[0].taken_quantity == 2


async def test_a_hold_too_short_stops_the_start_with_one_clear_line(environ: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "catalog", "all"),
        env=environ | {"CHOPHIEN_CATALOG_HOLD_MINUTES": "5"},
        stderr=asyncio.subprocess.PIPE,
    )
    _stdout, stderr = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert stderr.decode() == "catalog: CHOPHIEN_CATALOG_HOLD_MINUTES must be a whole number of at least 90, not '5'\n"
