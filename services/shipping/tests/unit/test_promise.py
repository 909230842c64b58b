"""The promise with its inputs (R47), quotes for everywhere (R114), and why something is not shipped (R110)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from shipping.app import commands
from shipping.domain import events
from shipping.domain.calendar import LOCAL, Timetable, local_date
from shipping.domain.goods import Handling, Place, Shipment, Size
from shipping.domain.partners import VehicleKind
from shipping.domain.profile import Network, Profile, Way
from shipping.domain.promise import Promise, World, promise
from shipping.domain.quoting import quote

Make = Callable[..., Shipment]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 2, day, hour, minute, tzinfo=LOCAL).astimezone(UTC)


def promised(world: World, make: Make, placed: datetime, origin: str = "03390") -> Promise:
    return promise(world, make("DH1", place_time=placed), Place(origin), placed)


@pytest.mark.parametrize(
    ("placed", "handover", "bound_by"),
    [
        (at(4, 13, 59), date(2026, 2, 4), "CHANNEL_SAME_DAY"),
        (at(4, 14, 0), date(2026, 2, 5), "CHANNEL_NEXT_WORKING_DAY"),
        (at(6, 14, 30), date(2026, 2, 9), "CHANNEL_NEXT_WORKING_DAY"),
        (at(7, 10, 0), date(2026, 2, 9), "CHANNEL_NEXT_WORKING_DAY"),
        (at(8, 10, 0), date(2026, 2, 9), "CHANNEL_NEXT_WORKING_DAY"),
        (at(13, 15, 0), date(2026, 2, 23), "CHANNEL_NEXT_WORKING_DAY"),
        (at(17, 9, 0), date(2026, 2, 23), "CHANNEL_NEXT_WORKING_DAY"),
    ],
    ids=["before the cut-off", "at the cut-off", "Friday", "Saturday", "Sunday", "before Tết", "in Tết"],
)
def test_the_hand_over_deadline_follows_the_channel(
    world: World, make_shipment: Make, placed: datetime, handover: date, bound_by: str
) -> None:
    made = promised(world, make_shipment, placed)
    assert local_date(made.handover_deadline_time) == handover
    assert made.handover_deadline_time.astimezone(LOCAL).strftime("%H:%M") == "23:59"
    assert made.bound_by == bound_by


def test_the_promise_keeps_its_inputs(world: World, make_shipment: Make) -> None:
    made = promised(world, make_shipment, at(4, 13, 30))
    assert made.channel_deadline_time == made.handover_deadline_time
    assert made.first_wave_time == at(4, 14, 45)
    assert (made.lead_days, made.partner_id, made.place_time) == (3, "partner-a", at(4, 13, 30))
    assert local_date(made.delivery_deadline_time) == date(2026, 2, 7)


def test_delivery_days_skip_days_on_which_nobody_delivers(world: World, make_shipment: Make) -> None:
    made = promised(world, make_shipment, at(6, 10, 0))
    assert local_date(made.handover_deadline_time) == date(2026, 2, 6)
    assert local_date(made.delivery_deadline_time) == date(2026, 2, 10)


def test_a_commune_without_a_wave_in_time_moves_the_deadline(world: World, make_shipment: Make) -> None:
    mondays = Timetable((datetime(2026, 1, 1, 9, 30).time(),), frozenset({0}))
    own = {"03390": Profile("03390", (Way("hub-lai-chau"),), mondays, 30)}
    network = Network(world.units, world.network.hubs, own, own["03390"], world.network.roads)
    made = promised(replace(world, network=network), make_shipment, at(4, 13, 30))
    assert made.bound_by == "COMMUNE_SCHEDULE"
    assert local_date(made.handover_deadline_time) == date(2026, 2, 9)
    assert local_date(made.channel_deadline_time) == date(2026, 2, 4)


def test_a_promise_made_late_counts_on_no_wave_that_is_over(world: World, make_shipment: Make) -> None:
    """The bank was silent until 15:00: the wave of 14:45 cannot be used any more."""
    made = promise(world, make_shipment("DH1", place_time=at(4, 13, 30)), Place("03390"), at(4, 15))
    assert (made.first_wave_time, made.bound_by) == (at(5, 9, 30), "COMMUNE_SCHEDULE")
    assert local_date(made.handover_deadline_time) == date(2026, 2, 5)
    assert local_date(made.channel_deadline_time) == date(2026, 2, 4)


@pytest.mark.parametrize(
    ("largest", "needs", "accepted"),
    [
        (VehicleKind.MOTORBIKE, Handling.HEAVY, False),
        (VehicleKind.MOTORBIKE, Handling.OVERSIZE, False),
        (VehicleKind.MOTORBIKE, Handling.FRAGILE, True),
        (VehicleKind.VAN, Handling.HEAVY, True),
    ],
)
def test_what_no_vehicle_can_fetch_from_its_gate_is_refused_at_once(
    bare_yard: Any, make_gate: Any, largest: VehicleKind, needs: Handling, accepted: bool
) -> None:
    """R89: a motorbike takes nothing heavy; accepted, such a parcel would wait for ever."""
    gate = make_gate("pp-hamlet", largest_vehicle=largest)
    bare_yard.do(commands.StatePickupPoint(pickup_point_id="pp-hamlet", gate=gate))
    id = bare_yard.confirm(point="pp-hamlet", handling=(needs,))
    assert bare_yard.parcel(id).state == ("created" if accepted else "refused")
    assert accepted or bare_yard.last(events.ParcelRefused).reason == "OVER_PARTNER_LIMITS"


@pytest.mark.parametrize("hamlet", ["", "Bản Thẳm"])
def test_a_partner_that_demands_a_hamlet_collects_only_where_there_is_one(
    bare_yard: Any, make_gate: Any, hamlet: str
) -> None:
    """R85: with another partner that does not, the run is simply not its; without one the seller is asked."""
    bare_yard.two_collectors()
    gate = make_gate("pp-hamlet", place=Place("03390", "", hamlet))
    bare_yard.do(commands.StatePickupPoint(pickup_point_id="pp-hamlet", gate=gate))
    bare_yard.demand_hamlets("partner-a")
    bare_yard.packed(1, "pp-hamlet")
    (batch,) = bare_yard.plan()
    assert batch.partner_id == ("partner-a" if hamlet else "partner-c")
    assert ("partner-a" in (batch.partner_id, *batch.partners_left)) == bool(hamlet)
    bare_yard.demand_hamlets("partner-a", "partner-c")
    id = bare_yard.confirm(point="pp-hamlet")
    assert bare_yard.parcel(id).state == ("created" if hamlet else "refused")
    assert hamlet or bare_yard.last(events.ParcelRefused).reason == "HAMLET_NEEDED"


@pytest.mark.parametrize(
    ("changes", "origin", "reason"),
    [
        ({"size": Size(30_000, 60, 60, 10)}, "03390", "OVER_PARTNER_LIMITS"),
        ({"size": Size(1_000, 160, 10, 10)}, "03390", "OVER_PARTNER_LIMITS"),
        ({"size": Size()}, "03390", "NOT_BATCHABLE"),
        ({"handling": (Handling.HOT_MEAL,)}, "03390", "NOT_BATCHABLE"),
        ({"destination": Place("99999")}, "03390", "UNKNOWN_COMMUNE"),
        ({"destination": Place("03390", "2025-06-30")}, "03424", "UNKNOWN_COMMUNE"),
        ({}, "99999", "UNKNOWN_COMMUNE"),
        ({}, "03390 2025-06-30", "UNKNOWN_COMMUNE"),
        ({"destination": Place("22736")}, "03390", "NO_PARTNER"),
    ],
    ids=[
        "heavy",
        "long",
        "no weight",
        "hot meal",
        "nowhere",
        "a unit given up",
        "from nowhere",
        "from one given up",
        "island",
    ],
)
def test_what_cannot_be_shipped_has_a_reason(
    world: World, make_shipment: Make, changes: dict[str, object], origin: str, reason: str
) -> None:
    answer = quote(world, Place(*origin.split()), make_shipment("DH1", **changes), at(4, 13, 30))
    assert (answer.promise, answer.refuse_reason) == (None, reason)


def test_a_place_that_became_a_ward_later_is_still_the_same_place(world: World, make_shipment: Make) -> None:
    unit = next(u for u in world.units.in_force(date(2026, 4, 30)) if u.valid_from == "2026-04-30")
    made = make_shipment("DH1", destination=Place(unit.code, "2026-04-01"))
    assert quote(world, Place("03390"), made, datetime(2026, 5, 5, 3, tzinfo=UTC)).promise is not None


def test_every_destination_has_a_quote_or_a_reason(world: World, make_shipment: Make) -> None:
    for unit in world.units.in_force(date(2026, 2, 4)):
        made = make_shipment("DH1", destination=Place(unit.code))
        answer = quote(world, Place("03390"), made, at(4, 13, 30))
        assert bool(answer.promise) != bool(answer.refuse_reason)
        if answer.promise:
            assert 2 <= answer.promise.lead_days <= 4 and answer.chargeable_g == 1800
