"""Pickup batches: waves, tenders, reports from the gates, closures; and what partners are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from shipping.app import commands
from shipping.domain import events
from shipping.domain.batch import BatchState
from shipping.domain.errors import NoLongerYours, NotAccepted, ParcelsUnreported, PlanOutdated, RunNotFinished
from shipping.domain.feed import FeedFact, TenderOffered
from shipping.domain.tender import TenderState
from shipping.domain.wave import Decision

Yard = Any


def told(yard: Yard, batch: Any) -> list[str]:
    facts = [at.fact for at in yard.memory.said if at.aggregate_id == batch.id]
    return [type(fact).__name__ for fact in facts if isinstance(fact, FeedFact)]


def test_a_wave_closes_a_run_and_offers_it_to_the_partner_that_collects(yard: Yard) -> None:
    ids = yard.packed(3) + yard.packed(2, "pp-hamlet")
    yard.at("14:45")
    (batch,) = yard.plan()
    assert (batch.state, batch.hub_id, batch.partner_id) == (BatchState.TENDERED, "hub-sa-pa", "partner-a")
    assert batch.id.startswith("PB260204-") and len(batch.id) == 17
    assert sorted(batch.parcel_ids) == sorted(ids) and len(batch.stops) == 2
    assert yard.said(batch.id) == ["BatchClosed", "BatchTendered", "TenderOffered"]
    assert yard.tender(batch).answer_deadline_time == yard.now + timedelta(minutes=15)
    assert [parcel.parcel_id for parcel in yard.last(TenderOffered).parcels] == list(batch.parcel_ids)


def test_a_shared_pickup_point_is_one_stop(yard: Yard) -> None:
    yard.packed(14)
    (batch,) = yard.plan()
    assert len(batch.stops) == 1 and len(batch.stops[0].parcel_ids) == 14


def test_a_wave_is_saved_once(yard: Yard) -> None:
    yard.packed(2)
    yard.at("14:45")
    yard.twice(yard.plan_command())
    assert len(yard.plan()) == 1


def test_a_plan_made_from_parcels_that_changed_is_refused(yard: Yard) -> None:
    ids = yard.packed(2)
    yard.at("14:45")
    command = yard.plan_command()
    yard.do(commands.CancelParcel(parcel_id=ids[0], reason="BUYER_CANCELLED"))
    with pytest.raises(PlanOutdated):
        yard.do(command)
    assert len(yard.plan()[0].parcel_ids) == 1


def test_of_two_plans_made_from_the_same_parcels_one_is_refused(yard: Yard) -> None:
    yard.packed(2)
    first = yard.plan_command(take_all=True)
    yard.later(minutes=1)
    second = yard.plan_command(take_all=True)
    yard.do(first)
    with pytest.raises(PlanOutdated):
        yard.do(second)


def test_every_parcel_of_a_wave_has_a_stored_reason(yard: Yard) -> None:
    packed, unpacked = yard.packed(1), yard.confirm()
    yard.at("14:45")
    (batch,) = yard.plan()
    reasons = {one.parcel_id: (one.code, one.rides, one.batch_id) for one in yard.memory.all(Decision)}
    assert reasons == {packed[0]: ("MUST_GO", True, batch.id), unpacked: ("NOT_READY", False, "")}
    (held,) = (one for one in yard.memory.all(Decision) if not one.rides)
    assert held.waits_for_wave_id == "hub-sa-pa:2026-02-05T09:30"


def test_picked_and_missed_make_the_manifest(yard: Yard) -> None:
    ids = yard.packed(5)
    (batch,) = yard.plan()
    with pytest.raises(NotAccepted):
        yard.report(batch, ids)
    yard.accept(batch)
    reply = yard.report(batch, ids[:2], ids[2:3])
    assert (reply.parcels_open, reply.parcels_picked, reply.parcels_missed) == (2, 2, 1)
    assert yard.batch(batch.id).state is BatchState.COLLECTING
    with pytest.raises(ParcelsUnreported):
        yard.report(batch, finished=True)
    with pytest.raises(RunNotFinished):
        yard.report(batch, handed_over=True)
    yard.report(batch, ids[3:], finished=True, handed_over=True)
    done = yard.batch(batch.id)
    assert (done.state, done.parcels_picked, done.parcels_missed) == (BatchState.HANDED_OVER, 4, 1)
    assert yard.said(batch.id)[-2:] == ["BatchCollected", "BatchHandedOver"]
    assert yard.last(events.BatchCollected).missed_parcel_ids == (ids[2],)


def test_a_run_that_got_nothing_has_failed(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, missed=ids, finished=True)
    assert yard.batch(batch.id).state is BatchState.FAILED
    with pytest.raises(RunNotFinished):
        yard.report(batch, handed_over=True)


def test_reports_repeat_without_effect_and_no_miss_takes_back_a_pickup(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, ids[:1], ids[1:])
    said = len(yard.memory.said)
    again = yard.report(batch, ids[:1], ids[1:])
    assert [outcome for _, outcome in again.outcomes] == ["repeated", "repeated"]
    against = yard.report(batch, missed=[*ids[:1], "DH0-1"])
    assert [outcome for _, outcome in against.outcomes] == ["conflict", "not_on_run"]
    assert len(yard.memory.said) == said


def test_a_missed_parcel_rides_on_the_next_run_with_attempt_two(yard: Yard) -> None:
    ids = yard.packed(3)
    yard.at("14:45")
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, ids[1:], ids[:1], finished=True, handed_over=True)
    failed = yard.last(events.PickupFailed)
    assert (failed.parcel_id, failed.attempt, failed.reason) == (ids[0], 1, "NOT_READY")
    yard.at("09:30", days=1)
    (second,) = yard.plan()
    assert second.parcel_ids == (ids[0],) and yard.parcel(ids[0]).attempt == 2


def test_a_miss_makes_the_promise_anew_where_it_cannot_be_kept_any_more(yard: Yard) -> None:
    """R91: the buyer hears of it; what another wave still keeps stays as it was."""
    yard.at("09:00")
    early = yard.packed(1)
    yard.at("09:30")
    (morning,) = yard.plan()
    yard.accept(morning)
    yard.report(morning, missed=early, finished=True)
    assert yard.said(early[0])[-1] == "PickupFailed", "there is still the wave of 14:45"
    yard.at("14:45")
    (afternoon,) = yard.plan()
    yard.accept(afternoon)
    yard.at("15:30")
    yard.report(afternoon, missed=early, finished=True)
    yard.report(afternoon, missed=early)
    assert yard.said(early[0])[-2:] == ["PickupFailed", "PromiseMade"]
    fact, parcel = yard.last(events.PromiseMade), yard.parcel(early[0])
    assert (f"{fact.handover_deadline_time:%d}", fact.bound_by) == ("05", "COMMUNE_SCHEDULE")
    assert parcel.promise.handover_deadline_time == fact.handover_deadline_time
    assert f"{parcel.promise.planned_by_time:%d}" == "04", "it rides before others whose promise can still be kept"


def test_a_called_off_parcel_leaves_the_manifest_and_the_partner_is_told(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    before = yard.batch(batch.id).manifest_hash
    yard.do(commands.CancelParcel(parcel_id=ids[0], reason="BUYER_CANCELLED"))
    assert yard.report(batch, ids[:1]).outcomes == ((ids[0], "cancelled"),)
    yard.drop_cancelled()
    after = yard.batch(batch.id)
    assert after.parcel_ids == (ids[1],) and after.manifest_hash != before
    assert told(yard, batch)[-1] == "RunParcelCancelled"
    assert yard.report(batch, ids[:1]).outcomes == ((ids[0], "cancelled"),), "also once it left the manifest"
    yard.report(batch, ids[1:], finished=True)
    assert yard.batch(batch.id).state is BatchState.COLLECTED


def test_a_run_left_without_parcels_is_withdrawn(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.do(commands.CancelParcel(parcel_id=id, reason="BUYER_CANCELLED"))
    yard.drop_cancelled()
    assert yard.batch(batch.id).state is BatchState.WITHDRAWN
    assert yard.tender(batch).state is TenderState.WITHDRAWN
    assert told(yard, batch)[-2:] == ["RunParcelCancelled", "TenderClosed"]
    with pytest.raises(NoLongerYours):
        yard.accept(batch)


def test_facts_and_feed_of_a_batch_are_numbered_apart(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.close_road()
    yard.report(batch, ids, finished=True, handed_over=True)
    for kind in (events.BatchFact, FeedFact):
        facts = [at.fact for at in yard.memory.said if at.aggregate_id == batch.id and isinstance(at.fact, kind)]
        assert [fact.number for fact in facts] == list(range(1, len(facts) + 1)) != []


def test_the_day_of_binh_lu(yard: Yard) -> None:
    """90 parcels before 14:00, 30 after; the pass closes; three are missed and ride with the 30."""
    yard.at("13:30")
    early = [yard.confirm(point=point) for point in ["pp-binh-lu-zone"] * 70 + ["pp-hamlet"] * 20]
    yard.at("14:30")
    yard.ready(*early)
    late = [yard.confirm() for _ in range(30)]
    yard.at("14:45")
    (first,) = yard.plan(take_all=False)
    assert (len(first.parcel_ids), first.hub_id) == (90, "hub-sa-pa")
    yard.accept(first)
    yard.at("15:00")
    yard.close_road(hours=36)
    yard.at("16:00")
    yard.report(first, early[3:], early[:3], finished=True, handed_over=True)
    yard.at("08:45", days=1)
    yard.ready(*late)
    yard.at("09:30", days=1)
    (second,) = yard.plan(take_all=False)
    assert sorted(second.parcel_ids) == sorted([*late, *early[:3]])
    yard.accept(second)
    yard.report(second, second.parcel_ids, finished=True, handed_over=True)
    runs = [yard.batch(first.id), yard.batch(second.id)]
    assert [(run.parcels_picked, run.parcels_missed, run.hub_id) for run in runs] == [
        (87, 3, "hub-lai-chau"),
        (33, 0, "hub-lai-chau"),
    ]
    picked = [fact for fact in yard.memory.facts if isinstance(fact, events.ParcelPickedUp)]
    kept = [f for f in picked if f.pickup_time <= yard.parcel(f.parcel_id).promise.planned_by_time]
    assert (len(picked), len(kept)) == (120, 117)
