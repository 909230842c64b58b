"""Turns what is known into answers for callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chophien.common.v1.common_pb2 import HistoryEntry
from chophien.orders.v1 import orders_service_pb2 as pb

from orders.domain.contact import Contact
from orders.domain.order import Order, OrderState, Wait
from orders.domain.placing import ChannelOrder
from orders.wire import facts

MONEY: Mapping[str, pb.MoneyState.ValueType] = {
    "PaymentRequested": pb.MONEY_STATE_REQUESTED,
    "PaymentAuthorized": pb.MONEY_STATE_AUTHORIZED,
    "PaymentDeclined": pb.MONEY_STATE_DECLINED,
    "PaymentExpired": pb.MONEY_STATE_EXPIRED,
    "PaymentVoided": pb.MONEY_STATE_VOIDED,
    "RefundDue": pb.MONEY_STATE_REFUND_DUE,
    "PaymentRefunded": pb.MONEY_STATE_REFUNDED,
    "CodCollected": pb.MONEY_STATE_COD_COLLECTED,
    "CodRemitted": pb.MONEY_STATE_COD_REMITTED,
}
"""What was heard of the money -> how it stands; the last one counts."""

SUMMARY_FIELDS = (
    "id",
    "state",
    "wait",
    "deadline_time",
    "overdue",
    "cancel_reason",
    "channel",
    "session_id",
    "total_vnd",
    "place_time",
)
"""What a summary needs of an order, for reads that load no more."""


def placed(reply: tuple[ChannelOrder, bool]) -> pb.PlaceOrderResponse:
    """The order was accepted, now or before."""
    answer, already_placed = reply
    return pb.PlaceOrderResponse(
        order_id=answer.order_id,
        parts=[
            pb.PlacedPart(part_id=p.part_id, pickup_point_id=p.pickup_point_id, goods_vnd=p.goods_vnd)
            for p in answer.parts
        ],
        total_vnd=answer.total_vnd,
        place_time=facts.timestamp(answer.place_time),
        already_placed=already_placed,
    )


def cancelled(state: OrderState) -> pb.CancelOrderResponse:
    """The order is off, or on its way to be."""
    return pb.CancelOrderResponse(state=state_number(state))


def state_number(state: OrderState) -> pb.OrderState.ValueType:
    """A state on the wire."""
    return pb.OrderState.Value(f"ORDER_STATE_{state}")


def summary(order: Any) -> pb.OrderSummary:
    """An order in short; takes an Order or a row with SUMMARY_FIELDS."""
    waits = order.wait != Wait.NOTHING
    return pb.OrderSummary(
        order_id=order.id,
        state=state_number(order.state),
        wait=pb.OrderWait.Value(f"ORDER_WAIT_{order.wait}") if waits else pb.ORDER_WAIT_UNSPECIFIED,
        deadline_time=facts.timestamp(order.deadline_time) if order.deadline_time else None,
        overdue=order.overdue,
        cancel_reason=order.cancel_reason,
        channel=order.channel,
        session_id=order.session_id,
        total_vnd=order.total_vnd,
        place_time=facts.timestamp(order.place_time),
    )


def order(ours: Order, trace_id: str) -> pb.GetOrderResponse:
    """An order as orders knows it."""
    heard = [MONEY[happening.kind] for happening in ours.history if happening.kind in MONEY]
    return pb.GetOrderResponse(
        order=summary(ours),
        channel_order_id=ours.channel_order_id,
        contact_id=ours.contact_id,
        destination=facts.place(ours.destination),
        payment_method=facts.METHOD_NUMBERS[ours.payment_method],
        parts=[
            pb.PartView(
                part=facts.part(part),
                state=pb.PartState.Value(f"PART_STATE_{part.parcel}"),
                cancel_reason=part.cancel_reason,
            )
            for part in ours.parts
        ],
        money=heard[-1] if heard else pb.MONEY_STATE_UNSPECIFIED,
        client_time=facts.timestamp(ours.client_time) if ours.client_time else None,
        history=[
            HistoryEntry(kind=one.kind, time=facts.timestamp(one.time), detail=one.detail) for one in ours.history
        ],
        trace_id=trace_id,
    )


def orders(rows: Iterable[Any], next_page_token: str) -> pb.ListOrdersResponse:
    """A page of orders."""
    return pb.ListOrdersResponse(orders=[summary(row) for row in rows], next_page_token=next_page_token)


def contacts(ours: Iterable[Contact]) -> pb.GetContactsResponse:
    """Buyers' personal data; erased ones without."""
    return pb.GetContactsResponse(
        contacts=[
            pb.Contact(
                contact_id=contact.id,
                buyer=None
                if contact.erase_time
                else pb.Buyer(name=contact.name, phone=contact.phone, address=contact.address),
            )
            for contact in sorted(ours, key=lambda contact: contact.id)
        ]
    )


def erased(_reply: object) -> pb.EraseContactResponse:
    """The personal data is gone."""
    return pb.EraseContactResponse()
