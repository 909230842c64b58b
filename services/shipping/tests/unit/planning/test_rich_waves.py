"""Random waves with all that a day brings at once: two partners with ceilings, two hubs, a road that closes, runs under
way, declined communes, returns to bring, and what was announced before. No rule is broken, no parcel lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from shipping.domain.planning import (
    Committed,
    CommittedStop,
    DiscountStep,
    Forbidden,
    HubPlace,
    Outbound,
    PartnerDay,
    Pin,
    Table,
    Wave,
    plan_wave,
)

from .given import at, bike, line, passing, truck
from .test_properties import SHORT, sound, waves

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
HUBS = (HubPlace(hub_id="hub", cutoff_times=(at(19.5),)), HubPlace(hub_id="far", close_time=at(19)))
AT = {"start": 0.0, "hub": 0.0, "far": 25.0, "g1": 10.0, "g2": 12.0, "g3": 14.0, "g4": 16.0}


@some.composite
def rich_waves(draw: Any) -> Wave:
    one = draw(waves())
    both = draw(some.booleans())
    gates = tuple(
        replace(gate, hub_ids=draw(some.sampled_from([("hub",), ("far",), ("hub", "far")])), commune_code=f"c{n % 2}")
        for n, gate in enumerate(one.gates)
    )
    rides = tuple(
        replace(ride, latest=dict.fromkeys(("hub", "far"), ride.latest["hub"]), partner_ids=_partners(draw))
        for ride in one.rides
    )
    vehicles = (
        *one.vehicles,
        bike(vehicle_id="q:motorbike", partner_id="q", number=draw(some.integers(0, 2)), on_time=0.9),
        truck(vehicle_id="q:truck", partner_id="q", number=int(both), per_duty_hour_vnd=10_000),
    )
    pins = one.pins or tuple(Pin(parcel_id=ride.parcel_id, partner_id="q") for ride in rides[:1] if both)
    one = replace(
        one,
        gates=gates,
        rides=rides,
        vehicles=vehicles,
        hubs=HUBS,
        any_hub=draw(some.booleans()),
        pins=pins,
        tables=draw(some.sampled_from([(), _tables()])),
        matrix=line(AT),
        partners=tuple(draw(days(partner_id)) for partner_id in ("p", "q")),
        forbidden=(Forbidden("p", "c1", at(draw(some.sampled_from([9, 12])))),) if draw(some.booleans()) else (),
        committed=draw(some.lists(committed(), max_size=1).map(tuple)),
        outbound=(Outbound(outbound_id="o", gate_id="g1", weight_g=5_000),) if draw(some.booleans()) else (),
    )
    return draw(announced(one)) if draw(some.booleans()) else one


def _partners(draw: Any) -> tuple[str, ...]:
    return tuple(draw(some.sampled_from([("p",), ("q",), ("p", "q")])))


@some.composite
def days(draw: Any, partner_id: str) -> PartnerDay:
    few = some.none() | some.integers(0, 4)
    return PartnerDay(
        partner_id=partner_id,
        runs_max=draw(few),
        runs_today=draw(some.integers(0, 1)),
        parcels_max=draw(few),
        weight_max_g=draw(some.none() | some.just(70_000)),
        discounts=draw(some.sampled_from([(), (DiscountStep(2, 100), DiscountStep(5, 300))])),
    )


@some.composite
def committed(draw: Any) -> Committed:
    return passing(
        return_time=at(12),
        stops=(CommittedStop(draw(some.sampled_from(["g1", "g2"])), at(draw(some.sampled_from([9.5, 10.5, 11])))),),
        weight_left_g=draw(some.sampled_from([0, 30_000])),
        parcels_left=draw(some.integers(0, 3)),
        volume_left_cm3=draw(some.sampled_from([None, 0, 200])),
    )


@some.composite
def announced(draw: Any, one: Wave) -> Wave:
    earlier = replace(one, decide_time=one.decide_time - timedelta(minutes=30), take_all=True, pins=())
    freeze = draw(some.none() | some.just(at(10.5)))
    return replace(one, last_plan=plan_wave(earlier, SHORT, 1), freeze_time=freeze, change_vnd=20_000)


def _tables() -> tuple[Table, ...]:
    """The road between g2 and g3 closes at noon."""
    names, spots = tuple(AT), np.array(list(AT.values()))
    metres = np.rint(np.abs(np.subtract.outer(spots, spots)) * 1000).astype(np.int64)
    apart = np.not_equal.outer(spots <= AT["g2"], spots <= AT["g2"])
    seconds, shut = metres // 10, np.where(apart, -1, metres // 10)
    roads = ((None, seconds), (at(12), shut))
    return tuple(Table(profile="", place_ids=names, metres=metres, seconds=s, from_time=t) for t, s in roads)


@FEW
@given(rich_waves())
def test_no_plan_breaks_a_rule_whatever_a_day_brings(one: Wave) -> None:
    plan = plan_wave(one, SHORT, 1)
    assert not plan.policy.startswith("mended"), plan.policy
    sound(one, plan)
