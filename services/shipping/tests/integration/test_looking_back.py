"""Waves on a real database that look back: on earlier days, on the day's runs, on what partners turned down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from chophien.shipping.v1 import courier_service_pb2 as courier
from chophien.shipping.v1 import shipping_service_pb2 as pb
from shipping.adapters import wave_reads
from shipping.bootstrap import WAVES
from shipping.domain.foreseeing import look_ahead
from shipping.domain.planning import Plan, Wave, broken_rules

House = Any
Planned = list[tuple[Wave, Plan]]


@pytest.fixture
def planned(monkeypatch: Any) -> Iterator[Planned]:
    """Every wave the planner was given, with its plan."""
    seen: Planned = []
    ask = WAVES.planner.plan

    async def listen(wave: Wave, seed: int) -> Plan:
        plan = await ask(wave, seed)
        seen.append((wave, plan))
        return plan

    monkeypatch.setattr(WAVES.planner, "plan", listen)
    yield seen


async def market_days(house: House, *weeks_after: int) -> None:
    """Wednesdays with two runs each, so many weeks apart; then it is 9:00 of the Wednesday after the last."""
    for number, weeks in enumerate(weeks_after):
        await house.picked(2)
        house.clock.move(timedelta(hours=3))
        await house.picked(3)
        last = number == len(weeks_after) - 1
        house.clock.move(timedelta(weeks=weeks, hours=-7.5 if last else -3))


async def test_after_some_weeks_a_wave_looks_ahead_and_its_reasons_are_kept(house: House, planned: Planned) -> None:
    await market_days(house, 1, 2, 1)  # 18 February is Tết.
    ids = await house.ready_parcels(4)
    planned.clear()
    await house.stub().PlanWave(pb.PlanWaveRequest(request_id="w1", hub_id="hub-sa-pa"))
    ((wave, plan),) = planned
    assert wave.forecast is not None and [day.shift_days for day in wave.forecast.days] == [7, 21, 28]
    assert [len(day.rides) for day in wave.forecast.days] == [5, 5, 5]
    assert plan.policy.startswith("look_ahead") and broken_rules(wave, plan) == ()
    pushed = "SELECT parcel_id, code FROM decisions WHERE wave_id LIKE '%2026-03-04%'"
    kept = {row[0]: row[1] for row in await house.rows(pushed)}
    assert kept == {reason.parcel_id: reason.code for reason in plan.reasons} and kept.keys() == set(ids)
    told = await house.stub().ExplainParcel(pb.ExplainParcelRequest(parcel_id=ids[0]))
    assert told.code == kept[ids[0]] and told.text and told.waves[0].figures


async def test_with_too_little_history_the_rule_plans(house: House, planned: Planned) -> None:
    await market_days(house, 1, 2)
    await house.ready_parcels(1)
    planned.clear()
    await house.push()
    ((wave, plan),) = planned
    assert wave.forecast is None and plan.policy == "take_all"


async def test_earlier_parcels_are_bounded_newest_first_and_without_the_called_off(house: House) -> None:
    await market_days(house, 1)
    await house.picked(1)
    ahead = look_ahead(WAVES.world, "hub-sa-pa", house.clock.now())
    async with house.served.runtime.engine.connect() as connection:
        for count, found in ((10, 5), (4, 4)):
            earlier = await wave_reads.earlier_parcels(connection, "hub-sa-pa", ahead.days, count)
            times = [parcel.ready_time or parcel.create_time for parcel in earlier]
            assert len(earlier) == found and times == sorted(times, reverse=True)
        await connection.exec_driver_sql("UPDATE parcels SET state = 'cancelled'")
        assert await wave_reads.earlier_parcels(connection, "hub-sa-pa", ahead.days, 10) == []


async def test_a_wave_knows_the_runs_of_the_day_and_what_was_turned_down(house: House, planned: Planned) -> None:
    await house.awarded(2)
    await house.ready_parcels(1)
    await house.push()
    (tender,) = (await house.stub("partner-a").ListTenders(courier.ListTendersRequest())).tenders
    no = courier.DeclineTenderRequest(request_id="no", tender_id=tender.tender_id, reason="NO_VEHICLE")
    await house.stub("partner-a").DeclineTender(no)
    now = house.clock.now()
    async with house.served.runtime.engine.connect() as connection:
        (refusal,) = await wave_reads.turned_down(connection, "hub-sa-pa", now)
        assert (refusal.partner_id, refusal.commune_codes) == ("partner-a", ("03390",))
        assert await wave_reads.turned_down(connection, "hub-lai-chau", now) == []
        assert await wave_reads.turned_down(connection, "hub-sa-pa", now + timedelta(days=1)) == []
    house.clock.move(timedelta(minutes=1))
    planned.clear()
    await house.push()
    ((wave, plan),) = planned
    (day,) = wave.partners
    assert (day.partner_id, day.runs_today, day.parcels_today) == ("partner-a", 1, 2)
    assert sorted(vehicle.number for vehicle in wave.vehicles) == [3, 4]
    assert wave.forbidden == (), "there is nobody else to ask"
    assert broken_rules(wave, plan) == () and len(plan.runs) == 1


async def test_a_wave_knows_how_often_a_partner_let_a_run_lapse(house: House, planned: Planned) -> None:
    await house.awarded(1)
    await house.tick("lapse_runs", hours=20)
    await house.push()
    ((wave, _),) = planned[-1:]
    assert {vehicle.on_time for vehicle in wave.vehicles} == {1 - 1 / 11}
    house.clock.move(timedelta(days=28))
    await house.ready_parcels(1)
    await house.push()
    ((wave, _),) = planned[-1:]
    assert {vehicle.on_time for vehicle in wave.vehicles} == {1.0}
