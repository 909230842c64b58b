"""Carries out the commands about sellers."""

from __future__ import annotations

from chassis.kernel import Handler, Handlers, Key, Loaded, Moment, Outcome

from catalog.app.commands import MovePickupPoint, RegisterSeller, ReinstateSeller, SuspendSeller
from catalog.app.handlers.acting import require_acting_for
from catalog.domain import sellers
from catalog.domain.errors import SellerExists
from catalog.domain.sellers import Seller


def register_seller(command: RegisterSeller, loaded: Loaded, moment: Moment) -> Outcome:
    """A seller is known from now on."""
    require_acting_for(command.seller_id, command.acting_seller_id)
    if loaded.get(Seller, command.seller_id) is not None:
        raise SellerExists(seller_id=command.seller_id)
    return sellers.register(
        command.seller_id, command.public_block, command.home, command.pickup_point, moment.now, moment.trace
    )


def suspend_seller(command: SuspendSeller, loaded: Loaded, moment: Moment) -> Outcome:
    """The seller stops selling."""
    return loaded.require(Seller, command.seller_id).suspend(command.reason, moment.now)


def reinstate_seller(command: ReinstateSeller, loaded: Loaded, moment: Moment) -> Outcome:
    """The seller sells again."""
    return loaded.require(Seller, command.seller_id).reinstate(command.reason, moment.now)


def move_pickup_point(command: MovePickupPoint, loaded: Loaded, moment: Moment) -> Outcome:
    """The seller's parcels are collected elsewhere."""
    require_acting_for(command.seller_id, command.acting_seller_id)
    seller = loaded.require(Seller, command.seller_id)
    return seller.move_pickup_point(command.pickup_point, command.effective_time, moment.now)


def _seller(command: RegisterSeller | SuspendSeller | ReinstateSeller | MovePickupPoint) -> tuple[Key[Seller]]:
    return (Key(Seller, command.seller_id),)


HANDLERS: Handlers = {
    RegisterSeller: Handler(register_seller, keys=_seller),
    SuspendSeller: Handler(suspend_seller, keys=_seller),
    ReinstateSeller: Handler(reinstate_seller, keys=_seller),
    MovePickupPoint: Handler(move_pickup_point, keys=_seller),
}
