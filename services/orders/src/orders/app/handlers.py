# ruff: noqa: D103 - handlers need no docstring
"""How orders carries out what it is asked: taking and cancelling orders, hearing answers, giving up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chassis.kernel import NOTHING, Handler, Handlers, Key, Loaded, Moment, NotFound, Outcome, said, together

from orders.app.commands import CancelOrder, EraseContact, GiveUpWait, NoteParcel, NotePayment, NoteStock, PlaceOrder
from orders.app.view_handlers import VIEW_HANDLERS
from orders.domain import fulfilment
from orders.domain.contact import Contact
from orders.domain.errors import AlreadyDelivered, ChannelOrderChanged, ChannelOrderTaken, UnknownProduct
from orders.domain.fulfilment import BUYER_CANCELLED, Told
from orders.domain.goods import Destination
from orders.domain.order import Order, OrderState, Wait
from orders.domain.placing import ChannelOrder, PlacedPart, agreed, content_of, split, total_vnd
from orders.domain.views import ForSale, SessionView

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def place_order(command: PlaceOrder, loaded: Loaded, moment: Moment) -> Outcome:
    content = _content(command) if command.channel_order_id else ""
    replayed = loaded.get(ChannelOrder, _channel_key(command))
    if replayed is not None:
        if replayed.placed_by not in ("", command.placed_by):
            raise ChannelOrderTaken(channel=command.channel)
        if replayed.content not in ("", content):
            raise ChannelOrderChanged(channel=command.channel)
        return Outcome(reply=(replayed, True))
    order, facts = fulfilment.place(_fresh_order(command, loaded, moment), moment.now)
    answer = ChannelOrder(
        id=_channel_key(command),
        order_id=order.id,
        placed_by=order.placed_by,
        content=content,
        total_vnd=order.total_vnd,
        place_time=moment.now,
        parts=tuple(PlacedPart(part.part_id, part.pickup_point_id, part.goods_vnd) for part in order.parts),
    )
    contact = Contact(
        id=command.contact_id,
        name=command.name,
        phone=command.phone,
        address=command.address,
        place_time=moment.now,
    )
    remembered = [said(answer)] if command.channel_order_id else []
    return together(said(order, *facts), said(contact), *remembered, reply=(answer, False))


def cancel_order(command: CancelOrder, loaded: Loaded, moment: Moment) -> Outcome:
    order = loaded.require(Order, command.order_id)
    if command.placed_by not in ("", order.placed_by):
        raise NotFound(kind="Order", id=command.order_id)
    if order.has_delivered:
        raise AlreadyDelivered(order_id=order.id)
    told = fulfilment.cancel(order, BUYER_CANCELLED, moment.now)
    return replace(_outcome(order, told), reply=told[0].state)


def erase_contact(command: EraseContact, loaded: Loaded, moment: Moment) -> Outcome:
    contacts = [loaded.require(Contact, contact_id) for contact_id in (command.contact_id, *command.same_person_ids)]
    return together(*(said(contact.erase(moment.now)) for contact in contacts if not contact.erase_time))


def give_up_wait(command: GiveUpWait, loaded: Loaded, moment: Moment) -> Outcome:
    order = loaded.require(Order, command.order_id)
    return _outcome(order, fulfilment.give_up(order, moment.now))


def note_stock(command: NoteStock, loaded: Loaded, moment: Moment) -> Outcome:
    order = loaded.get(Order, command.order_id)
    if order is None:
        return NOTHING
    noted = order.note(command.kind, command.time or moment.now, command.detail)
    return _advance(order, noted.hear_stock(command.answer) if command.answer else noted, moment.now)


def note_payment(command: NotePayment, loaded: Loaded, moment: Moment) -> Outcome:
    order = loaded.get(Order, command.order_id)
    if order is None:
        return NOTHING
    noted = order.note(command.kind, command.time or moment.now, command.detail)
    return _advance(order, noted.hear_payment(command.answer) if command.answer else noted, moment.now)


def note_parcel(command: NoteParcel, loaded: Loaded, moment: Moment) -> Outcome:
    order = loaded.get(Order, command.order_id)
    if order is None or all(part.part_id != command.parcel_id for part in order.parts):
        return NOTHING
    noted = order.note(command.kind, command.time or moment.now, f"{command.parcel_id} {command.detail}".strip())
    heard = noted.hear_parcel(command.parcel_id, command.answer) if command.answer else noted
    return _advance(order, heard, moment.now)


def _fresh_order(command: PlaceOrder, loaded: Loaded, moment: Moment) -> Order:
    products = {product.id: product for product in _products(command, loaded)}
    sessions = {line.session_id: loaded.get(SessionView, line.session_id) for line in command.lines}
    known = {id: session for id, session in sessions.items() if session is not None}
    lines = [agreed(line, products[line.product_id], known, moment.now) for line in command.lines]
    parts = split(command.order_id, lines, products, moment.now)
    return Order(
        id=command.order_id,
        trace=moment.trace,
        state=OrderState.PLACED,
        wait=Wait.STOCK,
        deadline_time=None,
        contact_id=command.contact_id,
        channel=command.channel,
        channel_order_id=command.channel_order_id,
        placed_by=command.placed_by,
        session_id=command.session_id,
        destination=Destination(command.commune_code, command.as_of_date or local_date(moment.now), command.hamlet),
        payment_method=command.payment_method,
        parts=parts,
        total_vnd=total_vnd(parts),
        place_time=moment.now,
        client_time=command.client_time,
    )


def local_date(now: datetime) -> str:
    """The date in Vietnam at a business time, "YYYY-MM-DD"."""
    return now.astimezone(LOCAL).date().isoformat()


def _products(command: PlaceOrder, loaded: Loaded) -> Iterable[ForSale]:
    for line in command.lines:
        product = loaded.get(ForSale, line.product_id)
        if product is None:
            raise UnknownProduct(product_id=line.product_id)
        yield product


def _advance(before: Order, heard: Order, now: datetime) -> Outcome:
    return _outcome(before, fulfilment.advance(heard, now))


def _outcome(before: Order, told: Told) -> Outcome:
    order, facts = told
    return NOTHING if order == before else said(order, *facts)


def _content(command: PlaceOrder) -> str:
    """As stated: an empty date stays empty, so that what is sent again tomorrow is the same."""
    to = Destination(command.commune_code, command.as_of_date, command.hamlet)
    return content_of(command.lines, to, command.payment_method)


def _channel_key(command: PlaceOrder) -> str:
    return f"{command.channel}:{command.channel_order_id}"


def _place_order_keys(command: PlaceOrder) -> Iterable[Key[Any]]:
    yield Key(Order, command.order_id)
    yield Key(Contact, command.contact_id)
    if command.channel_order_id:
        yield Key(ChannelOrder, _channel_key(command))


def _place_order_reads(command: PlaceOrder) -> Iterable[Key[Any]]:
    for line in command.lines:
        yield Key(ForSale, line.product_id)
        if line.session_id:
            yield Key(SessionView, line.session_id)


HANDLERS: Handlers = {
    PlaceOrder: Handler(place_order, keys=_place_order_keys, reads=_place_order_reads),
    CancelOrder: Handler(cancel_order, keys=lambda c: [Key(Order, c.order_id)]),
    EraseContact: Handler(
        erase_contact, keys=lambda c: [Key(Contact, contact_id) for contact_id in (c.contact_id, *c.same_person_ids)]
    ),
    GiveUpWait: Handler(give_up_wait, keys=lambda c: [Key(Order, c.order_id)]),
    NoteStock: Handler(note_stock, keys=lambda c: [Key(Order, c.order_id)]),
    NotePayment: Handler(note_payment, keys=lambda c: [Key(Order, c.order_id)]),
    NoteParcel: Handler(note_parcel, keys=lambda c: [Key(Order, c.order_id)]),
    **VIEW_HANDLERS,
}
"""Every command of orders."""
