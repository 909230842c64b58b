"""Every heard fact through inbox, handlers and a real database: once, as the same record again, and said anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from orders.bootstrap import SERVICE
from orders.entrypoints.clock import give_up_waits
from orders.wire.hearing import HEARS

# `house`, `place` and `say` are fixtures of conftest.py.
House = Any

TABLES = ("orders", "product_views", "seller_views", "session_views")
KINDS = [(topic, kind) for topic, hearing in HEARS.items() for kind in hearing.commands]


async def contents(house: House) -> list[str]:
    """What is kept but for versions, and how many facts wait to be sent."""
    kept = []
    for table in TABLES:
        rows = await house.rows(f"SELECT to_jsonb(t) - 'version' FROM {table} t ORDER BY id")
        kept.append(str(rows))
    return [*kept, str(await house.rows("SELECT count(*) FROM outbox"))]


@pytest.mark.parametrize(("topic", "kind"), KINDS, ids=[kind for _, kind in KINDS])
async def test_a_fact_heard_again_changes_nothing(
    house: House, place: Any, say: Any, record: Any, topic: str, kind: str
) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    if topic.endswith("ParcelEvent"):
        await house.hear(*say.until_created(order_id))
    event: Any = HEARS[topic].message(version=7)
    for name, id in {
        "order_id": order_id,
        "parcel_id": f"{order_id}-1",
        "seller_id": "seller-a",
        "product_id": "tea",
        "session_id": "live-1",
    }.items():
        if name in event.DESCRIPTOR.fields_by_name:
            setattr(event, name, id)
    getattr(event, kind).SetInParent()
    for price in {"list_price_vnd", "offer_price_vnd"} & set(getattr(event, kind).DESCRIPTOR.fields_by_name):
        setattr(getattr(event, kind), price, 1)
    before = await contents(house)
    once = record(event)
    await house.hear_records(once)
    after = await contents(house)
    if kind not in ("parcel_created",):  # It was heard while arranging the test.
        assert after != before
    await house.hear_records(once)
    await house.hear(event, event)
    assert await contents(house) == after


async def test_the_whole_way_in_one_batch_says_every_fact_once(house: House, place: Any, say: Any) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    delivered = [say.parcel(order_id, number, "parcel_delivered") for number in (1, 2)]
    await house.hear(*say.until_created(order_id), *delivered)
    assert await house.kinds(order_id) == ["order_placed", "payment_due", "order_confirmed", "order_completed"]
    versions = [event.version for event in await house.said(order_id)]
    assert versions == sorted(set(versions))
    told = await house.get(order_id)
    assert told.order.state == pb.ORDER_STATE_COMPLETED
    assert [view.state for view in told.parts] == [pb.PART_STATE_DELIVERED] * 2
    assert told.money == pb.MONEY_STATE_AUTHORIZED


async def test_a_part_refused_is_undone_and_the_other_arrives(house: House, place: Any, say: Any) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    refused = ParcelEvent(order_id=order_id, parcel_id=f"{order_id}-1", version=1)
    refused.parcel_refused.reason = "OVER_PARTNER_LIMITS"
    await house.hear(
        say.stock_reserved(order_id),
        say.authorized(order_id),
        refused,
        say.parcel(order_id, 2, "parcel_created"),
        say.parcel(order_id, 2, "parcel_delivered"),
    )
    refund = PaymentEvent(order_id=order_id, version=3)
    refund.refund_due.refund_id, refund.refund_due.amount_vnd = "R1", 100_000
    await house.hear(refund)
    assert await house.kinds(order_id) == [
        "order_placed",
        "payment_due",
        "order_confirmed",
        "order_part_cancelled",
        "order_completed",
    ]
    part = (await house.said(order_id))[3].order_part_cancelled
    assert (part.part_id, part.reason, part.amount_vnd) == (f"{order_id}-1", "PARCEL_REFUSED", 100_000)
    assert [line.product_id for line in part.restock_lines] == ["noodles"]
    told = await house.get(order_id)
    assert told.money == pb.MONEY_STATE_REFUND_DUE
    assert [view.cancel_reason for view in told.parts] == ["PARCEL_REFUSED", ""]


async def test_a_cancel_after_the_confirmation_waits_for_the_parcels(house: House, place: Any, say: Any) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    await house.hear(*say.until_created(order_id), say.parcel(order_id, 1, "parcel_picked_up"))
    cancel = pb.CancelOrderRequest(request_id="c", order_id=order_id)
    assert (await house.stub("channel").CancelOrder(cancel)).state == pb.ORDER_STATE_CANCELLING
    cancelled = (await house.said(order_id))[-1].order_cancelled
    assert list(cancelled.open_part_ids) == [f"{order_id}-1", f"{order_id}-2"]
    await house.hear(
        say.parcel(order_id, 1, "parcel_cancel_refused"),
        say.parcel(order_id, 2, "parcel_cancelled"),
        say.parcel(order_id, 1, "parcel_returned"),
    )
    assert (await house.kinds(order_id))[-3:] == ["order_cancelled", "order_part_cancelled", "order_part_cancelled"]
    assert (await house.get(order_id)).order.state == pb.ORDER_STATE_CANCELLED
    again = pb.CancelOrderRequest(request_id="d", order_id=order_id)
    assert (await house.stub("channel").CancelOrder(again)).state == pb.ORDER_STATE_CANCELLED


async def test_the_clock_gives_up_what_nobody_answered_in_bounded_bulk(house: House, place: Any, say: Any) -> None:
    stub = house.stub("channel")
    silent = [(await stub.PlaceOrder(place())).order_id for _ in range(3)]
    unpaid = (await stub.PlaceOrder(place())).order_id
    await house.hear(say.stock_reserved(unpaid))
    house.clock.move(timedelta(minutes=30))
    await give_up_waits(house.served.runtime, house.clock.now())
    assert {(await house.get(id)).order.cancel_reason for id in silent} == {"GAVE_UP_STOCK"}
    assert (await house.get(unpaid)).order.state == pb.ORDER_STATE_AWAITING_PAYMENT
    house.clock.move(timedelta(minutes=30))
    for _ in range(2):
        await give_up_waits(house.served.runtime, house.clock.now())
    assert (await house.get(unpaid)).order.cancel_reason == "GAVE_UP_PAYMENT"
    assert await house.kinds(unpaid) == ["order_placed", "payment_due", "order_cancelled"]


async def test_deadlines_are_found_by_an_index(house: House) -> None:
    async with house.served.runtime.engine.connect() as connection:
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        sql = "EXPLAIN SELECT id FROM orders WHERE deadline_time <= '2026-02-04' ORDER BY deadline_time LIMIT 200"
        assert "orders_deadline" in str((await connection.exec_driver_sql(sql)).all())


async def test_the_topics_are_those_of_the_contract() -> None:
    assert set(SERVICE.hears) == {
        "chophien.catalog.v1.SellerEvent",
        "chophien.catalog.v1.ProductEvent",
        "chophien.catalog.v1.LivestreamEvent",
        "chophien.catalog.v1.StockEvent",
        "chophien.payments.v1.PaymentEvent",
        "chophien.shipping.v1.ParcelEvent",
    }
    assert set(SERVICE.publishes) == {"chophien.orders.v1.OrderEvent"}
