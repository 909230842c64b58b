"""Tenders: next partner, silence, lateness, acceptance in part; and closures that move runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from chassis.kernel import Invalid, NotFound
from shipping.app import commands
from shipping.domain import events
from shipping.domain.batch import BatchState
from shipping.domain.errors import NoLongerYours, PlanOutdated
from shipping.domain.feed import FeedFact
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.tender import Tender, TenderState
from shipping.domain.wave import Decision

Yard = Any


def told(yard: Yard, batch: Any) -> list[str]:
    facts = [at.fact for at in yard.memory.said if at.aggregate_id == batch.id]
    return [type(fact).__name__ for fact in facts if isinstance(fact, FeedFact)]


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
            commands.AcceptTender(
                tender_id=late.id, batch_id=batch.id, partner_id="partner-a", parcel_ids=(), refused_parcel_ids=()
            )
        )
    plan = yard.plan_command(take_all=True)
    yard.twice(plan)
    assert plan.batches[0].parcel_ids == (id,) and yard.batch(batch.id).state is BatchState.WITHDRAWN
    assert (yard.line(batch, id).live, yard.line(plan.batches[0], id).live) == (False, True)


def test_a_plan_over_a_run_that_another_plan_freed_is_outdated(yard: Yard) -> None:
    yard.packed(1)
    yard.plan()
    yard.later(minutes=16)
    yard.expire()
    late = replace(yard.plan_command(take_all=True), wave_id="late")
    yard.plan()
    with pytest.raises(PlanOutdated):
        yard.do(late)


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
            commands.AcceptTender(
                tender_id=first.id, batch_id=batch.id, partner_id="partner-a", parcel_ids=(), refused_parcel_ids=()
            )
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


def test_a_withdrawn_run_is_not_offered_to_the_next_by_a_late_decline(yard: Yard) -> None:
    """It lost its last parcel while it was offered, seen by a job that did not know of the tender yet."""
    yard.two_collectors()
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.do(commands.CancelParcel(parcel_id=id, reason="BUYER_CANCELLED"))
    yard.do(commands.DropParcels(batch_id=batch.id, tender_id="", parcel_ids=(id,)))
    with pytest.raises(NoLongerYours):
        yard.do(
            commands.DeclineTender(
                tender_id=batch.tender_id,
                batch_id=batch.id,
                partner_id=batch.partner_id,
                reason="NO_DRIVER",
                parcel_ids=(),
                next_tender_id="TD-next",
            )
        )
    assert yard.batch(batch.id).state is BatchState.WITHDRAWN


def test_accepting_twice_alike_changes_nothing(yard: Yard) -> None:
    yard.packed(1)
    (batch,) = yard.plan()
    first = yard.accept(batch).reply
    yard.later(hours=1)
    again = yard.accept(batch).reply
    assert again.manifest_hash == first.manifest_hash
    assert yard.said(batch.id).count("BatchAccepted") == 1 and told(yard, batch)[-1] == "RunAwarded"


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


def test_refusing_what_was_called_off_meanwhile_does_not_spoil_an_acceptance(yard: Yard) -> None:
    ids = yard.packed(3)
    (batch,) = yard.plan()
    yard.do(commands.CancelParcel(parcel_id=ids[0], reason="BUYER_CANCELLED"))
    yard.drop_cancelled()
    for _ in range(2):
        assert yard.accept(batch, refused=ids[:2]).reply.parcel_ids == (ids[2],)
    assert yard.last(events.BatchAccepted).refused_parcel_ids == (ids[1],)


def test_accepting_again_must_refuse_the_same(yard: Yard) -> None:
    ids = yard.packed(3)
    (batch,) = yard.plan()
    yard.accept(batch, refused=ids[:1])
    assert yard.accept(batch, refused=ids[:1]).reply == yard.batch(batch.id)
    for other in ([], ids[:2], ids[1:2]):
        with pytest.raises(Invalid, match="refused_parcel_ids"):
            yard.accept(batch, refused=other)


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
    assert told(yard, binh_lu)[-1] == "RunMoved" and "RunMoved" not in told(yard, ban_bo)


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
