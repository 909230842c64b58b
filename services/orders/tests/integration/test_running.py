"""The service as it runs: one process with all roles on real PostgreSQL and Kafka, spoken to over the wire only."""

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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.clock import write_clock_file
from chassis.testing.eventually import eventually
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.orders.v1.orders_service_pb2_grpc import OrdersServiceStub
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

TOKENS = {
    "tokens": [
        {"token": "channel-token", "identity": "channel", "role": "buyer_channel"},
        {"token": "ops-token", "identity": "ops", "role": "operator"},
    ]
}


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


class Running:
    """A process of orders and everything needed to speak with it."""

    def __init__(self, home: Path, database_url: str, bootstrap: str, now: datetime) -> None:
        self.home, self.bootstrap, self.now, self.port = home, bootstrap, now, free_port()
        (home / "tokens.json").write_text(json.dumps(TOKENS))
        self.tick(timedelta(0))
        self.environment = os.environ | {
            "CHOPHIEN_DATABASE_URL": database_url,
            "CHOPHIEN_KAFKA_BOOTSTRAP": bootstrap,
            "CHOPHIEN_GRPC_LISTEN": f"127.0.0.1:{self.port}",
            "CHOPHIEN_TOKENS_FILE": str(home / "tokens.json"),
            "CHOPHIEN_CLOCK_FILE": str(home / "clock.json"),
            "CHOPHIEN_PARENT_PID": str(os.getpid()),
            "OTEL_TRACES_EXPORTER": "none",
        }

    def tick(self, step: timedelta) -> None:
        """Business time stands still, a step further."""
        self.now += step
        write_clock_file(self.home / "clock.json", time.time(), self.now.timestamp(), 0)

    async def start(self, role: str) -> asyncio.subprocess.Process:
        with (self.home / "orders.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "orders", role, env=self.environment, stdout=log, stderr=log
            )

    async def ready(self) -> bool:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            try:
                answer = await health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(service=""), timeout=1
                )
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def call(self, rpc: str, request: Message, token: str = "ops-token") -> Any:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            method = getattr(OrdersServiceStub(channel), rpc)
            return await method(request, timeout=10, metadata=(("authorization", f"Bearer {token}"),))

    async def place(self, request: pb.PlaceOrderRequest) -> str:
        """Place an order as soon as the catalog's facts are heard; its id."""
        until = time.monotonic() + 20
        while True:
            try:
                answer: pb.PlaceOrderResponse = await self.call("PlaceOrder", request, "channel-token")
                return answer.order_id
            except grpc.aio.AioRpcError as refused:
                not_yet = refused.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION)
                if not not_yet or time.monotonic() > until:
                    raise
            await asyncio.sleep(0.05)

    async def publish(self, *events: Message) -> None:
        """Say facts as the other services do."""
        async with producing(self.bootstrap) as producer:
            for event in events:
                key = getattr(event, event.DESCRIPTOR.fields[0].name)
                headers = [("ce_id", uuid.uuid4().hex.encode())]
                await producer.send_and_wait(
                    event.DESCRIPTOR.full_name, event.SerializeToString(), key=key.encode(), headers=headers
                )


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def facts_of(bootstrap: str, order_id: str, count: int) -> list[tuple[str, dict[str, str]]]:
    """The first facts of an order as everybody hears them: kind and headers."""
    consumer = AIOKafkaConsumer(
        "chophien.orders.v1.OrderEvent", bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[tuple[str, dict[str, str]]] = []
    try:
        until = time.monotonic() + 20
        while len(found) < count and time.monotonic() < until:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if record.key == order_id.encode():
                        headers = {name: value.decode() for name, value in record.headers}
                        found.append((OrderEvent.FromString(record.value).WhichOneof("fact") or "", headers))
    finally:
        await consumer.stop()
    return found


@pytest.fixture
async def running(postgres: Any, kafka: str, tmp_path: Path, now: datetime) -> AsyncIterator[Running]:
    url = postgres.create_database("orders")
    running = Running(tmp_path, url, kafka, now)
    assert await (await running.start("migrate")).wait() == 0, (tmp_path / "orders.log").read_text()
    process = await running.start("all")
    try:
        await eventually(running.ready, seconds_max=90)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 30)
        postgres.drop_database(url)
    assert code == 0, (tmp_path / "orders.log").read_text()[-3000:]


async def test_an_order_goes_all_the_way_over_the_wire(running: Running, place: Any, say: Any, catalog: Any) -> None:
    await running.publish(*catalog())
    order_id = await running.place(place("r1"))

    async def state() -> Any:
        return (await running.call("GetOrder", pb.GetOrderRequest(order_id=order_id))).order.state

    async def is_in(wanted: Any) -> bool:
        return bool(await state() == wanted)

    await running.publish(say.stock_reserved(order_id))
    await eventually(lambda: is_in(pb.ORDER_STATE_AWAITING_PAYMENT))
    await running.publish(say.authorized(order_id))
    await eventually(lambda: is_in(pb.ORDER_STATE_CONFIRMED))
    await running.publish(
        *(say.parcel(order_id, n, kind) for kind in ("parcel_created", "parcel_delivered") for n in (1, 2))
    )
    await eventually(lambda: is_in(pb.ORDER_STATE_COMPLETED))
    heard = await facts_of(running.bootstrap, order_id, 4)
    assert [kind for kind, _ in heard] == ["order_placed", "payment_due", "order_confirmed", "order_completed"]
    assert heard[0][1]["ce_type"] == "chophien.orders.v1.OrderPlaced"
    told = await running.call("GetOrder", pb.GetOrderRequest(order_id=order_id))
    assert {headers["traceparent"][3:35] for _, headers in heard} == {told.trace_id}


async def test_the_clock_cancels_an_order_nobody_answers(running: Running, place: Any, catalog: Any) -> None:
    await running.publish(*catalog())
    order_id = await running.place(place("r2"))
    running.tick(timedelta(minutes=30))

    async def given_up() -> bool:
        order = (await running.call("GetOrder", pb.GetOrderRequest(order_id=order_id))).order
        return bool(order.cancel_reason == "GAVE_UP_STOCK")

    await eventually(given_up)
    assert [kind for kind, _ in await facts_of(running.bootstrap, order_id, 2)] == ["order_placed", "order_cancelled"]
