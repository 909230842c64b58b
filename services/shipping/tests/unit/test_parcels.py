"""Parcels from the confirmed order to a final state: lateness, repetition and undoing at every step."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from shipping.app import commands
from shipping.domain import events
from shipping.domain.errors import NotYourParcel, ParcelOnHold
from shipping.domain.goods import Handling, Place, Size
from shipping.domain.line import Line
from shipping.domain.parcel import STEPS_MAX
from shipping.domain.parcel_steps import ParcelState, ScanKind
from shipping.domain.scan import Scan, ScanOutcome

Yard = Any


def test_a_confirmed_order_makes_a_parcel_with_a_promise(yard: Yard) -> None:
    id = yard.confirm("DH1")
    assert yard.said(id) == ["ParcelCreated", "PromiseMade"]
    created = yard.last(events.ParcelCreated)
    assert (created.order_id, created.cod_vnd, created.origin.commune_code) == ("DH1", 50_000, "03390")
    assert yard.parcel(id).state is ParcelState.CREATED


def test_each_part_is_accepted_or_refused_apart(yard: Yard, make_shipment: Any) -> None:
    parts = (
        ("DH1-1", make_shipment("DH1", size=Size(30_000, 60, 60, 10))),
        ("DH1-2", make_shipment("DH1", "pp-ban-bo")),
        ("DH1-3", make_shipment("DH1", handling=(Handling.HOT_MEAL,))),
    )
    yard.twice(commands.CreateParcels(order_id="DH1", parts=parts))
    assert yard.said("DH1-1") == ["ParcelRefused"] and yard.parcel("DH1-1").reason == "OVER_PARTNER_LIMITS"
    assert yard.said("DH1-2") == ["ParcelCreated", "PromiseMade"]
    assert yard.said("DH1-3") == ["ParcelRefused"]


def test_a_parcel_waits_for_a_pickup_point_that_is_not_known_yet(bare_yard: Yard) -> None:
    id = bare_yard.confirm("DH1")
    assert bare_yard.parcel(id).state is ParcelState.WAITING and bare_yard.said(id) == []
    resume = commands.ResumeParcel(parcel_id=id, pickup_point_id="pp-binh-lu-zone")
    bare_yard.twice(resume)
    assert bare_yard.parcel(id).state is ParcelState.WAITING
    bare_yard.points("pp-binh-lu-zone")
    bare_yard.later(minutes=5)
    bare_yard.twice(resume)
    assert bare_yard.said(id) == ["ParcelCreated", "PromiseMade"]


def test_a_parcel_waits_no_longer_than_orders_does(bare_yard: Yard) -> None:
    id = bare_yard.confirm("DH1")
    bare_yard.later(minutes=31)
    bare_yard.twice(commands.ResumeParcel(parcel_id=id, pickup_point_id="pp-binh-lu-zone"))
    assert bare_yard.parcel(id).reason == "UNKNOWN_PICKUP_POINT" and bare_yard.said(id) == ["ParcelRefused"]


def test_a_gate_stated_by_an_old_code_is_not_taken_for_todays_commune(bare_yard: Yard, make_gate: Any) -> None:
    """R80: 03390 was Tam Đường town until 30 June 2025 and is Bình Lư commune since."""
    old = make_gate("pp-hamlet", place=Place("03390", "2025-06-30", "Bản Thẳm"))
    bare_yard.do(commands.StatePickupPoint(pickup_point_id="pp-hamlet", gate=old))
    bare_yard.confirm(point="pp-hamlet")
    assert bare_yard.last(events.ParcelRefused).reason == "UNKNOWN_COMMUNE"


def test_a_parcel_packed_while_it_waits_is_ready_once_it_exists(bare_yard: Yard) -> None:
    id = bare_yard.confirm("DH1")
    bare_yard.ready(id)
    bare_yard.points("pp-binh-lu-zone")
    bare_yard.twice(commands.ResumeParcel(parcel_id=id, pickup_point_id="pp-binh-lu-zone"))
    assert bare_yard.said(id) == ["ParcelCreated", "PromiseMade", "ParcelReady"]


def test_marking_ready_twice_keeps_the_first_time(yard: Yard) -> None:
    id = yard.confirm("DH1")
    first = yard.now
    yard.ready(id)
    yard.later(minutes=10)
    reply = yard.do(commands.MarkReady(parcel_id=id, seller_id="seller-1", by_operator=False)).reply
    assert reply == first and yard.said(id).count("ParcelReady") == 1


def test_only_its_own_seller_marks_a_parcel_ready(yard: Yard) -> None:
    id = yard.confirm("DH1")
    with pytest.raises(NotYourParcel):
        yard.do(commands.MarkReady(parcel_id=id, seller_id="seller-2", by_operator=False))
    yard.do(commands.MarkReady(parcel_id=id, seller_id="", by_operator=False))
    assert yard.parcel(id).state is ParcelState.READY


def test_the_third_miss_waits_for_an_operator(yard: Yard) -> None:
    (id,) = yard.packed(1)
    for day in range(3):
        yard.at("14:45", days=day)
        (batch,) = yard.plan()
        yard.accept(batch)
        yard.report(batch, missed=[id], finished=True)
    assert yard.parcel(id).state is ParcelState.ON_HOLD and yard.parcel(id).attempt == 4
    assert yard.last(events.PickupFailed).attempt == 3
    yard.at("14:45", days=5)
    assert yard.plan() == []
    with pytest.raises(ParcelOnHold):
        yard.ready(id)
    yard.do(commands.MarkReady(parcel_id=id, seller_id="", by_operator=True))
    yard.later(minutes=1)
    assert len(yard.plan()) == 1


def test_a_seller_who_gives_up_at_the_gate_cancels_the_parcel(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, missed=[id], reason="SELLER_CANCELLED", finished=True)
    assert yard.said(id)[-2:] == ["PickupFailed", "ParcelCancelled"]


def test_a_pickup_point_that_moves_keeps_the_old_gate_for_older_parcels(yard: Yard, make_gate: Any) -> None:
    old = yard.packed(1)
    yard.later(minutes=1)
    moved = make_gate("pp-binh-lu-zone", effective_time=yard.now, latitude=22.30)
    yard.twice(commands.StatePickupPoint(pickup_point_id="pp-binh-lu-zone", gate=moved))
    yard.later(minutes=1)
    new = yard.packed(1)
    (batch,) = yard.plan()
    latitudes = {stop.parcel_ids: stop.latitude for stop in batch.stops}
    assert latitudes == {tuple(old): 22.3560, tuple(new): 22.30}


def life(yard: Yard, id: str) -> list[Any]:
    """A full life of scans with one failed delivery, told once it is over."""
    kinds = [
        ScanKind.IN_TRANSIT,
        ScanKind.OUT_FOR_DELIVERY,
        ScanKind.DELIVERY_FAILED,
        ScanKind.OUT_FOR_DELIVERY,
        ScanKind.DELIVERED,
    ]
    times = [yard.now + timedelta(hours=number) for number in range(len(kinds))]
    yard.later(hours=len(kinds))
    return [
        yard.scan_command(id, kind, time, f"scan-{number}")
        for number, (kind, time) in enumerate(zip(kinds, times, strict=True))
    ]


def collected(yard: Yard) -> str:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, [id], finished=True, handed_over=True)
    return str(id)


def test_scans_in_order_say_each_step_once(yard: Yard) -> None:
    id = collected(yard)
    outcomes = [yard.do(scan).reply for scan in life(yard, id)]
    assert outcomes == [ScanOutcome.APPLIED] * 5
    assert yard.said(id)[-3:] == ["ParcelInTransit", "DeliveryFailed", "ParcelDelivered"]
    assert yard.last(events.ParcelDelivered).cod_collected_vnd == 50_000
    assert yard.parcel(id).delivery_attempts == 1


def test_shuffled_and_tripled_scans_end_alike_with_the_same_history(new_yard: Any) -> None:
    ends = set()
    for order in itertools.permutations(range(5)):
        yard = new_yard()
        id = collected(yard)
        scans = life(yard, id)
        for number in [*order, *reversed(order), *order]:
            yard.do(scans[number])
        parcel = yard.parcel(id)
        ends.add((parcel.state, parcel.reason, parcel.partner_id, parcel.delivery_attempts, parcel.history))
        assert yard.said(id).count("ParcelDelivered") == 1
        assert len(list(yard.memory.all(Scan))) == 5
    assert len(ends) == 1
    assert ends.pop()[0] is ParcelState.DELIVERED


def test_old_news_never_moves_a_parcel_backwards(yard: Yard) -> None:
    id = collected(yard)
    scans = life(yard, id)
    assert yard.do(scans[3]).reply is ScanOutcome.APPLIED
    assert yard.do(scans[0]).reply is ScanOutcome.OLD_NEWS
    assert yard.do(scans[0]).reply is ScanOutcome.REPEATED
    assert yard.parcel(id).state is ParcelState.OUT_FOR_DELIVERY


def test_a_final_state_is_final(yard: Yard) -> None:
    id = collected(yard)
    yard.do(yard.scan_command(id, ScanKind.DELIVERED, yard.now, "s1"))
    yard.later(hours=1)
    assert yard.do(yard.scan_command(id, ScanKind.RETURNED, yard.now, "s2")).reply is ScanOutcome.OLD_NEWS
    assert yard.parcel(id).state is ParcelState.DELIVERED and yard.said(id)[-1] == "ParcelDelivered"


def test_a_delivery_counts_however_many_scans_came_before(yard: Yard) -> None:
    """Cash was collected; a history that is full must not lose it."""
    id = collected(yard)
    for number in range(STEPS_MAX):
        yard.later(minutes=1)
        yard.do(yard.scan_command(id, ScanKind.IN_TRANSIT, yard.now, f"s{number}"))
    yard.later(days=1)
    assert yard.do(yard.scan_command(id, ScanKind.DELIVERED, yard.now, "last")).reply is ScanOutcome.APPLIED
    assert yard.last(events.ParcelDelivered).cod_collected_vnd == 50_000
    yard.do(yard.scan_command(id, ScanKind.RETURNED, yard.now, "more"))
    assert len(yard.parcel(id).history) == STEPS_MAX + 1


def test_a_scan_that_overtakes_the_pickup_report_counts(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.do(yard.scan_command(id, ScanKind.IN_TRANSIT, yard.now, "s1"))
    assert yard.parcel(id).state is ParcelState.IN_TRANSIT
    reply = yard.report(batch, missed=[id], finished=True)
    assert reply.outcomes[0][1] == "conflict" and reply.parcels_picked == 1
    assert yard.parcel(id).state is ParcelState.IN_TRANSIT and "ParcelPickedUp" in yard.said(id)


def test_scans_of_other_partners_and_of_unknown_kinds_are_kept_and_change_nothing(yard: Yard) -> None:
    id = collected(yard)
    before = yard.parcel(id)
    theirs = yard.scan_command(id, ScanKind.DELIVERED, yard.now, "s1", partner_id="partner-b")
    assert yard.do(theirs).reply is ScanOutcome.UNKNOWN_PARCEL
    assert yard.do(yard.scan_command(id, ScanKind.UNKNOWN, yard.now, "s2")).reply is ScanOutcome.UNKNOWN_KIND
    assert yard.do(yard.scan_command("DH0-1", ScanKind.LOST, yard.now, "s3")).reply is ScanOutcome.UNKNOWN_PARCEL
    assert yard.parcel(id) == before and len(list(yard.memory.all(Scan))) == 3
    assert all(scan.raw == b"raw" for scan in yard.memory.all(Scan))


def test_facts_of_a_parcel_are_numbered_without_gaps(yard: Yard) -> None:
    id = collected(yard)
    for scan in life(yard, id):
        yard.do(scan)
    numbers = [at.fact.number for at in yard.memory.said if at.aggregate_id == id]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_line_per_run_tells_what_became_of_the_parcel(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (first,) = yard.plan()
    yard.accept(first)
    yard.report(first, missed=[id], finished=True)
    yard.later(hours=1)
    (second,) = yard.plan()
    lines = {line.batch_id: (line.attempt, line.state, line.live) for line in yard.memory.all(Line)}
    assert lines == {first.id: (1, "missed", False), second.id: (2, "planned", True)}
