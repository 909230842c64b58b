"""Every RPC of CourierService on a real database: answers, errors, and that others' runs do not exist."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import grpc
import pytest
from chassis.grpc_client import channel
from chassis.testing.house import refused
from chophien.shipping.v1 import courier_service_pb2 as courier
from chophien.shipping.v1 import shipping_service_pb2 as pb
from sqlalchemy.exc import IntegrityError

House = Any


def rid() -> str:
    return uuid.uuid4().hex


async def test_partners_see_only_their_own_tenders(house: House) -> None:
    await house.ready_parcels(2)
    await house.push()
    (tender,) = (await house.stub("partner-a").ListTenders(courier.ListTendersRequest())).tenders
    assert len(tender.parcels) == 2 and tender.hub_id == "hub-sa-pa"
    other = house.stub("partner-b")
    assert not (await other.ListTenders(courier.ListTendersRequest())).tenders
    accept = courier.AcceptTenderRequest(request_id=rid(), tender_id=tender.tender_id)
    decline = courier.DeclineTenderRequest(request_id=rid(), tender_id=tender.tender_id, reason="X")
    for call in (
        other.AcceptTender(accept),
        other.DeclineTender(decline),
        other.GetManifest(courier.GetManifestRequest(batch_id=tender.batch_id)),
        other.ReportPickup(courier.ReportPickupRequest(request_id=rid(), batch_id=tender.batch_id)),
    ):
        assert await refused(call) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


async def test_open_tenders_come_by_page_soonest_deadline_first(house: House) -> None:
    for _ in range(3):
        await house.ready_parcels(1)
        await house.push()
        house.clock.move(timedelta(minutes=1))
    stub, token = house.stub("partner-a"), ""
    seen: list[Any] = []
    while not seen or token:
        page = await stub.ListTenders(courier.ListTendersRequest(page_size=1, page_token=token))
        seen += [tender.answer_deadline_time.ToDatetime() for tender in page.tenders]
        token = page.next_page_token
    assert len(seen) == 3 and seen == sorted(seen)
    strange = courier.ListTendersRequest(page_token=f"{token}x")
    assert await refused(stub.ListTenders(strange)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")


async def test_a_late_acceptance_is_no_longer_yours(house: House) -> None:
    await house.ready_parcels(1)
    await house.push()
    (tender,) = (await house.stub("partner-a").ListTenders(courier.ListTendersRequest())).tenders
    await house.tick("expire_tenders", minutes=16)
    await house.tick("expire_tenders")
    accept = courier.AcceptTenderRequest(request_id=rid(), tender_id=tender.tender_id)
    code, reason = await refused(house.stub("partner-a").AcceptTender(accept))
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_LONGER_YOURS")
    assert (await house.kinds(tender.batch_id, "CourierFeed.partner-a")) == ["TenderOffered", "TenderClosed"]
    again = await house.push()
    assert again.parcels_planned == 1 and again.batch_ids[0] != tender.batch_id


async def test_a_decline_leaves_the_batch_open_without_another_partner(house: House) -> None:
    await house.ready_parcels(1)
    (batch_id,) = (await house.push()).batch_ids
    (tender,) = (await house.stub("partner-a").ListTenders(courier.ListTendersRequest())).tenders
    request = courier.DeclineTenderRequest(request_id=rid(), tender_id=tender.tender_id, reason="NO_DRIVER")
    await house.stub("partner-a").DeclineTender(request)
    told = await house.stub().GetBatch(pb.GetBatchRequest(batch_id=batch_id))
    assert told.batch.state == pb.BATCH_STATE_OPEN and told.tenders[0].reason == "NO_DRIVER"


async def test_a_manifest_is_joined_with_contacts_after_acceptance_only(house: House) -> None:
    ids = await house.ready_parcels(2)
    (batch_id,) = (await house.push()).batch_ids
    stub, ask = house.stub("partner-a"), courier.GetManifestRequest(batch_id=batch_id)
    assert (await refused(stub.GetManifest(ask)))[1] == "NOT_ACCEPTED"
    (tender,) = (await stub.ListTenders(courier.ListTendersRequest())).tenders
    accepted = await stub.AcceptTender(courier.AcceptTenderRequest(request_id=rid(), tender_id=tender.tender_id))
    house.orders.erased.add(f"contact-{ids[0][:-2]}")
    manifest = await stub.GetManifest(ask)
    assert manifest.manifest_hash == accepted.manifest_hash
    assert (manifest.parcels, manifest.weight_g, manifest.cod_vnd) == (2, 2000, 100_000)
    assert manifest.stops[0].contact_phone == "+84912345678" and house.orders.asked == [2]
    phones = {parcel.parcel_id: parcel.buyer.phone for parcel in manifest.stops[0].parcels}
    assert phones == {ids[0]: "", ids[1]: "+84987654321"}


async def test_a_manifest_waits_for_orders_to_be_there(house: House) -> None:
    """The partner hears that it can ask again, not that something is broken here."""
    batch_id, _ = await house.awarded(1)
    nobody = channel("127.0.0.1:1", "shipping")
    house.served.runtime.channels = lambda _peer: nobody
    code, reason = await refused(house.stub("partner-a").GetManifest(courier.GetManifestRequest(batch_id=batch_id)))
    assert (code.name, reason) == ("UNAVAILABLE", "UNAVAILABLE")
    await nobody.close()


async def test_buyers_names_are_told_until_a_month_after_the_run(house: House) -> None:
    batch_id, _ = await house.picked(1)
    stub, ask = house.stub("partner-a"), courier.GetManifestRequest(batch_id=batch_id)
    house.clock.move(timedelta(days=30))
    (parcel,) = (await stub.GetManifest(ask)).stops[0].parcels
    assert parcel.buyer.name
    house.clock.move(timedelta(days=1))
    (parcel,) = (await stub.GetManifest(ask)).stops[0].parcels
    assert not parcel.buyer.name and parcel.destination.commune_code
    assert house.orders.asked == [1], "orders is not even asked"


async def told_names(house: House, batch_id: str) -> dict[str, str]:
    """By parcel, the buyers' names that the run's partner reads."""
    manifest = await house.stub("partner-a").GetManifest(courier.GetManifestRequest(batch_id=batch_id))
    return {parcel.parcel_id: parcel.buyer.name for stop in manifest.stops for parcel in stop.parcels}


async def test_a_partner_reads_no_names_of_buyers_whose_parcels_it_does_not_have(house: House) -> None:
    batch_id, ids = await house.awarded(3)
    request = courier.ReportPickupRequest(request_id=rid(), batch_id=batch_id)
    request.reports.add(parcel_id=ids[0], picked=False, reason="NOT_READY")
    request.reports.add(parcel_id=ids[1], picked=True)
    await house.stub("partner-a").ReportPickup(request)
    names = await told_names(house, batch_id)
    assert [bool(names[id]) for id in ids] == [False, True, True], "the third is still to be collected"
    await house.tick("lapse_runs", hours=20)
    names = await told_names(house, batch_id)
    assert [bool(names[id]) for id in ids] == [False, True, False]


@pytest.mark.parametrize("kind", ["DELIVERED", "RETURNED", "LOST"])
async def test_a_partner_reads_no_name_once_the_parcel_is_at_its_end(house: House, kind: str) -> None:
    batch_id, ids = await house.picked(2)
    scan = courier.ReportScanRequest(request_id=rid(), scan_id=rid(), parcel_id=ids[0], kind=f"SCAN_KIND_{kind}")
    scan.scan_time.FromDatetime(house.clock.now())
    await house.stub("partner-a").ReportScan(scan)
    names = await told_names(house, batch_id)
    assert [bool(names[id]) for id in ids] == [False, True]


async def test_pickups_are_reported_and_the_missed_ride_again(house: House) -> None:
    batch_id, ids = await house.awarded(3)
    request = courier.ReportPickupRequest(request_id="p1", batch_id=batch_id)
    request.reports.add(parcel_id=ids[0], picked=False, reason="NOT_READY")
    request.reports.add(parcel_id=ids[1], picked=True)
    stub = house.stub("partner-a")
    answer = await stub.ReportPickup(request)
    assert (answer.parcels_open, answer.parcels_picked, answer.parcels_missed) == (1, 1, 1)
    assert (await stub.ReportPickup(request)) == answer
    early = courier.ReportPickupRequest(request_id="p2", batch_id=batch_id, run_finished=True)
    assert (await refused(stub.ReportPickup(early)))[1] == "PARCELS_UNREPORTED"
    hub = courier.ReportPickupRequest(request_id="p3", batch_id=batch_id)
    hub.handover_time.FromDatetime(house.clock.now())
    assert (await refused(stub.ReportPickup(hub)))[1] == "RUN_NOT_FINISHED"
    await house.stub().CancelParcel(pb.CancelParcelRequest(request_id=rid(), parcel_id=ids[2], reason="X"))
    last = courier.ReportPickupRequest(request_id="p4", batch_id=batch_id, run_finished=True)
    last.handover_time.FromDatetime(house.clock.now())
    assert (await stub.ReportPickup(last)).parcels_open == 0
    told = await house.stub().GetBatch(pb.GetBatchRequest(batch_id=batch_id))
    assert told.batch.state == pb.BATCH_STATE_HANDED_OVER
    assert {line.parcel_id: line.state for line in told.lines} == {
        ids[0]: pb.LINE_STATE_MISSED,
        ids[1]: pb.LINE_STATE_PICKED,
        ids[2]: pb.LINE_STATE_CANCELLED,
    }
    again = await house.push()
    assert again.parcels_planned == 1
    parcel = (await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=ids[0]))).parcel
    assert (parcel.pickup_attempt, parcel.batch_id) == (2, again.batch_ids[0])


async def test_bad_reports_are_refused(house: House) -> None:
    batch_id, ids = await house.awarded(1)
    for picked, reason in ((True, "NOT_READY"), (False, ""), (False, "BORED")):
        request = courier.ReportPickupRequest(request_id=rid(), batch_id=batch_id)
        request.reports.add(parcel_id=ids[0], picked=picked, reason=reason)
        assert (await refused(house.stub("partner-a").ReportPickup(request)))[1] == "INVALID"


async def test_scans_are_kept_applied_once_and_by_the_partners_time(house: House) -> None:
    _, (id,) = await house.picked(1)
    stub, start = house.stub("partner-a"), house.clock.now()
    house.clock.move(timedelta(hours=4))

    async def scan(scan_id: str, kind: courier.ScanKind.ValueType, hours: int, **more: Any) -> int:
        request = courier.ReportScanRequest(request_id=rid(), scan_id=scan_id, parcel_id=id, kind=kind, **more)
        request.scan_time.FromDatetime(start + timedelta(hours=hours))
        return int((await stub.ReportScan(request)).outcome)

    assert await scan("s2", courier.SCAN_KIND_OUT_FOR_DELIVERY, 2) == courier.SCAN_OUTCOME_APPLIED
    assert await scan("s1", courier.SCAN_KIND_IN_TRANSIT, 1) == courier.SCAN_OUTCOME_OLD_NEWS
    assert await scan("s2", courier.SCAN_KIND_OUT_FOR_DELIVERY, 2) == courier.SCAN_OUTCOME_REPEATED
    delivered = await scan("s3", courier.SCAN_KIND_DELIVERED, 3, cod_collected_vnd=50_000)
    assert delivered == courier.SCAN_OUTCOME_APPLIED
    assert await scan("s4", courier.SCAN_KIND_UNSPECIFIED, 4) == courier.SCAN_OUTCOME_UNKNOWN_KIND
    told = await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=id))
    assert told.parcel.state == pb.PARCEL_STATE_DELIVERED
    assert [step.kind for step in told.history][-3:] == ["ParcelInTransit", "OutForDelivery", "ParcelDelivered"]
    assert (await house.kinds(id))[-1] == "ParcelDelivered" and len(await house.rows("SELECT id FROM scans")) == 4
    bad = courier.ReportScanRequest(request_id=rid(), scan_id="s5", parcel_id=id, cod_collected_vnd=1)
    bad.scan_time.FromDatetime(start)
    assert (await refused(stub.ReportScan(bad)))[1] == "INVALID"


async def test_a_run_that_was_never_reported_is_planned_anew_and_late_scans_count(house: House) -> None:
    batch_id, ids = await house.awarded(2)
    await house.tick("lapse_runs", hours=12)
    assert (await house.kinds(batch_id, "PickupBatchEvent"))[-1] == "BatchAccepted", "the grace counts from its end"
    await house.tick("lapse_runs", hours=8)
    told = await house.stub().GetBatch(pb.GetBatchRequest(batch_id=batch_id))
    assert told.batch.state == pb.BATCH_STATE_FAILED and {line.state for line in told.lines} == {pb.LINE_STATE_LAPSED}
    assert (await house.kinds(batch_id, "PickupBatchEvent"))[-1] == "BatchLapsed"
    (anew,) = (await house.push()).batch_ids
    late = courier.ReportScanRequest(request_id=rid(), scan_id="s1", parcel_id=ids[0])
    late.kind = courier.SCAN_KIND_IN_TRANSIT
    late.scan_time.FromDatetime(house.clock.now())
    assert (await house.stub("partner-b").ReportScan(late)).outcome == courier.SCAN_OUTCOME_UNKNOWN_PARCEL
    assert (await house.stub("partner-a").ReportScan(late)).outcome == courier.SCAN_OUTCOME_APPLIED
    parcel = (await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=ids[0]))).parcel
    assert parcel.state == pb.PARCEL_STATE_IN_TRANSIT
    await house.tick("drop_cancelled", "lapse_runs")
    lines = await house.rows(f"SELECT parcel_id, state FROM lines WHERE batch_id = '{anew}' ORDER BY live")
    assert lines == [(ids[0], "cancelled"), (ids[1], "planned")]


async def delivered(house: House, parcel_id: str, **when: float) -> int:
    """A delivery with its cash, so long from now."""
    scan = courier.ReportScanRequest(request_id=rid(), scan_id=rid(), parcel_id=parcel_id, cod_collected_vnd=50_000)
    scan.kind = courier.SCAN_KIND_DELIVERED
    scan.scan_time.FromDatetime(house.clock.now() + timedelta(**when))
    return int((await house.stub("partner-a").ReportScan(scan)).outcome)


@pytest.mark.parametrize("count", [1, 2])
async def test_goods_taken_offline_before_the_cancel_are_followed_to_the_door(house: House, count: int) -> None:
    """With one parcel the run is withdrawn over the cancel; the goods are on board all the same."""
    batch_id, ids = await house.awarded(count)
    taken = house.clock.now()
    house.clock.move(timedelta(minutes=20))
    await house.stub().CancelParcel(pb.CancelParcelRequest(request_id=rid(), parcel_id=ids[0], reason="X"))
    await house.tick("drop_cancelled", minutes=30)
    report = courier.ReportPickupRequest(request_id=rid(), batch_id=batch_id, run_finished=True)
    for id in ids:
        report.reports.add(parcel_id=id, picked=True).report_time.FromDatetime(taken)
    answer = await house.stub("partner-a").ReportPickup(report)
    assert {one.outcome for one in answer.results} == {courier.PICKUP_OUTCOME_APPLIED}
    assert await delivered(house, ids[0]) == courier.SCAN_OUTCOME_APPLIED
    assert (await house.kinds(ids[0]))[-3:] == ["ParcelCancelled", "ParcelPickedUp", "ParcelDelivered"]
    told = await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=ids[0]))
    assert told.parcel.state == pb.PARCEL_STATE_DELIVERED and told.parcel.return_wanted


@pytest.mark.parametrize("fate", ["missed", "cancelled"])
async def test_scans_of_what_was_not_to_be_taken_show_that_it_was(house: House, fate: str) -> None:
    batch_id, ids = await house.awarded(2)
    report = courier.ReportPickupRequest(request_id=rid(), batch_id=batch_id)
    if fate == "missed":
        report.reports.add(parcel_id=ids[0], picked=False, reason="NOT_READY")
    else:
        await house.stub().CancelParcel(pb.CancelParcelRequest(request_id=rid(), parcel_id=ids[0], reason="X"))
    await house.stub("partner-a").ReportPickup(report)
    assert await delivered(house, ids[0]) == courier.SCAN_OUTCOME_APPLIED


async def test_a_refused_parcel_is_not_the_partners(house: House) -> None:
    ids = await house.ready_parcels(2)
    await house.push()
    stub = house.stub("partner-a")
    (tender,) = (await stub.ListTenders(courier.ListTendersRequest())).tenders
    accept = courier.AcceptTenderRequest(request_id=rid(), tender_id=tender.tender_id, refused_parcel_ids=ids[:1])
    first = await stub.AcceptTender(accept)
    accept.request_id = rid()
    assert await stub.AcceptTender(accept) == first
    other = courier.AcceptTenderRequest(request_id=rid(), tender_id=tender.tender_id)
    assert await refused(stub.AcceptTender(other)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")
    assert await delivered(house, ids[0]) == courier.SCAN_OUTCOME_UNKNOWN_PARCEL


async def test_a_delivery_is_not_yet_to_come(house: House) -> None:
    _, (id,) = await house.picked(1)
    assert await delivered(house, id, days=25_000) == courier.SCAN_OUTCOME_APPLIED
    told = await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=id))
    assert told.history[-1].time.ToDatetime(house.clock.now().tzinfo) == house.clock.now()


async def test_the_database_allows_a_parcel_one_live_line(house: House) -> None:
    await house.awarded(1)
    doubled = """INSERT INTO lines SELECT id || 'x', version, trace, batch_id, parcel_id, state, live, attempt, reason,
        report_time FROM lines"""
    with pytest.raises(IntegrityError, match="lines_one_live_batch"):
        async with house.served.runtime.engine.begin() as connection:
            await connection.exec_driver_sql(doubled)
