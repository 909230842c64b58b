"""Every RPC against a real database over a real socket: answers, refusals, repeats, roles."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import grpc
import pytest
from chassis.housekeeping import tidy_up
from chassis.status import bad_fields, error_info
from chassis.testing.house import refused
from chophien.catalog.v1.livestream_event_pb2 import LivestreamEvent
from chophien.catalog.v1.product_event_pb2 import ProductEvent
from chophien.catalog.v1.seller_event_pb2 import SellerEvent
from chophien.common.v1.common_pb2 import Line, Place
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.orders.v1.order_event_pb2 import OrderEvent
from google.protobuf.timestamp_pb2 import Timestamp

# `house` is a fixture of conftest.py, as is the request it makes.
House = Any


async def test_placing_answers_stores_and_says(house: House, place: Any) -> None:
    answer = await house.stub("channel").PlaceOrder(place())
    assert answer.total_vnd == 2 * 50_000 + 99_000
    assert [(p.part_id, p.pickup_point_id, p.goods_vnd) for p in answer.parts] == [
        (f"{answer.order_id}-1", "pp-zone", 100_000),
        (f"{answer.order_id}-2", "pp-hill", 99_000),
    ]
    [event] = await house.said(answer.order_id)
    assert (event.version, event.order_placed.total_vnd) == (1, answer.total_vnd)
    assert event.order_placed.place_time == answer.place_time
    told = await house.get(answer.order_id)
    assert (told.order.state, told.order.wait) == (pb.ORDER_STATE_PLACED, pb.ORDER_WAIT_STOCK)
    assert (told.order.session_id, told.destination.as_of_date) == ("live-1", "2026-02-04")
    assert [entry.kind for entry in told.history] == ["OrderPlaced"]
    assert len(told.trace_id) == 32


async def test_facts_carry_the_orders_own_trace_for_ever(house: House, place: Any, say: Any) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    await house.hear(say.stock_reserved(order_id))
    traces = await house.rows(f"SELECT substr(traceparent, 4, 32) FROM outbox WHERE key = '{order_id}'")
    assert {trace for (trace,) in traces} == {(await house.get(order_id)).trace_id}


async def test_a_repeated_request_is_answered_again(house: House, place: Any) -> None:
    stub = house.stub("channel")
    first = await stub.PlaceOrder(place("again"))
    assert await stub.PlaceOrder(place("again")) == first
    changed = place("again", lines=[Line(product_id="tea", quantity=1)])
    assert await refused(stub.PlaceOrder(changed)) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH")
    assert len(await house.rows("SELECT id FROM orders")) == 1


async def test_a_request_is_answered_again_after_a_day_off_line(house: House, place: Any) -> None:
    """R50: the phone's time is kept beside ours, and housekeeping forgets no request of yesterday."""
    stub, written = house.stub("channel"), Timestamp(seconds=1_770_000_000)
    first = await stub.PlaceOrder(place("off-line", client_time=written))
    await house.tick(hours=24)
    async with house.served.runtime.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE requests SET received_time = received_time - interval '24 hours'")
    await tidy_up(house.served.runtime)
    assert await stub.PlaceOrder(place("off-line", client_time=written)) == first
    told = await house.get(first.order_id)
    assert (told.client_time, told.order.place_time) == (written, first.place_time)
    other = place("off-line", client_time=written, lines=[Line(product_id="tea", quantity=2)])
    assert await refused(stub.PlaceOrder(other)) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH")
    assert len(await house.rows("SELECT id FROM orders")) == 1


async def test_a_channel_order_sent_five_times_at_once_is_one_order(house: House, place: Any) -> None:
    stub = house.stub("channel")
    answers = await asyncio.gather(*(stub.PlaceOrder(place(channel_order_id="tiktok-7")) for _ in range(5)))
    assert len({answer.order_id for answer in answers}) == 1
    assert [answer.already_placed for answer in answers].count(False) == 1
    later = await stub.PlaceOrder(place(channel_order_id="tiktok-7"))
    assert later.already_placed and later.parts == answers[0].parts
    more = place("more", channel_order_id="tiktok-7", lines=[Line(product_id="noodles", quantity=50)])
    for _ in range(2):
        assert await refused(stub.PlaceOrder(more)) == (grpc.StatusCode.ALREADY_EXISTS, "CHANNEL_ORDER_CHANGED")
    assert len(await house.rows("SELECT id FROM orders UNION ALL SELECT id FROM contacts")) == 2


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        (Line(product_id="gold", quantity=1), "NOT_FOUND", "UNKNOWN_PRODUCT"),
        (Line(product_id="tea", quantity=1, session_id="live-9"), "FAILED_PRECONDITION", "SESSION_NOT_LIVE"),
        (Line(product_id="tea", quantity=1, unit_price_vnd=1), "FAILED_PRECONDITION", "PRICE_CHANGED"),
    ],
)
async def test_a_refused_line_names_its_reason(house: House, place: Any, line: Line, code: str, reason: str) -> None:
    assert await refused(house.stub("channel").PlaceOrder(place(lines=[line]))) == (grpc.StatusCode[code], reason)
    assert await house.rows("SELECT id FROM orders UNION ALL SELECT id FROM contacts") == []


async def test_a_suspended_seller_and_a_withdrawn_product_are_refused(house: House, place: Any) -> None:
    stub = house.stub("channel")
    gone = ProductEvent(product_id="noodles", version=2)
    gone.product_withdrawn.SetInParent()
    await house.hear(gone)
    one = place(lines=[Line(product_id="noodles", quantity=1)])
    assert await refused(stub.PlaceOrder(one)) == (grpc.StatusCode.FAILED_PRECONDITION, "PRODUCT_NOT_FOR_SALE")
    suspended = SellerEvent(seller_id="seller-b", version=2)
    suspended.seller_suspended.reason = "PAPERS"
    await house.hear(suspended)
    other = place(lines=[Line(product_id="tea", quantity=1)])
    assert await refused(stub.PlaceOrder(other)) == (grpc.StatusCode.FAILED_PRECONDITION, "SELLER_NOT_SELLING")
    back = SellerEvent(seller_id="seller-b", version=3)
    back.seller_reinstated.reason = "PAPERS"
    await house.hear(back, suspended)
    assert (await stub.PlaceOrder(other)).order_id
    ended = LivestreamEvent(session_id="live-1", version=3)
    ended.livestream_ended.end_time.FromDatetime(house.clock.now())
    ended.livestream_ended.reason = "STOPPED_BY_AUTHORITY"
    await house.hear(ended)
    late = place(lines=[Line(product_id="tea", quantity=1, session_id="live-1")])
    assert (await refused(stub.PlaceOrder(late)))[1] == "SESSION_NOT_LIVE"


async def test_a_bad_field_is_named(house: House, place: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.stub("channel").PlaceOrder(place(buyer=pb.Buyer(name="A", phone="12")))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert bad_fields(refused.value) == {"buyer.phone": "must be a phone number"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.stub("channel").PlaceOrder(place(destination=Place(commune_code="99999")))
    assert bad_fields(refused.value) == {"destination.commune_code": "is no commune on that date"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.stub("channel").PlaceOrder(place(country="LA"))
    info = error_info(refused.value)
    assert info is not None and info.reason == "COUNTRY_NOT_SERVED"


async def test_a_cancel_before_the_confirmation_is_at_once(house: House, place: Any) -> None:
    stub = house.stub("channel")
    order_id = (await stub.PlaceOrder(place())).order_id
    request = pb.CancelOrderRequest(request_id="c1", order_id=order_id)
    assert (await stub.CancelOrder(request)).state == pb.ORDER_STATE_CANCELLED
    assert (await stub.CancelOrder(request)).state == pb.ORDER_STATE_CANCELLED
    again = pb.CancelOrderRequest(request_id="c2", order_id=order_id)
    assert (await stub.CancelOrder(again)).state == pb.ORDER_STATE_CANCELLED
    assert await house.kinds(order_id) == ["order_placed", "order_cancelled"]
    unknown = pb.CancelOrderRequest(request_id="c3", order_id="DH0")
    assert await refused(stub.CancelOrder(unknown)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


async def test_a_delivered_order_is_not_cancelled(house: House, place: Any, say: Any) -> None:
    stub = house.stub("channel")
    order_id = (await stub.PlaceOrder(place())).order_id
    await house.hear(*say.until_created(order_id), say.parcel(order_id, 1, "parcel_delivered"))
    call = stub.CancelOrder(pb.CancelOrderRequest(request_id="c", order_id=order_id))
    assert await refused(call) == (grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_DELIVERED")


async def test_a_channel_neither_sees_nor_cancels_another_channels_order(house: House, place: Any) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    other = house.stub("other-channel")
    assert await refused(other.GetOrder(pb.GetOrderRequest(order_id=order_id))) == (
        grpc.StatusCode.NOT_FOUND,
        "NOT_FOUND",
    )
    cancel = pb.CancelOrderRequest(request_id="c", order_id=order_id)
    assert (await refused(other.CancelOrder(cancel)))[0] is grpc.StatusCode.NOT_FOUND
    assert list((await other.ListOrders(pb.ListOrdersRequest())).orders) == []


async def test_a_channel_is_not_answered_with_another_channels_order(house: House, place: Any) -> None:
    await house.stub("channel").PlaceOrder(place(channel_order_id="tiktok-7"))
    again = house.stub("other-channel").PlaceOrder(place(channel_order_id="tiktok-7"))
    assert await refused(again) == (grpc.StatusCode.ALREADY_EXISTS, "CHANNEL_ORDER_TAKEN")


async def test_orders_are_listed_in_pages_and_by_filter(house: House, place: Any, say: Any) -> None:
    stub = house.stub("channel")
    placed = [(await stub.PlaceOrder(place())).order_id for _ in range(5)]
    phone = place(channel="phone", lines=[Line(product_id="tea", quantity=1)])
    alone = (await house.stub("operator").PlaceOrder(phone)).order_id
    await house.hear(say.stock_reserved(placed[0]))
    listed, token = [], ""
    for size in (2, 2, 2):
        page = await house.stub().ListOrders(pb.ListOrdersRequest(page_size=size, page_token=token))
        listed += [order.order_id for order in page.orders]
        token = page.next_page_token
    assert listed == sorted([*placed, alone], reverse=True) and token == ""

    async def ids(**wanted: Any) -> list[str]:
        return sorted(o.order_id for o in (await house.stub().ListOrders(pb.ListOrdersRequest(**wanted))).orders)

    assert await ids(session_id="live-1") == sorted(placed)
    assert await ids(wait=pb.ORDER_WAIT_PAYMENT) == await ids(state=pb.ORDER_STATE_AWAITING_PAYMENT) == [placed[0]]
    assert await ids(overdue_only=True) == []
    named = place(channel="phone", channel_order_id="TT-88", lines=[Line(product_id="tea", quantity=1)])
    found = (await house.stub("operator").PlaceOrder(named)).order_id
    assert await ids(channel_order_id="TT-88") == [found] and await ids(channel_order_id="TT-8") == []


async def test_contacts_are_resolved_logged_and_erased(
    house: House, place: Any, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    contact_id = (await house.get(order_id)).contact_id
    asked = pb.GetContactsRequest(contact_ids=[contact_id, "nobody"])
    for role in ("channel", "seller-1", "partner-a", "officer", "bank"):
        assert (await refused(house.stub(role).GetContacts(asked)))[0] is grpc.StatusCode.PERMISSION_DENIED
    [contact] = (await house.stub("orders").GetContacts(asked)).contacts
    assert (contact.contact_id, contact.buyer.name, contact.buyer.phone) == (contact_id, "Lò Thị Sáng", "+84912345678")
    for request_id in ("e1", "e2"):
        await house.stub().EraseContact(pb.EraseContactRequest(request_id=request_id, contact_id=contact_id))
    [erased] = (await house.stub().GetContacts(asked)).contacts
    assert not erased.HasField("buyer")
    assert "Sáng" not in str(await house.rows("SELECT * FROM contacts"))


async def test_asking_for_contacts_is_logged_without_the_data(
    house: House, place: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from chassis import logs

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.set_up("orders")
        order_id = (await house.stub("channel").PlaceOrder(place())).order_id
        contact_id = (await house.get(order_id)).contact_id
        await house.stub("orders").GetContacts(pb.GetContactsRequest(contact_ids=[contact_id]))
    finally:
        root.handlers, root.level = handlers, level
    told = capsys.readouterr().out
    assert '"contact_count": 1' in told and '"caller": "orders"' in told
    assert "Sáng" not in told and "912345678" not in told


async def test_personal_data_stands_in_one_table_only(house: House, place: Any, say: Any) -> None:
    order_id = (await house.stub("channel").PlaceOrder(place())).order_id
    await house.hear(*say.until_created(order_id))
    for (table,) in await house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        content = str(await house.rows(f'SELECT t::text FROM "{table}" t'))
        assert ("912345678" in content) is (table == "contacts"), table
    for event in await house.said(order_id):
        assert b"912345678" not in OrderEvent.SerializeToString(event)
