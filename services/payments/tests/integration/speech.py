"""What orders, shipping, the bank and partners say in the integration tests."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from chophien.common.v1.common_pb2 import PAYMENT_METHOD_COD, PAYMENT_METHOD_QR
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.payments.v1 import payments_service_pb2 as pb
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from google.protobuf.timestamp_pb2 import Timestamp

NOW = datetime(2026, 2, 4, 6, 30, tzinfo=UTC)


def order_id() -> str:
    """A new order's code: DH, date, twelve more."""
    return f"DH260204{uuid.uuid4().hex[:12].upper()}"


def after(minutes: float) -> Timestamp:
    """Business time so many minutes after the start of the test."""
    made = Timestamp()
    made.FromDatetime(NOW + timedelta(minutes=minutes))
    return made


def due(order: str, *amounts: int, cod: bool = False, placed_by: str = "channel") -> OrderEvent:
    event = OrderEvent(order_id=order, version=2)
    event.payment_due.placed_by = placed_by
    event.payment_due.total_vnd = sum(amounts)
    event.payment_due.payment_method = PAYMENT_METHOD_COD if cod else PAYMENT_METHOD_QR
    event.payment_due.due_time.CopyFrom(after(0))
    for number, amount in enumerate(amounts, 1):
        event.payment_due.part_amounts.add(part_id=f"{order}-{number}", amount_vnd=amount)
    return event


def confirmed(order: str) -> OrderEvent:
    event = OrderEvent(order_id=order, version=3)
    event.order_confirmed.SetInParent()
    return event


def part_off(order: str, number: int, amount: int) -> OrderEvent:
    event = OrderEvent(order_id=order, version=4)
    event.order_part_cancelled.part_id, event.order_part_cancelled.amount_vnd = f"{order}-{number}", amount
    return event


def off(order: str) -> OrderEvent:
    event = OrderEvent(order_id=order, version=5)
    event.order_cancelled.reason = "BUYER_CANCELLED"
    return event


def delivered(order: str, number: int, cash: int) -> ParcelEvent:
    event = ParcelEvent(order_id=order, parcel_id=f"{order}-{number}", version=9)
    event.parcel_delivered.partner_id, event.parcel_delivered.cod_collected_vnd = "partner-a", cash
    event.parcel_delivered.deliver_time.CopyFrom(after(60))
    return event


def notice(order: str, amount: int, transaction: str = "", **others: Any) -> pb.ReportBankTransferRequest:
    fields: dict[str, Any] = {
        "request_id": uuid.uuid4().hex,
        "provider": "sepay",
        "provider_transaction_id": transaction or uuid.uuid4().hex,
        "bank_time": after(5),
        "amount_vnd": amount,
        "memo": f"MBVCB 12345 {order} chuyen tien",
        "direction": pb.TRANSFER_DIRECTION_IN,
    }
    return pb.ReportBankTransferRequest(**(fields | others))


def remittance(statement: str, *lines: tuple[str, int], partner: str = "") -> pb.ReportCodRemittanceRequest:
    return pb.ReportCodRemittanceRequest(
        request_id=uuid.uuid4().hex,
        partner_id=partner,
        statement_id=statement,
        remit_time=after(2 * 24 * 60),
        lines=[pb.RemittanceLine(parcel_id=parcel, amount_vnd=amount) for parcel, amount in lines],
    )
