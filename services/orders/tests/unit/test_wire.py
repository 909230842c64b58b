"""What crosses the border: bad input refused by name, facts encoded, every heard kind understood."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from chassis.access import Caller
from chassis.kernel import DomainError, Invalid
from chophien.common.v1.common_pb2 import Line, PaymentMethod, Place
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from google.protobuf.timestamp_pb2 import Timestamp
from orders.adapters.reference import load_communes
from orders.domain.errors import CountryNotServed
from orders.domain.goods import ParcelState
from orders.domain.order import OrderState, StockAnswer, Wait
from orders.entrypoints.access import ACCESS
from orders.wire import answers, facts, requests
from orders.wire.hearing import HEARS

COMMUNES = load_communes()
NOW = datetime(2026, 2, 4, 18, 0, tzinfo=UTC)
CHANNEL = Caller(identity="channel-a", role="buyer_channel")
OPERATOR = Caller(identity="ops", role="operator")


def request(**changes: Any) -> pb.PlaceOrderRequest:
    fields: dict[str, Any] = {
        "request_id": "r1",
        "channel": "livestream",
        "buyer": pb.Buyer(name="Lò Thị Sáng", phone="0912 345 678", address="Bản Thẳm"),
        "destination": Place(commune_code="00004"),
        "payment_method": PaymentMethod.PAYMENT_METHOD_QR,
        "lines": [Line(product_id="noodles", quantity=2, session_id="live-1")],
    }
    return pb.PlaceOrderRequest(**(fields | changes))


def test_a_good_request_becomes_a_command() -> None:
    command = requests.place_order(request(), CHANNEL, NOW, COMMUNES)
    assert command.order_id.startswith("DH260205") and len(command.order_id) == 20
    assert (command.phone, command.placed_by, command.session_id) == ("+84912345678", "channel-a", "live-1")
    assert command.client_time is None
    assert "Sáng" not in repr(command) and "912345678" not in repr(command)


def test_texts_are_normalised() -> None:
    command = requests.place_order(
        request(buyer=pb.Buyer(name=" Ho\u0300a ", phone="+84912345678")), CHANNEL, NOW, COMMUNES
    )
    assert command.name == "Hòa"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "Live Stream"}, "channel"),
        ({"channel_order_id": "x" * 101}, "channel_order_id"),
        ({"buyer": pb.Buyer(phone="+84912345678")}, "buyer.name"),
        ({"buyer": pb.Buyer(name="A\x00", phone="+84912345678")}, "buyer.name"),
        ({"buyer": pb.Buyer(name="A")}, "buyer.phone"),
        ({"buyer": pb.Buyer(name="A", phone="12")}, "buyer.phone"),
        ({"buyer": pb.Buyer(name="A", phone="+84912345678" * 20)}, "buyer.phone"),
        ({"buyer": pb.Buyer(name="A", phone="+84912345678", address="x" * 201)}, "buyer.address"),
        ({"destination": Place(commune_code="390")}, "destination.commune_code"),
        ({"destination": Place(commune_code="٠٣٣٩٠")}, "destination.commune_code"),
        ({"destination": Place(commune_code="03390", as_of_date="4.2.2026")}, "destination.as_of_date"),
        ({"destination": Place(commune_code="99999")}, "destination.commune_code"),
        ({"destination": Place(commune_code="00001")}, "destination.commune_code"),  # given up on 1 July 2025
        ({"destination": Place(commune_code="03390", as_of_date="2025-06-30")}, "destination.commune_code"),
        ({"payment_method": PaymentMethod.PAYMENT_METHOD_UNSPECIFIED}, "payment_method"),
        ({"lines": []}, "lines"),
        ({"lines": [Line(product_id=f"p{n}", quantity=1) for n in range(51)]}, "lines"),
        ({"lines": [Line(product_id="p", quantity=1)] * 2}, "lines"),
        ({"lines": [Line(product_id="p", quantity=0)]}, "lines[0].quantity"),
        ({"lines": [Line(product_id="p", quantity=1001)]}, "lines[0].quantity"),
        ({"lines": [Line(product_id="", quantity=1)]}, "lines[0].product_id"),
        ({"lines": [Line(product_id="p", quantity=1, unit_price_vnd=-1)]}, "lines[0].unit_price_vnd"),
        ({"client_time": Timestamp(seconds=10**12)}, "client_time"),
    ],
)
def test_a_bad_field_is_named_and_never_quoted(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        requests.place_order(request(**changes), CHANNEL, NOW, COMMUNES)
    assert refused.value.details["field"] == field
    assert "84912345678" not in str(refused.value.details)


def test_other_countries_are_not_yet_served() -> None:
    with pytest.raises(CountryNotServed) as refused:
        requests.place_order(request(country="LA"), CHANNEL, NOW, COMMUNES)
    assert (refused.value.code, refused.value.reason) == ("INVALID_ARGUMENT", "COUNTRY_NOT_SERVED")
    assert requests.place_order(request(country="VN"), CHANNEL, NOW, COMMUNES)


def test_a_channel_sees_its_own_orders_and_an_operator_all() -> None:
    assert requests.cancel_order(pb.CancelOrderRequest(order_id="DH1"), CHANNEL).placed_by == "channel-a"
    assert requests.list_orders(pb.ListOrdersRequest(), CHANNEL).placed_by == "channel-a"
    assert requests.list_orders(pb.ListOrdersRequest(), OPERATOR).placed_by == ""


def test_a_question_for_orders_is_bounded() -> None:
    asked = requests.list_orders(pb.ListOrdersRequest(state=pb.ORDER_STATE_PLACED, wait=pb.ORDER_WAIT_STOCK), OPERATOR)
    assert (asked.limit, asked.state, asked.wait) == (50, OrderState.PLACED, Wait.STOCK)
    asked = requests.list_orders(pb.ListOrdersRequest(channel_order_id=" TT-88 "), OPERATOR)
    assert asked.channel_order_id == "TT-88", "written as it was when the order was placed"
    for bad in (pb.ListOrdersRequest(page_size=201), pb.ListOrdersRequest(page_size=-1)):
        with pytest.raises(Invalid):
            requests.list_orders(bad, OPERATOR)
    unknown = pb.ListOrdersRequest.FromString(b"\x20\x63")
    with pytest.raises(Invalid):
        requests.list_orders(unknown, OPERATOR)


def test_contacts_are_asked_for_in_bounded_bulk() -> None:
    assert requests.contact_ids(pb.GetContactsRequest(contact_ids=["b", "a", "b"])) == ["a", "b"]
    for ids in ([], [str(n) for n in range(201)]):
        with pytest.raises(Invalid):
            requests.contact_ids(pb.GetContactsRequest(contact_ids=ids))


def test_every_fact_travels_under_its_own_name(shop: Any) -> None:
    shop.until("RETURN")
    shop.parcel(1, ParcelState.CANCELLED)
    shop.parcel(2, ParcelState.DELIVERED)
    heard = {}
    for at in shop.memory.said:
        record = facts.encode(at.fact, at.version)
        event = OrderEvent.FromString(record.payload)
        kind = event.WhichOneof("fact") or ""
        assert (record.topic, record.key, event.version) == ("chophien.orders.v1.OrderEvent", shop.order.id, at.version)
        assert record.type == f"chophien.orders.v1.{getattr(event, kind).DESCRIPTOR.name}"
        heard[kind] = getattr(event, kind)
    assert set(heard) == {field.name for field in OrderEvent.DESCRIPTOR.oneofs_by_name["fact"].fields}
    assert heard["order_placed"].parts == heard["order_confirmed"].parts
    assert list(heard["order_cancelled"].open_part_ids) == [f"{shop.order.id}-1", f"{shop.order.id}-2"]
    assert heard["order_part_cancelled"].restock_lines == heard["order_placed"].parts[0].lines


def test_every_kind_of_a_heard_topic_becomes_a_command_with_the_fact_name() -> None:
    for name, hearing in HEARS.items():
        kinds = {
            field.name: field.message_type.name  # type: ignore[union-attr]
            for field in hearing.message.DESCRIPTOR.oneofs_by_name["fact"].fields
        }
        assert set(hearing.commands) == set(kinds), name
        for kind, message in kinds.items():
            event: Any = hearing.message(version=3)
            getattr(event, kind).SetInParent()
            for price in {"list_price_vnd", "offer_price_vnd"} & set(getattr(event, kind).DESCRIPTOR.fields_by_name):
                setattr(getattr(event, kind), price, 1)
            command: Any = hearing.commands[kind](event)
            assert command is not None
            assert getattr(command, "kind", message) == message


@pytest.mark.parametrize("kind", ["product_published", "price_changed"])
def test_nothing_is_sold_for_nothing(kind: str) -> None:
    hearing = HEARS["chophien.catalog.v1.ProductEvent"]
    event: Any = hearing.message(product_id="noodles")
    getattr(event, kind).SetInParent()
    with pytest.raises(Invalid):
        hearing.commands[kind](event)


def test_a_product_larger_than_catalog_takes_is_set_aside() -> None:
    """Two of them made a box too high for the wire, at every PlaceOrder."""
    hearing = HEARS["chophien.catalog.v1.ProductEvent"]
    event: Any = hearing.message(product_id="noodles")
    event.product_published.list_price_vnd, event.product_published.size.height_cm = 1, 2**31 - 1
    with pytest.raises(Invalid):
        hearing.commands["product_published"](event)


def test_a_refusal_of_a_newer_catalog_is_a_refusal() -> None:
    hearing = HEARS["chophien.catalog.v1.StockEvent"]
    event: Any = hearing.message(order_id="DH1")
    event.stock_refused.refusal = 99
    command: Any = hearing.commands["stock_refused"](event)
    assert (command.answer, command.detail) == (StockAnswer.REFUSED, "99")


def test_a_scan_is_heard_with_its_own_time_and_words() -> None:
    event = ParcelEvent(parcel_id="DH1-1", order_id="DH1")
    event.parcel_picked_up.batch_id, event.parcel_picked_up.attempt = "PB1", 2
    event.parcel_picked_up.pickup_time.FromDatetime(NOW)
    command: Any = HEARS["chophien.shipping.v1.ParcelEvent"].commands["parcel_picked_up"](event)
    assert (command.detail, command.time, command.answer) == ("PB1 attempt 2", NOW, ParcelState.PICKED_UP)


def test_an_order_is_told_whole(shop: Any) -> None:
    shop.until("DELIVERY")
    shop.payment(None, kind="RefundDue", detail="refund-1")
    told = answers.order(shop.order, "0af7651916cd43dd8448eb211c80319c")
    assert (told.order.state, told.order.wait) == (pb.ORDER_STATE_CONFIRMED, pb.ORDER_WAIT_DELIVERY)
    assert [view.state for view in told.parts] == [pb.PART_STATE_CREATED] * 2
    assert told.money == pb.MONEY_STATE_REFUND_DUE
    assert [entry.kind for entry in told.history][:3] == ["OrderPlaced", "StockReserved", "PaymentDue"]
    assert told.trace_id == "0af7651916cd43dd8448eb211c80319c"


def test_every_rpc_names_its_roles() -> None:
    assert set(ACCESS) == set(pb.DESCRIPTOR.services_by_name["OrdersService"].methods_by_name)


def test_refusals_have_codes_and_reasons_of_the_contract() -> None:
    from orders.domain import errors

    known = {error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, DomainError)}
    assert {error().reason for error in known if error is not DomainError} == {
        "UNKNOWN_PRODUCT",
        "PRODUCT_NOT_FOR_SALE",
        "PRODUCT_WITHOUT_SIZE",
        "SELLER_NOT_SELLING",
        "SESSION_NOT_LIVE",
        "PRICE_CHANGED",
        "COUNTRY_NOT_SERVED",
        "ALREADY_DELIVERED",
        "CHANNEL_ORDER_TAKEN",
        "CHANNEL_ORDER_CHANGED",
    }
