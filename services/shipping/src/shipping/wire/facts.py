"""Shipping's facts as protobuf, each for its topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chassis.wiring import OutgoingFact
from chophien.shipping.v1 import courier_feed_pb2 as feed
from chophien.shipping.v1 import parcel_event_pb2 as parcel
from chophien.shipping.v1 import pickup_batch_event_pb2 as batch

from shipping.domain import events
from shipping.domain import feed as feed_events
from shipping.wire.words import VEHICLE_NUMBERS, handling_to, place_to, size_to, timestamp

PARCEL_TOPIC: str = parcel.ParcelEvent.DESCRIPTOR.full_name
BATCH_TOPIC: str = batch.PickupBatchEvent.DESCRIPTOR.full_name
FEED_TOPIC: str = feed.CourierFeed.DESCRIPTOR.full_name

Encoder = Callable[[Any], Any]


def feed_topic(partner_id: str) -> str:
    """The topic of one partner."""
    return f"{FEED_TOPIC}.{partner_id}"


def encode(fact: object, version: int) -> OutgoingFact:
    """A fact for the outbox. Its own number is its position; the version also counts what is not told."""
    name, encoder = ENCODERS[type(fact)]
    kind = f"chophien.shipping.v1.{type(fact).__name__}"
    if isinstance(fact, events.ParcelFact):
        said = parcel.ParcelEvent(parcel_id=fact.parcel_id, version=fact.number, order_id=fact.order_id)
        getattr(said, name).CopyFrom(encoder(fact))
        return OutgoingFact(PARCEL_TOPIC, fact.parcel_id, kind, said.SerializeToString())
    if isinstance(fact, events.BatchFact):
        told = batch.PickupBatchEvent(batch_id=fact.batch_id, version=fact.number)
        getattr(told, name).CopyFrom(encoder(fact))
        return OutgoingFact(BATCH_TOPIC, fact.batch_id, kind, told.SerializeToString())
    assert isinstance(fact, feed_events.FeedFact)
    offered = feed.CourierFeed(batch_id=fact.batch_id, version=fact.number, partner_id=fact.partner_id)
    getattr(offered, name).CopyFrom(encoder(fact))
    return OutgoingFact(feed_topic(fact.partner_id), fact.batch_id, kind, offered.SerializeToString())


def stops_to(stops: Iterable[events.Stop]) -> list[batch.RunStop]:
    """Stops for the wire."""
    return [
        batch.RunStop(
            pickup_point_id=stop.pickup_point_id, arrive_time=timestamp(stop.arrive_time), parcel_ids=stop.parcel_ids
        )
        for stop in stops
    ]


def tender_parcels_to(parcels: Iterable[feed_events.TenderParcel]) -> list[feed.TenderParcel]:
    """Parcels as a partner sees them before accepting."""
    return [
        feed.TenderParcel(
            parcel_id=one.parcel_id,
            destination=place_to(one.destination),
            size=size_to(one.size),
            cod_vnd=one.cod_vnd,
            handling=handling_to(one.handling),
        )
        for one in parcels
    ]


def _parcel_created(fact: events.ParcelCreated) -> parcel.ParcelCreated:
    return parcel.ParcelCreated(
        pickup_point_id=fact.pickup_point_id,
        origin=place_to(fact.origin),
        destination=place_to(fact.destination),
        size=size_to(fact.size),
        cod_vnd=fact.cod_vnd,
    )


def _promise_made(fact: events.PromiseMade) -> parcel.PromiseMade:
    return parcel.PromiseMade(
        handover_deadline_time=timestamp(fact.handover_deadline_time),
        delivery_deadline_time=timestamp(fact.delivery_deadline_time),
        bound_by=fact.bound_by,
        place_time=timestamp(fact.place_time),
    )


def _parcel_picked_up(fact: events.ParcelPickedUp) -> parcel.ParcelPickedUp:
    return parcel.ParcelPickedUp(
        batch_id=fact.batch_id,
        partner_id=fact.partner_id,
        pickup_time=timestamp(fact.pickup_time),
        attempt=fact.attempt,
    )


def _pickup_failed(fact: events.PickupFailed) -> parcel.PickupFailed:
    return parcel.PickupFailed(
        batch_id=fact.batch_id,
        partner_id=fact.partner_id,
        reason=fact.reason,
        attempt=fact.attempt,
        fail_time=timestamp(fact.fail_time),
    )


def _delivery_failed(fact: events.DeliveryFailed) -> parcel.DeliveryFailed:
    return parcel.DeliveryFailed(
        partner_id=fact.partner_id, reason=fact.reason, attempt=fact.attempt, fail_time=timestamp(fact.fail_time)
    )


def _parcel_delivered(fact: events.ParcelDelivered) -> parcel.ParcelDelivered:
    return parcel.ParcelDelivered(
        partner_id=fact.partner_id,
        cod_collected_vnd=fact.cod_collected_vnd,
        deliver_time=timestamp(fact.deliver_time),
    )


def _batch_closed(fact: events.BatchClosed) -> batch.BatchClosed:
    return batch.BatchClosed(
        wave_id=fact.wave_id,
        hub_id=fact.hub_id,
        commune_codes=fact.commune_codes,
        stops=stops_to(fact.stops),
        leave_time=timestamp(fact.leave_time),
        return_time=timestamp(fact.return_time),
        manifest_hash=fact.manifest_hash,
    )


def _batch_tendered(fact: events.BatchTendered) -> batch.BatchTendered:
    return batch.BatchTendered(
        tender_id=fact.tender_id,
        partner_id=fact.partner_id,
        answer_deadline_time=timestamp(fact.answer_deadline_time),
        hub_id=fact.hub_id,
    )


def _batch_moved(fact: events.BatchMoved) -> batch.BatchMoved:
    return batch.BatchMoved(
        closure_id=fact.closure_id,
        from_hub_id=fact.from_hub_id,
        to_hub_id=fact.to_hub_id,
        manifest_hash=fact.manifest_hash,
    )


def _tender_offered(fact: feed_events.TenderOffered) -> feed.TenderOffered:
    return feed.TenderOffered(
        tender_id=fact.tender_id,
        answer_deadline_time=timestamp(fact.answer_deadline_time),
        hub_id=fact.hub_id,
        stops=stops_to(fact.stops),
        parcels=tender_parcels_to(fact.parcels),
        leave_time=timestamp(fact.leave_time),
        vehicle_kind=VEHICLE_NUMBERS[fact.vehicle_kind],
    )


ENCODERS: dict[type, tuple[str, Encoder]] = {
    events.ParcelCreated: ("parcel_created", _parcel_created),
    events.ParcelRefused: ("parcel_refused", lambda f: parcel.ParcelRefused(reason=f.reason)),
    events.PromiseMade: ("promise_made", _promise_made),
    events.ParcelReady: ("parcel_ready", lambda f: parcel.ParcelReady(ready_time=timestamp(f.ready_time))),
    events.ParcelPickedUp: ("parcel_picked_up", _parcel_picked_up),
    events.PickupFailed: ("pickup_failed", _pickup_failed),
    events.ParcelInTransit: (
        "parcel_in_transit",
        lambda f: parcel.ParcelInTransit(partner_id=f.partner_id, scan_time=timestamp(f.scan_time)),
    ),
    events.DeliveryFailed: ("delivery_failed", _delivery_failed),
    events.ParcelDelivered: ("parcel_delivered", _parcel_delivered),
    events.ParcelReturned: (
        "parcel_returned",
        lambda f: parcel.ParcelReturned(partner_id=f.partner_id, return_time=timestamp(f.return_time), reason=f.reason),
    ),
    events.ParcelLost: (
        "parcel_lost",
        lambda f: parcel.ParcelLost(partner_id=f.partner_id, lose_time=timestamp(f.lose_time)),
    ),
    events.ParcelCancelled: ("parcel_cancelled", lambda f: parcel.ParcelCancelled(reason=f.reason)),
    events.ParcelCancelRefused: ("parcel_cancel_refused", lambda f: parcel.ParcelCancelRefused(reason=f.reason)),
    events.BatchClosed: ("batch_closed", _batch_closed),
    events.BatchTendered: ("batch_tendered", _batch_tendered),
    events.BatchAccepted: (
        "batch_accepted",
        lambda f: batch.BatchAccepted(
            tender_id=f.tender_id, partner_id=f.partner_id, refused_parcel_ids=f.refused_parcel_ids
        ),
    ),
    events.BatchDeclined: (
        "batch_declined",
        lambda f: batch.BatchDeclined(tender_id=f.tender_id, partner_id=f.partner_id, reason=f.reason),
    ),
    events.TenderExpired: (
        "tender_expired",
        lambda f: batch.TenderExpired(tender_id=f.tender_id, partner_id=f.partner_id),
    ),
    events.BatchMoved: ("batch_moved", _batch_moved),
    events.BatchCollected: (
        "batch_collected",
        lambda f: batch.BatchCollected(
            partner_id=f.partner_id,
            picked_parcel_ids=f.picked_parcel_ids,
            missed_parcel_ids=f.missed_parcel_ids,
        ),
    ),
    events.BatchHandedOver: (
        "batch_handed_over",
        lambda f: batch.BatchHandedOver(hub_id=f.hub_id, handover_time=timestamp(f.handover_time)),
    ),
    events.BatchLapsed: (
        "batch_lapsed",
        lambda f: batch.BatchLapsed(partner_id=f.partner_id, parcel_ids=f.parcel_ids),
    ),
    feed_events.TenderOffered: ("tender_offered", _tender_offered),
    feed_events.TenderClosed: (
        "tender_closed",
        lambda f: feed.TenderClosed(tender_id=f.tender_id, reason=f.reason),
    ),
    feed_events.RunAwarded: (
        "run_awarded",
        lambda f: feed.RunAwarded(tender_id=f.tender_id, manifest_hash=f.manifest_hash),
    ),
    feed_events.RunMoved: (
        "run_moved",
        lambda f: feed.RunMoved(closure_id=f.closure_id, to_hub_id=f.to_hub_id, manifest_hash=f.manifest_hash),
    ),
    feed_events.RunParcelCancelled: ("run_parcel_cancelled", lambda f: feed.RunParcelCancelled(parcel_id=f.parcel_id)),
}
"""Fact class to its field in the oneof and its translation."""
