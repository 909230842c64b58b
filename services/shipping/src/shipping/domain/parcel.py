"""A parcel: from the confirmed order to the buyer's door, or back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chassis.kernel import Aggregate, Outcome, said

from shipping.domain import events
from shipping.domain.errors import ParcelClosed, ParcelOnHold
from shipping.domain.goods import NO_SHIPMENT, Place, Shipment
from shipping.domain.parcel_steps import (
    BEFORE_PICKUP,
    ENDS,
    FINAL,
    MOVES,
    News,
    ParcelState,
    ScanKind,
    Step,
    ordered,
    outweighs,
)
from shipping.domain.promise import Promise

PICKUP_ATTEMPTS_MAX = 3
"""After so many misses a parcel waits for an operator."""

STEPS_MAX = 100
"""Scans kept in the parcel's own history; more are kept raw only, but for those that end it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel(Aggregate):
    """What one buyer gets from one pickup point.

    Invariant: the state follows the newest scan by the partner's time, and once it ended the end that outweighs the
    others, whatever order scans arrive in; a called-off parcel moves only if a courier has it all the same, and is to
    come back; `attempt` is one more than the misses; `facts` counts what was said about it.
    """

    facts: int = 0
    state: ParcelState
    order_id: str
    pickup_point_id: str = ""
    area_hub_id: str = ""
    origin_commune_code: str = ""
    origin_hamlet: str = ""
    shipment: Shipment = NO_SHIPMENT
    promise: Promise | None = None
    create_time: datetime
    ready_time: datetime | None = None
    attempt: int = 1
    batch_id: str = ""
    partner_id: str = ""
    reason: str = ""
    return_wanted: bool = False
    history: tuple[Step, ...] = ()

    @property
    def delivery_attempts(self) -> int:
        """Failed deliveries, counted over all scans."""
        return sum(step.kind == ScanKind.DELIVERY_FAILED for step in self.history)

    @property
    def cancel_time(self) -> datetime | None:
        """When it was called off; None = it was not."""
        return next((step.time for step in self.history if step.kind == "ParcelCancelled"), None)

    def created(self, origin: Place, area_hub_id: str, promise: Promise) -> Outcome:
        """Accepted: where it is collected is known, and the promise is made."""
        state = ParcelState.READY if self.ready_time else ParcelState.CREATED
        made = events.ParcelCreated(
            parcel_id=self.id,
            order_id=self.order_id,
            pickup_point_id=self.pickup_point_id,
            origin=origin,
            destination=self.shipment.destination,
            size=self.shipment.size,
            cod_vnd=self.shipment.cod_vnd,
        )
        facts: tuple[events.ParcelFact, ...] = (made, self._promised(promise))
        steps = [Step("ParcelCreated", self.create_time), Step("PromiseMade", self.create_time, promise.bound_by)]
        if self.ready_time:
            facts += (events.ParcelReady(parcel_id=self.id, order_id=self.order_id, ready_time=self.ready_time),)
            steps.append(Step("ParcelReady", self.ready_time))
        return self._say(
            *facts,
            steps=steps,
            state=state,
            origin_commune_code=origin.commune_code,
            origin_hamlet=origin.hamlet,
            area_hub_id=area_hub_id,
            promise=promise,
        )

    def promised_anew(self, promise: Promise, now: datetime) -> Outcome:
        """Another promise after a miss (R91) or closure; nothing if no later, for then another run keeps the first."""
        before = self.promise
        if before is None or promise.handover_deadline_time <= before.handover_deadline_time:
            return said(self)
        kept = replace(promise, first_deadline_time=before.planned_by_time)
        return self._say(self._promised(kept), steps=(Step("PromiseMade", now, kept.bound_by),), promise=kept)

    def _promised(self, promise: Promise) -> events.PromiseMade:
        return events.PromiseMade(
            parcel_id=self.id,
            order_id=self.order_id,
            handover_deadline_time=promise.handover_deadline_time,
            delivery_deadline_time=promise.delivery_deadline_time,
            bound_by=promise.bound_by,
            place_time=promise.place_time,
        )

    def refused(self, reason: str, now: datetime) -> Outcome:
        """Cannot be shipped; final."""
        parcel = replace(self, state=ParcelState.REFUSED, reason=reason)
        fact = events.ParcelRefused(parcel_id=self.id, order_id=self.order_id, reason=reason)
        return parcel._say(fact, steps=(Step("ParcelRefused", now, reason),))

    def mark_ready(self, now: datetime, by_operator: bool) -> Outcome:
        """Packed; the reply is when that was first said. Raises ParcelClosed, ParcelOnHold."""
        if self.state is ParcelState.ON_HOLD and by_operator:
            released = replace(self, state=ParcelState.READY, reason="")
            return said(released._noted(Step("ReleasedByOperator", now)), reply=self.ready_time or now)
        if self.state is ParcelState.ON_HOLD:
            raise ParcelOnHold(parcel_id=self.id)
        if self.ready_time is not None and self.state not in FINAL:
            return Outcome(reply=self.ready_time)
        if self.state is ParcelState.WAITING:
            return said(replace(self, ready_time=now), reply=now)
        if self.state is not ParcelState.CREATED:
            raise ParcelClosed(parcel_id=self.id, state=self.state)
        fact = events.ParcelReady(parcel_id=self.id, order_id=self.order_id, ready_time=now)
        ready = replace(self, state=ParcelState.READY, ready_time=now)
        return ready._say(fact, steps=(Step("ParcelReady", now),), reply=now)

    def cancel(self, reason: str, now: datetime) -> Outcome:
        """Called off, or brought back if the courier has it; the reply is whether it was called off. Final: nothing."""
        if self.state in BEFORE_PICKUP:
            parcel = replace(self, state=ParcelState.CANCELLED, reason=reason)
            gone = events.ParcelCancelled(parcel_id=self.id, order_id=self.order_id, reason=reason)
            return parcel._say(gone, steps=(Step("ParcelCancelled", now, reason),), reply=True)
        if self.state in FINAL | {ParcelState.CALLED_OFF} or self.return_wanted:
            return Outcome(reply=self.state in (ParcelState.CANCELLED, ParcelState.CALLED_OFF))
        parcel = replace(self, return_wanted=True)
        late = events.ParcelCancelRefused(parcel_id=self.id, order_id=self.order_id, reason="ALREADY_COLLECTED")
        return parcel._say(late, steps=(Step("ParcelCancelRefused", now, "ALREADY_COLLECTED"),), reply=False)

    def picked_up(self, batch_id: str, partner_id: str, at: datetime) -> Outcome:
        """On board. Scans may have come before this report; then only the story is completed."""
        called_off = self.state is ParcelState.CANCELLED
        state = ParcelState.PICKED_UP if called_off or self.state in BEFORE_PICKUP else self.state
        wanted = self.return_wanted or called_off
        parcel = replace(self, state=state, batch_id=batch_id, partner_id=partner_id, return_wanted=wanted)
        fact = events.ParcelPickedUp(
            parcel_id=self.id,
            order_id=self.order_id,
            batch_id=batch_id,
            partner_id=partner_id,
            pickup_time=at,
            attempt=self.attempt,
        )
        return parcel._say(fact, steps=(Step("ParcelPickedUp", at, batch_id),))

    def let_go(self, batch_id: str, now: datetime) -> Outcome:
        """Its run lapsed; it is planned anew, and whoever was to come is not to be blamed on the seller."""
        return said(self._noted(Step("RunLapsed", now, batch_id)))

    def missed(self, batch_id: str, partner_id: str, reason: str, at: datetime) -> Outcome:
        """The courier came in vain: one attempt more, or, after the last, an operator's decision."""
        state = ParcelState.READY if self.attempt < PICKUP_ATTEMPTS_MAX else ParcelState.ON_HOLD
        parcel = replace(self, state=state, attempt=self.attempt + 1, reason=reason)
        fact: events.ParcelFact = events.PickupFailed(
            parcel_id=self.id,
            order_id=self.order_id,
            batch_id=batch_id,
            partner_id=partner_id,
            reason=reason,
            attempt=self.attempt,
            fail_time=at,
        )
        step = Step("PickupFailed", at, f"{reason}, attempt {self.attempt}, {batch_id}")
        if reason != "SELLER_CANCELLED":
            return parcel._say(fact, steps=(step,))
        gone = events.ParcelCancelled(parcel_id=self.id, order_id=self.order_id, reason=reason)
        parcel = replace(parcel, state=ParcelState.CANCELLED)
        return parcel._say(fact, gone, steps=(step, Step("ParcelCancelled", at, reason)))

    def scanned(self, news: News, batch_id: str) -> Outcome:
        """Hear a scan; the reply is whether it moved the parcel. Old news only completes the history."""
        ends = outweighs(MOVES[news.kind], self.state)
        if len(self.history) >= STEPS_MAX and not ends:
            return Outcome(reply=False)
        step = Step(news.kind, news.time, news.reason, news.scan_id)
        heard = self._noted(step)
        if not ends and (self.state in ENDS or not _is_newest(step, heard.history)):
            return said(heard, reply=False)
        heard = replace(
            heard,
            state=MOVES[news.kind],
            partner_id=news.partner_id,
            batch_id=self.batch_id or batch_id,
            reason=news.reason,
            return_wanted=self.return_wanted or self.state is ParcelState.CANCELLED,
        )
        fact = _fact_of(heard, news)
        return heard._say(*([fact] if fact else []), reply=True)

    def _noted(self, *steps: Step) -> Parcel:
        """With these steps in the history, which is ordered by time, then by scan."""
        return replace(self, history=ordered(self.history, steps))

    def _say(
        self, *facts: events.ParcelFact, steps: Iterable[Step] = (), reply: object = None, **changes: Any
    ) -> Outcome:
        """Say facts with their steps of history, and change what else is named."""
        parcel = replace(self, history=ordered(self.history, steps), facts=self.facts + len(facts), **changes)
        return said(parcel, *events.numbered(self.facts, facts), reply=reply)


def _is_newest(step: Step, history: tuple[Step, ...]) -> bool:
    """Whether no other scan is newer."""
    return step == max((one for one in history if one.scan_id), key=lambda one: (one.time, one.scan_id))


def _fact_of(parcel: Parcel, news: News) -> events.ParcelFact | None:
    """What a scan that moved the parcel says; none for steps that nobody outside waits for."""
    id, order_id, partner_id, at = parcel.id, parcel.order_id, news.partner_id, news.time
    if news.kind is ScanKind.DELIVERED:
        return events.ParcelDelivered(
            parcel_id=id,
            order_id=order_id,
            partner_id=partner_id,
            cod_collected_vnd=news.cod_collected_vnd,
            deliver_time=at,
        )
    if news.kind is ScanKind.RETURNED:
        reason = _return_reason(parcel, news)
        return events.ParcelReturned(
            parcel_id=id, order_id=order_id, partner_id=partner_id, return_time=at, reason=reason
        )
    if news.kind is ScanKind.LOST:
        return events.ParcelLost(parcel_id=id, order_id=order_id, partner_id=partner_id, lose_time=at)
    if news.kind is ScanKind.DELIVERY_FAILED:
        return events.DeliveryFailed(
            parcel_id=id,
            order_id=order_id,
            partner_id=partner_id,
            reason=news.reason or "NOT_STATED",
            attempt=parcel.delivery_attempts,
            fail_time=at,
        )
    if news.kind is ScanKind.IN_TRANSIT and sum(step.kind == ScanKind.IN_TRANSIT for step in parcel.history) == 1:
        return events.ParcelInTransit(parcel_id=id, order_id=order_id, partner_id=partner_id, scan_time=at)
    return None


def _return_reason(parcel: Parcel, news: News) -> str:
    """Why it came back: our wish, what the partner says, or the last failed delivery."""
    failures = [step.detail for step in parcel.history if step.kind == ScanKind.DELIVERY_FAILED and step.detail]
    return "CANCELLED" if parcel.return_wanted else news.reason or (failures[-1] if failures else "NOT_STATED")


def tombstone(parcel_id: str, order_id: str, reason: str, now: datetime) -> Parcel:
    """Remembers that a parcel was called off before it existed."""
    return Parcel(id=parcel_id, order_id=order_id, state=ParcelState.CALLED_OFF, create_time=now, reason=reason)


def waiting(parcel_id: str, shipment: Shipment, now: datetime, trace: str) -> Parcel:
    """A parcel at its beginning, before anything was decided."""
    return Parcel(
        id=parcel_id,
        trace=trace,
        state=ParcelState.WAITING,
        order_id=shipment.order_id,
        pickup_point_id=shipment.pickup_point_id,
        shipment=shipment,
        create_time=now,
    )
