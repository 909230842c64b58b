"""Every RPC of ShippingService on a real database: answers, errors, and who may not call."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import grpc
import pytest
from chassis.testing.house import refused
from chassis.testing.serving import CALLERS
from chophien.common.v1 import common_pb2
from chophien.shipping.v1 import courier_service_pb2 as courier
from chophien.shipping.v1 import shipping_service_pb2 as pb
from shipping.bootstrap import SERVICE

House = Any


def rid() -> str:
    return uuid.uuid4().hex


async def test_quote_promise_answers_a_promise_or_a_reason(house: House) -> None:
    request = pb.QuotePromiseRequest(
        origin=common_pb2.Place(commune_code="03390"),
        destination=common_pb2.Place(commune_code="00004"),
        size=common_pb2.Size(weight_g=500, length_cm=35, width_cm=20, height_cm=10),
        channel="livestream",
    )
    answer = await house.stub("channel").QuotePromise(request)
    assert answer.promise.bound_by == "CHANNEL_SAME_DAY" and answer.chargeable_g == 1400
    request.size.weight_g = 30_000
    assert (await house.stub("channel").QuotePromise(request)).refuse_reason == "OVER_PARTNER_LIMITS"
    for seconds in (-62_135_596_800, 253_402_300_799):
        request.place_time.seconds = seconds
        assert await refused(house.stub().QuotePromise(request)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")
    request.ClearField("place_time")
    request.origin.commune_code = "x"
    assert await refused(house.stub().QuotePromise(request)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")


async def test_a_quote_at_a_gate_promises_what_its_vehicles_can_fetch(house: House, say: Any) -> None:
    narrow = say.seller_registered("seller-3", "pp-path")
    narrow.seller_registered.pickup_point.largest_vehicle = common_pb2.VEHICLE_KIND_MOTORBIKE
    await house.hear(narrow)
    request = pb.QuotePromiseRequest(
        origin=common_pb2.Place(commune_code="03390"),
        destination=common_pb2.Place(commune_code="00004"),
        size=common_pb2.Size(weight_g=500, length_cm=35, width_cm=20, height_cm=10),
        handling=[common_pb2.HANDLING_HEAVY],
    )
    stub = house.stub("channel")
    assert (await stub.QuotePromise(request)).promise.handover_deadline_time.seconds
    request.pickup_point_id = "pp-path"
    assert (await stub.QuotePromise(request)).refuse_reason == "OVER_PARTNER_LIMITS"
    request.ClearField("origin")
    request.pickup_point_id = "pp-binh-lu-zone"
    assert (await stub.QuotePromise(request)).promise.handover_deadline_time.seconds
    request.pickup_point_id = "pp-none"
    assert (await stub.QuotePromise(request)).refuse_reason == "UNKNOWN_PICKUP_POINT"
    request.pickup_point_id = ""
    assert (await refused(stub.QuotePromise(request)))[1] == "INVALID"


async def test_mark_ready_is_the_sellers_own(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH1"))
    request = pb.MarkReadyRequest(request_id="r1", parcel_id="DH1-1")
    first = await house.stub("seller-1").MarkReady(request)
    assert (await house.stub("seller-1").MarkReady(request)) == first
    assert (await house.kinds("DH1-1")).count("ParcelReady") == 1
    unknown = pb.MarkReadyRequest(request_id="r2", parcel_id="DH0-1")
    assert await refused(house.stub().MarkReady(unknown)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    await house.hear(say.order_cancelled("DH1", "DH1-1"))
    again = pb.MarkReadyRequest(request_id="r3", parcel_id="DH1-1")
    assert (await refused(house.stub().MarkReady(again)))[1] == "PARCEL_CLOSED"


async def test_cancel_parcel_before_and_after_the_pickup(house: House) -> None:
    _, (id,) = await house.picked(1)
    (other,) = await house.ready_parcels(1)
    stub = house.stub()
    assert not (await stub.CancelParcel(pb.CancelParcelRequest(request_id=rid(), parcel_id=id, reason="X"))).cancelled
    assert (await stub.CancelParcel(pb.CancelParcelRequest(request_id=rid(), parcel_id=other, reason="X"))).cancelled
    assert (await house.kinds(id))[-1] == "ParcelCancelRefused"
    bad = pb.CancelParcelRequest(request_id=rid(), parcel_id=id, reason="no code")
    assert (await refused(stub.CancelParcel(bad)))[1] == "INVALID"


async def test_plan_wave_once_a_request_and_batches_tell_their_story(house: House) -> None:
    ids = await house.ready_parcels(3)
    request = pb.PlanWaveRequest(request_id="w1", hub_id="hub-sa-pa", take_all=True)
    answer = await house.stub().PlanWave(request)
    assert (await house.stub().PlanWave(request)) == answer
    assert (answer.parcels_planned, answer.parcels_held, len(answer.batch_ids)) == (3, 0, 1)
    told = await house.stub().GetBatch(pb.GetBatchRequest(batch_id=answer.batch_ids[0]))
    assert told.batch.state == pb.BATCH_STATE_TENDERED and told.batch.partner_id == "partner-a"
    assert {line.parcel_id for line in told.lines} == set(ids) and len(told.tenders) == 1
    assert [step.kind for step in told.history] == ["BatchClosed", "BatchTendered"] and len(told.trace_id) == 32
    assert (await refused(house.stub().PlanWave(pb.PlanWaveRequest(request_id="w2", hub_id="x"))))[1] == "INVALID"


async def test_a_repeated_push_leaves_a_run_that_nobody_took_as_it_is(house: House) -> None:
    (id,) = await house.ready_parcels(1)
    request = pb.PlanWaveRequest(request_id="w1", hub_id="hub-sa-pa", take_all=True)
    answer = await house.stub().PlanWave(request)
    await house.tick("expire_tenders", minutes=16)
    assert (await house.stub().PlanWave(request)) == answer
    assert await house.rows("SELECT state FROM batches") == [("open",)]
    (anew,) = (await house.push()).batch_ids
    lines = await house.rows("SELECT parcel_id, batch_id FROM lines WHERE live")
    assert lines == [(id, anew)] and anew != answer.batch_ids[0]
    assert sorted(await house.rows("SELECT state FROM batches")) == [("tendered",), ("withdrawn",)]


async def test_list_batches_by_page_and_for_officers_their_own(house: House) -> None:
    for point, hub in (("pp-binh-lu-zone", "hub-sa-pa"), ("pp-ban-bo", "hub-lai-chau")) * 2:
        await house.ready_parcels(1, point)
        await house.push(hub)
        house.clock.move(timedelta(minutes=1))
    stub, seen, token = house.stub(), [], ""
    while True:
        page = await stub.ListBatches(pb.ListBatchesRequest(page_size=3, page_token=token))
        seen += [batch.batch_id for batch in page.batches]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len(set(seen)) == 4
    own = await house.stub("officer").ListBatches(pb.ListBatchesRequest(commune_code="03424"))
    assert {code for batch in own.batches for code in batch.commune_codes} == {"03390"}
    other = next(iter({*seen} - {batch.batch_id for batch in own.batches}))
    assert (await refused(house.stub("officer").GetBatch(pb.GetBatchRequest(batch_id=other))))[1] == "NOT_FOUND"
    nobody = pb.ListBatchesRequest(partner_id="partner-z")
    assert (await refused(stub.ListBatches(nobody)))[1] == "INVALID"
    strange_state: Any = 99
    assert (await refused(stub.ListBatches(pb.ListBatchesRequest(state=strange_state))))[1] == "INVALID"
    tendered = pb.ListBatchesRequest(state=pb.BATCH_STATE_TENDERED, local_date="2026-02-04", partner_id="partner-a")
    assert len((await stub.ListBatches(tendered)).batches) == 4
    assert (await refused(stub.ListBatches(pb.ListBatchesRequest(page_size=201))))[1] == "INVALID"
    strange = pb.ListBatchesRequest(page_token="PB260204-8X0R2M1K")
    assert await refused(stub.ListBatches(strange)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")


async def test_an_officer_sees_their_own_communes_share_of_a_mixed_run(house: House, say: Any) -> None:
    await house.hear(say.seller_registered("seller-3", "pp-next"))
    here, there = await house.ready_parcels(2), await house.ready_parcels(1, "pp-next")
    (batch_id,) = (await house.push()).batch_ids
    next_commune = (
        f"UPDATE parcels SET origin_commune_code = '03598' WHERE id = '{there[0]}'",
        """UPDATE batches SET commune_codes = '["03390", "03598"]', stops = (
             SELECT jsonb_agg(CASE s ->> 'pickup_point_id' WHEN 'pp-next'
               THEN jsonb_set(s, '{commune_code}', '"03598"') ELSE s END) FROM jsonb_array_elements(stops) AS s)""",
    )
    async with house.served.runtime.engine.begin() as connection:
        for moved in next_commune:
            await connection.exec_driver_sql(moved)
    told = await house.stub("officer").GetBatch(pb.GetBatchRequest(batch_id=batch_id))
    (listed,) = (await house.stub("officer").ListBatches(pb.ListBatchesRequest())).batches
    assert {line.parcel_id for line in told.lines} == set(here)
    for one in (told.batch, listed):
        assert [*one.commune_codes] == ["03390"] and len(one.stops) == 1 and {*one.stops[0].parcel_ids} == {*here}
        assert (one.parcels_planned, one.parcels_open, one.weight_g) == (2, 2, 2000)
    assert there[0] not in f"{told}{listed}" and "pp-next" not in f"{told}{listed}"


async def test_explain_parcel_tells_why_it_is_not_on_a_run_and_then_why_it_is(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH1"))
    ask = pb.ExplainParcelRequest(parcel_id="DH1-1")
    assert (await house.stub().ExplainParcel(ask)).code == "NOT_PACKED"
    await house.stub("seller-1").MarkReady(pb.MarkReadyRequest(request_id="r", parcel_id="DH1-1"))
    assert (await house.stub().ExplainParcel(ask)).code == "WAITS_FOR_FIRST_WAVE"
    await house.stub().PlanWave(pb.PlanWaveRequest(request_id="w1", hub_id="hub-sa-pa"))
    held = await house.stub("seller-1").ExplainParcel(ask)
    assert (held.on_run, held.code, held.waves[0].waits_for_wave_id) == (
        False,
        "HELD_FOR_LATER_WAVE",
        "hub-sa-pa:2026-02-04T14:45",
    )
    assert held.next_wave_time.ToDatetime().isoformat() == "2026-02-04T07:45:00" and held.text
    await house.tick("plan_waves", minutes=75)
    riding = await house.stub().ExplainParcel(ask)
    assert (riding.on_run, riding.code, len(riding.waves)) == (True, "MUST_GO", 2)
    assert riding.waves[1].marginal_cost_vnd > 0 and {figure.name for figure in riding.waves[1].figures} >= {"hub_id"}


async def test_explain_parcel_says_that_nobody_takes_the_run(house: House) -> None:
    (id,) = await house.ready_parcels(1)
    (batch_id,) = (await house.push()).batch_ids
    await house.tick("expire_tenders", minutes=16)
    told = await house.stub().ExplainParcel(pb.ExplainParcelRequest(parcel_id=id))
    assert (told.on_run, told.batch_id, told.code) == (True, batch_id, "NO_PARTNER_LEFT")


async def test_explain_parcel_tells_on_the_next_day_that_the_courier_came_in_vain(house: House) -> None:
    batch_id, (id,) = await house.awarded(1)
    report = courier.ReportPickupRequest(request_id=rid(), batch_id=batch_id, run_finished=True)
    report.reports.add(parcel_id=id, picked=False, reason="NOT_READY")
    await house.stub("partner-a").ReportPickup(report)
    house.clock.move(timedelta(hours=18))
    assert (await house.stub().ExplainParcel(pb.ExplainParcelRequest(parcel_id=id))).code == "MISSED"


async def test_a_due_wave_is_planned_once(house: House) -> None:
    await house.ready_parcels(2)
    await house.tick("plan_waves", minutes=75)
    await house.tick("plan_waves")
    assert len(await house.rows("SELECT id FROM batches")) == 1
    waves = await house.rows("SELECT id, parcels_planned FROM waves WHERE area_hub_id = 'hub-sa-pa'")
    assert waves == [("hub-sa-pa:2026-02-04T14:45", 2)]


async def test_a_closure_moves_its_runs_at_once_and_no_others(house: House) -> None:
    batch_id, _ = await house.awarded(2)
    control, _ = await house.awarded(1, "pp-ban-bo", "hub-lai-chau")
    request = pb.DeclareClosureRequest(request_id="c1", road_id="o-quy-ho", source="police")
    request.to_time.FromDatetime(house.clock.now() + timedelta(days=1))
    closure_id = (await house.stub("officer").DeclareClosure(request)).closure_id
    assert (await house.stub("officer").DeclareClosure(request)).closure_id == closure_id
    moved = (await house.stub().GetBatch(pb.GetBatchRequest(batch_id=batch_id))).batch
    stayed = (await house.stub().GetBatch(pb.GetBatchRequest(batch_id=control))).batch
    assert (moved.hub_id, moved.closure_id, stayed.closure_id) == ("hub-lai-chau", closure_id, "")
    assert (await house.kinds(batch_id, "CourierFeed.partner-a"))[-1] == "RunMoved"
    await house.tick("apply_closures")
    assert (await house.kinds(batch_id, "PickupBatchEvent")).count("BatchMoved") == 1


async def test_a_closed_commune_frees_its_parcels_until_the_closure_is_lifted(house: House) -> None:
    (id,) = await house.ready_parcels(1)
    (batch_id,) = (await house.push()).batch_ids
    request = pb.DeclareClosureRequest(request_id=rid(), commune_code="03390", source="landslide")
    request.to_time.FromDatetime(house.clock.now() + timedelta(days=1))
    closure_id = (await house.stub("officer").DeclareClosure(request)).closure_id
    told = await house.stub("officer").GetBatch(pb.GetBatchRequest(batch_id=batch_id))
    assert (told.batch.state, told.lines[0].state) == (pb.BATCH_STATE_WITHDRAWN, pb.LINE_STATE_CANCELLED)
    assert (await house.kinds(batch_id, "CourierFeed.partner-a"))[-2:] == ["RunParcelCancelled", "TenderClosed"]
    assert not (await house.push()).batch_ids
    house.clock.move(timedelta(minutes=1))
    lift = pb.LiftClosureRequest(request_id="lift", closure_id=closure_id)
    answer = await house.stub("officer").LiftClosure(lift)
    assert answer.to_time.ToDatetime() == house.clock.now().replace(tzinfo=None)
    house.clock.move(timedelta(minutes=1))
    assert await house.stub("officer").LiftClosure(lift) == answer
    again = pb.LiftClosureRequest(request_id=rid(), closure_id=closure_id)
    assert (await house.stub().LiftClosure(again)).to_time == answer.to_time
    (anew,) = (await house.push()).batch_ids
    assert await house.rows("SELECT parcel_id, batch_id FROM lines WHERE live") == [(id, anew)]
    unknown = pb.LiftClosureRequest(request_id=rid(), closure_id="CL-none")
    assert await refused(house.stub().LiftClosure(unknown)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


async def test_a_closed_commune_moves_what_was_promised_and_what_will_be(house: House, say: Any) -> None:
    """R93: for a parcel that waits at once, and for new orders and quotes while it lasts."""
    (waits,) = await house.ready_parcels(1)
    request = pb.DeclareClosureRequest(request_id=rid(), commune_code="03390", source="landslide")
    request.to_time.FromDatetime(house.clock.now() + timedelta(days=1))
    await house.stub("officer").DeclareClosure(request)
    assert (await house.kinds(waits, "ParcelEvent"))[-1] == "PromiseMade"
    await house.hear(say.order_confirmed("DH-new"))
    for id in (waits, "DH-new-1"):
        made = (await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=id))).parcel.promise
        assert made.handover_deadline_time.ToDatetime().date().isoformat() == "2026-02-05"
    told = len(await house.kinds(waits, "ParcelEvent"))
    await house.tick("make_promises", minutes=1)
    assert len(await house.kinds(waits, "ParcelEvent")) == told
    ask = pb.QuotePromiseRequest(channel="livestream")
    ask.origin.commune_code, ask.destination.commune_code = "03390", "00004"
    ask.size.weight_g, ask.size.length_cm, ask.size.width_cm, ask.size.height_cm = 1000, 30, 20, 15
    quoted = (await house.stub("channel").QuotePromise(ask)).promise
    assert quoted.first_wave_time == made.first_wave_time


async def test_closures_are_checked(house: House) -> None:
    stub = house.stub("officer")
    request = pb.DeclareClosureRequest(request_id=rid(), commune_code="03424")
    request.to_time.FromDatetime(house.clock.now() + timedelta(days=1))
    assert await refused(stub.DeclareClosure(request)) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_COMMUNE")
    nowhere = pb.DeclareClosureRequest(request_id=rid(), to_time=request.to_time)
    unknown = pb.DeclareClosureRequest(request_id=rid(), to_time=request.to_time, road_id="x")
    gone = pb.DeclareClosureRequest(request_id=rid(), to_time=request.to_time, commune_code="99999")
    for wrong in (nowhere, unknown, gone):
        assert (await refused(stub.DeclareClosure(wrong)))[1] == "INVALID"
    no_end = pb.DeclareClosureRequest(request_id=rid(), road_id="o-quy-ho")
    assert (await refused(stub.DeclareClosure(no_end)))[1] == "INVALID"
    of_nothing = pb.DeclareClosureRequest(request_id=rid(), to_time=request.to_time, road_id="")
    over = pb.DeclareClosureRequest(request_id=rid(), road_id="o-quy-ho")
    over.to_time.FromDatetime(house.clock.now())
    for wrong in (of_nothing, over):
        assert (await refused(house.stub().DeclareClosure(wrong)))[1] == "INVALID"
    assert await house.rows("SELECT id FROM closures") == []


@pytest.mark.parametrize("method", sorted(SERVICE.access))
async def test_roles_that_may_not_call_are_turned_away(house: House, method: str) -> None:
    for caller in CALLERS:
        if caller.role not in SERVICE.access[method]:
            call = getattr(house.stub(caller.identity), method)
            module = courier if hasattr(courier, f"{method}Request") else pb
            code, reason = await refused(call(getattr(module, f"{method}Request")()))
            assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
