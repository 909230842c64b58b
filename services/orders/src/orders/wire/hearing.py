"""Turns what catalog, payments and shipping say into commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from chassis.kernel import Invalid
from chassis.wiring import Hearing
from chophien.catalog.v1.livestream_event_pb2 import LivestreamEvent
from chophien.catalog.v1.product_event_pb2 import ProductEvent
from chophien.catalog.v1.seller_event_pb2 import PickupPoint, SellerEvent
from chophien.catalog.v1.stock_event_pb2 import StockEvent, StockRefusal
from chophien.common.v1.common_pb2 import Size as SizeMessage
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from orders.app import commands
from orders.domain.goods import ParcelState, Size
from orders.domain.order import PaymentAnswer, StockAnswer
from orders.wire.facts import HANDLING_NUMBERS

HANDLING = {number: handling for handling, number in HANDLING_NUMBERS.items()}
"""Unknown numbers, from a newer catalog, are left out."""

DETAIL_CHARACTERS_MAX = 200
WEIGHT_G_MAX = 1_000_000
SIDE_CM_MAX = 1_000

Told = tuple[str, Timestamp | None]
"""A few words about a fact, and its own time if it has one."""


def _time(message: Timestamp) -> datetime:
    return message.ToDatetime(UTC)


def _words(*words: object) -> str:
    return " ".join(str(word) for word in words if word)[:DETAIL_CHARACTERS_MAX]


# Catalog


def _price(field: str, price_vnd: int) -> int:
    # Nothing is sold for nothing: a fact without its price is broken, and would be an order's price from then on.
    if price_vnd < 1:
        raise Invalid(field, "must be at least 1")
    return price_vnd


def _size(size: SizeMessage) -> Size:
    # As catalog takes them; of larger pieces no box could be told on the wire.
    if size.weight_g > WEIGHT_G_MAX or max(size.length_cm, size.width_cm, size.height_cm) > SIDE_CM_MAX:
        raise Invalid("size", f"must be at most {WEIGHT_G_MAX} g and {SIDE_CM_MAX} cm a side")
    return Size(size.weight_g, size.length_cm, size.width_cm, size.height_cm)


def _product_published(event: ProductEvent) -> commands.NoteProductPublished:
    fact = event.product_published
    return commands.NoteProductPublished(
        product_id=event.product_id,
        fact_version=event.version,
        seller_id=fact.seller_id,
        list_price_vnd=_price("list_price_vnd", fact.list_price_vnd),
        size=_size(fact.size),
        handling=tuple(HANDLING[number] for number in fact.handling if number in HANDLING),
        publish_time=_time(fact.publish_time),
    )


def _product_withdrawn(event: ProductEvent) -> commands.NoteProductWithdrawn:
    return commands.NoteProductWithdrawn(product_id=event.product_id, fact_version=event.version)


def _price_changed(event: ProductEvent) -> commands.NotePriceChanged:
    return commands.NotePriceChanged(
        product_id=event.product_id,
        fact_version=event.version,
        list_price_vnd=_price("list_price_vnd", event.price_changed.list_price_vnd),
        effective_time=_time(event.price_changed.effective_time),
    )


def _pickup_point(event: SellerEvent, point: PickupPoint, from_time: Timestamp) -> commands.NotePickupPoint:
    return commands.NotePickupPoint(
        seller_id=event.seller_id,
        fact_version=event.version,
        pickup_point_id=point.pickup_point_id,
        effective_time=_time(from_time),
    )


def _livestream_started(event: LivestreamEvent) -> commands.NoteLivestreamStarted:
    start_time = _time(event.livestream_started.start_time)
    return commands.NoteLivestreamStarted(session_id=event.session_id, start_time=start_time)


def _offer_opened(event: LivestreamEvent) -> commands.NoteOfferOpened:
    fact = event.offer_opened
    return commands.NoteOfferOpened(
        session_id=event.session_id,
        fact_version=event.version,
        product_id=fact.product_id,
        offer_price_vnd=_price("offer_price_vnd", fact.offer_price_vnd),
        from_time=_time(fact.from_time),
    )


def _livestream_ended(event: LivestreamEvent) -> commands.NoteLivestreamEnded:
    fact = event.livestream_ended
    return commands.NoteLivestreamEnded(session_id=event.session_id, end_time=_time(fact.end_time), reason=fact.reason)


# Answers of the saga: each kind of fact, the answer it gives, and its words.


def _of(event: Message, noted: Callable[..., object], answer: object, tell: Callable[[Any], Told]) -> object:
    name = event.WhichOneof("fact")
    assert name is not None, "the chassis looked"
    fact = getattr(event, name)
    detail, time = tell(fact)
    return noted(
        kind=fact.DESCRIPTOR.name, detail=detail, time=_time(time) if time is not None else None, answer=answer
    )


def _stock(answer: StockAnswer | None, tell: Callable[[Any], Told]) -> Callable[[StockEvent], object]:
    return lambda event: _of(event, lambda **said: commands.NoteStock(order_id=event.order_id, **said), answer, tell)


def _payment(answer: PaymentAnswer | None, tell: Callable[[Any], Told]) -> Callable[[PaymentEvent], object]:
    return lambda event: _of(event, lambda **said: commands.NotePayment(order_id=event.order_id, **said), answer, tell)


def _parcel(answer: ParcelState | None, tell: Callable[[Any], Told]) -> Callable[[ParcelEvent], object]:
    return lambda event: _of(
        event,
        lambda **said: commands.NoteParcel(order_id=event.order_id, parcel_id=event.parcel_id, **said),
        answer,
        tell,
    )


def _list(names: Iterable[str]) -> str:
    return ",".join(names)


def _refusal(number: int) -> str:
    # A newer catalog may have reasons of its own; refused is refused.
    known = StockRefusal.DESCRIPTOR.values_by_number.get(number)
    return known.name.removeprefix("STOCK_REFUSAL_") if known else str(number)


STOCK: Mapping[str, Callable[[Any], object | None]] = {
    "stock_reserved": _stock(StockAnswer.RESERVED, lambda f: (_words("until", f.expire_time.ToJsonString()), None)),
    "stock_refused": _stock(
        StockAnswer.REFUSED,
        lambda f: (_words(_refusal(f.refusal), _list(f.product_ids)), None),
    ),
    "stock_released": _stock(None, lambda f: (_words(f.reason, _list(f.part_ids)), None)),
    "stock_committed": _stock(StockAnswer.COMMITTED, lambda f: ("", f.commit_time)),
}

PAYMENT: Mapping[str, Callable[[Any], object | None]] = {
    "payment_requested": _payment(
        None, lambda f: (_words(f.amount_vnd, "VND until", f.expire_time.ToJsonString()), None)
    ),
    "payment_authorized": _payment(PaymentAnswer.AUTHORIZED, lambda f: (_words(f.amount_vnd, "VND"), f.authorize_time)),
    "payment_declined": _payment(PaymentAnswer.DECLINED, lambda f: (f.reason, None)),
    "payment_expired": _payment(PaymentAnswer.EXPIRED, lambda f: ("", f.expire_time)),
    "payment_voided": _payment(None, lambda f: (f.reason, None)),
    "refund_due": _payment(None, lambda f: (_words(f.refund_id, f.amount_vnd, "VND", f.reason, f.part_id), None)),
    "payment_refunded": _payment(None, lambda f: (_words(f.refund_id, f.amount_vnd, "VND"), f.refund_time)),
    "cod_collected": _payment(
        None, lambda f: (_words(f.parcel_id, f.amount_vnd, "VND by", f.partner_id), f.collect_time)
    ),
    "cod_remitted": _payment(
        None, lambda f: (_words(f.parcel_id, f.amount_vnd, "VND by", f.partner_id, f.statement_id), f.remit_time)
    ),
}

PARCEL: Mapping[str, Callable[[Any], object | None]] = {
    "parcel_created": _parcel(ParcelState.CREATED, lambda f: ("", None)),
    "parcel_refused": _parcel(ParcelState.REFUSED, lambda f: (f.reason, None)),
    "promise_made": _parcel(
        None, lambda f: (_words("hand-over by", f.handover_deadline_time.ToJsonString(), f.bound_by), None)
    ),
    "parcel_ready": _parcel(ParcelState.READY, lambda f: ("", f.ready_time)),
    "parcel_picked_up": _parcel(
        ParcelState.PICKED_UP, lambda f: (_words(f.batch_id, f.partner_id, f"attempt {f.attempt}"), f.pickup_time)
    ),
    "pickup_failed": _parcel(
        None, lambda f: (_words(f.batch_id, f.partner_id, f"attempt {f.attempt}", f.reason), f.fail_time)
    ),
    "parcel_in_transit": _parcel(ParcelState.IN_TRANSIT, lambda f: (f.partner_id, f.scan_time)),
    "delivery_failed": _parcel(None, lambda f: (_words(f.partner_id, f"attempt {f.attempt}", f.reason), f.fail_time)),
    "parcel_delivered": _parcel(ParcelState.DELIVERED, lambda f: (f.partner_id, f.deliver_time)),
    "parcel_returned": _parcel(ParcelState.RETURNED, lambda f: (_words(f.partner_id, f.reason), f.return_time)),
    "parcel_lost": _parcel(ParcelState.LOST, lambda f: (f.partner_id, f.lose_time)),
    "parcel_cancelled": _parcel(ParcelState.CANCELLED, lambda f: (f.reason, None)),
    "parcel_cancel_refused": _parcel(ParcelState.RETURNING, lambda f: (f.reason, None)),
}

SELLER: Mapping[str, Callable[[Any], object | None]] = {
    "seller_registered": lambda e: _pickup_point(
        e, e.seller_registered.pickup_point, e.seller_registered.register_time
    ),
    "pickup_point_changed": lambda e: _pickup_point(
        e, e.pickup_point_changed.pickup_point, e.pickup_point_changed.effective_time
    ),
    "seller_suspended": lambda e: commands.NoteSellerSuspended(seller_id=e.seller_id, fact_version=e.version),
    "seller_reinstated": lambda e: commands.NoteSellerReinstated(seller_id=e.seller_id, fact_version=e.version),
}

PRODUCT: Mapping[str, Callable[[Any], object | None]] = {
    "product_published": _product_published,
    "product_withdrawn": _product_withdrawn,
    "price_changed": _price_changed,
}

LIVESTREAM: Mapping[str, Callable[[Any], object | None]] = {
    "livestream_started": _livestream_started,
    "offer_opened": _offer_opened,
    "livestream_ended": _livestream_ended,
}

HEARS: Mapping[str, Hearing] = {
    message.DESCRIPTOR.full_name: Hearing(message, kinds)
    for message, kinds in (
        (SellerEvent, SELLER),
        (ProductEvent, PRODUCT),
        (LivestreamEvent, LIVESTREAM),
        (StockEvent, STOCK),
        (PaymentEvent, PAYMENT),
        (ParcelEvent, PARCEL),
    )
}
"""Every topic orders hears."""
