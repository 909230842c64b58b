"""Carries out how parcels leave a run unseen: called off, another run has them, their commune is closed, it lapsed."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.kernel import NOTHING, Change, Loaded, Moment, Outcome, together

from shipping.app import commands
from shipping.app.handlers.promising import closures_in, promised_anew
from shipping.domain import feed
from shipping.domain.batch import FINISHED, Batch, BatchState, batch_of, joined
from shipping.domain.line import Line, LineState, line_id
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import BEFORE_PICKUP, ParcelState
from shipping.domain.promise import World
from shipping.domain.tender import Tender, TenderState

UNDER_WAY = frozenset({BatchState.ACCEPTED, BatchState.COLLECTING})
NOT_BEGUN = frozenset({BatchState.TENDERED, BatchState.ACCEPTED})


def drop_parcels(command: commands.DropParcels, loaded: Loaded, moment: Moment) -> Outcome:
    """Called-off parcels, and those another run has, leave the manifest; a run with none left is withdrawn."""
    batch = loaded.require(Batch, command.batch_id)
    gone = []
    for id in command.parcel_ids:
        line, parcel = loaded.get(Line, line_id(batch.id, id)), loaded.get(Parcel, id)
        reason = _off_because(parcel, batch.id) if parcel else ""
        if line and reason and line.state is LineState.PLANNED:
            gone.append(line.taken_out(LineState.CANCELLED, reason))
    return _taken_off(batch, gone, loaded, moment)


def _off_because(parcel: Parcel, batch_id: str) -> str:
    """Why a run must not collect the parcel; "" = it may."""
    if parcel.state is ParcelState.CANCELLED:
        return "PARCEL_CANCELLED"
    return "COLLECTED_BEFORE" if parcel.batch_id not in ("", batch_id) else ""


def skip_closed_stops(world: World, command: commands.SkipClosedStops, loaded: Loaded, moment: Moment) -> Outcome:
    """Stops ahead whose commune is closed then leave a run that has not begun; their parcels are free for a later one.

    What cannot be kept is promised anew. A driver who has begun sees for himself, and reports what he missed.
    """
    batch = loaded.require(Batch, command.batch_id)
    if batch.state not in NOT_BEGUN:
        return NOTHING
    closed = batch.closed_stops(closures_in(loaded), moment.now)
    lines = [loaded.get(Line, line_id(batch.id, id)) for stop in closed for id in stop.parcel_ids]
    planned = [line for line in lines if line and line.state is LineState.PLANNED]
    gone = [line.taken_out(LineState.CANCELLED, "COMMUNE_CLOSED") for line in planned]
    free = [Change(loaded.require(Parcel, line.parcel_id)) for line in gone]
    anew = Outcome(tuple(promised_anew(world, change, loaded, moment) for change in free))
    return together(_taken_off(batch, gone, loaded, moment), anew)


def lapse_run(world: World, command: commands.LapseRun, loaded: Loaded, moment: Moment) -> Outcome:
    """A run that was accepted and not reported gives back the parcels that nobody saw since."""
    batch = loaded.require(Batch, command.batch_id)
    if batch.state not in UNDER_WAY or batch.return_time >= command.back_before:
        return NOTHING
    lines = [loaded.require(Line, line_id(batch.id, id)) for id in batch.parcel_ids]
    planned = [line for line in lines if line.state is LineState.PLANNED]
    unseen = [line for line in planned if loaded.require(Parcel, line.parcel_id).state in BEFORE_PICKUP]
    if not unseen:
        return NOTHING
    # A parcel that was scanned is on board, whatever its line says.
    over = len(unseen) == len(planned) and not any(line.state is LineState.PICKED for line in lines)
    parcels = [loaded.require(Parcel, line.parcel_id).let_go(batch.id, moment.now).changes[0] for line in unseen]
    return Outcome(
        (
            batch.lapsed([line.parcel_id for line in unseen], over, moment.now),
            *(Change(line.lapsed()) for line in unseen),
            *(promised_anew(world, change, loaded, moment) for change in parcels),
        )
    )


def _taken_off(batch: Batch, gone: Sequence[Line], loaded: Loaded, moment: Moment) -> Outcome:
    """The run without the parcels of these lines; the partner who knows of it is told."""
    if not gone:
        return NOTHING
    lines = tuple(map(Change, gone))
    left = batch.without(frozenset(line.parcel_id for line in gone))
    told = [
        feed.RunParcelCancelled(batch_id=batch.id, partner_id=batch.partner_id, parcel_id=line.parcel_id)
        for line in gone
    ]
    change = left.tells(*told) if batch.partner_id else Change(left)
    if left.stops or batch.state in FINISHED:
        return Outcome((change, *lines))
    off = batch_of(change).withdrawn(moment.now)
    return together(Outcome((joined(change, off), *lines)), _withdraw_tender(batch, loaded))


def _withdraw_tender(batch: Batch, loaded: Loaded) -> Outcome:
    tender = loaded.get(Tender, batch.tender_id) if batch.tender_id else None
    if tender is None or tender.state is not TenderState.OFFERED:
        return NOTHING
    return Outcome((Change(tender.ended(TenderState.WITHDRAWN)),))
