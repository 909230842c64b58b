"""Random waves: no rule is ever broken, no parcel lost or doubled, and small ones are planned as well as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from shipping.domain.planning import (
    RULES,
    Budget,
    DayBefore,
    Forecast,
    HubPlace,
    Pin,
    Plan,
    Ride,
    Rule,
    Wave,
    Window,
    broken_rules,
    plan_by_rule,
    plan_wave,
)

from .given import at, bike, gate, later, line, ride, truck, wave

SHORT = Budget(cpu_seconds=0.03)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

hours = some.integers(8, 20).map(at)


@some.composite
def rides(draw: Any, gates: int = 4) -> Ride:
    number = draw(some.integers(0, 10**9))
    return ride(
        f"p{number}",
        f"g{draw(some.integers(1, gates))}",
        ready_time=draw(some.none() | hours),
        ready_expected_time=draw(some.none() | hours),
        latest={"hub": draw(hours)},
        weight_g=draw(some.integers(0, 60_000)),
        volume_cm3=draw(some.integers(0, 300)),
        count=draw(some.integers(1, 3)),
        open_time=draw(some.none() | some.just(at(10.5))),
        handling=draw(some.sampled_from([frozenset(), frozenset({"heavy"}), frozenset({"hot_meal"})])),
        must_ride=draw(some.none() | some.booleans()),
    )


@some.composite
def waves(draw: Any) -> Wave:
    gates = [
        gate(
            f"g{number}",
            largest_kind=draw(some.sampled_from(["motorbike", "van", "truck"])),
            later_waves=later(*sorted(draw(some.sets(some.integers(11, 18), max_size=3)))),
            windows=draw(some.sampled_from([(), (Window(at(9), at(10.6)), Window(at(12), at(15)))])),
        )
        for number in range(1, 5)
    ]
    found = {one.parcel_id: one for one in draw(some.lists(rides(), max_size=9))}
    vehicles = [
        bike(
            number=draw(some.integers(0, 3)), volume_max_cm3=500, run_seconds_max=draw(some.none() | some.just(7_200))
        ),
        truck(number=draw(some.integers(0, 1)), breaks=draw(some.sampled_from([(), (Window(at(10.5), at(11)),)]))),
    ]
    ids = sorted(found)
    pins = (Pin(parcel_id=ids[0], rides=draw(some.booleans())),) if ids and draw(some.booleans()) else ()
    return wave(
        list(found.values()),
        gates,
        vehicles,
        information=draw(some.sampled_from(["frozen", "door"])),
        take_all=draw(some.booleans()),
        wait_hour_vnd=draw(some.sampled_from([0, 50, 3_000])),
        hubs=(HubPlace(hub_id="hub", handling_seconds=draw(some.sampled_from([0, 900])), cutoff_times=(at(19.5),)),),
        pins=pins,
        forecast=draw(some.none() | some.just(Forecast(wave_times=(at(12), at(15)), days=(DayBefore((), 1),)))),
    )


def sound(one: Wave, plan: Plan) -> None:
    assert not plan.policy.startswith(("mended", "first_fit"))
    assert broken_rules(one, plan) == ()
    riding = [p for run in plan.runs for stop in run.stops for p in stop.parcel_ids]
    riding += [p for addition in plan.additions for p in addition.parcel_ids]
    held = [reason.parcel_id for reason in plan.reasons if not reason.rides]
    assert sorted(riding + held) == sorted(ride.parcel_id for ride in one.rides)


@FEW
@given(waves())
def test_no_plan_breaks_a_rule_or_loses_a_parcel(one: Wave) -> None:
    plan = plan_wave(one, SHORT, 1)
    sound(one, plan)
    assert repr(plan_wave(one, Budget(0.0, plan.trace), 1)) == repr(plan)


@FEW
@given(waves(), some.sampled_from(RULES))
def test_no_simple_rule_breaks_one_either(one: Wave, name: str) -> None:
    sound(one, plan_by_rule(one, Rule(name=name), SHORT, 1))


@FEW
@given(waves(), some.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing_that_counts(one: Wave, dice: Any) -> None:
    shuffled = list(one.rides)
    dice.shuffle(shuffled)
    steps = plan_wave(one, SHORT, 1).trace
    first = plan_wave(one, Budget(0.0, steps), 1)
    other = plan_wave(replace(one, rides=tuple(shuffled)), Budget(0.0, steps), 1)
    assert (first.cost, first.late_parcels) == (other.cost, other.late_parcels)
    assert {r.parcel_id: r.code for r in first.reasons} == {r.parcel_id: r.code for r in other.reasons}


KM = {f"g{number}": 6.0 + 5 * number for number in range(1, 6)}
loads = some.lists(some.tuples(some.integers(1, 5), some.integers(2, 30)), min_size=1, max_size=5)


def price(parcels: Sequence[Ride]) -> int:
    """A motorbike's run on the straight road."""
    gates = {parcel.gate_id for parcel in parcels}
    far = max(KM[one] for one in gates)
    return 30_000 + int(2 * far * 3_500) + 2_000 * len(gates)


def parts(parcels: Sequence[Ride]) -> Iterator[list[list[Ride]]]:
    """Every way of dividing parcels among runs that can carry them."""
    if not parcels:
        yield []
        return
    first, rest = parcels[0], parcels[1:]
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            if first.weight_g + sum(one.weight_g for one in others) <= 45_000:
                left = [one for one in rest if one not in others]
                yield from ([[first, *others], *more] for more in parts(left))


def best(parcels: Sequence[Ride]) -> int:
    return min(sum(map(price, runs)) for runs in parts(parcels))


@FEW
@given(loads)
def test_small_waves_cost_what_brute_force_says(found: list[tuple[int, int]]) -> None:
    parcels = [ride(f"p{n}", f"g{g}", weight_g=1_000 * kg) for n, (g, kg) in enumerate(found)]
    one = wave(parcels, [gate(name) for name in KM], [bike(number=9)], matrix=line({"start": 0, "hub": 0, **KM}))
    assert plan_wave(one, SHORT, 1).cost.bill_vnd == best(parcels)


@settings(FEW, max_examples=25)
@given(loads, loads)
def test_with_holding_small_days_cost_little_more_than_brute_force(
    now: list[tuple[int, int]], coming: list[tuple[int, int]]
) -> None:
    """Two waves, and the forecast is what happens. What must go now is due at 12:00, all else in the evening."""
    evening = {"hub": at(20)}
    present = [ride(f"p{n}", f"g{g}", weight_g=1_000 * kg, latest=evening) for n, (g, kg) in enumerate(now)]
    present[0] = replace(present[0], latest={"hub": at(12)})
    future = [
        ride(f"q{n}", f"g{g}", weight_g=1_000 * kg, latest=evening, ready_time=at(13), known_time=at(13))
        for n, (g, kg) in enumerate(coming)
    ]
    yesterday = DayBefore(tuple(_earlier(one) for one in future), 1)
    gates = [gate(name, later_waves=later(14)) for name in KM]
    one = wave(
        present,
        gates,
        [bike(number=9)],
        matrix=line({"start": 0, "hub": 0, **KM}),
        forecast=Forecast(wave_times=(at(14),), days=(yesterday,)),
    )
    plan = plan_wave(one, Budget(0.1), 1)
    sound(one, plan)
    held = [r for r in present if not next(x for x in plan.reasons if x.parcel_id == r.parcel_id).rides]
    cost = plan.cost.bill_vnd + best([*held, *future])
    free = present[1:]
    choices = [set(c) for size in range(len(free) + 1) for c in combinations(range(len(free)), size)]
    optimum = min(
        best([present[0], *(free[n] for n in chosen)])
        + best([*(one for n, one in enumerate(free) if n not in chosen), *future])
        for chosen in choices
    )
    assert cost <= optimum * 1.06


def _earlier(one: Ride) -> Ride:
    return replace(one, known_time=at(13, days=-1), ready_time=at(13, days=-1), latest={"hub": at(20, days=-1)})
