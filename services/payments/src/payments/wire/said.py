"""Our facts, as protobuf for Kafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chassis.wiring import OutgoingFact
from chophien.common.v1.common_pb2 import PAYMENT_METHOD_COD, PAYMENT_METHOD_QR
from chophien.payments.v1 import payment_event_pb2 as pb
from google.protobuf.message import Message

from payments.domain import events
from payments.domain.words import Method
from payments.wire.times import stamp

TOPIC = pb.PaymentEvent.DESCRIPTOR.full_name
METHODS = {Method.QR: PAYMENT_METHOD_QR, Method.COD: PAYMENT_METHOD_COD}


def encode(fact: object, version: int) -> OutgoingFact:
    """A fact as the topic carries it, as the given version of its payment."""
    field, make = FACTS[type(fact)]
    message: Message = make(fact)
    order_id: str = fact.order_id  # type: ignore[attr-defined]
    # The oneof's fields have a type each; the table below is what keeps field and message together.
    event = pb.PaymentEvent(order_id=order_id, version=version, **{field: message})  # type: ignore[arg-type]
    return OutgoingFact(TOPIC, order_id, message.DESCRIPTOR.full_name, event.SerializeToString())


def _requested(fact: events.PaymentRequested) -> Message:
    return pb.PaymentRequested(
        amount_vnd=fact.amount_vnd, qr_payload=fact.qr_payload, expire_time=stamp(fact.expire_time)
    )


def _authorized(fact: events.PaymentAuthorized) -> Message:
    return pb.PaymentAuthorized(
        amount_vnd=fact.amount_vnd,
        payment_method=METHODS[fact.method],
        authorize_time=stamp(fact.authorize_time),
    )


def _declined(fact: events.PaymentDeclined) -> Message:
    return pb.PaymentDeclined(reason=fact.reason)


def _expired(fact: events.PaymentExpired) -> Message:
    return pb.PaymentExpired(expire_time=stamp(fact.expire_time))


def _voided(fact: events.PaymentVoided) -> Message:
    return pb.PaymentVoided(reason=fact.reason)


def _refund_due(fact: events.RefundDue) -> Message:
    return pb.RefundDue(refund_id=fact.refund_id, amount_vnd=fact.amount_vnd, reason=fact.reason, part_id=fact.part_id)


def _refunded(fact: events.PaymentRefunded) -> Message:
    return pb.PaymentRefunded(refund_id=fact.refund_id, amount_vnd=fact.amount_vnd, refund_time=stamp(fact.refund_time))


def _cod_collected(fact: events.CodCollected) -> Message:
    return pb.CodCollected(
        parcel_id=fact.parcel_id,
        partner_id=fact.partner_id,
        amount_vnd=fact.amount_vnd,
        collect_time=stamp(fact.collect_time),
        remit_due_date=fact.remit_due_date.isoformat(),
    )


def _cod_remitted(fact: events.CodRemitted) -> Message:
    return pb.CodRemitted(
        parcel_id=fact.parcel_id,
        partner_id=fact.partner_id,
        amount_vnd=fact.amount_vnd,
        statement_id=fact.statement_id,
        remit_time=stamp(fact.remit_time),
    )


FACTS: Mapping[type, tuple[str, Callable[[Any], Message]]] = {
    events.PaymentRequested: ("payment_requested", _requested),
    events.PaymentAuthorized: ("payment_authorized", _authorized),
    events.PaymentDeclined: ("payment_declined", _declined),
    events.PaymentExpired: ("payment_expired", _expired),
    events.PaymentVoided: ("payment_voided", _voided),
    events.RefundDue: ("refund_due", _refund_due),
    events.PaymentRefunded: ("payment_refunded", _refunded),
    events.CodCollected: ("cod_collected", _cod_collected),
    events.CodRemitted: ("cod_remitted", _cod_remitted),
}
"""Fact -> field of the topic's oneof and its translation."""
