"""What a wave is given of the service's knowledge (earlier days, the partners' day, closures), and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from shipping.app import commands
from shipping.domain import foreseeing
from shipping.domain.calendar import local_date
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.planning import Budget, DiscountStep, Forbidden, broken_rules, plan_wave
from shipping.domain.promise import World
from shipping.domain.tender import Tender, TenderState

Yard = Any
AREA = "hub-sa-pa"


def weeks_passed(yard: Yard, weeks: int) -> None:
    """So many weeks with parcels on Wednesday, Thursday and Friday, all delivered; then it is Wednesday, 9:30."""
    yard.at("08:00", days=-7 * weeks)
    yard.memory.aggregates.clear()
    yard.points()
    for week in range(-weeks, 0):
        for day, clock in ((0, "08:30"), (0, "11:00"), (1, "09:00"), (2, "09:00")):
            yard.at(clock, days=7 * week + day)
            yard.packed(2)
    for parcel in list(yard.memory.all(Parcel)):
        yard.memory.put(replace(parcel, state=ParcelState.DELIVERED))
    yard.at("09:30")


def decline(yard: Yard, batch: Any, next_tender: str = "TD-next") -> None:
    batch = yard.batch(batch.id)
    yard.do(
        commands.DeclineTender(
            tender_id=batch.tender_id,
            batch_id=batch.id,
            partner_id=batch.partner_id,
            reason="NO_DRIVER",
            parcel_ids=batch.parcel_ids,
            next_tender_id=next_tender,
        )
    )


def test_a_forecast_is_todays_and_the_next_pickup_days_parcels_of_like_weekdays(yard: Yard) -> None:
    weeks_passed(yard, 4)
    yard.packed(1)
    wave = yard.gathered(AREA).wave()
    assert wave.forecast is not None
    assert [day.shift_days for day in wave.forecast.days] == [7, 14, 21, 28]
    for day in wave.forecast.days:
        days = [local_date(ride.ready_time + timedelta(days=day.shift_days)) for ride in day.rides if ride.ready_time]
        assert [(one - local_date(yard.now)).days for one in days] == [0, 0, 0, 0, 1, 1]
    assert [local_date(wave).isoformat() for wave in wave.forecast.wave_times] == ["2026-02-04", *["2026-02-05"] * 2]
    assert {ride.gate_id for day in wave.forecast.days for ride in day.rides} <= {gate.gate_id for gate in wave.gates}


def test_without_enough_like_days_nothing_is_foreseen(yard: Yard) -> None:
    weeks_passed(yard, foreseeing.LIKE_DAYS_MIN - 1)
    yard.packed(2)
    wave = yard.gathered(AREA).wave()
    assert wave.forecast is None and plan_wave(wave, Budget(0.1), 1).policy == "look_ahead:take_all"


def test_a_quiet_week_counts_once_there_was_an_older_one(yard: Yard) -> None:
    weeks_passed(yard, 4)
    for parcel in list(yard.memory.all(Parcel)):
        if 12 <= (local_date(yard.now) - local_date(parcel.create_time)).days <= 14:
            yard.memory.put(replace(parcel, ready_time=None))
    forecast = yard.gathered(AREA).wave().forecast
    assert [bool(day.rides) for day in forecast.days] == [True, False, True, True]


def test_days_on_which_nobody_collected_are_no_like_days(world: World, yard: Yard) -> None:
    yard.at("09:30", days=28)
    shifts = [day.shift_days for day in foreseeing.look_ahead(world, AREA, yard.now).days]
    assert shifts == [7, *range(21, 71, 7)], "two weeks before, 18 February, was Tết"


def test_a_saturday_looks_as_far_as_monday(world: World, yard: Yard) -> None:
    yard.at("09:30", days=3)
    ahead = foreseeing.look_ahead(world, AREA, yard.now)
    assert [f"{local_date(wave):%a}" for wave in ahead.wave_times] == ["Sat", "Mon", "Mon"]
    assert all(day.past - day.first == timedelta(days=3) for day in ahead.days)


def test_too_many_earlier_parcels_leave_the_oldest_day_out(yard: Yard, monkeypatch: Any) -> None:
    weeks_passed(yard, 5)
    monkeypatch.setattr(foreseeing, "PARCELS_MAX", 30)
    assert len(yard.gathered(AREA).wave().forecast.days) == 4


def test_earlier_parcels_come_again_where_their_pickup_point_is_now(yard: Yard, make_gate: Any) -> None:
    weeks_passed(yard, 3)
    moved = make_gate("pp-binh-lu-zone", effective_time=yard.now - timedelta(days=1), latitude=22.4)
    yard.do(commands.StatePickupPoint(pickup_point_id="pp-binh-lu-zone", gate=moved))
    wave = yard.gathered(AREA).wave()
    assert {ride.gate_id for day in wave.forecast.days for ride in day.rides} == {gate.gate_id for gate in wave.gates}
    assert [gate.gate_id.rpartition("@")[2] for gate in wave.gates] == [moved.effective_time.isoformat()]


def test_a_plan_that_looks_ahead_passes_the_checker(yard: Yard) -> None:
    weeks_passed(yard, 4)
    yard.packed(6)
    wave = yard.gathered(AREA).wave()
    plan = plan_wave(wave, Budget(0.2), 1)
    assert plan.policy.startswith("look_ahead") and broken_rules(wave, plan) == ()
    assert [reason.parcel_id for reason in plan.reasons] == [ride.parcel_id for ride in wave.rides]


def test_a_vehicle_is_not_there_before_it_is_back(yard: Yard) -> None:
    yard.at("09:30")
    yard.packed(1)
    before = {one.vehicle_id: one.number for one in yard.gathered(AREA).wave().vehicles}
    (batch,) = yard.plan()
    used = f"partner-a:{batch.vehicle_kind}"
    yard.packed(1)
    now = yard.gathered(AREA).wave().vehicles
    assert {
        one.vehicle_id: before[one.vehicle_id] - one.number for one in now if one.number < before[one.vehicle_id]
    } == {used: 1}
    assert {one.number_later for one in now} == {4}
    yard.now = batch.return_time
    assert {one.vehicle_id: one.number for one in yard.gathered(AREA).wave().vehicles} == before


def test_a_partner_without_a_free_vehicle_holds_what_is_ready(yard: Yard) -> None:
    yard.at("09:30")
    yard.world = replace(
        yard.world,
        partners={**yard.world.partners, "partner-a": replace(yard.world.partners["partner-a"], runs_per_wave=0)},
    )
    (id,) = yard.packed(1)
    wave = yard.gathered(AREA, take_all=True).wave()
    (reason,) = plan_wave(wave, Budget(0.1), 1).reasons
    assert (reason.parcel_id, reason.rides) == (id, False)


def test_a_partners_day_counts_its_runs_and_its_ceilings_hold(yard: Yard) -> None:
    yard.at("09:30")
    steps = (DiscountStep(parcels_from=5, off_permille=100),)
    capped = replace(yard.world.partners["partner-a"], runs_per_day=1, parcels_per_day=400, discounts=steps)
    yard.world = replace(yard.world, partners={**yard.world.partners, "partner-a": capped})
    yard.packed(3)
    (batch,) = yard.plan()
    yard.packed(1)
    wave = yard.gathered(AREA, take_all=True).wave()
    (day,) = wave.partners
    assert (day.partner_id, day.runs_today, day.parcels_today, day.weight_today_g) == ("partner-a", 1, 3, 3000)
    assert (day.runs_max, day.parcels_max, day.discounts) == (1, 400, steps)
    card = next(vehicle for vehicle in capped.vehicles if vehicle.kind is batch.vehicle_kind)
    assert day.bill_today_vnd > card.fixed_vnd + card.per_stop_vnd + 3 * card.per_parcel_vnd
    assert plan_wave(wave, Budget(0.1), 1).runs == (), "its one run of the day is given"
    yard.at("09:30", days=1)
    assert yard.gathered(AREA).wave().partners[0].runs_today == 0


def test_who_turned_a_commune_down_is_not_asked_for_it_again_that_day(yard: Yard) -> None:
    yard.two_collectors()
    yard.at("09:30")
    yard.packed(1)
    (batch,) = yard.plan()
    decline(yard, batch)
    yard.packed(1)
    wave = yard.gathered(AREA).wave()
    assert [(no.partner_id, no.commune_code) for no in wave.forbidden] == [("partner-a", "03390")]
    assert wave.forbidden[0].until_time > yard.now + timedelta(hours=12)
    yard.later(minutes=1)
    (again,) = yard.plan()
    assert (again.partner_id, again.partners_left) == ("partner-c", ("partner-a",))
    yard.at("09:30", days=1)
    assert yard.gathered(AREA).wave().forbidden == ()


@pytest.mark.parametrize(
    ("kind", "limits", "next_partners"),
    [
        ("motorbike", {}, ("partner-c",)),
        ("van", {}, ()),
        ("motorbike", {"weight_max_g": 2_999}, ()),
        ("motorbike", {"parcels_max": 2}, ()),
    ],
    ids=["alike", "another kind", "too weak", "too small"],
)
def test_only_who_has_such_a_vehicle_is_asked_next(yard: Yard, kind: str, limits: Any, next_partners: Any) -> None:
    """R89: nobody is offered a run that would overload the vehicle."""
    yard.two_collectors()
    second = yard.world.partners["partner-c"]
    dearer = (replace(one, fixed_vnd=one.fixed_vnd + 10_000, **limits) for one in second.vehicles)
    fleet = tuple(one for one in dearer if one.kind == kind)
    yard.world.partners["partner-c"] = replace(second, vehicles=fleet)
    yard.packed(3)
    (batch,) = yard.plan()
    assert (batch.partner_id, batch.vehicle_kind, batch.partners_left) == ("partner-a", "motorbike", next_partners)


def test_a_partner_that_is_the_only_one_left_is_asked_again(yard: Yard) -> None:
    yard.two_collectors()
    yard.at("09:30")
    yard.packed(1)
    (batch,) = yard.plan()
    decline(yard, batch)
    yard.later(minutes=16)
    yard.expire()
    assert {tender.state for tender in yard.memory.all(Tender)} == {TenderState.DECLINED, TenderState.EXPIRED}
    yard.packed(1)
    no: tuple[Forbidden, ...] = yard.gathered(AREA).wave().forbidden
    assert no == ()


def test_a_later_wave_counts_only_if_a_way_is_open_then(yard: Yard) -> None:
    yard.at("09:30")
    yard.packed(1)
    whole = len(yard.gathered(AREA).wave().gates[0].later_waves)
    yard.close_road(30, from_time=yard.now + timedelta(hours=20), road_id="", commune_code="03390")
    gate = yard.gathered(AREA).wave().gates[0]
    assert gate.hub_ids and len(gate.later_waves) == whole - 2
    assert "05" not in {f"{one.decide_time:%d}" for one in gate.later_waves}


@pytest.mark.parametrize(
    ("closed_from", "closed_to", "rides"),
    [("18:00", "20:30", True), ("13:00", "16:00", True), ("13:00", "21:30", False), ("15:00", "20:59", False)],
    ids=["in the evening", "until the afternoon", "all the day", "before anybody could be there"],
)
def test_a_commune_is_served_while_it_is_open(yard: Yard, closed_from: str, closed_to: str, rides: bool) -> None:
    """R88: a closure of some hours does not cost the whole day's promises."""
    yard.at("12:00")
    ids = yard.packed(3)
    yard.at(closed_from)
    first = yard.now
    yard.at(closed_to)
    last = yard.now
    yard.at("12:30")
    yard.close_road(road_id="", commune_code="03390", from_time=first, to_time=last)
    yard.at("14:45")
    wave = yard.gathered(AREA, take_all=True).wave()
    plan = plan_wave(wave, Budget(), 1)
    assert not broken_rules(wave, plan)
    assert [len(run.stops[0].parcel_ids) for run in plan.runs] == ([len(ids)] if rides else [])
    assert all(not first <= run.stops[0].leave_time < last for run in plan.runs)
