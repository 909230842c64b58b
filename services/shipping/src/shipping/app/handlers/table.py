"""The table of handlers: command to the aggregates it needs and the function that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from chassis.kernel import Handler, Handlers, Key, Loaded, Moment, Outcome

from shipping.app import commands as c
from shipping.app.handlers import leaving, parcels, promising, runs, waves
from shipping.domain.batch import Batch
from shipping.domain.closure import EVERY, Closure, Closures
from shipping.domain.line import Line, line_id
from shipping.domain.parcel import Parcel
from shipping.domain.pickup_point import PickupPoint
from shipping.domain.promise import World
from shipping.domain.scan import Scan, scan_key
from shipping.domain.tender import Tender
from shipping.domain.wave import Decision, PlannedWave, decision_id

Keys = Iterable[Key[Any]]
_CLOSURES: Key[Any] = Key(Closures, EVERY)


def _parcels(ids: Iterable[str]) -> list[Key[Any]]:
    return [Key(Parcel, id) for id in ids]


def _lines(batch_id: str, ids: Iterable[str]) -> list[Key[Any]]:
    return [Key(Line, line_id(batch_id, id)) for id in ids]


def _points(command: c.CreateParcels) -> Keys:
    yield from {Key(PickupPoint, shipment.pickup_point_id) for _, shipment in command.parts}
    yield _CLOSURES


def _save_plan(command: c.SavePlan) -> Keys:
    yield Key(PlannedWave, command.wave_id)
    for batch, tender_id in zip(command.batches, command.tender_ids, strict=True):
        yield Key(Batch, batch.id)
        yield Key(Tender, tender_id)
        yield from _parcels(batch.parcel_ids)
        yield from _lines(batch.id, batch.parcel_ids)
    for old in command.open_batches:
        yield Key(Batch, old.batch_id)
        yield from _lines(old.batch_id, old.parcel_ids)
    for reason in command.reasons:
        yield Key(Decision, decision_id(command.wave_id, reason.parcel_id))


def _accept(command: c.AcceptTender) -> Keys:
    return [
        Key(Tender, command.tender_id),
        Key(Batch, command.batch_id),
        *_lines(command.batch_id, command.parcel_ids),
    ]


def _pass_on(command: c.DeclineTender | c.ExpireTender) -> Keys:
    return [Key(Tender, command.tender_id), Key(Tender, command.next_tender_id), Key(Batch, command.batch_id)]


def _report_pickup(command: c.ReportPickup) -> Keys:
    yield Key(Batch, command.batch_id)
    reported = [report.parcel_id for report in command.reports]
    yield from _lines(command.batch_id, {*command.parcel_ids, *reported})
    yield from _parcels(reported)


def _report_scan(command: c.ReportScan) -> Keys:
    return [Key(Parcel, command.parcel_id), Key(Scan, scan_key(command.partner_id, command.scan_id))]


def _take_off(command: c.DropParcels | c.SkipClosedStops) -> Keys:
    yield Key(Batch, command.batch_id)
    if command.tender_id:
        yield Key(Tender, command.tender_id)
    yield from _lines(command.batch_id, command.parcel_ids)


def _lapse(command: c.LapseRun) -> Keys:
    yield Key(Batch, command.batch_id)
    yield from _parcels(command.parcel_ids)
    yield from _lines(command.batch_id, command.parcel_ids)


def _skip_closed(command: c.SkipClosedStops) -> Keys:
    yield from _take_off(command)
    yield from _parcels(command.parcel_ids)


def _closures(_command: object) -> Keys:
    return [_CLOSURES]


def _live_batch(command: c.ReportScan) -> Keys:
    return [Key(Batch, command.batch_id)] if command.batch_id else []


def make_handlers(world: World) -> Handlers:
    """The handlers over this reference data."""

    def over(act: Callable[[World, Any, Loaded, Moment], Outcome]) -> Callable[[Any, Loaded, Moment], Outcome]:
        return partial(act, world)

    return {
        c.StatePickupPoint: Handler(parcels.state_pickup_point, lambda x: [Key(PickupPoint, x.pickup_point_id)]),
        c.CreateParcels: Handler(over(parcels.create_parcels), lambda x: _parcels(id for id, _ in x.parts), _points),
        c.ResumeParcel: Handler(
            over(parcels.resume_parcel),
            lambda x: _parcels([x.parcel_id]),
            lambda x: [Key(PickupPoint, x.pickup_point_id), _CLOSURES],
        ),
        c.MakePromise: Handler(over(promising.make_promise), lambda x: _parcels([x.parcel_id]), _closures),
        c.CancelParcels: Handler(parcels.cancel_parcels, lambda x: _parcels(x.parcel_ids)),
        c.CancelParcel: Handler(parcels.cancel_parcel, lambda x: _parcels([x.parcel_id])),
        c.MarkReady: Handler(parcels.mark_ready, lambda x: _parcels([x.parcel_id])),
        c.ReportScan: Handler(parcels.report_scan, _report_scan, _live_batch),
        c.SavePlan: Handler(over(waves.save_plan), _save_plan),
        c.DeclareClosure: Handler(waves.declare_closure, lambda x: [Key(Closure, x.closure_id)]),
        c.LiftClosure: Handler(over(waves.lift_closure), lambda x: [Key(Closure, x.closure_id)]),
        c.MoveBatch: Handler(over(waves.move_batch), lambda x: [Key(Batch, x.batch_id)], _closures),
        c.SkipClosedStops: Handler(over(leaving.skip_closed_stops), _skip_closed, _closures),
        c.AcceptTender: Handler(runs.accept_tender, _accept),
        c.DeclineTender: Handler(over(runs.decline_tender), _pass_on, lambda x: _parcels(x.parcel_ids)),
        c.ExpireTender: Handler(over(runs.expire_tender), _pass_on, lambda x: _parcels(x.parcel_ids)),
        c.ReportPickup: Handler(over(runs.report_pickup), _report_pickup, _closures),
        c.LapseRun: Handler(over(leaving.lapse_run), _lapse, _closures),
        c.DropParcels: Handler(leaving.drop_parcels, _take_off, lambda x: _parcels(x.parcel_ids)),
    }
