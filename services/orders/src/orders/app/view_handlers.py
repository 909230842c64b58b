# ruff: noqa: D103 - handlers need no docstring
"""How orders keeps its views of products, sellers and sessions; a view is made by whatever news comes first."""

from __future__ import annotations

from dataclasses import replace

from chassis.kernel import NOTHING, A, Handler, Handlers, Key, Loaded, Moment, Outcome, said

from orders.app.commands import (
    NoteLivestreamEnded,
    NoteLivestreamStarted,
    NoteOfferOpened,
    NotePickupPoint,
    NotePriceChanged,
    NoteProductPublished,
    NoteProductWithdrawn,
    NoteSellerReinstated,
    NoteSellerSuspended,
)
from orders.domain.views import Offer, PickupFrom, Price, ProductView, SellerView, SessionView


def note_product_published(command: NoteProductPublished, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(ProductView, command.product_id)
    price = Price(command.publish_time, command.fact_version, command.list_price_vnd)
    new = (old or ProductView(id=command.product_id)).publish(
        command.fact_version, price, command.seller_id, command.size, command.handling
    )
    return _kept(old, new)


def note_product_withdrawn(command: NoteProductWithdrawn, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(ProductView, command.product_id)
    return _kept(old, (old or ProductView(id=command.product_id)).withdraw(command.fact_version))


def note_price_changed(command: NotePriceChanged, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(ProductView, command.product_id)
    price = Price(command.effective_time, command.fact_version, command.list_price_vnd)
    return _kept(old, (old or ProductView(id=command.product_id)).price(price))


def note_pickup_point(command: NotePickupPoint, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(SellerView, command.seller_id)
    pickup = PickupFrom(command.effective_time, command.fact_version, command.pickup_point_id)
    return _kept(old, (old or SellerView(id=command.seller_id)).collect_at(pickup))


def note_seller_suspended(command: NoteSellerSuspended, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(SellerView, command.seller_id)
    return _kept(old, (old or SellerView(id=command.seller_id)).suspend(command.fact_version))


def note_seller_reinstated(command: NoteSellerReinstated, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(SellerView, command.seller_id)
    return _kept(old, (old or SellerView(id=command.seller_id)).reinstate(command.fact_version))


def note_livestream_started(command: NoteLivestreamStarted, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(SessionView, command.session_id)
    return _kept(old, replace(old or SessionView(id=command.session_id), start_time=command.start_time))


def note_offer_opened(command: NoteOfferOpened, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(SessionView, command.session_id)
    offer = Offer(command.from_time, command.fact_version, command.product_id, command.offer_price_vnd)
    return _kept(old, (old or SessionView(id=command.session_id)).open_offer(offer))


def note_livestream_ended(command: NoteLivestreamEnded, loaded: Loaded, moment: Moment) -> Outcome:
    old = loaded.get(SessionView, command.session_id)
    session = old or SessionView(id=command.session_id)
    return _kept(old, replace(session, end_time=command.end_time, end_reason=command.reason))


def _kept(old: A | None, new: A) -> Outcome:
    return NOTHING if new == old else said(new)


VIEW_HANDLERS: Handlers = {
    NoteProductPublished: Handler(note_product_published, keys=lambda c: [Key(ProductView, c.product_id)]),
    NoteProductWithdrawn: Handler(note_product_withdrawn, keys=lambda c: [Key(ProductView, c.product_id)]),
    NotePriceChanged: Handler(note_price_changed, keys=lambda c: [Key(ProductView, c.product_id)]),
    NotePickupPoint: Handler(note_pickup_point, keys=lambda c: [Key(SellerView, c.seller_id)]),
    NoteSellerSuspended: Handler(note_seller_suspended, keys=lambda c: [Key(SellerView, c.seller_id)]),
    NoteSellerReinstated: Handler(note_seller_reinstated, keys=lambda c: [Key(SellerView, c.seller_id)]),
    NoteLivestreamStarted: Handler(note_livestream_started, keys=lambda c: [Key(SessionView, c.session_id)]),
    NoteOfferOpened: Handler(note_offer_opened, keys=lambda c: [Key(SessionView, c.session_id)]),
    NoteLivestreamEnded: Handler(note_livestream_ended, keys=lambda c: [Key(SessionView, c.session_id)]),
}
"""What orders hears of the catalog."""
