"""A pickup batch (chuyến lấy hàng): the parcels one vehicle of one partner collects on one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chassis.kernel import Aggregate, Change

from shipping.domain import events
from shipping.domain.closure import Closure, is_closed
from shipping.domain.feed import FeedFact, RunMoved, RunParcelCancelled, TenderClosed
from shipping.domain.partners import VehicleKind
from shipping.domain.profile import Way


class BatchState(StrEnum):
    """How far the run has come; the names of the contract."""

    OPEN = "open"
    CLOSED = "closed"
    TENDERED = "tendered"
    ACCEPTED = "accepted"
    COLLECTING = "collecting"
    COLLECTED = "collected"
    PART_COLLECTED = "part_collected"
    FAILED = "failed"
    HANDED_OVER = "handed_over"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({BatchState.FAILED, BatchState.HANDED_OVER, BatchState.WITHDRAWN})
AWARDED = frozenset(
    {
        BatchState.ACCEPTED,
        BatchState.COLLECTING,
        BatchState.COLLECTED,
        BatchState.PART_COLLECTED,
        BatchState.FAILED,
        BatchState.HANDED_OVER,
    }
)
FINISHED = frozenset({BatchState.COLLECTED, BatchState.PART_COLLECTED, BatchState.FAILED, BatchState.HANDED_OVER})
KNOWN_TO_PARTNER = (AWARDED | {BatchState.TENDERED}) - ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStop:
    """One stop: where, when, and the parcels still on the manifest."""

    pickup_point_id: str
    commune_code: str
    latitude: float
    longitude: float
    arrive_time: datetime
    leave_time: datetime
    parcel_ids: tuple[str, ...]


class BatchStep(NamedTuple):
    """One entry of a batch's history."""

    kind: str
    time: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Aggregate):
    """One run.

    Invariant: once closed it only loses parcels; picked + missed = manifest before it is finished; the manifest's hash
    is that of batch, hub, stops and parcels as they stand. `facts` and `feed` count what was said to all and to the
    partners. `ways` are the hubs it may end at, in order of preference; `partners_left` are those not asked yet.
    """

    facts: int = 0
    feed: int = 0
    state: BatchState = BatchState.CLOSED
    wave_id: str
    area_hub_id: str
    hub_id: str
    road_id: str
    ways: tuple[Way, ...]
    commune_codes: tuple[str, ...]
    partner_id: str = ""
    partners_left: tuple[str, ...]
    tender_id: str = ""
    vehicle_kind: VehicleKind
    stops: tuple[BatchStop, ...]
    leave_time: datetime
    return_time: datetime
    leave_date: str
    manifest_hash: str = ""
    closure_id: str = ""
    parcels_planned: int
    parcels_picked: int = 0
    parcels_missed: int = 0
    weight_g: int
    create_time: datetime
    history: tuple[BatchStep, ...] = field(default=())

    @property
    def parcel_ids(self) -> tuple[str, ...]:
        """The parcels still on the manifest, in the order of the stops."""
        return tuple(parcel_id for stop in self.stops for parcel_id in stop.parcel_ids)

    @property
    def was_taken(self) -> bool:
        """Whether its partner accepted it, also if nothing was left of it afterwards."""
        return self.state in AWARDED or any(step.kind == "BatchAccepted" for step in self.history)

    @property
    def last_stop(self) -> BatchStop:
        """From where the vehicle drives to the hub."""
        return self.stops[-1]

    def closed_stops(self, closures: Sequence[Closure], now: datetime) -> list[BatchStop]:
        """Stops ahead whose commune is closed then."""
        ahead = [stop for stop in self.stops if stop.arrive_time > now]
        return [stop for stop in ahead if is_closed(stop.commune_code, closures, stop.arrive_time, stop.leave_time)]

    def sealed(self) -> Batch:
        """With the hash of its manifest as it stands."""
        return replace(self, manifest_hash=_hash(self))

    def without(self, parcel_ids: frozenset[str]) -> Batch:
        """With these taken off the manifest; stops left without parcels are not visited."""
        kept = ((s, tuple(p for p in s.parcel_ids if p not in parcel_ids)) for s in self.stops)
        return replace(self, stops=tuple(replace(stop, parcel_ids=ids) for stop, ids in kept if ids)).sealed()

    def closed(self, now: datetime) -> Change:
        """Planned; it takes no more parcels."""
        sealed = self.sealed()
        fact = events.BatchClosed(
            batch_id=self.id,
            wave_id=self.wave_id,
            hub_id=self.hub_id,
            commune_codes=self.commune_codes,
            stops=stops_told(self.stops),
            leave_time=self.leave_time,
            return_time=self.return_time,
            manifest_hash=sealed.manifest_hash,
        )
        return sealed.says(now, "", fact)

    def withdrawn(self, now: datetime) -> Change:
        """Nothing is left to collect, or its parcels are planned anew; partners who know of it are told."""
        off = replace(self, state=BatchState.WITHDRAWN)
        if self.state not in KNOWN_TO_PARTNER:
            return off.noted("BatchWithdrawn", now)
        told_off = TenderClosed(
            batch_id=self.id, partner_id=self.partner_id, tender_id=self.tender_id, reason="WITHDRAWN"
        )
        return replace(off, history=(*off.history, BatchStep("BatchWithdrawn", now))).tells(told_off)

    def moved(self, way: Way, return_time: datetime, closure_id: str, now: datetime) -> Change:
        """A closure makes it end at another hub; the partner who knows of it is told."""
        new = replace(
            self, hub_id=way.hub_id, road_id=way.road_id, return_time=return_time, closure_id=closure_id
        ).sealed()
        fact = events.BatchMoved(
            batch_id=self.id,
            closure_id=closure_id,
            from_hub_id=self.hub_id,
            to_hub_id=way.hub_id,
            manifest_hash=new.manifest_hash,
        )
        change = new.says(now, f"{closure_id}: {self.hub_id} to {way.hub_id}", fact)
        if self.state not in KNOWN_TO_PARTNER:
            return change
        told_so = RunMoved(
            batch_id=self.id,
            partner_id=self.partner_id,
            closure_id=closure_id,
            to_hub_id=way.hub_id,
            manifest_hash=new.manifest_hash,
        )
        return joined(change, batch_of(change).tells(told_so))

    def finished(self, picked: Sequence[str], missed: Sequence[str], now: datetime) -> Change:
        """The vehicle has been at every stop."""
        state = BatchState.PART_COLLECTED if missed else BatchState.COLLECTED
        done = replace(self, state=state if picked else BatchState.FAILED)
        fact = events.BatchCollected(
            batch_id=self.id,
            partner_id=self.partner_id,
            picked_parcel_ids=tuple(picked),
            missed_parcel_ids=tuple(missed),
        )
        return done.says(now, f"{len(picked)} picked, {len(missed)} missed", fact)

    def lapsed(self, parcel_ids: Sequence[str], over: bool, now: datetime) -> Change:
        """The partner reported nothing of these; `over`: nor of any other. The partner is told not to come any more."""
        state = BatchState.FAILED if over else self.state
        off = replace(self, state=state, parcels_missed=self.parcels_missed + len(parcel_ids))
        fact = events.BatchLapsed(batch_id=self.id, partner_id=self.partner_id, parcel_ids=tuple(parcel_ids))
        change = off.says(now, f"{len(parcel_ids)} not reported", fact)
        told = [RunParcelCancelled(batch_id=self.id, partner_id=self.partner_id, parcel_id=id) for id in parcel_ids]
        return joined(change, batch_of(change).tells(*told))

    def handed_over(self, at: datetime) -> Change:
        """The hub has the parcels."""
        over = replace(self, state=BatchState.HANDED_OVER)
        return over.says(
            at, self.hub_id, events.BatchHandedOver(batch_id=self.id, hub_id=self.hub_id, handover_time=at)
        )

    def says(self, now: datetime, detail: str, *facts: events.BatchFact) -> Change:
        """Facts for everybody, and a step of history each."""
        steps = tuple(BatchStep(type(fact).__name__, now, detail) for fact in facts)
        said = replace(self, facts=self.facts + len(facts), history=(*self.history, *steps))
        return Change(said, events.numbered(self.facts, facts))

    def tells(self, *facts: FeedFact) -> Change:
        """Facts for the partner's own feed."""
        return Change(replace(self, feed=self.feed + len(facts)), events.numbered(self.feed, facts))

    def noted(self, kind: str, now: datetime, detail: str = "") -> Change:
        """A step of history that nobody outside waits for."""
        return Change(replace(self, history=(*self.history, BatchStep(kind, now, detail))))


def joined(*changes: Change) -> Change:
    """Changes of one batch, each made from the one before, as one."""
    return Change(changes[-1].aggregate, tuple(fact for change in changes for fact in change.facts))


def batch_of(change: Change) -> Batch:
    """The batch a change of a batch leads to."""
    assert isinstance(change.aggregate, Batch)
    return change.aggregate


def stops_told(stops: Sequence[BatchStop]) -> tuple[events.Stop, ...]:
    """Stops as the facts tell them."""
    return tuple(
        events.Stop(pickup_point_id=s.pickup_point_id, arrive_time=s.arrive_time, parcel_ids=s.parcel_ids)
        for s in stops
    )


def _hash(batch: Batch) -> str:
    content = [batch.id, batch.hub_id, [[stop.pickup_point_id, list(stop.parcel_ids)] for stop in batch.stops]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
