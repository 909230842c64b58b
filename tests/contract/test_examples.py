"""The samples of `examples/`, each as a process: a caller that is turned away first, a partner that answers tenders."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from chassis.kafka import make_topics
from chassis.status import DETAILS_KEY, status_of
from chassis.testing import eventually
from chassis.wiring import TopicShape
from chophien.common.v1.common_pb2 import Size
from chophien.orders.v1 import orders_service_pb2 as orders
from chophien.shipping.v1 import courier_service_pb2 as couriers
from chophien.shipping.v1.courier_feed_pb2 import CourierFeed, TenderClosed, TenderOffered, TenderParcel
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import Default as pool
from google.protobuf.message_factory import GetMessageClass
from orders.domain.errors import ProductNotForSale
from shipping.domain.errors import NoLongerYours

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 60
Context = grpc.aio.ServicerContext[Any, Any]
Answer = Callable[[Any, Context], Awaitable[Any]]


@dataclass(frozen=True)
class Asked:
    """A call as it reached the server."""

    method: str
    request: Any
    credential: str
    has_deadline: bool


@asynccontextmanager
async def answering(service: str, answers: Mapping[str, Answer]) -> AsyncIterator[tuple[str, list[Asked]]]:
    """A server for some RPCs of a service of ours: its address, and what it was asked so far."""
    asked: list[Asked] = []

    def handler(method: MethodDescriptor) -> Any:
        async def answer(request: Any, context: Context) -> Any:
            credential = str(dict(context.invocation_metadata() or ()).get("authorization"))
            asked.append(Asked(method.name, request, credential, context.time_remaining() is not None))
            return await answers[method.name](request, context)

        request = GetMessageClass(method.input_type)
        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=request.FromString, response_serializer=lambda reply: reply.SerializeToString()
        )

    methods = {m.name: handler(m) for m in pool().FindServiceByName(service).methods if m.name in answers}
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", asked
    finally:
        await server.stop(grace=None)


def replying(reply: Any) -> Answer:
    """An RPC that answers always alike."""

    async def answer(_request: Any, _context: Context) -> Any:
        return reply

    return answer


def refusing(error: Any) -> Answer:
    """An RPC that refuses, as our services do."""

    async def answer(_request: Any, context: Context) -> None:
        status = status_of(error)
        code = grpc.StatusCode[error.code.value]
        await context.abort(code, status.message, ((DETAILS_KEY, status.SerializeToString()),))

    return answer


def turning_away(times: int, reply: Any) -> Answer:
    """An RPC that is not available so many times, and then answers."""
    left = [grpc.StatusCode.UNAVAILABLE] * times

    async def answer(_request: Any, context: Context) -> Any:
        if left:
            await context.abort(left.pop(), "not now")
        return reply

    return answer


@asynccontextmanager
async def running(
    example: str, *arguments: str, stderr: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """An example as a process of its own, ended with the test."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, f"examples/{example}", *arguments),
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told(example: str, *arguments: str) -> tuple[int | None, str]:
    """Exit code and words of an example that ends by itself."""
    async with running(example, *arguments, stderr=asyncio.subprocess.STDOUT) as process:
        output, _ = await asyncio.wait_for(process.communicate(), SECONDS_MAX)
        return process.returncode, output.decode()


async def test_the_sample_caller_tries_again_with_the_same_request_until_it_is_answered() -> None:
    placed = orders.PlaceOrderResponse(order_id="DH-1", total_vnd=240_000)
    order = orders.GetOrderResponse(order=orders.OrderSummary(order_id="DH-1"))
    answers = {"PlaceOrder": turning_away(2, placed), "GetOrder": turning_away(1, order)}
    async with answering("chophien.orders.v1.OrdersService", answers) as (target, asked):
        code, words = await told("place_order.py", target, "token-1", "mien-1")
    assert code == 0 and "placed: DH-1 240,000 đ" in words, words
    assert [each.method for each in asked] == ["PlaceOrder"] * 3 + ["GetOrder"] * 2
    assert asked[0].request.request_id
    assert asked[0].request == asked[1].request == asked[2].request
    assert [line.product_id for line in asked[0].request.lines] == ["mien-1"]
    assert {(each.credential, each.has_deadline) for each in asked} == {("Bearer token-1", True)}


async def test_the_sample_caller_says_why_it_was_refused_and_does_not_try_again() -> None:
    refusal = refusing(ProductNotForSale(product_id="mien-1"))
    async with answering("chophien.orders.v1.OrdersService", {"PlaceOrder": refusal}) as (target, asked):
        code, words = await told("place_order.py", target, "token-1", "mien-1")
    assert code == 1 and "PRODUCT_NOT_FOR_SALE" in words and "Traceback" not in words, words
    assert len(asked) == 1


@pytest.fixture
async def partner(kafka: str) -> str:
    """A partner nobody else is, with its feed."""
    partner_id = f"partner-{uuid.uuid4().hex[:8]}"
    await make_topics(kafka, 1, {f"{CourierFeed.DESCRIPTOR.full_name}.{partner_id}": TopicShape(1)})
    return partner_id


async def tell(kafka: str, *feed: CourierFeed) -> None:
    """Say this in a partner's feed."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for fact in feed:
        topic = f"{CourierFeed.DESCRIPTOR.full_name}.{fact.partner_id}"
        await producer.send(topic, fact.SerializeToString(), fact.batch_id.encode())
    await producer.stop()


def offer(partner_id: str, batch_id: str, tender_id: str, *weights_g: int) -> CourierFeed:
    """A run with parcels of these weights."""
    parcels = [TenderParcel(parcel_id=f"P-{n}", size=Size(weight_g=each)) for n, each in enumerate(weights_g)]
    offered = TenderOffered(tender_id=tender_id, hub_id="hub-1", parcels=parcels)
    return CourierFeed(batch_id=batch_id, partner_id=partner_id, version=1, tender_offered=offered)


async def words_of(process: asyncio.subprocess.Process, lines: int) -> list[str]:
    """What a running example says next."""
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS_MAX):
        return [(await process.stdout.readline()).decode().strip() for _ in range(lines)]


async def committed(kafka: str, partner_id: str) -> int | None:
    """How far the partner's group has heard its feed."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=f"{partner_id}-sample", enable_auto_commit=False)
    async with reader:
        offset: int | None = await reader.committed(
            TopicPartition(f"{CourierFeed.DESCRIPTOR.full_name}.{partner_id}", 0)
        )
        return offset


async def test_the_sample_partner_takes_what_its_van_carries_and_declines_the_rest(kafka: str, partner: str) -> None:
    """Of kinds it does not know it says nothing, and a run that is another's meanwhile is no error."""

    async def accept(request: Any, context: Context) -> Any:
        if request.tender_id == "T-2":
            await refusing(NoLongerYours())(request, context)
        return couriers.AcceptTenderResponse(batch_id="B-1", manifest_hash="h")

    answers = {
        "AcceptTender": accept,
        "DeclineTender": replying(couriers.DeclineTenderResponse()),
        "GetManifest": replying(couriers.GetManifestResponse(batch_id="B-1", hub_id="hub-1", parcels=2)),
    }
    await tell(
        kafka,
        CourierFeed(batch_id="B-0", partner_id=partner, version=1, tender_closed=TenderClosed(reason="EXPIRED")),
        offer(partner, "B-1", "T-1", 100_000, 200_000),
        offer(partner, "B-2", "T-2", 1),
        offer(partner, "B-3", "T-3", 200_000, 100_001),
    )
    async with (
        answering("chophien.shipping.v1.CourierService", answers) as (target, asked),
        running("courier_partner.py", kafka, target, "token-a", partner) as process,
    ):
        words = await words_of(process, 3)
        assert [line.split()[0:2] for line in words] == [["accepted:", "B-1"], ["no", "longer"], ["declined:", "B-3"]]
        assert words[0].endswith("parcels: 2 hub: hub-1")
        await eventually(lambda: _heard_all(kafka, partner, 4), seconds_max=SECONDS_MAX)
    assert [(each.method, getattr(each.request, "tender_id", "")) for each in asked] == [
        ("AcceptTender", "T-1"),
        ("GetManifest", ""),
        ("AcceptTender", "T-2"),
        ("DeclineTender", "T-3"),
    ]
    assert asked[1].request.batch_id == "B-1" and asked[3].request.reason == "OVER_CAPACITY"
    assert {(each.credential, each.has_deadline) for each in asked} == {("Bearer token-a", True)}


async def _heard_all(kafka: str, partner_id: str, number: int) -> bool:
    return await committed(kafka, partner_id) == number
