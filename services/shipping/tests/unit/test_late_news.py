"""News that comes late or against other news: goods taken before a cancel, misses that were none, ends out of order."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from shipping.app import commands
from shipping.domain import events
from shipping.domain.batch import BatchState
from shipping.domain.line import LineState
from shipping.domain.parcel_steps import ParcelState, ScanKind
from shipping.domain.scan import Scan, ScanOutcome

Yard = Any

ENDS = (ScanKind.LOST, ScanKind.RETURNED, ScanKind.DELIVERED)


def taken(yard: Yard, number: int = 2) -> tuple[Any, list[str]]:
    """A run that was accepted for the afternoon, and its parcels."""
    ids = yard.packed(number)
    yard.at("14:45")
    (batch,) = yard.plan()
    yard.accept(batch)
    return batch, ids


def call_off(yard: Yard, id: str) -> None:
    order_id = yard.parcel(id).order_id
    yard.do(commands.CancelParcels(order_id=order_id, parcel_ids=(id,), reason="BUYER_CANCELLED"))


def scan(yard: Yard, id: str, kind: ScanKind, scan_id: str = "s1", *, batch: Any = None, **changes: Any) -> Any:
    changes = {"batch_id": batch.id, **changes} if batch else changes
    return yard.do(yard.scan_command(id, kind, changes.pop("at", yard.now), scan_id, **changes)).reply


@pytest.mark.parametrize("dropped", [True, False])
@pytest.mark.parametrize("number", [1, 2])
def test_what_was_taken_before_the_cancel_is_followed_with_its_cash(yard: Yard, number: int, dropped: bool) -> None:
    """Offline at 15:10, called off at 15:30, reported at 16:00; also where the run was withdrawn over it."""
    batch, ids = taken(yard, number)
    yard.at("15:10")
    at = yard.now
    yard.at("15:30")
    call_off(yard, ids[0])
    if dropped:
        yard.drop_cancelled()
    yard.at("16:00")
    assert yard.report(batch, ids, finished=True, at=at).outcomes == tuple((id, "applied") for id in ids)
    assert yard.report(batch, ids[:1]).outcomes == ((ids[0], "repeated"),)
    parcel = yard.parcel(ids[0])
    assert (parcel.state, parcel.return_wanted, parcel.partner_id) == (ParcelState.PICKED_UP, True, "partner-a")
    assert yard.said(ids[0])[-2:] == ["ParcelCancelled", "ParcelPickedUp"]
    assert [step.kind for step in parcel.history][-2:] == ["ParcelPickedUp", "ParcelCancelled"]
    assert yard.line(batch, ids[0]).state is LineState.PICKED
    assert scan(yard, ids[0], ScanKind.DELIVERED) is ScanOutcome.APPLIED
    assert yard.last(events.ParcelDelivered).cod_collected_vnd == 50_000


def test_a_withdrawn_run_stays_withdrawn_whatever_is_reported(yard: Yard) -> None:
    batch, ids = taken(yard, 1)
    at = yard.now
    yard.at("15:30")
    call_off(yard, ids[0])
    yard.drop_cancelled()
    reply = yard.report(batch, ids, finished=True, handed_over=True, at=at)
    assert (reply.outcomes, reply.parcels_picked) == (((ids[0], "applied"),), 0), "its manifest is empty"
    assert yard.batch(batch.id).state is BatchState.WITHDRAWN
    assert yard.parcel(ids[0]).state is ParcelState.PICKED_UP


def test_what_is_scanned_at_the_gate_after_the_cancel_may_be_left_there(yard: Yard) -> None:
    """The answer says so; only a scan on the way proves that it was taken all the same."""
    batch, ids = taken(yard)
    call_off(yard, ids[0])
    yard.drop_cancelled()
    yard.later(minutes=10)
    assert yard.report(batch, ids[:1]).outcomes == ((ids[0], "cancelled"),)
    assert yard.parcel(ids[0]).state is ParcelState.CANCELLED
    assert scan(yard, ids[0], ScanKind.IN_TRANSIT, batch=batch) is ScanOutcome.APPLIED
    assert yard.report(batch, ids[:1]).outcomes == ((ids[0], "applied"),)
    assert scan(yard, ids[0], ScanKind.RETURNED, "s2") is ScanOutcome.APPLIED
    assert yard.last(events.ParcelReturned).reason == "CANCELLED"
    assert yard.parcel(ids[0]).state is ParcelState.RETURNED


def test_a_delivery_of_a_cancelled_parcel_says_its_cash(yard: Yard) -> None:
    batch, ids = taken(yard)
    call_off(yard, ids[0])
    assert scan(yard, ids[0], ScanKind.DELIVERED, batch=batch) is ScanOutcome.APPLIED
    assert yard.said(ids[0])[-2:] == ["ParcelCancelled", "ParcelDelivered"]
    assert yard.last(events.ParcelDelivered).cod_collected_vnd == 50_000
    assert yard.parcel(ids[0]).return_wanted


def test_a_partner_that_never_took_the_run_has_nothing_of_it(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    call_off(yard, id)
    yard.drop_cancelled()
    assert yard.batch(batch.id).state is BatchState.WITHDRAWN
    assert scan(yard, id, ScanKind.DELIVERED, batch=batch) is ScanOutcome.UNKNOWN_PARCEL


def test_a_miss_is_corrected_by_a_pickup(yard: Yard) -> None:
    batch, ids = taken(yard)
    yard.report(batch, ids[1:], ids[:1])
    yard.later(minutes=10)
    reply = yard.report(batch, ids[:1], finished=True)
    assert (reply.outcomes, reply.parcels_picked, reply.parcels_missed) == (((ids[0], "applied"),), 2, 0)
    assert yard.batch(batch.id).state is BatchState.COLLECTED
    assert yard.parcel(ids[0]).state is ParcelState.PICKED_UP and yard.line(batch, ids[0]).reason == ""
    assert scan(yard, ids[0], ScanKind.DELIVERED) is ScanOutcome.APPLIED
    yard.later(minutes=1)
    assert yard.plan() == []


@pytest.mark.parametrize(("missed", "state"), [(1, BatchState.COLLECTED), (2, BatchState.PART_COLLECTED)])
def test_a_finished_run_is_counted_anew(yard: Yard, missed: int, state: BatchState) -> None:
    batch, ids = taken(yard)
    yard.report(batch, ids[missed:], ids[:missed], finished=True)
    yard.report(batch, ids[:1])
    assert yard.batch(batch.id).state is state
    assert yard.last(events.BatchCollected).missed_parcel_ids == tuple(ids[1:missed])
    yard.report(batch, handed_over=True)
    assert yard.batch(batch.id).state is BatchState.HANDED_OVER


def test_how_a_run_ended_is_not_said_again_once_the_hub_has_it(yard: Yard) -> None:
    batch, ids = taken(yard)
    yard.report(batch, ids[1:], ids[:1], finished=True, handed_over=True)
    reply = yard.report(batch, ids[:1])
    assert (reply.outcomes, reply.parcels_picked, reply.parcels_missed) == (((ids[0], "applied"),), 2, 0)
    assert yard.said(batch.id)[-1] == "BatchHandedOver" and yard.parcel(ids[0]).state is ParcelState.PICKED_UP


def test_a_corrected_miss_leaves_the_run_it_was_planned_on_anew(yard: Yard) -> None:
    first, ids = taken(yard)
    yard.report(first, missed=ids, finished=True)
    yard.later(minutes=10)
    (second,) = yard.plan()
    yard.report(first, ids[:1])
    yard.drop_cancelled()
    assert yard.batch(second.id).parcel_ids == (ids[1],)
    yard.accept(second)
    yard.report(second, ids[1:], finished=True)
    assert yard.report(first, ids[1:]).outcomes == ((ids[1], "cancelled"),), "the second run has it"


def test_a_scan_shows_that_a_missed_parcel_was_taken(yard: Yard) -> None:
    batch, ids = taken(yard)
    yard.report(batch, ids[1:], ids[:1], finished=True)
    assert scan(yard, ids[0], ScanKind.OUT_FOR_DELIVERY, batch=batch) is ScanOutcome.APPLIED
    yard.report(batch, ids[:1])
    assert yard.batch(batch.id).state is BatchState.COLLECTED
    assert yard.parcel(ids[0]).state is ParcelState.OUT_FOR_DELIVERY


@pytest.mark.parametrize("order", list(itertools.permutations(ENDS)))
@pytest.mark.parametrize("days", [(1, 2, 3), (3, 1, 2)])
def test_the_end_does_not_depend_on_which_scan_comes_first(yard: Yard, order: Any, days: Any) -> None:
    """Who delivered it knows more than who lost it; the cash is said once, whatever was said before."""
    batch, (id,) = taken(yard, 1)
    yard.report(batch, [id], finished=True, handed_over=True)
    start = yard.now
    times = {kind: start + timedelta(days=day) for kind, day in zip(ENDS, days, strict=True)}
    yard.later(days=4)
    for kind in order:
        scan(yard, id, kind, f"s-{kind}", at=times[kind])
    assert yard.parcel(id).state is ParcelState.DELIVERED
    assert yard.said(id).count("ParcelDelivered") == 1
    assert yard.last(events.ParcelDelivered).cod_collected_vnd == 50_000
    assert [step.scan_id for step in yard.parcel(id).history if step.scan_id] == [
        f"s-{kind}" for kind in sorted(ENDS, key=times.__getitem__)
    ]


def test_a_lost_parcel_does_not_move_on_but_may_come_back(yard: Yard) -> None:
    batch, (id,) = taken(yard, 1)
    yard.report(batch, [id], finished=True, handed_over=True)
    assert scan(yard, id, ScanKind.LOST) is ScanOutcome.APPLIED
    yard.later(hours=1)
    assert scan(yard, id, ScanKind.IN_TRANSIT, "s2") is ScanOutcome.OLD_NEWS
    assert scan(yard, id, ScanKind.RETURNED, "s3") is ScanOutcome.APPLIED
    assert yard.said(id)[-2:] == ["ParcelLost", "ParcelReturned"]


@pytest.mark.parametrize("wrong", [timedelta(days=365), timedelta(minutes=6), timedelta(days=-9999)])
def test_times_that_cannot_be_are_ours(yard: Yard, wrong: timedelta) -> None:
    batch, (id,) = taken(yard, 1)
    yard.later(minutes=30)
    yard.report(batch, [id], finished=True, at=yard.now + wrong)
    assert yard.last(events.ParcelPickedUp).pickup_time == yard.line(batch, id).report_time == yard.now
    yard.report(batch, handed_over=True, at=yard.now + wrong)
    assert yard.last(events.BatchHandedOver).handover_time == yard.now
    assert scan(yard, id, ScanKind.OUT_FOR_DELIVERY, at=yard.now + wrong) is ScanOutcome.APPLIED
    yard.later(hours=1)
    assert scan(yard, id, ScanKind.DELIVERED, "s2", at=yard.now + wrong) is ScanOutcome.APPLIED
    assert yard.last(events.ParcelDelivered).deliver_time == yard.now
    assert {one.scan_time for one in yard.memory.all(Scan)} == {
        yard.now + wrong,
        yard.now - timedelta(hours=1) + wrong,
    }, "kept as it came"


def test_clocks_may_differ_a_little(yard: Yard) -> None:
    batch, (id,) = taken(yard, 1)
    ahead = yard.now + timedelta(minutes=5)
    yard.report(batch, [id], at=ahead)
    assert yard.last(events.ParcelPickedUp).pickup_time == ahead
