"""Turns our facts into OrderEvent records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from chassis.wiring import OutgoingFact
from chophien.common.v1 import common_pb2 as common
from chophien.orders.v1 import order_event_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from orders.domain.events import (
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPartCancelled,
    OrderPlaced,
    PaymentDue,
)
from orders.domain.goods import Destination, Handling, Line, Part, PaymentMethod

TOPIC = pb.OrderEvent.DESCRIPTOR.full_name
PACKAGE = pb.OrderEvent.DESCRIPTOR.file.package

METHOD_NUMBERS = {method: common.PaymentMethod.Value(f"PAYMENT_METHOD_{method}") for method in PaymentMethod}
HANDLING_NUMBERS = {handling: common.Handling.Value(f"HANDLING_{handling}") for handling in Handling}


def encode(fact: Any, version: int) -> OutgoingFact:
    """The record of a fact: its topic, key, full type name and bytes."""
    event = pb.OrderEvent(order_id=fact.order_id, version=version, **FACTS[type(fact)](fact))
    return OutgoingFact(TOPIC, fact.order_id, f"{PACKAGE}.{type(fact).__name__}", event.SerializeToString())


def timestamp(time: datetime) -> Timestamp:
    """A time on the wire."""
    message = Timestamp()
    message.FromDatetime(time)
    return message


def place(destination: Destination) -> common.Place:
    """A destination on the wire."""
    return common.Place(
        commune_code=destination.commune_code, as_of_date=destination.as_of_date, hamlet=destination.hamlet
    )


def lines(ours: Iterable[Line]) -> list[common.Line]:
    """Lines on the wire."""
    return [
        common.Line(
            product_id=line.product_id,
            quantity=line.quantity,
            unit_price_vnd=line.unit_price_vnd,
            session_id=line.session_id,
        )
        for line in ours
    ]


def part(ours: Part) -> pb.OrderPart:
    """A part on the wire, without its fate."""
    size = ours.size
    return pb.OrderPart(
        part_id=ours.part_id,
        pickup_point_id=ours.pickup_point_id,
        seller_ids=ours.seller_ids,
        lines=lines(ours.lines),
        goods_vnd=ours.goods_vnd,
        size=common.Size(
            weight_g=size.weight_g, length_cm=size.length_cm, width_cm=size.width_cm, height_cm=size.height_cm
        ),
        handling=[HANDLING_NUMBERS[handling] for handling in ours.handling],
    )


def _placed(fact: OrderPlaced) -> Mapping[str, Any]:
    return {
        "order_placed": pb.OrderPlaced(
            contact_id=fact.contact_id,
            channel=fact.channel,
            channel_order_id=fact.channel_order_id,
            destination=place(fact.destination),
            payment_method=METHOD_NUMBERS[fact.payment_method],
            parts=[part(one) for one in fact.parts],
            total_vnd=fact.total_vnd,
            place_time=timestamp(fact.place_time),
        )
    }


def _due(fact: PaymentDue) -> Mapping[str, Any]:
    return {
        "payment_due": pb.PaymentDue(
            total_vnd=fact.total_vnd,
            payment_method=METHOD_NUMBERS[fact.payment_method],
            due_time=timestamp(fact.due_time),
            part_amounts=[pb.PartAmount(part_id=id, amount_vnd=amount) for id, amount in fact.part_amounts],
            channel=fact.channel,
            placed_by=fact.placed_by,
        )
    }


def _confirmed(fact: OrderConfirmed) -> Mapping[str, Any]:
    return {
        "order_confirmed": pb.OrderConfirmed(
            contact_id=fact.contact_id,
            destination=place(fact.destination),
            parts=[part(one) for one in fact.parts],
            payment_method=METHOD_NUMBERS[fact.payment_method],
            place_time=timestamp(fact.place_time),
            confirm_time=timestamp(fact.confirm_time),
            channel=fact.channel,
        )
    }


def _part_cancelled(fact: OrderPartCancelled) -> Mapping[str, Any]:
    return {
        "order_part_cancelled": pb.OrderPartCancelled(
            part_id=fact.part_id,
            reason=fact.reason,
            amount_vnd=fact.amount_vnd,
            restock_lines=lines(fact.restock_lines),
        )
    }


def _cancelled(fact: OrderCancelled) -> Mapping[str, Any]:
    return {
        "order_cancelled": pb.OrderCancelled(
            reason=fact.reason, cancel_time=timestamp(fact.cancel_time), open_part_ids=fact.open_part_ids
        )
    }


def _completed(fact: OrderCompleted) -> Mapping[str, Any]:
    return {"order_completed": pb.OrderCompleted(complete_time=timestamp(fact.complete_time))}


FACTS: Mapping[type, Callable[[Any], Mapping[str, Any]]] = {
    OrderPlaced: _placed,
    PaymentDue: _due,
    OrderConfirmed: _confirmed,
    OrderPartCancelled: _part_cancelled,
    OrderCancelled: _cancelled,
    OrderCompleted: _completed,
}
"""Every fact of ours and its place in the oneof."""
