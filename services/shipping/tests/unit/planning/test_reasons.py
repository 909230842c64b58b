"""What a parcel that waits is told: why, and which wave could take it at last, if any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from shipping.domain.planning import (
    Budget,
    Forbidden,
    HubPlace,
    Pin,
    Plan,
    Vehicle,
    Wave,
    Window,
    broken_rules,
    explain,
    plan_wave,
)

from .given import at, bike, gate, later, line, ride, truck, wave

BUDGET = Budget(0.05)
ON_A_LINE = line({"start": 0.0, "hub": 0.0, "hub2": 0.0, "g1": 10.0, "g2": 12.0, "g3": 14.0})


def planned(one: Wave) -> Plan:
    plan = plan_wave(one, BUDGET, 1)
    assert broken_rules(one, plan) == ()
    return plan


UNFIT: dict[str, Any] = {
    "too many pieces": ({"count": 36}, {}),
    "too voluminous": ({"volume_cm3": 11}, {"vehicles": [bike(volume_max_cm3=10)]}),
    "heavy goods": ({"handling": frozenset({"heavy"})}, {}),
    "needs a van": ({"needs_van": True}, {}),
    "a gate too small": ({}, {"gates": [gate(largest_kind="motorbike")], "vehicles": [truck()]}),
}


@pytest.mark.parametrize(("parcel", "changes"), UNFIT.values(), ids=UNFIT.keys())
def test_what_no_vehicle_can_carry_is_told_so(parcel: dict[str, Any], changes: dict[str, Any]) -> None:
    plan = planned(wave([ride("a", **parcel)], **changes))
    assert plan.reasons[0].code == "NO_VEHICLE_FITS"


def test_what_only_a_partner_that_declined_could_carry_has_no_partner_left() -> None:
    plan = planned(wave([ride("a")], forbidden=(Forbidden("p", "c1", at(23)),)))
    assert plan.reasons[0].code == "NO_PARTNER_LEFT"


DECLINED = (Forbidden("p", "c1", at(12)), Forbidden("p", "c1", at(10.5)))
WAITS: dict[str, tuple[dict[str, Any], dict[str, Any], datetime | None]] = {
    "cannot ride at all": ({"weight_g": 1_000_000}, {}, None),
    "its gate is closed for good": ({}, {"windows": (Window(at(8), at(9)),)}, None),
    "its gate opens again": ({}, {"windows": (Window(at(13), at(15)),)}, at(14)),
    "its partner declined for now": ({}, {"forbidden": DECLINED}, at(14)),
    "its partner declined for today": ({}, {"forbidden": (Forbidden("p", "c1", at(23)),)}, None),
    "not packed before noon": ({"ready_time": at(12)}, {}, at(14)),
    "nobody knows when it is packed": ({"ready_time": None}, {}, at(11)),
    "not known before noon": ({"known_time": at(12)}, {}, at(14)),
    "a dispatcher said so": ({}, {"pins": (Pin(parcel_id="a", rides=False),)}, at(11)),
    "no vehicle is free": ({"latest": {"hub": at(10.7)}}, {"vehicles": [bike(number=0)]}, at(11)),
    "vehicles are gone for good": (
        {"latest": {"hub": at(10.7)}},
        {"vehicles": [bike(number=0, number_later=0)]},
        None,
    ),
}


@pytest.mark.parametrize(("parcel", "changes", "waits_for"), WAITS.values(), ids=WAITS.keys())
def test_a_parcel_waits_for_a_wave_that_could_take_it(
    parcel: dict[str, Any], changes: dict[str, Any], waits_for: datetime | None
) -> None:
    gates = [gate(later_waves=later(11, 14), windows=changes.get("windows", ()))]
    others = {name: value for name, value in changes.items() if name != "windows"}
    plan = planned(wave([ride("a", **({"latest": {"hub": at(19)}} | parcel))], gates, **others))
    assert not plan.reasons[0].rides and plan.reasons[0].waits_for == waits_for
    assert ("No later wave" in explain(plan, "a")) == (waits_for is None)


def full_now(vehicle: Vehicle, **changes: Any) -> Wave:
    """One vehicle is full with what must go now; what could wait with it to the same hub is left behind."""
    gates = [gate(later_waves=()), gate("g2", later_waves=later(11, 15))]
    left = ride("left", "g2", weight_g=5_000, latest={"hub": at(19)})
    return wave(**({"rides": [ride("must", weight_g=41_000), left], "gates": gates, "vehicles": [vehicle]} | changes))


def test_what_found_no_room_is_held_if_a_later_run_is_sure_and_in_danger_if_not() -> None:
    safe, lost = planned(full_now(bike(number=1))), planned(full_now(bike(number=1, number_scope="day")))
    assert [reason.code for reason in safe.reasons] == ["MUST_GO", "HELD_FOR_LATER_WAVE"]
    assert [proof.decide_time for proof in safe.witnesses] == [safe.reasons[1].waits_for] == [at(15)]
    assert [reason.code for reason in lost.reasons] == ["MUST_GO", "NO_CAPACITY"] and lost.witnesses == ()
    assert "in danger" in explain(lost, "left") and "in danger" not in explain(safe, "left")


def test_what_found_no_room_takes_no_later_run_from_what_is_held() -> None:
    hubs = (HubPlace(hub_id="hub"), HubPlace(hub_id="hub2"))
    one = full_now(bike(number=1), hubs=hubs, places={"hub2": 0.0})
    held = ride("held", "g3", weight_g=41_000, latest={"hub2": at(20)})
    far = gate("g3", hub_ids=("hub2",), later_waves=later(15))
    near = replace(one.gates[1], later_waves=later(15))
    plan = planned(replace(one, rides=(*one.rides, held), gates=(one.gates[0], near, far), matrix=ON_A_LINE))
    codes = {reason.parcel_id: reason.code for reason in plan.reasons}
    assert codes == {"must": "MUST_GO", "left": "NO_CAPACITY", "held": "HELD_FOR_LATER_WAVE"}


def test_a_forced_parcel_that_finds_no_room_is_told_so_although_it_could_wait() -> None:
    must = [ride(f"must{n}", weight_g=20_000) for n in range(2)]
    left = ride("left", "g2", weight_g=26_000, latest={"hub": at(19)})
    plan = planned(full_now(bike(number=1), rides=[*must, left], pins=(Pin(parcel_id="left", rides=True),)))
    assert plan.reasons[2].code == "PIN_IMPOSSIBLE" and plan.witnesses == ()
    assert dict(plan.reasons[2].figures)["because"] == "NO_CAPACITY"
