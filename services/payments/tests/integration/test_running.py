"""The service as it runs: one process with all roles on real Kafka and PostgreSQL, hearing, answering, expiring."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.clock import write_clock_file
from chassis.grpc_client import channel
from chassis.testing import eventually
from chassis.testing.house import TRACE
from chophien.payments.v1 import payments_service_pb2 as pb
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

from .speech import NOW, delivered, due, notice, off, order_id

ROLES = ("serve", "consume", "relay", "tick")


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def environ(postgres: Any, kafka: str, port: int, tmp_path: Path) -> dict[str, str]:
    tokens, clock = tmp_path / "tokens.json", tmp_path / "clock.json"
    tokens.write_text(
        json.dumps({"tokens": [{"token": role, "identity": role, "role": role} for role in ("bank", "operator")]})
    )
    write_clock_file(clock, time.time(), NOW.timestamp(), 0)
    return {
        "CHOPHIEN_DATABASE_URL": postgres.create_database("payments"),
        "CHOPHIEN_KAFKA_BOOTSTRAP": kafka,
        "CHOPHIEN_GRPC_LISTEN": f"127.0.0.1:{port}",
        "CHOPHIEN_TOKENS_FILE": str(tokens),
        "CHOPHIEN_CLOCK_FILE": str(clock),
    }


@asynccontextmanager
async def started(environ: Mapping[str, str], *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "payments", *arguments, env=os.environ | environ
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def healthy(port: int) -> bool:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as one:
        try:
            stub = health_pb2_grpc.HealthStub(one)
            answers = [await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=1) for name in ROLES]
        except grpc.aio.AioRpcError:
            return False
    return all(answer.status == health_pb2.HealthCheckResponse.SERVING for answer in answers)


async def tell(kafka: str, key: str, *events: Message) -> None:
    """Publish as another service's relay would, every record twice."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    for event in events:
        headers = [("ce_id", uuid.uuid4().hex.encode()), ("traceparent", TRACE.encode())]
        for _ in range(2):
            await producer.send_and_wait(
                event.DESCRIPTOR.full_name, event.SerializeToString(), key.encode(), headers=headers
            )
    await producer.stop()


@asynccontextmanager
async def listening(kafka: str) -> AsyncIterator[dict[str, list[str]]]:
    """What payments says, by order: kinds of fact in the order of the topic."""
    heard: dict[str, list[str]] = {}
    consumer = AIOKafkaConsumer(
        PaymentEvent.DESCRIPTOR.full_name, bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await consumer.start()

    async def listen() -> None:
        async for record in consumer:
            event = PaymentEvent.FromString(record.value)
            heard.setdefault(event.order_id, []).append(event.WhichOneof("fact") or "")

    task = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        task.cancel()
        await consumer.stop()


async def test_one_process_hears_answers_expires_and_stops(environ: dict[str, str], port: int, kafka: str) -> None:
    qr, cod, unpaid = order_id(), order_id(), order_id()
    async with started(environ, "migrate") as migration:
        assert await asyncio.wait_for(migration.wait(), 60) == 0
    async with started(environ, "all") as process, listening(kafka) as heard:
        await eventually(lambda: healthy(port), seconds_max=90)
        await tell(kafka, qr, due(qr, 185_000))
        await tell(kafka, cod, due(cod, 90_000, cod=True))
        await tell(kafka, unpaid, due(unpaid, 50_000))
        await eventually(lambda: {qr, cod, unpaid} <= set(heard), seconds_max=90)
        async with channel(f"127.0.0.1:{port}", "bank") as one:
            reply = await PaymentsServiceStub(one).ReportBankTransfer(notice(qr, 185_000), timeout=5)
        assert reply.state == pb.TRANSFER_STATE_EXACT
        await tell(kafka, f"{cod}-1", delivered(cod, 1, 90_000))
        await tell(kafka, qr, off(qr))
        await eventually(lambda: len(heard[cod]) == 2 and len(heard[qr]) == 3, seconds_max=90)
        write_clock_file(
            Path(environ["CHOPHIEN_CLOCK_FILE"]), time.time(), (NOW + timedelta(minutes=36)).timestamp(), 0
        )
        await eventually(lambda: len(heard[unpaid]) == 2, seconds_max=90)
        async with channel(f"127.0.0.1:{port}", "operator") as one:
            ledger = await PaymentsServiceStub(one).GetLedger(pb.GetLedgerRequest(), timeout=5)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert heard[qr] == ["payment_requested", "payment_authorized", "refund_due"]
    assert heard[cod] == ["payment_authorized", "cod_collected"]
    assert heard[unpaid] == ["payment_requested", "payment_expired"]
    assert (ledger.trial_balance_vnd, ledger.cod_outstanding_vnd, ledger.entry_count) == (0, 90_000, 3)


async def test_a_payee_that_makes_no_code_stops_the_start_with_one_clear_line(environ: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payments", "all"),
        env=os.environ | environ | {"CHOPHIEN_PAYEE_ACCOUNT": "8" * 20},
        stderr=asyncio.subprocess.PIPE,
    )
    _stdout, stderr = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert stderr.decode().startswith("payments cannot start: CHOPHIEN_PAYEE_BANK_BIN and CHOPHIEN_PAYEE_ACCOUNT")
