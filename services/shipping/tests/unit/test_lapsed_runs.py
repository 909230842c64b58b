"""Runs that a partner took and never reported: their parcels come back, and late news is still believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from shipping.domain import events
from shipping.domain.batch import BatchState
from shipping.domain.errors import RunNotFinished
from shipping.domain.line import LineState
from shipping.domain.parcel_steps import ParcelState, ScanKind
from shipping.domain.scan import ScanOutcome

Yard = Any


def lapsed(yard: Yard, number: int = 2) -> tuple[Any, list[str]]:
    """A run that was accepted in the afternoon and not heard of until the next morning, and its parcels."""
    ids = yard.packed(number)
    yard.at("14:45")
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.at("09:20", days=1)
    yard.lapse()
    return yard.batch(batch.id), ids


def scan(yard: Yard, parcel_id: str, batch: Any, kind: ScanKind = ScanKind.IN_TRANSIT, scan_id: str = "s1") -> Any:
    return yard.do(yard.scan_command(parcel_id, kind, yard.now, scan_id, batch_id=batch.id)).reply


def test_a_run_that_nobody_reported_gives_its_parcels_back_and_names_the_partner(yard: Yard) -> None:
    batch, ids = lapsed(yard)
    assert (batch.state, batch.parcels_missed) == (BatchState.FAILED, 2)
    fact = yard.last(events.BatchLapsed)
    assert (fact.partner_id, set(fact.parcel_ids)) == ("partner-a", set(ids))
    assert yard.said(batch.id)[-3:] == ["BatchLapsed", "RunParcelCancelled", "RunParcelCancelled"]
    assert yard.said(ids[0])[-1] == "PromiseMade", "the buyer hears that it comes later"
    assert yard.parcel(ids[0]).attempt == 1, "nobody missed it"
    yard.later(minutes=10)
    (again,) = yard.plan()
    assert set(again.parcel_ids) == set(ids)


def test_a_run_is_waited_for_until_its_grace_is_over(yard: Yard) -> None:
    yard.packed(1)
    (batch,) = yard.plan()
    yard.lapse(batch.return_time + timedelta(hours=1))
    assert yard.batch(batch.id).state is BatchState.TENDERED, "nobody took it; that is the tender's matter"
    yard.accept(batch)
    yard.lapse(batch.return_time)
    assert yard.batch(batch.id).state is BatchState.ACCEPTED


def test_what_was_reported_or_scanned_stays_with_the_courier(yard: Yard) -> None:
    ids = yard.packed(3)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, ids[:1])
    scan(yard, ids[1], batch)
    yard.later(hours=20)
    yard.lapse()
    assert [yard.line(batch, id).state for id in ids] == [LineState.PICKED, LineState.PLANNED, LineState.LAPSED]
    assert yard.batch(batch.id).state is BatchState.COLLECTING
    yard.report(batch, ids[1:2], finished=True, handed_over=True)
    assert (yard.batch(batch.id).parcels_picked, yard.batch(batch.id).parcels_missed) == (2, 1)
    assert set(yard.last(events.BatchCollected).missed_parcel_ids) == {ids[2]}


def test_a_late_report_counts_where_no_other_run_has_the_parcel(yard: Yard) -> None:
    batch, ids = lapsed(yard)
    reply = yard.report(batch, ids[:1], ids[1:], finished=True, handed_over=True)
    assert reply.outcomes == ((ids[0], "applied"), (ids[1], "conflict"))
    assert yard.batch(batch.id).state is BatchState.HANDED_OVER
    assert [yard.parcel(id).state for id in ids] == [ParcelState.PICKED_UP, ParcelState.READY]
    assert yard.report(batch, ids[:1]).outcomes == ((ids[0], "repeated"),)


def test_a_late_report_of_nothing_picked_leaves_the_run_failed(yard: Yard) -> None:
    batch, ids = lapsed(yard)
    assert [outcome for _, outcome in yard.report(batch, missed=ids, finished=True).outcomes] == ["conflict"] * 2
    assert yard.batch(batch.id).state is BatchState.FAILED
    with pytest.raises(RunNotFinished):
        yard.report(batch, handed_over=True)


def test_a_parcel_that_was_collected_late_leaves_the_run_it_was_planned_on_anew(yard: Yard) -> None:
    first, ids = lapsed(yard)
    yard.later(minutes=10)
    (second,) = yard.plan()
    assert scan(yard, ids[0], first) is ScanOutcome.APPLIED
    yard.report(first, ids[1:])
    assert {yard.parcel(id).batch_id for id in ids} == {first.id}
    yard.accept(second)
    assert yard.report(second, ids[:1]).outcomes == ((ids[0], "cancelled"),)
    yard.drop_cancelled()
    assert yard.batch(second.id).state is BatchState.WITHDRAWN
    assert {yard.line(second, id).reason for id in ids} == {"COLLECTED_BEFORE"}


def test_a_late_report_does_not_take_a_parcel_from_the_run_that_has_it(yard: Yard) -> None:
    first, ids = lapsed(yard)
    yard.later(minutes=10)
    (second,) = yard.plan()
    yard.accept(second)
    yard.report(second, ids, finished=True)
    assert {outcome for _, outcome in yard.report(first, ids).outcomes} == {"cancelled"}
    assert {yard.parcel(id).batch_id for id in ids} == {second.id}
    assert yard.said(ids[0]).count("ParcelPickedUp") == 1
