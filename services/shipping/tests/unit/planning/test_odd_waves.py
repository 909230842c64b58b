"""Waves that cannot be meant are refused with the field named; what is merely gone is left out. Nothing else raises."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from shipping.domain.planning import (
    Budget,
    CommittedStop,
    DayBefore,
    DiscountStep,
    Forbidden,
    Forecast,
    HubPlace,
    InvalidWave,
    LaterWave,
    Matrix,
    Outbound,
    PartnerDay,
    Pin,
    Pool,
    Rate,
    Rule,
    RunOffer,
    RunPool,
    Table,
    Vehicle,
    Wave,
    Window,
    allocate,
    broken_rules,
    plan_by_rule,
    plan_wave,
)

from .given import at, bike, gate, passing, ride, wave

BUDGET = Budget(cpu_seconds=0.02)
NAIVE = datetime(2026, 3, 2, 13)
NAN: Any = float("nan")
HALF: Any = 1.5
TEXT: Any = "0.5"


def committed(**changes: Any) -> Wave:
    one = passing(
        vehicle_id="gone",
        parcels_left=3,
    )
    return wave([ride("a")], committed=(replace(one, **changes),))


def with_bike(**changes: Any) -> Wave:
    return wave([ride("a")], vehicles=[bike(**changes)])


def with_ride(**changes: Any) -> Wave:
    return wave([ride("a", **changes)])


def with_day(**changes: Any) -> Wave:
    return wave([ride("a")], partners=(PartnerDay(partner_id="p", **changes),))


def with_table(**changes: Any) -> Wave:
    fields = {"profile": "", "place_ids": ("start", "g1", "hub"), "metres": cells(1_000), "seconds": cells(600)}
    return wave([ride("a")], tables=(Table(**(fields | changes)),))


def cells(value: int) -> Any:
    return np.full((3, 3), value)


def foreseen(**changes: Any) -> Wave:
    return wave([ride("a")], forecast=Forecast(**({"wave_times": (at(12),)} | changes)))


def rate(**changes: Any) -> Wave:
    fields: dict[str, Any] = {"from_time": at(10), "to_time": at(12), "parcels_seen": 3, "hours_seen": 2.0}
    return foreseen(rates=(Rate(examples=(ride("x"),), **(fields | changes)),))


def outbound(**changes: Any) -> Wave:
    return wave([ride("a")], outbound=(replace(Outbound(outbound_id="o", gate_id="g1", weight_g=1), **changes),))


def pinned(*pins: Pin) -> Wave:
    return wave([ride("a")], pins=pins)


NO_ZONE = [
    ("rides[a].known_time", with_ride(known_time=NAIVE)),
    ("rides[a].ready_time", with_ride(ready_time=NAIVE)),
    ("rides[a].ready_expected_time", with_ride(ready_expected_time=NAIVE)),
    ("rides[a].open_time", with_ride(open_time=NAIVE)),
    ("rides[a].close_time", with_ride(close_time=NAIVE)),
    ("rides[a].latest", with_ride(latest={"hub": NAIVE})),
    ("decide_time", wave([ride("a")], decide_time=NAIVE)),
    ("freeze_time", wave([ride("a")], freeze_time=NAIVE)),
    ("gates[g1].windows", wave([ride("a")], [gate(windows=(Window(NAIVE, NAIVE),))])),
    (
        "gates[g1].later_waves",
        wave([ride("a")], [gate(later_waves=(LaterWave(decide_time=NAIVE, home_time=at(20)),))]),
    ),
    ("gates[g1].later_waves", wave([ride("a")], [gate(later_waves=(LaterWave(decide_time=at(12), home_time=NAIVE),))])),
    ("hubs[hub].open_time", wave([ride("a")], hubs=(HubPlace(hub_id="hub", open_time=NAIVE),))),
    ("hubs[hub].cutoff_times", wave([ride("a")], hubs=(HubPlace(hub_id="hub", cutoff_times=(NAIVE,)),))),
    ("vehicles[p:motorbike].home_time", with_bike(home_time=NAIVE)),
    ("vehicles[p:motorbike].available_time", with_bike(available_time=NAIVE)),
    ("vehicles[p:motorbike].breaks", with_bike(breaks=(Window(NAIVE, NAIVE),))),
    ("vehicles[p:motorbike].returning_times", with_bike(returning_times=(NAIVE,))),
    ("committed[r].return_time", committed(return_time=NAIVE)),
    ("committed[r].stops", committed(stops=(CommittedStop("g1", NAIVE),))),
    ("forbidden[p].until_time", wave([ride("a")], forbidden=(Forbidden("p", "c1", NAIVE),))),
    ("forecast.wave_times", foreseen(wave_times=(NAIVE,))),
    ("forecast.days[x].known_time", foreseen(days=(DayBefore((ride("x", known_time=NAIVE),), 1),))),
    ("forecast.rates.from_time", rate(from_time=NAIVE)),
    ("forecast.pool.wave_times", foreseen(pool=Pool(wave_times=(NAIVE,), draws_per_wave=1, rides=(ride("x"),)))),
    ("tables[].from_time", with_table(from_time=NAIVE)),
]
NOTHING: Any = None
NO_VALUE = [
    ("decide_time", wave([ride("a")], decide_time=NOTHING)),
    ("late_vnd", wave([ride("a")], late_vnd=NOTHING)),
    ("rides[a].known_time", with_ride(known_time=NOTHING)),
    ("rides[a].weight_g", with_ride(weight_g=NOTHING)),
    ("rides[a].count", with_ride(count=NOTHING)),
    ("rides[a].latest", with_ride(latest=NOTHING)),
    ("rides[a].latest", with_ride(latest={"hub": NOTHING})),
    ("rides[a].known_time", with_ride(known_time="08:00")),
    ("vehicles[p:motorbike].home_time", with_bike(home_time=NOTHING)),
    ("vehicles[p:motorbike].number", with_bike(number=NOTHING)),
    ("committed[r].return_time", committed(return_time=NOTHING)),
    ("committed[r].spare_seconds", committed(spare_seconds=NOTHING)),
    ("forbidden[p].until_time", wave([ride("a")], forbidden=(Forbidden("p", "c1", NOTHING),))),
]
NO_NUMBER = [
    ("late_vnd", wave([ride("a")], late_vnd=NAN)),
    ("change_vnd", wave([ride("a")], change_vnd=HALF)),
    ("rides[a].weight_g", with_ride(weight_g=HALF)),
    ("rides[a].weight_g", with_ride(weight_g=NAN)),
    ("rides[a].volume_cm3", with_ride(volume_cm3=NAN)),
    ("rides[a].chargeable_g", with_ride(chargeable_g=HALF)),
    ("rides[a].count", with_ride(count=0)),
    ("vehicles[p:motorbike].per_km_vnd", with_bike(per_km_vnd=HALF)),
    ("vehicles[p:motorbike].on_time", with_bike(on_time=NAN)),
    ("vehicles[p:motorbike].volume_max_cm3", with_bike(volume_max_cm3=-1)),
    ("vehicles[p:motorbike].run_seconds_max", with_bike(run_seconds_max=-1)),
    ("vehicles[p:motorbike].number_later", with_bike(number_later=-1)),
    ("outbound[o].volume_cm3", outbound(volume_cm3=-1)),
    ("outbound[o].service_seconds", outbound(service_seconds=-1)),
    ("outbound[o].count", outbound(count=-1)),
    ("committed[r].weight_left_g", committed(weight_left_g=-1)),
    ("committed[r].parcels_left", committed(parcels_left=-1)),
    ("committed[r].volume_left_cm3", committed(volume_left_cm3=-1)),
    ("committed[r].per_parcel_vnd", committed(per_parcel_vnd=-1)),
    ("committed[r].spare_seconds", committed(spare_seconds=-1)),
    ("partners[p].parcels_max", with_day(parcels_max=-1)),
    ("partners[p].discounts.parcels_from", with_day(discounts=(DiscountStep(-3, 100),))),
    ("forecast.rates.hours_seen", rate(hours_seen=0.0)),
    ("forecast.rates.hours_seen", rate(hours_seen=NAN)),
    ("forecast.rates.parcels_seen", rate(parcels_seen=-1)),
    ("forecast.pool.draws_per_wave", foreseen(pool=Pool(wave_times=(at(12),), draws_per_wave=-1, rides=()))),
    ("matrix.seconds", wave([ride("a")], matrix=Matrix({("start", "g1"): 1}, {("start", "g1"): HALF}))),
    ("matrix.metres", wave([ride("a")], matrix=Matrix({("start", "g1"): -1}, {}))),
]
NO_SENSE = [
    ("rides[a].latest", with_ride(latest={"nowhere": at(13)})),
    ("pins[a].partner_id", pinned(Pin(parcel_id="a", partner_id="nobody"))),
    ("pins[a].rides", pinned(Pin(parcel_id="a", rides=True), Pin(parcel_id="a", rides=False))),
    ("vehicles[p:motorbike].breaks", with_bike(breaks=(Window(at(12), at(11)),))),
    ("gates[g1].windows", wave([ride("a")], [gate(windows=(Window(at(12), at(11)),))])),
    ("committed[r].kind", committed(kind="boat")),
    ("partners.partner_id", wave([ride("a")], partners=(PartnerDay(partner_id="p"),) * 2)),
    ("tables[].place_ids", with_table(place_ids=("start", "g1", "g1"))),
    ("tables[].metres", with_table(metres=cells(-1))),
    ("tables[].seconds", with_table(seconds=cells(-2))),
    ("tables[].metres", with_table(metres=np.ones((2, 3), int))),
    ("tables[].seconds", with_table(seconds=[[0, 1, 1]] * 3)),
    ("tables[].seconds", with_table(seconds=np.full((3, 3), 0.5))),
]


@pytest.mark.parametrize(
    ("field", "one"), ODD := [*NO_ZONE, *NO_VALUE, *NO_NUMBER, *NO_SENSE], ids=[field for field, _ in ODD]
)
def test_what_cannot_be_meant_is_refused_with_the_field_named(field: str, one: Wave) -> None:
    with pytest.raises(InvalidWave) as refused:
        plan_wave(one, BUDGET, 1)
    assert refused.value.field_name == field


def test_a_way_that_is_closed_may_have_no_length_either() -> None:
    """Minus one stands for "cannot be driven", in seconds and metres alike."""
    closed = with_table(metres=cells(-1), seconds=cells(-1))
    assert [reason.code for reason in plan_wave(closed, BUDGET, 1).reasons] == ["NO_WAY"]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, None])
def test_a_seed_that_the_dice_do_not_take_is_refused(seed: Any) -> None:
    for ask in (
        lambda: plan_wave(wave([]), BUDGET, seed),
        lambda: plan_by_rule(wave([]), Rule(), BUDGET, seed),
    ):
        with pytest.raises(InvalidWave) as refused:
            ask()
        assert refused.value.field_name == "seed"
    for good in (0, 2**32 - 1):
        assert plan_wave(wave([]), BUDGET, good).seed == good


@pytest.mark.parametrize(
    ("field", "budget"),
    [
        ("budget.cpu_seconds", Budget(NAN)),
        ("budget.cpu_seconds", Budget(float("inf"))),
        ("budget.cpu_seconds", Budget(-1)),
        ("budget.cpu_seconds", Budget(TEXT)),
        ("budget.cpu_seconds", Budget(NOTHING)),
        ("budget.trace", Budget(trace=(5, -1))),
        ("budget.trace", Budget(trace=(5, NOTHING))),
    ],
)
def test_a_budget_that_is_no_budget_is_refused(field: str, budget: Budget) -> None:
    with pytest.raises(InvalidWave) as refused:
        plan_wave(wave([]), budget, 1)
    assert refused.value.field_name == field


def test_a_parcel_that_is_known_only_later_is_held_and_harms_nobody() -> None:
    plan = plan_wave(wave([ride("a"), ride("b", known_time=at(11))]), BUDGET, 1)
    assert [reason.rides for reason in plan.reasons] == [True, False]


def told() -> tuple[Wave, Wave]:
    """A wave of two gates, and the same with what was planned for it as the last plan, frozen and dear to change."""
    one = wave([ride("a", partner_ids=("p", "q")), ride("b", "g2", partner_ids=("p", "q"))], [gate(), gate("g2")])
    last = plan_wave(one, BUDGET, 1)
    return one, replace(one, last_plan=last, freeze_time=at(10.5), change_vnd=7_000)


def other() -> Vehicle:
    return bike(vehicle_id="q:motorbike", partner_id="q")


def test_an_announced_run_whose_vehicle_is_gone_is_planned_anew_without_a_price() -> None:
    again = replace(told()[1], vehicles=(other(),))
    plan = plan_wave(again, BUDGET, 1)
    assert [run.partner_id for run in plan.runs] == ["q"] and plan.cost.change_vnd == 0
    assert broken_rules(again, plan) == ()


def test_an_announced_run_whose_gate_is_gone_is_planned_anew_without_a_price() -> None:
    one, again = told()
    again = replace(again, gates=one.gates[:1], rides=one.rides[:1])
    plan = plan_wave(again, BUDGET, 1)
    assert [reason.code for reason in plan.reasons] == ["MUST_GO"] and plan.cost.change_vnd == 0
    assert broken_rules(again, plan) == ()


OFFER = RunOffer(partner_id="p0", bill_vnd=100)
POOL = RunPool(run_id="r", parcels=1, weight_g=1, commune_codes=("c",), offers=(OFFER,))
FALLING = PartnerDay(partner_id="p0", discounts=(DiscountStep(20, 100), DiscountStep(5, 300)))


@pytest.mark.parametrize(
    ("field", "pools", "days"),
    [
        ("run_pools.run_id", [POOL, POOL], []),
        ("run_pools[r].parcels", [replace(POOL, parcels=-3)], []),
        ("run_pools[r].weight_g", [replace(POOL, weight_g=NAN)], []),
        ("run_pools[r].offers[p0].bill_vnd", [replace(POOL, offers=(replace(OFFER, bill_vnd=-1),))], []),
        ("run_pools[r].offers[p0].bill_vnd", [replace(POOL, offers=(replace(OFFER, bill_vnd=NAN),))], []),
        ("run_pools[r].offers[p0].penalty_vnd", [replace(POOL, offers=(replace(OFFER, penalty_vnd=-1),))], []),
        ("partner_state.partner_id", [POOL], [PartnerDay(partner_id="p0")] * 2),
        ("partner_state[p0].runs_max", [POOL], [PartnerDay(partner_id="p0", runs_max=-1)]),
        ("partner_state[p0].discounts", [POOL], [FALLING]),
    ],
)
def test_an_allocation_of_nonsense_is_refused(field: str, pools: list[RunPool], days: list[PartnerDay]) -> None:
    with pytest.raises(InvalidWave) as refused:
        allocate(pools, days)
    assert refused.value.field_name == field
