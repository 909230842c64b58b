"""What shipping hears of orders and sellers, as commands."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from chassis.kernel import Invalid
from chophien.catalog.v1.seller_event_pb2 import PickupPoint, SellerEvent
from chophien.common.v1 import common_pb2
from chophien.orders.v1.order_event_pb2 import OrderEvent
from google.protobuf.timestamp_pb2 import Timestamp

from shipping.app.commands import CancelParcels, CreateParcels, StatePickupPoint
from shipping.domain.goods import Shipment
from shipping.domain.partners import VehicleKind
from shipping.domain.pickup_point import Gate
from shipping.wire.words import VEHICLES, handling_from, identifier, place_heard, size_heard

PARTS_MAX = 50
"""An order has at most as many parts as lines."""

NEVER_CONFIRMED = frozenset({"STOCK_REFUSED"})
"""Reasons of OrderCancelled that exclude a confirmation; those losers of a livestream race leave no row here."""

CALLED_OFF = frozenset({"BUYER_CANCELLED"})
"""Reasons of OrderPartCancelled that ask for something; all others follow from what shipping said itself."""


def create_parcels(event: OrderEvent) -> CreateParcels | None:
    """OrderConfirmed: one parcel a part."""
    fact = event.order_confirmed
    cod = fact.payment_method == common_pb2.PAYMENT_METHOD_COD
    destination, place_time = place_heard(fact.destination), fact.place_time.ToDatetime(UTC)
    parts = tuple(
        (
            _part_id(event, part.part_id),
            Shipment(
                order_id=event.order_id,
                contact_id=identifier(fact.contact_id, "contact_id"),
                seller_ids=tuple(part.seller_ids),
                pickup_point_id=identifier(part.pickup_point_id, "pickup_point_id"),
                destination=destination,
                size=size_heard(part.size),
                handling=handling_from(part.handling),
                cod_vnd=part.goods_vnd if cod else 0,
                channel=fact.channel,
                place_time=place_time,
            ),
        )
        for part in fact.parts
    )
    return CreateParcels(order_id=event.order_id, parts=parts) if parts else None


def cancel_part(event: OrderEvent) -> CancelParcels | None:
    """OrderPartCancelled: only a buyer's wish is news here."""
    fact = event.order_part_cancelled
    if fact.reason not in CALLED_OFF:
        return None
    return CancelParcels(order_id=event.order_id, parcel_ids=(_part_id(event, fact.part_id),), reason=fact.reason)


def cancel_order(event: OrderEvent) -> CancelParcels | None:
    """OrderCancelled: the parts it names, or, naming none, whatever there is of the order now or later."""
    fact = event.order_cancelled
    if fact.open_part_ids:
        own = tuple(part_id for part_id in fact.open_part_ids if _is_part(event, part_id))
        return CancelParcels(order_id=event.order_id, parcel_ids=own, reason=fact.reason) if own else None
    if fact.reason in NEVER_CONFIRMED:
        return None
    every = tuple(f"{event.order_id}-{number}" for number in range(1, PARTS_MAX + 1))
    return CancelParcels(order_id=event.order_id, parcel_ids=every, reason=fact.reason, whole_order=True)


def _part_id(event: OrderEvent, part_id: str) -> str:
    """The id of a part, which becomes its parcel's; an order speaks for its own only."""
    if not _is_part(event, part_id):
        raise Invalid("part_id", "must be of the order")
    return identifier(part_id, "part_id")


def _is_part(event: OrderEvent, part_id: str) -> bool:
    return part_id.rpartition("-")[0] == event.order_id


def state_pickup_point(event: SellerEvent) -> StatePickupPoint:
    """SellerRegistered: where its parcels are collected."""
    fact = event.seller_registered
    return _stated(fact.pickup_point, fact.register_time)


def change_pickup_point(event: SellerEvent) -> StatePickupPoint:
    """PickupPointChanged: where they are collected from a moment on."""
    fact = event.pickup_point_changed
    return _stated(fact.pickup_point, fact.effective_time)


def _stated(point: PickupPoint, since: Timestamp) -> StatePickupPoint:
    gate = Gate(
        effective_time=since.ToDatetime(UTC),
        name=point.name,
        place=place_heard(point.place),
        latitude=point.location.latitude,
        longitude=point.location.longitude,
        contact_name=point.contact_name,
        contact_phone=point.contact_phone,
        instructions=point.instructions,
        largest_vehicle=VEHICLES.get(point.largest_vehicle, VehicleKind.TRUCK),
    )
    return StatePickupPoint(pickup_point_id=identifier(point.pickup_point_id, "pickup_point_id"), gate=gate)


ORDER_EVENT: dict[str, Any] = {
    "order_confirmed": create_parcels,
    "order_part_cancelled": cancel_part,
    "order_cancelled": cancel_order,
}
SELLER_EVENT: dict[str, Any] = {
    "seller_registered": state_pickup_point,
    "pickup_point_changed": change_pickup_point,
}
