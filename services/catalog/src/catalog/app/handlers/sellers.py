"""Carries out the commands about sellers."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel import NOTHING, Handler, Handlers, Key, Loaded, Moment, Outcome, said, together

from catalog.app.commands import MovePickupPoint, RegisterSeller, ReinstateSeller, SuspendSeller
from catalog.app.handlers.acting import require_acting_for
from catalog.domain import sellers
from catalog.domain.errors import SellerExists
from catalog.domain.points import DatedPickupPoint, KnownPoint
from catalog.domain.sellers import Seller


def register_seller(command: RegisterSeller, loaded: Loaded, moment: Moment) -> Outcome:
    """A seller is known from now on."""
    require_acting_for(command.seller_id, command.acting_seller_id)
    if loaded.get(Seller, command.seller_id) is not None:
        raise SellerExists(seller_id=command.seller_id)
    registered = sellers.register(
        command.seller_id, command.public_block, command.home, command.pickup_point, moment.now, moment.trace
    )
    return together(registered, _collected_there(command, loaded, moment, moment.now), reply=registered.reply)


def suspend_seller(command: SuspendSeller, loaded: Loaded, moment: Moment) -> Outcome:
    """The seller stops selling."""
    return loaded.require(Seller, command.seller_id).suspend(command.reason, moment.now)


def reinstate_seller(command: ReinstateSeller, loaded: Loaded, moment: Moment) -> Outcome:
    """The seller sells again."""
    return loaded.require(Seller, command.seller_id).reinstate(command.reason, moment.now)


def move_pickup_point(command: MovePickupPoint, loaded: Loaded, moment: Moment) -> Outcome:
    """The seller's parcels are collected elsewhere: at another point, or at its own one that is elsewhere."""
    require_acting_for(command.seller_id, command.acting_seller_id)
    seller = loaded.require(Seller, command.seller_id)
    moved = seller.move_pickup_point(command.pickup_point, command.effective_time, moment.now)
    from_time = sellers.effective_time(command.effective_time, moment.now)
    return together(moved, _collected_there(command, loaded, moment, from_time), reply=moved.reply)


def _collected_there(
    command: RegisterSeller | MovePickupPoint, loaded: Loaded, moment: Moment, from_time: datetime
) -> Outcome:
    """The point knows of it; it goes elsewhere itself only if it is moved by an operator or by its first seller."""
    point = command.pickup_point
    known = loaded.get(KnownPoint, point.pickup_point_id)
    if known is None:
        places = (DatedPickupPoint(point, from_time),)
        first = KnownPoint(id=point.pickup_point_id, trace=moment.trace, owner_id=command.seller_id, places=places)
        return said(first)
    may_move = command.acting_seller_id in ("", known.owner_id) and isinstance(command, MovePickupPoint)
    there = known.move(point, from_time, moment.now) if may_move else known
    there.share(point, from_time)
    return NOTHING if there is known else said(there)


def _seller(command: SuspendSeller | ReinstateSeller) -> tuple[Key[Seller]]:
    return (Key(Seller, command.seller_id),)


def _seller_and_point(command: RegisterSeller | MovePickupPoint) -> tuple[Key[Seller], Key[KnownPoint]]:
    return Key(Seller, command.seller_id), Key(KnownPoint, command.pickup_point.pickup_point_id)


HANDLERS: Handlers = {
    RegisterSeller: Handler(register_seller, keys=_seller_and_point),
    SuspendSeller: Handler(suspend_seller, keys=_seller),
    ReinstateSeller: Handler(reinstate_seller, keys=_seller),
    MovePickupPoint: Handler(move_pickup_point, keys=_seller_and_point),
}
