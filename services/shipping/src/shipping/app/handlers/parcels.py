"""Carries out what concerns parcels before the courier has them, and their scans after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from chassis.kernel import NOTHING, Change, Loaded, Moment, Outcome, said, together

from shipping.app import commands
from shipping.app.handlers.promising import closures_in
from shipping.domain.batch import Batch
from shipping.domain.closure import Closure
from shipping.domain.errors import NotYourParcel, ParcelClosed
from shipping.domain.goods import Place
from shipping.domain.parcel import Parcel, tombstone, waiting
from shipping.domain.parcel_steps import FINAL, News, ParcelState, ScanKind
from shipping.domain.pickup_point import PickupPoint
from shipping.domain.promise import Refusal, World, promise
from shipping.domain.scan import Scan, ScanOutcome, possible, scan_key

WAIT_FOR_POINT = timedelta(minutes=30)
"""How long (business time) a parcel waits for news of its pickup point; orders gives up later than that."""

ORDER_CANCELLED = "ORDER_CANCELLED"


def state_pickup_point(command: commands.StatePickupPoint, loaded: Loaded, moment: Moment) -> Outcome:
    """Nothing new if another seller of the same point said it before."""
    point = loaded.get(PickupPoint, command.pickup_point_id)
    if point is None:
        return said(PickupPoint(id=command.pickup_point_id, trace=moment.trace, gates=(command.gate,)))
    stated = point.stated(command.gate)
    return NOTHING if stated is point else said(stated)


def create_parcels(world: World, command: commands.CreateParcels, loaded: Loaded, moment: Moment) -> Outcome:
    """One parcel a part; each is accepted, refused or waits apart from the others."""
    order_is_off = _is_off(loaded.get(Parcel, command.parts[0][0]))
    outcomes, closures = [], closures_in(loaded)
    for parcel_id, shipment in command.parts:
        known = loaded.get(Parcel, parcel_id)
        if known is not None and known.state is not ParcelState.CALLED_OFF:
            continue
        parcel = waiting(parcel_id, shipment, moment.now, moment.trace)
        if known is not None or order_is_off:
            parcel = replace(parcel, version=known.version if known else 0)
            outcomes.append(parcel.refused(ORDER_CANCELLED, moment.now))
            continue
        point = loaded.get(PickupPoint, shipment.pickup_point_id)
        outcomes.append(_settle(world, parcel, point, closures, moment))
    return together(*outcomes)


def _is_off(first: Parcel | None) -> bool:
    return first is not None and first.state is ParcelState.CALLED_OFF and first.reason == ORDER_CANCELLED


def resume_parcel(world: World, command: commands.ResumeParcel, loaded: Loaded, moment: Moment) -> Outcome:
    """Its pickup point may be known by now; after too long a wait the parcel is refused."""
    parcel = loaded.require(Parcel, command.parcel_id)
    if parcel.state is not ParcelState.WAITING:
        return NOTHING
    point = loaded.get(PickupPoint, command.pickup_point_id)
    if point is None:
        too_long = moment.now - parcel.create_time > WAIT_FOR_POINT
        return parcel.refused("UNKNOWN_PICKUP_POINT", moment.now) if too_long else NOTHING
    return _settle(world, parcel, point, closures_in(loaded), moment)


def _settle(
    world: World, parcel: Parcel, point: PickupPoint | None, closures: Sequence[Closure], moment: Moment
) -> Outcome:
    """Accept or refuse; without a known pickup point the parcel waits, for facts of two topics come in any order."""
    if point is None:
        return said(parcel)
    gate = point.at(parcel.create_time)
    origin = Place(gate.place.commune_code, "", gate.place.hamlet)
    try:
        made = promise(world, parcel.shipment, gate.place, moment.now, gate.largest_vehicle, closures)
    except Refusal as refusal:
        return parcel.refused(refusal.reason, moment.now)
    profile = world.network.profile(origin.commune_code)
    assert profile is not None  # promise() found it
    return parcel.created(origin, profile.area_hub_id, made)


def cancel_parcels(command: commands.CancelParcels, loaded: Loaded, moment: Moment) -> Outcome:
    """Parcels that do not exist yet leave a tombstone, so that a late OrderConfirmed is refused."""
    known = [parcel for id in command.parcel_ids if (parcel := loaded.get(Parcel, id))]
    live = [parcel.cancel(command.reason, moment.now) for parcel in known if parcel.state is not ParcelState.CALLED_OFF]
    missing = () if live else command.parcel_ids[:1]
    if not command.whole_order:
        missing = command.parcel_ids
    there = {parcel.id: parcel for parcel in known}
    stones = [_stone(command, id, there.get(id), moment) for id in missing]
    return together(*live, *stones)


def _stone(command: commands.CancelParcels, parcel_id: str, known: Parcel | None, moment: Moment) -> Outcome:
    reason = ORDER_CANCELLED if command.whole_order else command.reason
    if known is None:
        stone = tombstone(parcel_id, command.order_id, reason, moment.now)
        return said(replace(stone, trace=moment.trace))
    if known.state is ParcelState.CALLED_OFF and command.whole_order and known.reason != ORDER_CANCELLED:
        return said(replace(known, reason=ORDER_CANCELLED))
    return NOTHING


def cancel_parcel(command: commands.CancelParcel, loaded: Loaded, moment: Moment) -> Outcome:
    """As CancelParcels for one parcel that must exist; repeating it is fine."""
    parcel = loaded.require(Parcel, command.parcel_id)
    if parcel.state in FINAL - {ParcelState.CANCELLED}:
        raise ParcelClosed(parcel_id=parcel.id, state=parcel.state)
    return parcel.cancel(command.reason, moment.now)


def mark_ready(command: commands.MarkReady, loaded: Loaded, moment: Moment) -> Outcome:
    """Only its own seller, or somebody who acts for all, may say so; of a called-off one nobody knows whose it was."""
    parcel = loaded.require(Parcel, command.parcel_id)
    strange = command.seller_id and command.seller_id not in parcel.shipment.seller_ids
    if strange and parcel.state is not ParcelState.CALLED_OFF:
        raise NotYourParcel(parcel_id=parcel.id)
    return parcel.mark_ready(moment.now, command.by_operator)


def report_scan(command: commands.ReportScan, loaded: Loaded, moment: Moment) -> Outcome:
    """The scan is kept first; what it does to the parcel is decided second."""
    id = scan_key(command.partner_id, command.scan_id)
    if loaded.get(Scan, id) is not None:
        return Outcome(reply=ScanOutcome.REPEATED)
    parcel = _theirs(command, loaded)
    changes: Sequence[Change] = ()
    if parcel is None:
        outcome = ScanOutcome.UNKNOWN_PARCEL
    elif command.kind is ScanKind.UNKNOWN:
        outcome = ScanOutcome.UNKNOWN_KIND
    else:
        heard = parcel.scanned(_news(command, parcel, moment), command.batch_id)
        changes = heard.changes
        outcome = ScanOutcome.APPLIED if heard.reply else ScanOutcome.OLD_NEWS
    scan = Scan(
        id=id,
        trace=parcel.trace if parcel else moment.trace,
        partner_id=command.partner_id,
        scan_id=command.scan_id,
        parcel_id=command.parcel_id,
        kind=command.kind,
        scan_time=command.scan_time,
        receive_time=moment.now,
        outcome=outcome,
        raw=command.raw,
    )
    return Outcome((Change(scan), *changes), reply=outcome)


def _theirs(command: commands.ReportScan, loaded: Loaded) -> Parcel | None:
    """The parcel, if that partner has it or took the run it is or was on; what belongs to others does not exist."""
    parcel = loaded.get(Parcel, command.parcel_id)
    if parcel is None or parcel.partner_id == command.partner_id:
        return parcel
    batch = loaded.get(Batch, command.batch_id) if command.batch_id else None
    took = batch is not None and batch.partner_id == command.partner_id and batch.was_taken
    return parcel if took and not parcel.partner_id else None


def _news(command: commands.ReportScan, parcel: Parcel, moment: Moment) -> News:
    return News(
        scan_id=command.scan_id,
        kind=command.kind,
        time=possible(command.scan_time, parcel.create_time, moment.now),
        partner_id=command.partner_id,
        cod_collected_vnd=command.cod_collected_vnd,
        reason=command.reason,
    )
