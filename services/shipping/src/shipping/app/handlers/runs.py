"""Carries out what concerns pickup batches: answers to tenders, and reports from the gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.kernel import NOTHING, Change, Invalid, Loaded, Moment, NotFound, Outcome, said

from shipping.app import commands
from shipping.app.handlers.promising import promised_anew
from shipping.domain import events
from shipping.domain.batch import FINISHED, Batch, BatchState, batch_of, joined
from shipping.domain.errors import NoLongerYours, NotAccepted, ParcelsUnreported, RunNotFinished
from shipping.domain.line import LEFT_BEHIND, Line, LineState, line_id
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import BEFORE_PICKUP, ParcelState
from shipping.domain.promise import World
from shipping.domain.scan import possible
from shipping.domain.tender import Tender, TenderState
from shipping.domain.tendering import Offer, accepted, passed_on


def accept_tender(command: commands.AcceptTender, loaded: Loaded, moment: Moment) -> Outcome:
    """The reply is the batch as accepted; accepting again alike answers the same."""
    tender = loaded.require(Tender, command.tender_id).owned_by(command.partner_id)
    batch = loaded.require(Batch, tender.batch_id)
    lines = {id: line for id in command.parcel_ids if (line := loaded.get(Line, line_id(batch.id, id)))}
    # What left the run since it was offered, nobody need refuse.
    left = {id for id, line in lines.items() if line.state is LineState.CANCELLED}
    refused = frozenset(command.refused_parcel_ids) - left
    if tender.state is TenderState.ACCEPTED:
        if refused != {id for id, line in lines.items() if line.state is LineState.REFUSED}:
            raise Invalid("refused_parcel_ids", "differ from those refused when the run was taken")
        return Outcome(reply=batch)
    taken = tender.accept(moment.now)
    _require_offered(batch, tender)
    if unknown := refused - set(batch.parcel_ids):
        raise Invalid("refused_parcel_ids", f"{min(unknown)} is not on this run")
    if refused == set(batch.parcel_ids):
        raise Invalid("refused_parcel_ids", "nothing would be left; decline the tender instead")
    outs = tuple(Change(lines[id].taken_out(LineState.REFUSED, "REFUSED_BY_PARTNER")) for id in sorted(refused))
    outcome = accepted(batch, taken, refused, moment.now)
    return replace(outcome, changes=outcome.changes + outs)


def decline_tender(world: World, command: commands.DeclineTender, loaded: Loaded, moment: Moment) -> Outcome:
    """The next partner is asked at once."""
    tender = loaded.require(Tender, command.tender_id).owned_by(command.partner_id)
    batch = loaded.require(Batch, tender.batch_id)
    if tender.state is TenderState.DECLINED:
        return NOTHING
    declined = tender.decline(command.reason, moment.now)
    _require_offered(batch, tender)
    fact = events.BatchDeclined(
        batch_id=batch.id, tender_id=tender.id, partner_id=tender.partner_id, reason=command.reason
    )
    return passed_on(batch, declined, fact, _offer(world, batch, command.next_tender_id, loaded, moment))


def _require_offered(batch: Batch, tender: Tender) -> None:
    """Raises NoLongerYours if the run was withdrawn before the tender heard of it."""
    if batch.state is not BatchState.TENDERED or batch.tender_id != tender.id:
        raise NoLongerYours(tender_id=tender.id, state=batch.state)


def expire_tender(world: World, command: commands.ExpireTender, loaded: Loaded, moment: Moment) -> Outcome:
    """Silence is a decline without a reason; an answer that came meanwhile counts."""
    tender = loaded.require(Tender, command.tender_id)
    batch = loaded.require(Batch, tender.batch_id)
    if not tender.is_silent(moment.now):
        return NOTHING
    if batch.state is not BatchState.TENDERED:
        return said(tender.ended(TenderState.WITHDRAWN))
    fact = events.TenderExpired(batch_id=batch.id, tender_id=tender.id, partner_id=tender.partner_id)
    silent = tender.ended(TenderState.EXPIRED)
    return passed_on(batch, silent, fact, _offer(world, batch, command.next_tender_id, loaded, moment))


def _offer(world: World, batch: Batch, tender_id: str, loaded: Loaded, moment: Moment) -> Offer:
    parcels = [loaded.require(Parcel, id) for id in batch.parcel_ids]
    return Offer(world.partners.__getitem__, parcels, tender_id, moment.now)


class PickupOutcome(StrEnum):
    """What one report from a gate changed; the names of the contract."""

    APPLIED = "applied"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    CANCELLED = "cancelled"
    NOT_ON_RUN = "not_on_run"


@dataclass(frozen=True, slots=True)
class PickupReply:
    """What the reports changed, in their order, and how the run stands."""

    outcomes: tuple[tuple[str, PickupOutcome], ...]
    parcels_open: int
    parcels_picked: int
    parcels_missed: int


def report_pickup(world: World, command: commands.ReportPickup, loaded: Loaded, moment: Moment) -> Outcome:
    """Reports first, then the end of the run, then the hub, as far as the call says."""
    batch = loaded.require(Batch, command.batch_id)
    if batch.partner_id != command.partner_id:
        raise NotFound(kind="Batch", id=batch.id)
    if not batch.was_taken:
        raise NotAccepted(batch_id=batch.id, state=batch.state)
    lines = {id: line for id in command.parcel_ids if (line := loaded.get(Line, line_id(batch.id, id)))}
    before, outcomes = dict(lines), []
    changes: list[Change] = []
    for report in command.reports:
        outcome, line, parcel_changes = _at_the_gate(world, batch, lines, report, loaded, moment)
        if line is not None and report.parcel_id in lines:
            lines[report.parcel_id] = line
        elif line is not None:
            changes.append(Change(line))  # It has left the manifest, which picked and missed make up.
        changes += parcel_changes
        outcomes.append((report.parcel_id, outcome))
    change, ended = _run_after(batch, command, lines, moment)
    changed = [Change(line) for id, line in ended.items() if line is not before[id]]
    run = (change and [change]) or []
    return Outcome((*run, *changed, *changes), reply=_reply(ended, outcomes))


def _at_the_gate(
    world: World, batch: Batch, lines: Mapping[str, Line], report: commands.GateReport, loaded: Loaded, moment: Moment
) -> tuple[PickupOutcome, Line | None, tuple[Change, ...]]:
    """One report: what it is worth, the line after it, and what it does to the parcel."""
    # Called-off parcels have left the manifest; their lines still say why.
    line = lines.get(report.parcel_id) or loaded.get(Line, line_id(batch.id, report.parcel_id))
    parcel = loaded.get(Parcel, report.parcel_id)
    if line is None or parcel is None or line.state is LineState.REFUSED:
        return PickupOutcome.NOT_ON_RUN, None, ()
    # That the courier has what he missed, or never reported, is news; that he came in vain is none then.
    if line.state is LineState.PICKED or (line.state in LEFT_BEHIND and not report.picked):
        same = line.state is (LineState.PICKED if report.picked else LineState.MISSED)
        return PickupOutcome.REPEATED if same else PickupOutcome.CONFLICT, None, ()
    at = possible(report.report_time or moment.now, parcel.create_time, moment.now)
    if _is_off(parcel, line, at if report.picked else None):
        return PickupOutcome.CANCELLED, None, ()
    if report.picked or parcel.state not in BEFORE_PICKUP:
        # A parcel that was scanned on its way cannot have been missed; the scan is the better witness.
        outcome = PickupOutcome.APPLIED if report.picked else PickupOutcome.CONFLICT
        return outcome, line.picked(at), parcel.picked_up(batch.id, batch.partner_id, at).changes
    (missed,) = parcel.missed(batch.id, batch.partner_id, report.reason, at).changes
    return PickupOutcome.APPLIED, line.missed(report.reason, at), (promised_anew(world, missed, loaded, moment),)


def _is_off(parcel: Parcel, line: Line, pickup_time: datetime | None) -> bool:
    """Whether it was not to be taken: another run has it, or it was called off before. What is on board stays there.

    Of a parcel that is called off before he scans it at the gate the courier is told so, and may leave it there; if he
    does not, his next scan shows it.
    """
    if parcel.batch_id:
        return parcel.batch_id != line.batch_id
    if parcel.state is ParcelState.CANCELLED:
        called_off = parcel.cancel_time
        return pickup_time is None or called_off is None or pickup_time >= called_off
    return line.state is LineState.CANCELLED


def _run_after(
    batch: Batch, command: commands.ReportPickup, lines: dict[str, Line], moment: Moment
) -> tuple[Change | None, dict[str, Line]]:
    """The batch after the reports, if it changed, and the lines, which a hand-over releases."""
    if batch.state is BatchState.WITHDRAWN:
        return None, lines
    picked, missed = _ids(batch, lines, LineState.PICKED), _ids(batch, lines, *LEFT_BEHIND)
    counted = replace(batch, parcels_picked=len(picked), parcels_missed=len(missed))
    changes: list[Change] = []
    begun = batch.state is BatchState.ACCEPTED and (command.reports or command.run_finished)
    if begun or (batch.state is BatchState.FAILED and picked):
        changes.append(replace(counted, state=BatchState.COLLECTING).noted("CollectingStarted", moment.now))
    elif counted != batch:
        changes.append(Change(counted))
    latest = batch_of(changes[-1]) if changes else batch
    # What a finished run is said to have missed was there after all: say how it ended once more.
    unheard = _ids(batch, lines, LineState.PLANNED, LineState.LAPSED)
    corrected = counted != batch and batch.state in FINISHED - {BatchState.HANDED_OVER} and not unheard
    if corrected or (command.run_finished and latest.state not in FINISHED):
        if open_ids := _ids(batch, lines, LineState.PLANNED):
            raise ParcelsUnreported(batch_id=batch.id, parcels_open=len(open_ids), first=open_ids[0])
        changes.append(latest.finished(picked, missed, moment.now))
    latest = batch_of(changes[-1]) if changes else batch
    if command.handover_time is not None and latest.state is not BatchState.HANDED_OVER:
        if latest.state not in (BatchState.COLLECTED, BatchState.PART_COLLECTED):
            raise RunNotFinished(batch_id=batch.id, state=latest.state)
        at = possible(command.handover_time, batch.create_time, moment.now)
        changes.append(latest.handed_over(at))
        lines = {id: line.released() if line.live else line for id, line in lines.items()}
    return (joined(*changes) if changes else None), lines


def _ids(batch: Batch, lines: Mapping[str, Line], *states: LineState) -> list[str]:
    return [id for id in batch.parcel_ids if id in lines and lines[id].state in states]


def _reply(lines: Mapping[str, Line], outcomes: Iterable[tuple[str, PickupOutcome]]) -> PickupReply:
    count = {state: sum(line.state is state for line in lines.values()) for state in LineState}
    return PickupReply(
        tuple(outcomes), count[LineState.PLANNED], count[LineState.PICKED], sum(map(count.__getitem__, LEFT_BEHIND))
    )
