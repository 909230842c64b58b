"""Answers CourierService; who the partner is comes from the credential alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis.access import caller
from chassis.kernel import NotFound, new_id
from chassis.paging import place_of, token_of
from chassis.wiring import Runtime
from chophien.orders.v1 import orders_service_pb2_grpc as orders_grpc
from chophien.shipping.v1 import courier_service_pb2 as pb
from chophien.shipping.v1 import courier_service_pb2_grpc as pb_grpc

from shipping.adapters import reads
from shipping.app.commands import AcceptTender, DeclineTender, ReportPickup
from shipping.domain.batch import AWARDED, Batch
from shipping.domain.errors import NotAccepted
from shipping.domain.parcel_steps import FINAL
from shipping.domain.promise import World
from shipping.entrypoints.clock import drop_cancelled
from shipping.wire import courier, requests
from shipping.wire.words import code, identifier, time_from

CONTACTS_MAX = 200
"""Contacts asked of orders in one call."""

CONTACTS_SECONDS = 5.0


class CourierServicer(pb_grpc.CourierServiceServicer):
    """The RPCs of partners, over one runtime."""

    def __init__(self, runtime: Runtime, world: World, contact_span: timedelta) -> None:
        """Orders is called through the runtime's channel with our own token, until so long after a run."""
        self._runtime, self._door, self._world = runtime, runtime.door, world
        self._contact_span = contact_span

    async def ListTenders(self, request: pb.ListTendersRequest, context: Any) -> pb.ListTendersResponse:
        """Open offers of the caller."""
        count, now = requests.page_size(request.page_size), self._runtime.clock.now()
        after = place_of(request.page_token)
        async with self._runtime.engine.connect() as connection:
            found = await reads.open_tenders(connection, caller().partner_id, now, after, count + 1)
            page = found[:count]
            parcels = await reads.parcels(connection, {id for _, batch in page for id in batch.parcel_ids})
        last = page[-1][0] if len(found) > count else None
        token = token_of((last.answer_deadline_time, last.id)) if last else ""
        return courier.tender_page(page, parcels, token)

    async def AcceptTender(self, request: pb.AcceptTenderRequest, context: Any) -> pb.AcceptTenderResponse:
        """Take a run."""
        partner_id = caller().partner_id
        async with self._runtime.engine.connect() as connection:
            tender, batch = await reads.tender_for(connection, identifier(request.tender_id, "tender_id"), partner_id)
            lines = await reads.lines(connection, batch.id)
        command = AcceptTender(
            tender_id=tender.id,
            batch_id=batch.id,
            partner_id=partner_id,
            parcel_ids=tuple(line.parcel_id for line in lines),
            refused_parcel_ids=requests.refused_parcel_ids(request),
        )
        return await self._door.execute(command, request, courier.tender_accepted)

    async def DeclineTender(self, request: pb.DeclineTenderRequest, context: Any) -> pb.DeclineTenderResponse:
        """Leave a run to others."""
        partner_id = caller().partner_id
        async with self._runtime.engine.connect() as connection:
            tender, batch = await reads.tender_for(connection, identifier(request.tender_id, "tender_id"), partner_id)
        command = DeclineTender(
            tender_id=tender.id,
            batch_id=batch.id,
            partner_id=partner_id,
            reason=code(request.reason, "reason"),
            parcel_ids=batch.parcel_ids,
            next_tender_id=f"TD-{new_id()}",
        )
        return await self._door.execute(command, request, courier.tender_declined)

    async def GetManifest(self, request: pb.GetManifestRequest, context: Any) -> pb.GetManifestResponse:
        """An accepted run with everybody's contacts."""
        async with self._runtime.engine.connect() as connection:
            batch = await reads.batch(connection, identifier(request.batch_id, "batch_id"))
            partner_id = caller().partner_id
            _check_awarded(batch, partner_id)
            parcels = await reads.parcels(connection, batch.parcel_ids)
            riding = {line.parcel_id for line in await reads.lines(connection, batch.id) if line.live}
            points = await reads.points(connection, (stop.pickup_point_id for stop in batch.stops))
        # Only who is to collect or deliver a parcel, and nobody for ever, needs to know where its buyer lives.
        told = self._runtime.clock.now() <= batch.return_time + self._contact_span
        open_ones = [one for one in parcels.values() if one.state not in FINAL]
        theirs = [one for one in open_ones if one.id in riding or one.partner_id == partner_id]
        contacts = await self._contacts(sorted({one.shipment.contact_id for one in theirs}) if told else [])
        hub = self._world.network.hubs[batch.hub_id]
        return courier.manifest_to(
            courier.Manifest(batch=batch, hub=hub, parcels=parcels, points=points, contacts=contacts)
        )

    async def _contacts(self, contact_ids: list[str]) -> dict[str, pb.ManifestContact]:
        orders = orders_grpc.OrdersServiceStub(self._runtime.channel("orders"))
        found: dict[str, pb.ManifestContact] = {}
        for start in range(0, len(contact_ids), CONTACTS_MAX):
            asked = courier.contacts_request(contact_ids[start : start + CONTACTS_MAX])
            found |= courier.contacts_from(await orders.GetContacts(asked, timeout=CONTACTS_SECONDS))
        return found

    async def ReportPickup(self, request: pb.ReportPickupRequest, context: Any) -> pb.ReportPickupResponse:
        """Reports from the gates, the end of the run, the hub."""
        partner_id, reports = caller().partner_id, requests.gate_reports(request)
        batch_id = identifier(request.batch_id, "batch_id")
        await drop_cancelled(self._runtime, batch_id)  # Otherwise a run could not be finished over a called-off parcel.
        async with self._runtime.engine.connect() as connection:
            batch = await reads.batch(connection, batch_id)
        if batch.partner_id != partner_id:
            raise NotFound(kind="Batch", id=batch_id)
        command = ReportPickup(
            batch_id=batch_id,
            partner_id=partner_id,
            parcel_ids=batch.parcel_ids,
            reports=reports,
            run_finished=request.run_finished,
            handover_time=time_from(request, "handover_time"),
        )
        return await self._door.execute(command, request, courier.pickup_reported)

    async def ReportScan(self, request: pb.ReportScanRequest, context: Any) -> pb.ReportScanResponse:
        """One scan, kept as it came."""
        async with self._runtime.engine.connect() as connection:
            parcel_id, partner_id = identifier(request.parcel_id, "parcel_id"), caller().partner_id
            batch_id = await reads.run_of(connection, parcel_id, partner_id)
        command = requests.report_scan(request, caller(), batch_id)
        return await self._door.execute(command, request, courier.scan_reported)


def _check_awarded(batch: Batch, partner_id: str) -> None:
    if batch.partner_id != partner_id:
        raise NotFound(kind="Batch", id=batch.id)
    if batch.state not in AWARDED:
        raise NotAccepted(batch_id=batch.id, state=batch.state)
