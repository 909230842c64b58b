"""What shipping hears, once and twice, early and late, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.shipping.v1 import shipping_service_pb2 as pb
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent

House = Any


async def test_a_confirmed_order_becomes_parcels_in_the_orders_trace(house: House, say: Any) -> None:
    record = say.record(say.order_confirmed("DH1", parts=2))
    await house.hear_records(record)
    await house.hear_records(record)
    await house.hear(say.order_confirmed("DH1", parts=2))
    for id in ("DH1-1", "DH1-2"):
        assert await house.kinds(id) == ["ParcelCreated", "PromiseMade"]
    found = await house.rows("SELECT payload, traceparent FROM outbox WHERE key = 'DH1-1' ORDER BY seq")
    facts = [ParcelEvent.FromString(row[0]) for row in found]
    assert [fact.version for fact in facts] == [1, 2] and facts[0].order_id == "DH1"
    assert facts[0].parcel_created.origin.commune_code == "03390" and facts[0].parcel_created.cod_vnd == 50_000
    assert {row[1][3:35] for row in found} == {say.trace_id}
    answer = await house.stub().GetParcel(pb.GetParcelRequest(parcel_id="DH1-1"))
    assert answer.trace_id == say.trace_id and answer.parcel.state == pb.PARCEL_STATE_CREATED
    assert [step.kind for step in answer.history] == ["ParcelCreated", "PromiseMade"]


async def test_a_parcel_over_the_limits_is_refused(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH2", weight_g=30_000))
    (row,) = await house.rows("SELECT payload FROM outbox WHERE key = 'DH2-1'")
    assert ParcelEvent.FromString(row[0]).parcel_refused.reason == "OVER_PARTNER_LIMITS"


async def test_an_order_that_is_heard_before_its_seller_waits_for_it(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH3", point="pp-new"))
    await house.tick("resume_waiting")
    assert await house.kinds("DH3-1") == []
    await house.hear(say.seller_registered("seller-9", "pp-new"))
    await house.tick("resume_waiting")
    await house.tick("resume_waiting")
    assert await house.kinds("DH3-1") == ["ParcelCreated", "PromiseMade"]


async def test_an_order_whose_seller_never_comes_is_refused_in_time(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH4", point="pp-none"))
    await house.tick("resume_waiting", minutes=31)
    (row,) = await house.rows("SELECT payload FROM outbox WHERE key = 'DH4-1'")
    assert ParcelEvent.FromString(row[0]).parcel_refused.reason == "UNKNOWN_PICKUP_POINT"


async def test_a_cancelled_order_calls_its_parcels_off(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH5", parts=2), say.order_cancelled("DH5", "DH5-1", "DH5-2"))
    await house.hear(say.order_cancelled("DH5", "DH5-1", "DH5-2"))
    for id in ("DH5-1", "DH5-2"):
        assert await house.kinds(id) == ["ParcelCreated", "PromiseMade", "ParcelCancelled"]


async def test_a_cancel_that_comes_first_stops_the_order(house: House, say: Any) -> None:
    await house.hear(say.order_cancelled("DH6", reason="PAYMENT_EXPIRED"))
    await house.hear(say.order_confirmed("DH6", parts=2))
    assert await house.kinds("DH6-1") == await house.kinds("DH6-2") == ["ParcelRefused"]


async def test_losers_of_a_livestream_race_leave_no_row(house: House, say: Any) -> None:
    await house.hear(say.order_cancelled("DH7", reason="STOCK_REFUSED"))
    assert await house.rows("SELECT id FROM parcels") == []


async def test_a_cancelled_part_calls_its_parcel_off_only_if_that_is_news(house: House, say: Any) -> None:
    await house.hear(say.order_confirmed("DH8", parts=2))
    await house.hear(say.part_cancelled("DH8", "DH8-1"), say.part_cancelled("DH8", "DH8-2", "PARCEL_REFUSED"))
    assert (await house.kinds("DH8-1"))[-1] == "ParcelCancelled"
    assert (await house.kinds("DH8-2"))[-1] == "PromiseMade"


async def test_a_pickup_point_that_moves_is_kept_with_its_moment(house: House, say: Any) -> None:
    moved = say.point_changed("seller-1", "pp-binh-lu-zone", house.clock.now() + timedelta(days=1))
    await house.hear(moved)
    await house.hear(moved)
    ((gates,),) = await house.rows("SELECT jsonb_array_length(gates) FROM pickup_points WHERE id = 'pp-binh-lu-zone'")
    assert gates == 1  # The same place again is nothing new.
    moved.pickup_point_changed.pickup_point.name = "Elsewhere"
    await house.hear(moved)
    ((gates,),) = await house.rows("SELECT jsonb_array_length(gates) FROM pickup_points WHERE id = 'pp-binh-lu-zone'")
    assert gates == 2


async def test_kinds_that_do_not_concern_shipping_are_skipped(house: House) -> None:
    event = OrderEvent(order_id="DH9", version=1)
    event.order_placed.contact_id = "contact"
    await house.hear(event)
    assert await house.rows("SELECT id FROM parcels") == []
