"""Translates catalog's facts into the records of its four topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chassis.wiring import OutgoingFact
from chophien.catalog.v1 import livestream_event_pb2 as livestreams
from chophien.catalog.v1 import product_event_pb2 as products
from chophien.catalog.v1 import seller_event_pb2 as sellers
from chophien.catalog.v1 import stock_event_pb2 as stocks
from google.protobuf.message import Message

from catalog.domain import events
from catalog.wire.words import (
    handling_to,
    line_to,
    ocop_to,
    pickup_point_to,
    place_to,
    size_to,
    timestamp,
)

SELLERS = sellers.SellerEvent.DESCRIPTOR.full_name
PRODUCTS = products.ProductEvent.DESCRIPTOR.full_name
STOCKS = stocks.StockEvent.DESCRIPTOR.full_name
LIVESTREAMS = livestreams.LivestreamEvent.DESCRIPTOR.full_name


def encode(fact: object, version: int) -> OutgoingFact:
    """The record of a fact; raises KeyError for what is no fact of catalog."""
    return _ENCODERS[type(fact)](fact, version)


def _seller_registered(fact: events.SellerRegistered, version: int) -> OutgoingFact:
    said = sellers.SellerRegistered(
        legal_name=fact.legal_name,
        kind=sellers.SellerKind.Value(f"SELLER_KIND_{fact.kind.value}"),
        tax_id=fact.tax_id,
        home=place_to(fact.home),
        pickup_point=pickup_point_to(fact.pickup_point),
        register_time=timestamp(fact.register_time),
    )
    event = sellers.SellerEvent(seller_id=fact.seller_id, version=version, seller_registered=said)
    return _record(SELLERS, fact.seller_id, said, event)


def _pickup_point_changed(fact: events.PickupPointChanged, version: int) -> OutgoingFact:
    said = sellers.PickupPointChanged(
        pickup_point=pickup_point_to(fact.pickup_point), effective_time=timestamp(fact.effective_time)
    )
    event = sellers.SellerEvent(seller_id=fact.seller_id, version=version, pickup_point_changed=said)
    return _record(SELLERS, fact.seller_id, said, event)


def _seller_suspended(fact: events.SellerSuspended, version: int) -> OutgoingFact:
    said = sellers.SellerSuspended(reason=fact.reason, suspend_time=timestamp(fact.suspend_time))
    event = sellers.SellerEvent(seller_id=fact.seller_id, version=version, seller_suspended=said)
    return _record(SELLERS, fact.seller_id, said, event)


def _seller_reinstated(fact: events.SellerReinstated, version: int) -> OutgoingFact:
    said = sellers.SellerReinstated(reason=fact.reason, reinstate_time=timestamp(fact.reinstate_time))
    event = sellers.SellerEvent(seller_id=fact.seller_id, version=version, seller_reinstated=said)
    return _record(SELLERS, fact.seller_id, said, event)


def _product_published(fact: events.ProductPublished, version: int) -> OutgoingFact:
    said = products.ProductPublished(
        seller_id=fact.seller_id,
        name=fact.name,
        list_price_vnd=fact.list_price_vnd,
        size=size_to(fact.size),
        handling=handling_to(fact.handling),
        ocop=ocop_to(fact.ocop) if fact.ocop else None,
        publish_time=timestamp(fact.publish_time),
    )
    event = products.ProductEvent(product_id=fact.product_id, version=version, product_published=said)
    return _record(PRODUCTS, fact.product_id, said, event)


def _product_withdrawn(fact: events.ProductWithdrawn, version: int) -> OutgoingFact:
    said = products.ProductWithdrawn(withdraw_time=timestamp(fact.withdraw_time))
    event = products.ProductEvent(product_id=fact.product_id, version=version, product_withdrawn=said)
    return _record(PRODUCTS, fact.product_id, said, event)


def _price_changed(fact: events.PriceChanged, version: int) -> OutgoingFact:
    said = products.PriceChanged(list_price_vnd=fact.list_price_vnd, effective_time=timestamp(fact.effective_time))
    event = products.ProductEvent(product_id=fact.product_id, version=version, price_changed=said)
    return _record(PRODUCTS, fact.product_id, said, event)


def _stock_reserved(fact: events.StockReserved, version: int) -> OutgoingFact:
    lines = [line_to(line) for line in fact.lines]
    said = stocks.StockReserved(lines=lines, expire_time=timestamp(fact.expire_time))
    event = stocks.StockEvent(order_id=fact.order_id, version=version, stock_reserved=said)
    return _record(STOCKS, fact.order_id, said, event)


def _stock_refused(fact: events.StockRefused, version: int) -> OutgoingFact:
    refusal = stocks.StockRefusal.Value(f"STOCK_REFUSAL_{fact.refusal.value}")
    said = stocks.StockRefused(refusal=refusal, product_ids=fact.product_ids)
    event = stocks.StockEvent(order_id=fact.order_id, version=version, stock_refused=said)
    return _record(STOCKS, fact.order_id, said, event)


def _stock_released(fact: events.StockReleased, version: int) -> OutgoingFact:
    lines = [line_to(line) for line in fact.lines]
    said = stocks.StockReleased(part_ids=fact.part_ids, reason=fact.reason.value, lines=lines)
    event = stocks.StockEvent(order_id=fact.order_id, version=version, stock_released=said)
    return _record(STOCKS, fact.order_id, said, event)


def _stock_committed(fact: events.StockCommitted, version: int) -> OutgoingFact:
    said = stocks.StockCommitted(commit_time=timestamp(fact.commit_time))
    event = stocks.StockEvent(order_id=fact.order_id, version=version, stock_committed=said)
    return _record(STOCKS, fact.order_id, said, event)


def _livestream_started(fact: events.LivestreamStarted, version: int) -> OutgoingFact:
    said = livestreams.LivestreamStarted(
        host_id=fact.host_id, seller_ids=fact.seller_ids, start_time=timestamp(fact.start_time)
    )
    event = livestreams.LivestreamEvent(session_id=fact.session_id, version=version, livestream_started=said)
    return _record(LIVESTREAMS, fact.session_id, said, event)


def _offer_opened(fact: events.OfferOpened, version: int) -> OutgoingFact:
    said = livestreams.OfferOpened(
        product_id=fact.product_id,
        offer_price_vnd=fact.offer_price_vnd,
        quota=fact.quota,
        from_time=timestamp(fact.from_time),
    )
    event = livestreams.LivestreamEvent(session_id=fact.session_id, version=version, offer_opened=said)
    return _record(LIVESTREAMS, fact.session_id, said, event)


def _livestream_ended(fact: events.LivestreamEnded, version: int) -> OutgoingFact:
    said = livestreams.LivestreamEnded(end_time=timestamp(fact.end_time), reason=fact.reason.value)
    event = livestreams.LivestreamEvent(session_id=fact.session_id, version=version, livestream_ended=said)
    return _record(LIVESTREAMS, fact.session_id, said, event)


def _record(topic: str, key: str, said: Message, event: Message) -> OutgoingFact:
    return OutgoingFact(topic, key, said.DESCRIPTOR.full_name, event.SerializeToString())


_ENCODERS: dict[type, Callable[[Any, int], OutgoingFact]] = {
    events.SellerRegistered: _seller_registered,
    events.PickupPointChanged: _pickup_point_changed,
    events.SellerSuspended: _seller_suspended,
    events.SellerReinstated: _seller_reinstated,
    events.ProductPublished: _product_published,
    events.ProductWithdrawn: _product_withdrawn,
    events.PriceChanged: _price_changed,
    events.StockReserved: _stock_reserved,
    events.StockRefused: _stock_refused,
    events.StockReleased: _stock_released,
    events.StockCommitted: _stock_committed,
    events.LivestreamStarted: _livestream_started,
    events.OfferOpened: _offer_opened,
    events.LivestreamEnded: _livestream_ended,
}
