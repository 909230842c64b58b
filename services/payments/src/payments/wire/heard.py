"""Facts of orders and shipping, as commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.kernel import Invalid
from chassis.wiring import Hearing
from chophien.common.v1.common_pb2 import PAYMENT_METHOD_COD, PAYMENT_METHOD_QR
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent

from payments.app.commands import CancelPart, CollectCod, RequestPayment, VoidPayment
from payments.domain.cod import order_of
from payments.domain.payment import Part
from payments.domain.words import Method
from payments.wire.asked import slashless
from payments.wire.times import time_of

METHODS = {PAYMENT_METHOD_QR: Method.QR, PAYMENT_METHOD_COD: Method.COD}


def request_payment(event: OrderEvent) -> RequestPayment:
    """PaymentDue."""
    due = event.payment_due
    if due.payment_method not in METHODS:
        raise Invalid("payment_method", "must be stated")
    return RequestPayment(
        order_id=slashless("order_id", event.order_id),
        method=METHODS[due.payment_method],
        total_vnd=_amount("total_vnd", due.total_vnd),
        parts=tuple(
            Part(part_id=_part(event, part.part_id), amount_vnd=_amount("part_amounts", part.amount_vnd))
            for part in due.part_amounts
        ),
        placed_by=due.placed_by,
    )


def cancel_part(event: OrderEvent) -> CancelPart:
    """OrderPartCancelled."""
    part = event.order_part_cancelled
    amount_vnd = _amount("amount_vnd", part.amount_vnd)
    return CancelPart(order_id=event.order_id, part_id=_part(event, part.part_id), amount_vnd=amount_vnd)


def void_payment(event: OrderEvent) -> VoidPayment:
    """OrderCancelled."""
    fact = event.order_cancelled
    return VoidPayment(
        order_id=slashless("order_id", event.order_id), reason=fact.reason, parts_open=bool(fact.open_part_ids)
    )


def nothing(event: OrderEvent) -> None:
    """OrderConfirmed: payments said so itself, by authorising."""
    return None


def collect_cod(event: ParcelEvent) -> CollectCod:
    """ParcelDelivered."""
    delivered = event.parcel_delivered
    return CollectCod(
        order_id=event.order_id,
        parcel_id=_part(event, event.parcel_id),
        partner_id=slashless("partner_id", delivered.partner_id),
        collected_vnd=_amount("cod_collected_vnd", delivered.cod_collected_vnd),
        deliver_time=time_of("deliver_time", delivered.deliver_time),
    )


def _part(event: OrderEvent | ParcelEvent, part_id: str) -> str:
    """The id of a part; bookings are named after it, so it must be one of the order's."""
    if not event.order_id or order_of(part_id) != event.order_id:
        raise Invalid("part_id", "must be of the order")
    return slashless("part_id", part_id)


def _amount(field: str, value: int) -> int:
    if value < 0:
        raise Invalid(field, "must not be below 0")
    return value


ORDERS: Mapping[str, Any] = {
    "payment_due": request_payment,
    "order_confirmed": nothing,
    "order_part_cancelled": cancel_part,
    "order_cancelled": void_payment,
}

HEARS = {
    OrderEvent.DESCRIPTOR.full_name: Hearing(OrderEvent, ORDERS),
    ParcelEvent.DESCRIPTOR.full_name: Hearing(ParcelEvent, {"parcel_delivered": collect_cod}),
}
"""Topic -> how its facts become commands."""
