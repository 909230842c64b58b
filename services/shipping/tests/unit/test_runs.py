"""Pickup batches: waves, tenders, reports from the gates, closures; and what partners are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from chassis.kernel import Invalid, NotFound
from shipping.app import commands
from shipping.domain import events
from shipping.domain.batch import BatchState
from shipping.domain.errors import NoLongerYours, NotAccepted, ParcelsUnreported, PlanOutdated, RunNotFinished
from shipping.domain.parcel import ParcelState
from shipping.domain.tender import Tender, TenderState
from shipping.domain.wave import Decision

Yard = Any


def feed(yard: Yard, batch: Any) -> list[str]:
    facts = [at.fact for at in yard.memory.said if at.aggregate_id == batch.id]
    return [type(fact).__name__ for fact in facts if isinstance(fact, events.FeedFact)]


def test_a_wave_closes_a_run_and_offers_it_to_the_partner_that_collects(yard: Yard) -> None:
    ids = yard.packed(3) + yard.packed(2, "pp-hamlet")
    yard.at("14:45")
    (batch,) = yard.plan()
    assert (batch.state, batch.hub_id, batch.partner_id) == (BatchState.TENDERED, "hub-sa-pa", "partner-a")
    assert batch.id.startswith("PB260204-") and len(batch.id) == 17
    assert sorted(batch.parcel_ids) == sorted(ids) and len(batch.stops) == 2
    assert yard.said(batch.id) == ["BatchClosed", "BatchTendered", "TenderOffered"]
    assert yard.tender(batch).answer_deadline_time == yard.now + timedelta(minutes=15)
    assert [parcel.parcel_id for parcel in yard.last(events.TenderOffered).parcels] == list(batch.parcel_ids)


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


def test_every_parcel_of_a_wave_has_a_stored_reason(yard: Yard) -> None:
    packed, unpacked = yard.packed(1), yard.confirm()
    yard.at("14:45")
    (batch,) = yard.plan()
    reasons = {one.parcel_id: (one.code, one.rides, one.batch_id) for one in yard.memory.all(Decision)}
    assert reasons == {packed[0]: ("MUST_GO", True, batch.id), unpacked: ("NOT_READY", False, "")}
    (held,) = (one for one in yard.memory.all(Decision) if not one.rides)
    assert held.waits_for_wave_id == "hub-sa-pa:2026-02-05T09:30"


def test_a_batch_without_another_partner_is_open_after_silence_and_planned_anew(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    late = yard.tender(batch)
    yard.later(minutes=16)
    yard.expire()
    assert yard.batch(batch.id).state is BatchState.OPEN
    assert yard.said(batch.id)[-2:] == ["TenderExpired", "TenderClosed"]
    with pytest.raises(NoLongerYours):
        yard.do(
            commands.AcceptTender(tender_id=late.id, batch_id=batch.id, partner_id="partner-a", refused_parcel_ids=())
        )
    yard.twice(commands.WithdrawBatch(batch_id=batch.id, parcel_ids=(id,)))
    (again,) = yard.plan()
    assert again.parcel_ids == (id,) and yard.batch(batch.id).state is BatchState.WITHDRAWN


def test_after_silence_the_next_partner_is_asked_and_the_first_is_late(yard: Yard) -> None:
    yard.two_collectors()
    yard.packed(1)
    (batch,) = yard.plan()
    first = yard.tender(batch)
    yard.later(minutes=16)
    yard.expire()
    second = yard.tender(batch)
    assert (first.partner_id, second.partner_id, second.state) == ("partner-a", "partner-c", TenderState.OFFERED)
    with pytest.raises(NoLongerYours):
        yard.do(
            commands.AcceptTender(tender_id=first.id, batch_id=batch.id, partner_id="partner-a", refused_parcel_ids=())
        )
    yard.accept(batch, "partner-c")
    assert yard.batch(batch.id).partner_id == "partner-c"
    assert sum(t.state is TenderState.ACCEPTED for t in yard.memory.all(Tender)) == 1


def test_a_decline_asks_the_next_partner_at_once(yard: Yard) -> None:
    yard.two_collectors()
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.twice(
        commands.DeclineTender(
            tender_id=yard.tender(batch).id,
            batch_id=batch.id,
            partner_id="partner-a",
            reason="NO_DRIVER",
            parcel_ids=(id,),
            next_tender_id="TD-next",
        )
    )
    assert yard.tender(batch).partner_id == "partner-c"
    assert yard.said(batch.id)[-4:] == ["BatchDeclined", "TenderClosed", "BatchTendered", "TenderOffered"]


def test_accepting_twice_alike_changes_nothing(yard: Yard) -> None:
    yard.packed(1)
    (batch,) = yard.plan()
    first = yard.accept(batch).reply
    yard.later(hours=1)
    again = yard.accept(batch).reply
    assert again.manifest_hash == first.manifest_hash
    assert yard.said(batch.id).count("BatchAccepted") == 1 and feed(yard, batch)[-1] == "RunAwarded"


def test_a_partner_sees_no_tender_of_another(yard: Yard) -> None:
    yard.packed(1)
    (batch,) = yard.plan()
    with pytest.raises(NotFound):
        yard.accept(batch, "partner-b")


def test_a_run_accepted_in_part_frees_what_was_refused(yard: Yard) -> None:
    ids = yard.packed(3)
    (batch,) = yard.plan()
    before = batch.manifest_hash
    yard.accept(batch, refused=ids[:1])
    accepted = yard.batch(batch.id)
    assert set(accepted.parcel_ids) == set(ids[1:]) and accepted.manifest_hash != before
    yard.later(minutes=1)
    (second,) = yard.plan()
    assert second.parcel_ids == (ids[0],)


def test_refusing_everything_or_strangers_is_no_acceptance(yard: Yard) -> None:
    ids = yard.packed(1)
    (batch,) = yard.plan()
    for refused in (ids, ["DH0-1"]):
        with pytest.raises(Invalid):
            yard.accept(batch, refused=refused)
    assert yard.batch(batch.id).state is BatchState.TENDERED


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


def test_reports_repeat_without_effect_and_the_first_one_stays(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, ids[:1], ids[1:])
    said = len(yard.memory.said)
    again = yard.report(batch, ids[:1], ids[1:])
    assert [outcome for _, outcome in again.outcomes] == ["repeated", "repeated"]
    against = yard.report(batch, ids[1:], [*ids[:1], "DH0-1"])
    assert [outcome for _, outcome in against.outcomes] == ["conflict", "conflict", "not_on_run"]
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
    assert feed(yard, batch)[-1] == "RunParcelCancelled"
    yard.report(batch, ids[1:], finished=True)
    assert yard.batch(batch.id).state is BatchState.COLLECTED


def test_a_run_left_without_parcels_is_withdrawn(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.do(commands.CancelParcel(parcel_id=id, reason="BUYER_CANCELLED"))
    yard.drop_cancelled()
    assert yard.batch(batch.id).state is BatchState.WITHDRAWN
    assert yard.tender(batch).state is TenderState.WITHDRAWN
    assert feed(yard, batch)[-2:] == ["RunParcelCancelled", "TenderClosed"]
    with pytest.raises(NoLongerYours):
        yard.accept(batch)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_closed_road_moves_the_runs_that_use_it_and_no_others(yard: Yard, accepted: bool) -> None:
    yard.packed(3)
    yard.packed(2, "pp-ban-bo")
    yard.at("14:45")
    (binh_lu,), (ban_bo,) = yard.plan("hub-sa-pa"), yard.plan("hub-lai-chau")
    if accepted:
        yard.accept(binh_lu)
    yard.at("15:00")
    closure = yard.close_road()
    moved, stayed = yard.batch(binh_lu.id), yard.batch(ban_bo.id)
    assert (moved.hub_id, moved.road_id, moved.closure_id) == ("hub-lai-chau", "", closure)
    assert moved.manifest_hash != binh_lu.manifest_hash and moved.return_time > moved.last_stop.leave_time
    assert stayed == ban_bo
    fact = yard.last(events.BatchMoved)
    assert (fact.batch_id, fact.closure_id, fact.from_hub_id) == (binh_lu.id, closure, "hub-sa-pa")
    assert feed(yard, binh_lu)[-1] == "RunMoved" and "RunMoved" not in feed(yard, ban_bo)


def test_a_handed_over_run_stays_where_it_was(yard: Yard) -> None:
    ids = yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, ids, finished=True, handed_over=True)
    yard.close_road()
    assert yard.batch(batch.id).hub_id == "hub-sa-pa"


def test_a_closure_that_ends_before_the_run_or_begins_after_it_moves_nothing(yard: Yard) -> None:
    yard.packed(1)
    yard.at("14:45")
    (batch,) = yard.plan()
    yard.close_road(hours=0.4)
    yard.close_road(from_time=batch.return_time + timedelta(minutes=1), to_time=batch.return_time + timedelta(hours=9))
    assert yard.batch(batch.id).hub_id == "hub-sa-pa"
    yard.close_road(from_time=batch.return_time, to_time=batch.return_time + timedelta(hours=9))
    assert yard.batch(batch.id).hub_id == "hub-lai-chau"


def test_new_waves_avoid_a_closed_road(yard: Yard) -> None:
    yard.close_road()
    yard.packed(1)
    (batch,) = yard.plan()
    assert (batch.hub_id, batch.closure_id) == ("hub-lai-chau", "")


def test_nothing_is_collected_in_a_closed_commune(yard: Yard) -> None:
    yard.close_road(road_id="", commune_code="03390")
    (id,) = yard.packed(1)
    assert yard.plan() == []
    assert [one.code for one in yard.memory.all(Decision)] == ["NO_REACHABLE_HUB"]
    assert yard.parcel(id).state is ParcelState.READY


def test_facts_and_feed_of_a_batch_are_numbered_apart(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.close_road()
    yard.report(batch, ids, finished=True, handed_over=True)
    for kind in (events.BatchFact, events.FeedFact):
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
    kept = [f for f in picked if f.pickup_time <= yard.parcel(f.parcel_id).promise.handover_deadline_time]
    assert (len(picked), len(kept)) == (120, 117)
