"""Carries out the commands about livestream sessions and their offers."""

from __future__ import annotations

from chassis.kernel import Change, Handler, Handlers, Key, Loaded, Moment, Outcome

from catalog.app.commands import EndLivestream, OpenOffer, StartLivestream
from catalog.app.handlers.acting import require_acting_for
from catalog.domain import livestreams
from catalog.domain.errors import NotForSale, NotYourSeller, SessionExists
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.products import Product
from catalog.domain.sellers import Seller
from catalog.domain.stock import Offer, Stock


def start_livestream(command: StartLivestream, loaded: Loaded, moment: Moment) -> Outcome:
    """A session goes live."""
    _require_taking_part(command.seller_ids, command.acting_seller_id)
    if loaded.get(LivestreamSession, command.session_id) is not None:
        raise SessionExists(session_id=command.session_id)
    for seller_id in command.seller_ids:
        loaded.require(Seller, seller_id).require_active()
    return livestreams.start(
        command.session_id,
        command.host_id,
        command.host_verification,
        command.seller_ids,
        moment.now,
        moment.trace,
    )


def open_offer(command: OpenOffer, loaded: Loaded, moment: Moment) -> Outcome:
    """An offer is remembered by its session, and by the stock it draws on."""
    session = loaded.require(LivestreamSession, command.session_id)
    product = loaded.require(Product, command.product_id)
    require_acting_for(product.seller_id, command.acting_seller_id)
    if product.withdrawn_at(moment.now):
        raise NotForSale(product_id=product.id)
    price, quota = command.offer_price_vnd, command.quota
    opened = session.open_offer(product.id, product.seller_id, price, quota, moment.now)
    stock = loaded.require(Stock, product.id).open_offer(Offer(session.id, price, quota, moment.now))
    return Outcome((*opened.changes, Change(stock)), opened.reply)


def end_livestream(command: EndLivestream, loaded: Loaded, moment: Moment) -> Outcome:
    """A session ends."""
    session = loaded.require(LivestreamSession, command.session_id)
    _require_taking_part(session.seller_ids, command.acting_seller_id)
    return session.end(command.reason, command.authority_reference, moment.now)


def _require_taking_part(seller_ids: tuple[str, ...], acting_seller_id: str) -> None:
    if acting_seller_id and acting_seller_id not in seller_ids:
        raise NotYourSeller(seller_ids=",".join(seller_ids))


def _session(command: StartLivestream | EndLivestream) -> tuple[Key[LivestreamSession]]:
    return (Key(LivestreamSession, command.session_id),)


HANDLERS: Handlers = {
    StartLivestream: Handler(
        start_livestream,
        keys=_session,
        reads=lambda command: tuple(Key(Seller, seller_id) for seller_id in command.seller_ids),
    ),
    OpenOffer: Handler(
        open_offer,
        keys=lambda command: (Key(LivestreamSession, command.session_id), Key(Stock, command.product_id)),
        reads=lambda command: (Key(Product, command.product_id),),
    ),
    EndLivestream: Handler(end_livestream, keys=_session),
}
