"""The service as it runs: one process with all roles on real PostgreSQL and Kafka, spoken to over the wire only.

One test after the other (`--dist loadfile`): two processes on one Kafka are one consumer group and share its facts.
"""

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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.clock import write_clock_file
from chassis.testing.eventually import eventually
from chophien.shipping.v1 import courier_service_pb2 as courier
from chophien.shipping.v1 import shipping_service_pb2 as pb
from chophien.shipping.v1.courier_feed_pb2 import CourierFeed
from chophien.shipping.v1.courier_service_pb2_grpc import CourierServiceStub
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from chophien.shipping.v1.shipping_service_pb2_grpc import ShippingServiceStub
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

START = datetime(2026, 2, 4, 6, 30, tzinfo=UTC)
FEED = "chophien.shipping.v1.CourierFeed.partner-a"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TOKENS = {
    "tokens": [
        {"token": "seller-token", "identity": "seller", "role": "seller", "seller_id": "seller-1"},
        {"token": "ops-token", "identity": "ops", "role": "operator"},
        {"token": "a-token", "identity": "partner-a", "role": "partner", "partner_id": "partner-a"},
    ]
}


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


class Running:
    """A process of shipping and everything needed to speak with it."""

    def __init__(self, home: Path, database_url: str, bootstrap: str) -> None:
        self.home, self.bootstrap, self.now, self.port = home, bootstrap, START, free_port()
        self.process: asyncio.subprocess.Process | None = None
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

    def log(self) -> str:
        return (self.home / "shipping.log").read_text()[-4000:]

    async def start(self, role: str) -> asyncio.subprocess.Process:
        with (self.home / "shipping.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "shipping", role, env=self.environment, stdout=log, stderr=log
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
            made: list[Any] = [ShippingServiceStub(channel), CourierServiceStub(channel)]
            method = next(getattr(stub, rpc) for stub in made if hasattr(stub, rpc))
            return await method(request, timeout=10, metadata=(("authorization", f"Bearer {token}"),))

    async def publish(self, *events: Message) -> None:
        """Say facts as the other services do."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        try:
            for event in events:
                key = getattr(event, event.DESCRIPTOR.fields[0].name)
                headers = [("ce_id", uuid.uuid4().hex.encode()), ("traceparent", TRACE.encode())]
                await producer.send_and_wait(
                    event.DESCRIPTOR.full_name, event.SerializeToString(), key=key.encode(), headers=headers
                )
        finally:
            await producer.stop()

    async def heard(self, topic: str, message: Any, key: str, count: int) -> list[tuple[str, str]]:
        """The first facts under a key as others hear them: kind and traceparent."""
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        found: list[tuple[str, str]] = []
        try:
            until = time.monotonic() + 20
            while len(found) < count and time.monotonic() < until:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in (one for one in records if one.key == key.encode()):
                        kind = message.FromString(record.value).WhichOneof("fact")
                        found.append((kind, dict(record.headers)["traceparent"].decode()))
        finally:
            await consumer.stop()
        return found


@pytest.fixture
async def running(postgres: Any, kafka: str, tmp_path: Path) -> AsyncIterator[Running]:
    url = postgres.create_database("shipping")
    running = Running(tmp_path, url, kafka)
    assert await (await running.start("migrate")).wait() == 0, running.log()
    running.process = await running.start("all")
    try:
        await eventually(running.ready, seconds_max=90)
        yield running
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 30) == 0, running.log()
    finally:
        print(running.log())
        if running.process.returncode is None:
            running.process.kill()
            await running.process.wait()
        postgres.drop_database(url)


async def packed_and_planned(running: Running, say: Any) -> tuple[str, Any]:
    """A parcel that is packed, and the tender that the 14:45 wave makes of it."""
    order_id = f"DH{uuid.uuid4().hex[:12].upper()}"
    await running.publish(say.order_confirmed(order_id), say.seller_registered())

    async def ready() -> bool:
        request = pb.MarkReadyRequest(request_id="ready", parcel_id=f"{order_id}-1")
        try:
            await running.call("MarkReady", request, "seller-token")
        except grpc.aio.AioRpcError as refused:
            if refused.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return False
        parcel = (await running.call("GetParcel", pb.GetParcelRequest(parcel_id=f"{order_id}-1"))).parcel
        return bool(parcel.state == pb.PARCEL_STATE_READY)

    await eventually(ready, seconds_max=90)
    running.tick(timedelta(minutes=75))

    async def tendered() -> bool:
        return bool((await running.call("ListTenders", courier.ListTendersRequest(), "a-token")).tenders)

    await eventually(tendered, seconds_max=90)
    (tender,) = (await running.call("ListTenders", courier.ListTendersRequest(), "a-token")).tenders
    return f"{order_id}-1", tender


async def test_a_parcel_goes_all_the_way_over_the_wire(running: Running, say: Any) -> None:
    parcel_id, tender = await packed_and_planned(running, say)
    accept = courier.AcceptTenderRequest(request_id="accept", tender_id=tender.tender_id)
    await running.call("AcceptTender", accept, "a-token")
    report = courier.ReportPickupRequest(request_id="picked", batch_id=tender.batch_id, run_finished=True)
    report.reports.add(parcel_id=parcel_id, picked=True)
    report.handover_time.FromDatetime(running.now)
    await running.call("ReportPickup", report, "a-token")
    for number, kind in enumerate((courier.SCAN_KIND_IN_TRANSIT, courier.SCAN_KIND_DELIVERED)):
        scan = courier.ReportScanRequest(request_id=f"s{number}", scan_id=f"s{number}", parcel_id=parcel_id, kind=kind)
        scan.scan_time.FromDatetime(running.now + timedelta(minutes=number))
        await running.call("ReportScan", scan, "a-token")
    said = await running.heard("chophien.shipping.v1.ParcelEvent", ParcelEvent, parcel_id, 6)
    assert [kind for kind, _ in said] == [
        "parcel_created",
        "promise_made",
        "parcel_ready",
        "parcel_picked_up",
        "parcel_in_transit",
        "parcel_delivered",
    ]
    assert {trace[3:35] for _, trace in said} == {TRACE[3:35]}
    told = await running.heard(FEED, CourierFeed, tender.batch_id, 2)
    assert [kind for kind, _ in told] == ["tender_offered", "run_awarded"]
    batch = await running.call("GetBatch", pb.GetBatchRequest(batch_id=tender.batch_id))
    assert batch.batch.state == pb.BATCH_STATE_HANDED_OVER and len(batch.trace_id) == 32


async def test_the_planning_process_does_not_outlive_a_killed_parent(running: Running, say: Any) -> None:
    await packed_and_planned(running, say)
    assert running.process is not None
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert children
    running.process.kill()
    await running.process.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    running.process = await running.start("all")
    await eventually(running.ready, seconds_max=90)
