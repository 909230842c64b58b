"""Shipping's answers to its own people as protobuf."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from chassis.kernel import Invalid
from chophien.common.v1 import common_pb2
from chophien.shipping.v1 import pickup_batch_event_pb2 as batch_pb
from chophien.shipping.v1 import shipping_service_pb2 as pb

from shipping.domain.batch import Batch, BatchState, BatchStep, stops_told
from shipping.domain.closure import Closure
from shipping.domain.goods import Place
from shipping.domain.line import Line, LineState
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState, Step
from shipping.domain.promise import Promise
from shipping.domain.tender import Tender
from shipping.domain.wave import Decision, PlannedWave
from shipping.wire.facts import stops_to
from shipping.wire.words import VEHICLE_NUMBERS, handling_to, maybe_timestamp, place_to, size_to, timestamp

SHOWN = frozenset(ParcelState) - {ParcelState.CALLED_OFF}
PARCEL_STATES = {state: pb.ParcelState.Value(f"PARCEL_STATE_{state.name}") for state in SHOWN}
BATCH_STATES = {state: pb.BatchState.Value(f"BATCH_STATE_{state.name}") for state in BatchState}
BATCH_STATES_BACK: dict[int, str] = {pb.BatchState.Value(f"BATCH_STATE_{s.name}"): s.value for s in BatchState}
LINE_STATES = {state: pb.LineState.Value(f"LINE_STATE_{state.name}") for state in LineState}


def batch_state(number: int, field: str) -> str:
    """Our word for a state that is asked for; "" = any."""
    if number and number not in BATCH_STATES_BACK:
        raise Invalid(field, "is no state that is known here")
    return BATCH_STATES_BACK.get(number, "")


def trace_id(traceparent: str) -> str:
    """The 32 hex digits that name a trace; empty if there is none."""
    return traceparent[3:35]


def promise_to(promise: Promise | None) -> pb.Promise | None:
    """A promise with its inputs."""
    if promise is None:
        return None
    return pb.Promise(
        handover_deadline_time=timestamp(promise.handover_deadline_time),
        delivery_deadline_time=timestamp(promise.delivery_deadline_time),
        bound_by=promise.bound_by,
        place_time=timestamp(promise.place_time),
        channel_deadline_time=timestamp(promise.channel_deadline_time),
        first_wave_time=timestamp(promise.first_wave_time),
        lead_days=promise.lead_days,
        partner_id=promise.partner_id,
    )


def quoted(promise: Promise | None, refuse_reason: str, chargeable_g: int) -> pb.QuotePromiseResponse:
    """A promise, or the reason why there is none."""
    return pb.QuotePromiseResponse(promise=promise_to(promise), refuse_reason=refuse_reason, chargeable_g=chargeable_g)


def marked_ready(ready_time: datetime) -> pb.MarkReadyResponse:
    """When it was first marked ready."""
    return pb.MarkReadyResponse(ready_time=timestamp(ready_time))


def cancelled(called_off: bool) -> pb.CancelParcelResponse:
    """Whether it was called off."""
    return pb.CancelParcelResponse(cancelled=called_off)


def history_to(steps: Iterable[Step | BatchStep]) -> list[common_pb2.HistoryEntry]:
    """A history, by time."""
    return [common_pb2.HistoryEntry(kind=step.kind, time=timestamp(step.time), detail=step.detail) for step in steps]


def parcel_to(parcel: Parcel, batch_id: str, partner_id: str) -> pb.Parcel:
    """A parcel; `batch_id` and `partner_id` are of its live run, "" = none."""
    origin = Place(parcel.origin_commune_code, "", parcel.origin_hamlet)
    return pb.Parcel(
        parcel_id=parcel.id,
        order_id=parcel.order_id,
        state=PARCEL_STATES[parcel.state],
        pickup_point_id=parcel.pickup_point_id,
        origin=place_to(origin) if origin.commune_code else None,
        destination=place_to(parcel.shipment.destination),
        size=size_to(parcel.shipment.size),
        handling=handling_to(parcel.shipment.handling),
        cod_vnd=parcel.shipment.cod_vnd,
        pickup_attempt=parcel.attempt,
        delivery_attempts=parcel.delivery_attempts,
        batch_id=parcel.batch_id or batch_id,
        partner_id=parcel.partner_id or partner_id,
        ready_time=maybe_timestamp(parcel.ready_time),
        promise=promise_to(parcel.promise),
        reason=parcel.reason,
        return_wanted=parcel.return_wanted,
        seller_ids=parcel.shipment.seller_ids,
    )


def parcel_answer(parcel: Parcel, batch_id: str, partner_id: str) -> pb.GetParcelResponse:
    """A parcel and its story."""
    return pb.GetParcelResponse(
        parcel=parcel_to(parcel, batch_id, partner_id),
        history=history_to(parcel.history),
        trace_id=trace_id(parcel.trace),
    )


def batch_to(batch: Batch, *, with_stops: bool = True) -> pb.Batch:
    """A batch."""
    stops: list[batch_pb.RunStop] = stops_to(stops_told(batch.stops)) if with_stops else []
    return pb.Batch(
        batch_id=batch.id,
        state=BATCH_STATES[batch.state],
        wave_id=batch.wave_id,
        hub_id=batch.hub_id,
        commune_codes=batch.commune_codes,
        partner_id=batch.partner_id,
        vehicle_kind=VEHICLE_NUMBERS[batch.vehicle_kind],
        stops=stops,
        leave_time=timestamp(batch.leave_time),
        return_time=timestamp(batch.return_time),
        manifest_hash=batch.manifest_hash,
        closure_id=batch.closure_id,
        parcels_planned=batch.parcels_planned,
        parcels_picked=batch.parcels_picked,
        parcels_missed=batch.parcels_missed,
        parcels_open=max(0, len(batch.parcel_ids) - batch.parcels_picked - batch.parcels_missed),
        weight_g=batch.weight_g,
    )


def batch_page(batches: Sequence[Batch], next_page_token: str) -> pb.ListBatchesResponse:
    """A page of batches."""
    return pb.ListBatchesResponse(batches=[batch_to(one) for one in batches], next_page_token=next_page_token)


def batch_answer(batch: Batch, lines: Iterable[Line], tenders: Iterable[Tender]) -> pb.GetBatchResponse:
    """A batch and its story."""
    return pb.GetBatchResponse(
        batch=batch_to(batch),
        lines=[
            pb.BatchLine(
                parcel_id=line.parcel_id,
                state=LINE_STATES[line.state],
                attempt=line.attempt,
                reason=line.reason,
                report_time=maybe_timestamp(line.report_time),
            )
            for line in lines
        ],
        tenders=[
            pb.BatchTender(
                tender_id=tender.id,
                partner_id=tender.partner_id,
                state=tender.state.name,
                answer_deadline_time=timestamp(tender.answer_deadline_time),
                reason=tender.reason,
            )
            for tender in tenders
        ],
        history=history_to(batch.history),
        trace_id=trace_id(batch.trace),
    )


def explained(
    parcel: Parcel,
    batch_id: str,
    answer: tuple[str, str],
    next_wave_time: datetime | None,
    decisions: Iterable[Decision],
) -> pb.ExplainParcelResponse:
    """Why a parcel is, or is not, on a run."""
    return pb.ExplainParcelResponse(
        on_run=bool(batch_id),
        batch_id=batch_id,
        code=answer[0],
        text=answer[1],
        next_wave_time=maybe_timestamp(next_wave_time),
        waves=[_wave_reason(decision) for decision in decisions],
        promise=promise_to(parcel.promise),
        history=history_to(parcel.history),
        trace_id=trace_id(parcel.trace),
    )


def _wave_reason(decision: Decision) -> pb.WaveReason:
    return pb.WaveReason(
        wave_id=decision.wave_id,
        decide_time=timestamp(decision.decide_time),
        rides=decision.rides,
        code=decision.code,
        waits_for_wave_id=decision.waits_for_wave_id,
        batch_id=decision.batch_id,
        marginal_cost_vnd=decision.marginal_cost_vnd,
        figures=[pb.Figure(name=name, value=value) for name, value in decision.figures],
    )


def closure_declared(closure: Closure) -> pb.DeclareClosureResponse:
    """The closure's id."""
    return pb.DeclareClosureResponse(closure_id=closure.id)


def closure_lifted(closure: Closure) -> pb.LiftClosureResponse:
    """When it ended."""
    return pb.LiftClosureResponse(to_time=timestamp(closure.to_time))


def wave_planned(wave: PlannedWave) -> pb.PlanWaveResponse:
    """What the wave decided, in numbers."""
    return pb.PlanWaveResponse(
        wave_id=wave.id,
        batch_ids=wave.batch_ids,
        parcels_planned=wave.parcels_planned,
        parcels_held=wave.parcels_held,
    )
