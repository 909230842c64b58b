"""Offering a batch: to the first partner, to the next after a decline or silence, and what an acceptance means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel import Change, Outcome

from shipping.domain import events, feed
from shipping.domain.batch import Batch, BatchState, batch_of, joined, stops_told
from shipping.domain.parcel import Parcel
from shipping.domain.partners import Partner
from shipping.domain.tender import Tender


@dataclass(frozen=True, slots=True)
class Offer:
    """What is needed to offer: the partners by id, the parcels of the manifest, the next tender's id, and now."""

    partner: Callable[[str], Partner]
    parcels: Sequence[Parcel]
    tender_id: str
    now: datetime


def offered(batch: Batch, offer: Offer) -> Outcome:
    """Offer to the next partner; without one the batch is open, and operators see it."""
    if not batch.partners_left:
        lone = replace(batch, state=BatchState.OPEN, partner_id="", tender_id="")
        return Outcome((lone.noted("NoPartnerLeft", offer.now),))
    partner = offer.partner(batch.partners_left[0])
    deadline = offer.now + timedelta(minutes=partner.answer_minutes)
    asked = replace(
        batch,
        state=BatchState.TENDERED,
        partner_id=partner.partner_id,
        partners_left=batch.partners_left[1:],
        tender_id=offer.tender_id,
    )
    fact = events.BatchTendered(
        batch_id=batch.id,
        tender_id=offer.tender_id,
        partner_id=partner.partner_id,
        answer_deadline_time=deadline,
        hub_id=batch.hub_id,
    )
    tender = Tender(
        id=offer.tender_id,
        trace=batch.trace,
        batch_id=batch.id,
        partner_id=partner.partner_id,
        answer_deadline_time=deadline,
    )
    change = asked.says(offer.now, partner.partner_id, fact)
    told = batch_of(change).tells(_offer_fact(asked, deadline, offer))
    return Outcome((joined(change, told), Change(tender)))


def accepted(batch: Batch, tender: Tender, refused: frozenset[str], now: datetime) -> Outcome:
    """The partner takes the run, without what it refused; the reply is the batch as it is then."""
    mine = replace(batch, state=BatchState.ACCEPTED).without(refused)
    fact = events.BatchAccepted(
        batch_id=batch.id,
        tender_id=tender.id,
        partner_id=tender.partner_id,
        refused_parcel_ids=tuple(sorted(refused)),
    )
    change = mine.says(now, tender.partner_id, fact)
    awarded = feed.RunAwarded(
        batch_id=batch.id, partner_id=tender.partner_id, tender_id=tender.id, manifest_hash=mine.manifest_hash
    )
    told = batch_of(change).tells(awarded)
    return Outcome((joined(change, told), Change(tender)), reply=told.aggregate)


def passed_on(batch: Batch, tender: Tender, fact: events.BatchFact, offer: Offer) -> Outcome:
    """A partner declined or kept silent: tell it that the offer is closed, and ask the next one."""
    reason = "DECLINED" if isinstance(fact, events.BatchDeclined) else "EXPIRED"
    closed = feed.TenderClosed(batch_id=batch.id, partner_id=tender.partner_id, tender_id=tender.id, reason=reason)
    change = batch.says(offer.now, f"{tender.partner_id} {tender.reason}".strip(), fact)
    told_so = batch_of(change).tells(closed)
    following = offered(batch_of(told_so), offer)
    batch_change = joined(change, told_so, following.changes[0])
    return Outcome((batch_change, Change(tender), *following.changes[1:]))


def _offer_fact(batch: Batch, deadline: datetime, offer: Offer) -> feed.TenderOffered:
    return feed.TenderOffered(
        batch_id=batch.id,
        partner_id=batch.partner_id,
        tender_id=offer.tender_id,
        answer_deadline_time=deadline,
        hub_id=batch.hub_id,
        stops=stops_told(batch.stops),
        parcels=tuple(
            feed.TenderParcel(
                parcel_id=parcel.id,
                destination=parcel.shipment.destination,
                size=parcel.shipment.size,
                cod_vnd=parcel.shipment.cod_vnd,
                handling=parcel.shipment.handling,
            )
            for parcel in offer.parcels
        ),
        leave_time=batch.leave_time,
        vehicle_kind=batch.vehicle_kind,
    )
