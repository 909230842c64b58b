"""Answers to courier partners as protobuf, and the buyers' contacts that a manifest is joined with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chophien.common.v1 import common_pb2
from chophien.orders.v1 import orders_service_pb2 as orders
from chophien.shipping.v1 import courier_service_pb2 as pb

from shipping.app.handlers.runs import PickupOutcome, PickupReply
from shipping.domain import feed
from shipping.domain.batch import Batch, BatchStop, stops_told
from shipping.domain.parcel import Parcel
from shipping.domain.pickup_point import PickupPoint
from shipping.domain.profile import Hub
from shipping.domain.scan import ScanOutcome
from shipping.domain.tender import Tender
from shipping.wire.facts import stops_to, tender_parcels_to
from shipping.wire.words import VEHICLE_NUMBERS, handling_to, place_to, size_to, timestamp

PICKUP_OUTCOMES = {one: pb.PickupOutcome.Value(f"PICKUP_OUTCOME_{one.name}") for one in PickupOutcome}
SCAN_OUTCOMES = {one: pb.ScanOutcome.Value(f"SCAN_OUTCOME_{one.name}") for one in ScanOutcome}


def tender_page(
    tenders: Iterable[tuple[Tender, Batch]], parcels: Mapping[str, Parcel], next_page_token: str
) -> pb.ListTendersResponse:
    """A page of open offers."""
    return pb.ListTendersResponse(
        tenders=[_tender(tender, batch, parcels) for tender, batch in tenders], next_page_token=next_page_token
    )


def _tender(tender: Tender, batch: Batch, parcels: Mapping[str, Parcel]) -> pb.Tender:
    offered = [parcels[id] for id in batch.parcel_ids]
    seen = (
        feed.TenderParcel(
            parcel_id=one.id,
            destination=one.shipment.destination,
            size=one.shipment.size,
            cod_vnd=one.shipment.cod_vnd,
            handling=one.shipment.handling,
        )
        for one in offered
    )
    return pb.Tender(
        tender_id=tender.id,
        batch_id=batch.id,
        answer_deadline_time=timestamp(tender.answer_deadline_time),
        hub_id=batch.hub_id,
        stops=stops_to(stops_told(batch.stops)),
        parcels=tender_parcels_to(seen),
        leave_time=timestamp(batch.leave_time),
        vehicle_kind=VEHICLE_NUMBERS[batch.vehicle_kind],
    )


def tender_accepted(batch: Batch) -> pb.AcceptTenderResponse:
    """The run is the partner's."""
    return pb.AcceptTenderResponse(batch_id=batch.id, manifest_hash=batch.manifest_hash)


def tender_declined(_nothing: object) -> pb.DeclineTenderResponse:
    """The answer is noted."""
    return pb.DeclineTenderResponse()


def contacts_request(contact_ids: Sequence[str]) -> orders.GetContactsRequest:
    """Asks orders for buyers."""
    return orders.GetContactsRequest(contact_ids=contact_ids)


def contacts_from(response: orders.GetContactsResponse) -> dict[str, pb.ManifestContact]:
    """Buyers by contact id; erased ones are empty."""
    return {one.contact_id: _contact(one.buyer) for one in response.contacts}


def _contact(buyer: orders.Buyer) -> pb.ManifestContact:
    return pb.ManifestContact(name=buyer.name, phone=buyer.phone, address=buyer.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything a manifest is joined from. `contacts` are the buyers', by contact id."""

    batch: Batch
    hub: Hub
    parcels: Mapping[str, Parcel]
    points: Mapping[str, PickupPoint]
    contacts: Mapping[str, pb.ManifestContact]


def manifest_to(joined: Manifest) -> pb.GetManifestResponse:
    """The manifest of an accepted run."""
    batch, riding = joined.batch, [joined.parcels[id] for id in joined.batch.parcel_ids]
    return pb.GetManifestResponse(
        batch_id=batch.id,
        manifest_hash=batch.manifest_hash,
        hub_id=batch.hub_id,
        hub_location=common_pb2.GeoPoint(
            latitude=joined.hub.position.latitude, longitude=joined.hub.position.longitude
        ),
        leave_time=timestamp(batch.leave_time),
        stops=[_stop(stop, joined) for stop in batch.stops],
        parcels=len(riding),
        weight_g=sum(parcel.shipment.size.weight_g for parcel in riding),
        cod_vnd=sum(parcel.shipment.cod_vnd for parcel in riding),
    )


def _stop(stop: BatchStop, joined: Manifest) -> pb.ManifestStop:
    gate = joined.points[stop.pickup_point_id].at(joined.parcels[stop.parcel_ids[0]].create_time)
    return pb.ManifestStop(
        pickup_point_id=stop.pickup_point_id,
        name=gate.name,
        place=place_to(gate.place),
        location=common_pb2.GeoPoint(latitude=stop.latitude, longitude=stop.longitude),
        contact_name=gate.contact_name,
        contact_phone=gate.contact_phone,
        instructions=gate.instructions,
        arrive_time=timestamp(stop.arrive_time),
        parcels=[_parcel(joined.parcels[id], joined) for id in stop.parcel_ids],
    )


def _parcel(parcel: Parcel, joined: Manifest) -> pb.ManifestParcel:
    promise = parcel.promise
    return pb.ManifestParcel(
        parcel_id=parcel.id,
        destination=place_to(parcel.shipment.destination),
        size=size_to(parcel.shipment.size),
        handling=handling_to(parcel.shipment.handling),
        cod_vnd=parcel.shipment.cod_vnd,
        buyer=joined.contacts.get(parcel.shipment.contact_id, pb.ManifestContact()),
        delivery_deadline_time=timestamp(promise.delivery_deadline_time) if promise else None,
        attempt=parcel.attempt,
    )


def pickup_reported(reply: PickupReply) -> pb.ReportPickupResponse:
    """What the reports changed."""
    return pb.ReportPickupResponse(
        results=[pb.PickupResult(parcel_id=id, outcome=PICKUP_OUTCOMES[outcome]) for id, outcome in reply.outcomes],
        parcels_open=reply.parcels_open,
        parcels_picked=reply.parcels_picked,
        parcels_missed=reply.parcels_missed,
    )


def scan_reported(outcome: ScanOutcome) -> pb.ReportScanResponse:
    """What became of the scan."""
    return pb.ReportScanResponse(outcome=SCAN_OUTCOMES[outcome])
