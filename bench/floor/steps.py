"""What each service of the reference does with a batch of facts: SQL in bulk, facts built by hand, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from chophien.catalog.v1.stock_event_pb2 import StockCommitted, StockEvent, StockReserved
from chophien.orders.v1.order_event_pb2 import OrderConfirmed, OrderEvent, OrderPlaced, PartAmount, PaymentDue
from chophien.payments.v1.payment_event_pb2 import PaymentAuthorized, PaymentEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelCreated, ParcelEvent, PromiseMade

from bench.floor.outbox import Said, stamp

Step = Callable[[asyncpg.Connection, list[Any]], Awaitable[list[Said]]]
AFTER = {"stock_reserved": "payment", "payment_authorized": "parcels", "parcel_created": "delivery"}
LOCK = "SELECT * FROM {} WHERE id = ANY($1) ORDER BY id FOR UPDATE"


async def orders(connection: asyncpg.Connection, events: list[Any]) -> list[Said]:
    """StockReserved → PaymentDue, PaymentAuthorized → OrderConfirmed, ParcelCreated → done."""
    events = [event for event in events if event.WhichOneof("fact") in AFTER]
    if not events:
        return []
    rows = await connection.fetch(LOCK.format("orders"), sorted({event.order_id for event in events}))
    state = {row["id"]: [row["version"], row["state"], row["placed"]] for row in rows}
    said: list[Said] = []
    for event in events:
        order, kind = state[event.order_id], event.WhichOneof("fact")
        order[0], order[1] = order[0] + 1, AFTER[kind]
        if kind != "parcel_created":
            placed = OrderPlaced.FromString(order[2])
            answer = payment_due(placed) if kind == "stock_reserved" else order_confirmed(placed)
            said.append(Said(event.order_id, OrderEvent(order_id=event.order_id, version=order[0], **answer)))
    await connection.execute(
        "UPDATE orders SET version = new.version, state = new.state FROM unnest($1::text[], $2::bigint[], $3::text[]) "
        "AS new(id, version, state) WHERE orders.id = new.id",
        list(state),
        [order[0] for order in state.values()],
        [order[1] for order in state.values()],
    )
    return said


def payment_due(placed: OrderPlaced) -> dict[str, Any]:
    """The fact that asks for the money."""
    due = PaymentDue(
        total_vnd=placed.total_vnd,
        payment_method=placed.payment_method,
        due_time=stamp(datetime.now(UTC)),
        part_amounts=[PartAmount(part_id=part.part_id, amount_vnd=part.goods_vnd) for part in placed.parts],
        channel=placed.channel,
    )
    return {"payment_due": due}


def order_confirmed(placed: OrderPlaced) -> dict[str, Any]:
    """The fact that asks for the parcels."""
    confirmed = OrderConfirmed(
        contact_id=placed.contact_id,
        destination=placed.destination,
        parts=placed.parts,
        payment_method=placed.payment_method,
        place_time=placed.place_time,
        confirm_time=stamp(datetime.now(UTC)),
        channel=placed.channel,
    )
    return {"order_confirmed": confirmed}


async def catalog(connection: asyncpg.Connection, events: list[Any]) -> list[Said]:
    """OrderPlaced → hold, StockReserved; OrderConfirmed → sale, StockCommitted."""
    placed = [event for event in events if event.WhichOneof("fact") == "order_placed"]
    confirmed = [event for event in events if event.WhichOneof("fact") == "order_confirmed"]
    said: list[Said] = []
    held: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    now = datetime.now(UTC)
    for event in placed:
        lines = [line for part in event.order_placed.parts for line in part.lines]
        held.update({line.product_id: line.quantity for line in lines})
        reserved = StockReserved(lines=lines, expire_time=stamp(now + timedelta(hours=3)))
        said.append(Said(event.order_id, StockEvent(order_id=event.order_id, version=1, stock_reserved=reserved)))
    for event in confirmed:
        sold.update({line.product_id: line.quantity for part in event.order_confirmed.parts for line in part.lines})
        committed = StockCommitted(commit_time=stamp(now))
        said.append(Said(event.order_id, StockEvent(order_id=event.order_id, version=2, stock_committed=committed)))
    if not said:
        return []
    products = sorted(held | sold)
    await connection.fetch(LOCK.format("stock"), products)
    if placed:
        await connection.execute(
            "INSERT INTO holds SELECT * FROM "
            "unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::timestamptz[])",
            [event.order_id for event in placed],
            [1] * len(placed),
            ["held"] * len(placed),
            [event.order_placed.parts[0].SerializeToString() for event in placed],
            [now + timedelta(hours=3)] * len(placed),
        )
    if confirmed:
        ids = sorted(event.order_id for event in confirmed)
        await connection.fetch(LOCK.format("holds"), ids)
        await connection.execute("UPDATE holds SET version = 2, state = 'sold' WHERE id = ANY($1)", ids)
    await connection.execute(
        "INSERT INTO stock SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) ON CONFLICT (id) "
        "DO UPDATE SET version = stock.version + 1, held = stock.held + excluded.held, "
        "sold = stock.sold + excluded.sold",
        products,
        [1] * len(products),
        [held[product] - sold[product] for product in products],
        [sold[product] for product in products],
    )
    return said


async def payments(connection: asyncpg.Connection, events: list[Any]) -> list[Said]:
    """PaymentDue → PaymentAuthorized (cash on delivery)."""
    due = [event for event in events if event.WhichOneof("fact") == "payment_due"]
    if not due:
        return []
    await connection.execute(
        "INSERT INTO payments SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[])",
        [event.order_id for event in due],
        [1] * len(due),
        ["authorized"] * len(due),
        [event.payment_due.total_vnd for event in due],
    )
    now = datetime.now(UTC)
    return [
        Said(
            event.order_id,
            PaymentEvent(
                order_id=event.order_id,
                version=1,
                payment_authorized=PaymentAuthorized(
                    amount_vnd=event.payment_due.total_vnd,
                    payment_method=event.payment_due.payment_method,
                    authorize_time=stamp(now),
                ),
            ),
        )
        for event in due
    ]


async def shipping(connection: asyncpg.Connection, events: list[Any]) -> list[Said]:
    """OrderConfirmed → one parcel a part, ParcelCreated and PromiseMade."""
    confirmed = [event for event in events if event.WhichOneof("fact") == "order_confirmed"]
    parts = [(event, part) for event in confirmed for part in event.order_confirmed.parts]
    if not parts:
        return []
    now = datetime.now(UTC)
    deadline = now + timedelta(days=1)
    await connection.execute(
        "INSERT INTO parcels SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], "
        "$6::timestamptz[])",
        [part.part_id for _, part in parts],
        [2] * len(parts),
        [event.order_id for event, _ in parts],
        ["created"] * len(parts),
        [part.SerializeToString() for _, part in parts],
        [deadline] * len(parts),
    )
    said: list[Said] = []
    for event, part in parts:
        destination = event.order_confirmed.destination
        created = ParcelCreated(
            pickup_point_id=part.pickup_point_id,
            origin=destination,
            destination=destination,
            size=part.size,
            cod_vnd=part.goods_vnd,
        )
        promise = PromiseMade(
            handover_deadline_time=stamp(deadline),
            delivery_deadline_time=stamp(deadline + timedelta(days=3)),
            bound_by="CHANNEL_SAME_DAY",
            place_time=event.order_confirmed.place_time,
        )
        about = {"parcel_id": part.part_id, "order_id": event.order_id}
        said.append(Said(part.part_id, ParcelEvent(version=1, parcel_created=created, **about)))
        said.append(Said(part.part_id, ParcelEvent(version=2, promise_made=promise, **about)))
    return said


STEPS: dict[str, Step] = {"orders": orders, "catalog": catalog, "payments": payments, "shipping": shipping}
HEARS = {
    "orders": (StockEvent, PaymentEvent, ParcelEvent),
    "catalog": (OrderEvent,),
    "payments": (OrderEvent,),
    "shipping": (OrderEvent,),
}
