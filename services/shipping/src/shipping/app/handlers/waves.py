"""Carries out plans and closures: what waves decided is kept, live runs move off closed roads."""

from __future__ import annotations

from datetime import timedelta

from chassis.kernel import NOTHING, Change, Invalid, Loaded, Moment, Outcome, said, together

from shipping.app import commands
from shipping.app.handlers.promising import closures_in
from shipping.domain.batch import FINISHED, Batch, BatchState
from shipping.domain.calendar import local_date
from shipping.domain.closure import Closure, open_ways
from shipping.domain.errors import NotYourCommune, PlanOutdated
from shipping.domain.line import Line, LineState, line_id, planned
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.planning.estimate import drive_seconds
from shipping.domain.profile import Way
from shipping.domain.promise import World
from shipping.domain.tendering import Offer, offered
from shipping.domain.wave import Decision, PlannedWave, decision_id


def save_plan(world: World, command: commands.SavePlan, loaded: Loaded, moment: Moment) -> Outcome:
    """A wave is saved once; a plan made from parcels that changed since is refused whole (PlanOutdated)."""
    known = loaded.get(PlannedWave, command.wave_id)
    if known is not None:
        return Outcome(reply=known)
    _revalidate(command, loaded)
    freed = [_withdrawn(command, one.batch_id, loaded, moment) for one in command.open_batches]
    runs = [
        _closed(world, batch, tender_id, loaded, moment)
        for batch, tender_id in zip(command.batches, command.tender_ids, strict=True)
    ]
    wave = PlannedWave(
        id=command.wave_id,
        trace=moment.trace,
        area_hub_id=command.area_hub_id,
        decide_time=moment.now,
        pushed=command.pushed,
        batch_ids=tuple(batch.id for batch in command.batches),
        parcels_planned=sum(reason.rides for reason in command.reasons),
        parcels_held=sum(not reason.rides for reason in command.reasons),
    )
    decisions = [_decision(command, number, moment) for number in range(len(command.reasons))]
    return Outcome((Change(wave), *together(*freed, *runs).changes, *decisions), reply=wave)


def _revalidate(command: commands.SavePlan, loaded: Loaded) -> None:
    for batch in command.batches:
        for parcel_id in batch.parcel_ids:
            parcel = loaded.require(Parcel, parcel_id)
            if parcel.version != command.versions[parcel_id] or parcel.state is not ParcelState.READY:
                raise PlanOutdated(wave_id=command.wave_id, parcel_id=parcel_id)


def _withdrawn(command: commands.SavePlan, batch_id: str, loaded: Loaded, moment: Moment) -> Outcome:
    """A run that nobody took frees its parcels; another wave may have done that meanwhile."""
    batch = loaded.require(Batch, batch_id)
    if batch.state is not BatchState.OPEN:
        raise PlanOutdated(wave_id=command.wave_id, batch_id=batch_id)
    lines = (loaded.require(Line, line_id(batch.id, id)) for id in batch.parcel_ids)
    freed = (Change(line.taken_out(LineState.REFUSED, "NO_PARTNER_TOOK_IT")) for line in lines if line.live)
    return Outcome((batch.withdrawn(moment.now), *freed))


def _closed(world: World, batch: Batch, tender_id: str, loaded: Loaded, moment: Moment) -> Outcome:
    """Close the run, put its parcels on the manifest, and offer it to the first partner."""
    parcels = [loaded.require(Parcel, id) for id in batch.parcel_ids]
    lines = tuple(Change(planned(batch.id, parcel.id, parcel.attempt, moment.trace)) for parcel in parcels)
    # Saved as they are, only to raise their versions: another plan made from the same parcels is outdated now.
    taken = tuple(Change(parcel) for parcel in parcels)
    closing = batch.closed(moment.now)
    assert isinstance(closing.aggregate, Batch)
    offering = offered(closing.aggregate, Offer(world.partners.__getitem__, parcels, tender_id, moment.now))
    first = Change(offering.changes[0].aggregate, closing.facts + offering.changes[0].facts)
    return Outcome((first, *offering.changes[1:], *lines, *taken))


def _decision(command: commands.SavePlan, number: int, moment: Moment) -> Change:
    reason = command.reasons[number]
    batch = command.batches[reason.run_index] if reason.run_index is not None else None
    return Change(
        Decision(
            id=decision_id(command.wave_id, reason.parcel_id),
            trace=moment.trace,
            wave_id=command.wave_id,
            parcel_id=reason.parcel_id,
            local_date=local_date(moment.now).isoformat(),
            decide_time=moment.now,
            rides=reason.rides,
            code=reason.code,
            waits_for_wave_id=command.waits_for.get(reason.parcel_id, ""),
            batch_id=batch.id if batch else "",
            marginal_cost_vnd=reason.marginal_cost_vnd,
            figures=reason.figures,
        )
    )


def declare_closure(command: commands.DeclareClosure, loaded: Loaded, moment: Moment) -> Outcome:
    """Remembered; the clock moves the runs it concerns, now and while it lasts."""
    from_time = command.from_time or moment.now
    if command.to_time <= from_time:
        raise Invalid("to_time", "must be later than from_time, or than now")
    closure = Closure(
        id=command.closure_id,
        trace=moment.trace,
        road_id=command.road_id,
        commune_code=command.commune_code,
        from_time=from_time,
        to_time=command.to_time,
        source=command.source,
        declared_by=command.declared_by,
    )
    return said(closure, reply=closure) if loaded.get(Closure, closure.id) is None else Outcome(reply=closure)


def lift_closure(world: World, command: commands.LiftClosure, loaded: Loaded, moment: Moment) -> Outcome:
    """Over from now on; an officer lifts what an officer of that commune may declare."""
    closure = loaded.require(Closure, command.closure_id)
    own = command.officers_commune_code
    commune = closure.commune_code
    theirs = commune == own if commune else world.network.road_serves(closure.road_id, own)
    if own and not theirs:
        raise NotYourCommune(commune_code=own)
    lifted = closure.lifted(moment.now)
    return said(lifted, reply=lifted) if lifted != closure else Outcome(reply=closure)


def move_batch(world: World, command: commands.MoveBatch, loaded: Loaded, moment: Moment) -> Outcome:
    """To the first hub whose road stays open; nothing if its own does, if there is none, or if it is over."""
    batch = loaded.require(Batch, command.batch_id)
    ended = batch.state in FINISHED - {BatchState.COLLECTED, BatchState.PART_COLLECTED}
    if ended or batch.state is BatchState.WITHDRAWN or not batch.stops:
        return NOTHING
    closures = closures_in(loaded)
    # Until it is home it may need the road: from now, or from its start, to its return, or to now if it is late.
    first, last = max(moment.now, batch.leave_time), max(moment.now, batch.return_time)
    current = Way(batch.hub_id, batch.road_id)
    if open_ways((current,), closures, first, last):
        return NOTHING
    ways = open_ways(batch.ways, closures, first, last)
    if not ways:
        return NOTHING
    cause = next(c for c in closures if c.road_id == batch.road_id and c.overlaps(first, last))
    stop, hub = batch.last_stop, world.network.hubs[ways[0].hub_id].position
    seconds = drive_seconds((stop.latitude, stop.longitude), (hub.latitude, hub.longitude))
    return Outcome((batch.moved(ways[0], stop.leave_time + timedelta(seconds=seconds), cause.id, moment.now),))
