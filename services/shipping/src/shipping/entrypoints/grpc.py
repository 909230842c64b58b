"""Answers ShippingService: translate, dispatch or read, answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from chassis.access import Caller, caller
from chassis.kernel import Invalid, NotFound, new_id
from chassis.paging import place_of, token_of
from chassis.wiring import Registered, Runtime
from chophien.shipping.v1 import courier_service_pb2 as courier_pb
from chophien.shipping.v1 import courier_service_pb2_grpc as courier_grpc
from chophien.shipping.v1 import shipping_service_pb2 as pb
from chophien.shipping.v1 import shipping_service_pb2_grpc as pb_grpc

from shipping.adapters import reads
from shipping.domain.calendar import label, local_date
from shipping.domain.errors import NotYourParcel
from shipping.domain.explaining import explain
from shipping.domain.parcel import Parcel
from shipping.domain.quoting import Quote, quote
from shipping.entrypoints.clock import Promises, apply_closures
from shipping.entrypoints.courier import CourierServicer
from shipping.entrypoints.waves import Waves
from shipping.wire import requests, responses
from shipping.wire.words import identifier, iso_date, maybe_identifier


class ShippingServicer(pb_grpc.ShippingServiceServicer):
    """The RPCs, over one runtime."""

    def __init__(self, runtime: Runtime, waves: Waves) -> None:
        self._runtime, self._door, self._waves, self._world = runtime, runtime.door, waves, waves.world

    async def QuotePromise(self, request: pb.QuotePromiseRequest, context: Any) -> pb.QuotePromiseResponse:
        origin, shipment = requests.quote(request)
        now, point_id = self._runtime.clock.now(), shipment.pickup_point_id
        async with self._runtime.engine.connect() as connection:
            closures = await reads.closures_from(connection, now)
            point = (await reads.points(connection, [point_id])).get(point_id) if point_id else None
        if point_id and point is None:
            answer = Quote(None, "UNKNOWN_PICKUP_POINT")
        else:
            answer = quote(self._world, origin, shipment, now, point.at(now) if point else None, closures)
        return responses.quoted(answer.promise, answer.refuse_reason, answer.chargeable_g)

    async def MarkReady(self, request: pb.MarkReadyRequest, context: Any) -> pb.MarkReadyResponse:
        return await self._door.execute(requests.mark_ready(request, caller()), request, responses.marked_ready)

    async def CancelParcel(self, request: pb.CancelParcelRequest, context: Any) -> pb.CancelParcelResponse:
        return await self._door.execute(requests.cancel_parcel(request), request, responses.cancelled)

    async def GetParcel(self, request: pb.GetParcelRequest, context: Any) -> pb.GetParcelResponse:
        async with self._runtime.engine.connect() as connection:
            parcel = await reads.parcel(connection, identifier(request.parcel_id, "parcel_id"))
            _check_seller(parcel, caller())
            batch_id, partner_id = await reads.live_batch(connection, parcel.id)
        return responses.parcel_answer(parcel, batch_id, partner_id)

    async def ListBatches(self, request: pb.ListBatchesRequest, context: Any) -> pb.ListBatchesResponse:
        count, own = requests.page_size(request.page_size), caller().commune_code
        wanted = reads.BatchFilter(
            state=responses.batch_state(request.state, "state"),
            commune_code=own or maybe_identifier(request.commune_code, "commune_code"),
            leave_date=iso_date(request.local_date, "local_date"),
            partner_id=requests.partner_filter(request, self._world),
            before=place_of(request.page_token),
        )
        async with self._runtime.engine.connect() as connection:
            found = await reads.list_batches(connection, wanted, count + 1)
            seen = await reads.shares(connection, found[:count], own) if own else found[:count]
        last = found[count - 1] if len(found) > count else None
        return responses.batch_page(seen, token_of((last.create_time, last.id)) if last else "")

    async def GetBatch(self, request: pb.GetBatchRequest, context: Any) -> pb.GetBatchResponse:
        async with self._runtime.engine.connect() as connection:
            batch = await reads.batch(connection, identifier(request.batch_id, "batch_id"))
            own = caller().commune_code
            if own and own not in batch.commune_codes:
                raise NotFound(kind="Batch", id=batch.id)
            if own:
                (batch,) = await reads.shares(connection, [batch], own)
            lines, tenders = await reads.lines(connection, batch.id, own), await reads.tenders_of(connection, batch.id)
        return responses.batch_answer(batch, lines, tenders)

    async def ExplainParcel(self, request: pb.ExplainParcelRequest, context: Any) -> pb.ExplainParcelResponse:
        now = self._runtime.clock.now()
        day = iso_date(request.local_date, "local_date") or local_date(now).isoformat()
        async with self._runtime.engine.connect() as connection:
            parcel = await reads.parcel(connection, identifier(request.parcel_id, "parcel_id"))
            _check_seller(parcel, caller())
            batch_id, partner_id = await reads.live_batch(connection, parcel.id)
            decisions = await reads.decisions(connection, parcel.id, day)
            latest, line = await reads.latest_decision(connection, parcel.id)
        answer = explain(parcel, bool(batch_id), bool(partner_id), latest, line)
        return responses.explained(parcel, batch_id, answer, self._next_wave(parcel, now, day), decisions)

    def _next_wave(self, parcel: Parcel, now: datetime, day: str) -> datetime | None:
        profile = self._world.network.profile(parcel.origin_commune_code)
        since = max(now, datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC))
        waves = profile.timetable.after(since, self._world.collected_on, 1) if profile else []
        return waves[0] if waves else None

    async def DeclareClosure(self, request: pb.DeclareClosureRequest, context: Any) -> pb.DeclareClosureResponse:
        command = requests.declare_closure(request, caller(), self._world, f"CL-{new_id()}")
        answer = await self._door.execute(command, request, responses.closure_declared)
        # The clock would do it a moment later; whoever declares a closure wants to see its runs moved on return.
        await apply_closures(self._runtime, self._runtime.clock.now())
        await Promises().make(self._runtime, self._runtime.clock.now())
        return answer

    async def LiftClosure(self, request: pb.LiftClosureRequest, context: Any) -> pb.LiftClosureResponse:
        return await self._door.execute(requests.lift_closure(request, caller()), request, responses.closure_lifted)

    async def PlanWave(self, request: pb.PlanWaveRequest, context: Any) -> pb.PlanWaveResponse:
        if request.hub_id not in self._world.network.hubs:
            raise Invalid("hub_id", "is no hub")
        now = self._runtime.clock.now()
        pushed_id = f"{request.hub_id}:{label(now)}:pushed-{new_id()[:6]}"
        command = await self._waves.prepare(
            self._runtime, pushed_id, request.hub_id, now, pushed=True, take_all=request.take_all
        )
        return await self._door.execute(command, request, responses.wave_planned)


def _check_seller(parcel: Parcel, who: Caller) -> None:
    if who.role == "seller" and who.seller_id and who.seller_id not in parcel.shipment.seller_ids:
        raise NotYourParcel(parcel_id=parcel.id)


def servicers(runtime: Runtime, waves: Waves, contact_span: timedelta) -> dict[str, Registered]:
    """Both services by their full names."""
    return {
        pb.DESCRIPTOR.services_by_name["ShippingService"].full_name: (
            pb_grpc.add_ShippingServiceServicer_to_server,
            ShippingServicer(runtime, waves),
        ),
        courier_pb.DESCRIPTOR.services_by_name["CourierService"].full_name: (
            courier_grpc.add_CourierServiceServicer_to_server,
            CourierServicer(runtime, waves.world, contact_span),
        ),
    }
