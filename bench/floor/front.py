"""The reference's front door: PlaceOrder over gRPC, one transaction an order or one a group of concurrent calls."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
from chophien.common.v1.common_pb2 import Line, Size
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.orders.v1.order_event_pb2 import OrderEvent, OrderPart, OrderPlaced

from bench.floor import outbox

PRICE_VND = 60_000
PICKUP_POINT = "pp-binh-lu-zone"
METHOD = "/chophien.orders.v1.OrdersService/PlaceOrder"


@dataclass(slots=True)
class Placing:
    """One call under way."""

    request: pb.PlaceOrderRequest
    event: OrderEvent
    answer: asyncio.Future[bytes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


def placed(request: pb.PlaceOrderRequest) -> OrderEvent:
    """The OrderPlaced of a request, with one part."""
    order_id = f"DH260204{uuid.uuid4().hex[:12].upper()}"
    lines = [
        Line(product_id=line.product_id, quantity=line.quantity, unit_price_vnd=PRICE_VND, session_id=line.session_id)
        for line in request.lines
    ]
    total = sum(line.quantity * line.unit_price_vnd for line in lines)
    part = OrderPart(
        part_id=f"{order_id}-1",
        pickup_point_id=PICKUP_POINT,
        seller_ids=["seller-01"],
        lines=lines,
        goods_vnd=total,
        size=Size(weight_g=550, length_cm=35, width_cm=20, height_cm=10),
    )
    fact = OrderPlaced(
        contact_id=uuid.uuid4().hex,
        channel=request.channel,
        channel_order_id=request.channel_order_id,
        destination=request.destination,
        payment_method=request.payment_method,
        parts=[part],
        total_vnd=total,
        place_time=outbox.stamp(datetime.now(UTC)),
    )
    return OrderEvent(order_id=order_id, version=1, order_placed=fact)


async def save(connection: asyncpg.Connection, calls: list[Placing]) -> list[bytes]:
    """Orders, contacts, request rows and outbox rows of a group in one transaction; answers their responses."""
    answers = [
        pb.PlaceOrderResponse(
            order_id=call.event.order_id, total_vnd=call.event.order_placed.total_vnd
        ).SerializeToString()
        for call in calls
    ]
    hashes = [hashlib.sha256(call.request.SerializeToString()).digest() for call in calls]
    ids = [call.request.request_id for call in calls]
    async with connection.transaction():
        known = await connection.fetch(
            "SELECT request_id FROM requests WHERE caller = 'bench' AND method = 'PlaceOrder' AND request_id = ANY($1)",
            ids,
        )
        if known:
            raise RuntimeError("the load never repeats a request id")
        await connection.execute(
            "INSERT INTO orders SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[])",
            [call.event.order_id for call in calls],
            [1] * len(calls),
            ["stock"] * len(calls),
            [call.event.order_placed.SerializeToString() for call in calls],
        )
        await connection.execute(
            "INSERT INTO contacts SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])",
            [call.event.order_placed.contact_id for call in calls],
            [call.request.buyer.name for call in calls],
            [call.request.buyer.phone for call in calls],
            [call.request.buyer.address for call in calls],
        )
        await connection.execute(
            "INSERT INTO requests SELECT 'bench', 'PlaceOrder', * FROM unnest($1::text[], $2::bytea[], $3::bytea[])",
            ids,
            hashes,
            answers,
        )
        await outbox.write(connection, [outbox.Said(call.event.order_id, call.event) for call in calls])
    return answers


class Front(grpc.GenericRpcHandler):
    """Answers PlaceOrder; `group` calls at most share a transaction, 1 = each its own."""

    def __init__(self, pool: asyncpg.Pool, woken: asyncio.Event, group: int) -> None:
        self._pool, self._woken, self._group = pool, woken, group
        self._waiting: list[Placing] = []
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()

    def service(self, handler_call_details: Any) -> Any:
        """The one method."""
        if handler_call_details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(self.place, pb.PlaceOrderRequest.FromString, lambda answer: answer)

    async def place(self, request: pb.PlaceOrderRequest, _context: Any) -> bytes:
        """Place one order."""
        call = Placing(request, placed(request))
        if self._group == 1:
            async with self._pool.acquire() as connection:
                [answer] = await save(connection, [call])
            self._woken.set()
            return answer
        self._waiting.append(call)
        if not self._busy:
            self._busy = True
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await call.answer

    async def _drain(self) -> None:
        """Commit group after group; the next one collects while this one commits."""
        while self._waiting:
            calls, self._waiting = self._waiting[: self._group], self._waiting[self._group :]
            async with self._pool.acquire() as connection:
                answers = await save(connection, calls)
            self._woken.set()
            for call, answer in zip(calls, answers, strict=True):
                call.answer.set_result(answer)
        self._busy = False
