"""Looking ahead: what is held, sent and proved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from shipping.domain.planning import (
    Budget,
    DayBefore,
    Forecast,
    Plan,
    Pool,
    Rate,
    Ride,
    Table,
    Wave,
    broken_rules,
    plan_wave,
)
from shipping.domain.planning.region import GATES, Region
from shipping.domain.planning.session import Session
from shipping.domain.planning.witness import witnesses

from .given import at, bike, gate, later, line, ride, wave

KM = {"g1": 4.0, "g2": 7.0, "g3": 9.0, "g4": 15.0, "g5": 16.0}
PLACES = {"start": 0.0, "hub": 0.0, **KM}


def with_yesterday(present: list[Ride], coming: list[Ride]) -> Wave:
    """Later waves at 12:00 and 14:00; what came yesterday is `coming`, a day later."""
    gates = [gate(name, later_waves=later(12, 14)) for name in KM]
    days = tuple(
        DayBefore(tuple(replace(one, parcel_id=f"{one.parcel_id}-{n}") for one in coming), 1) for n in range(3)
    )
    forecast = Forecast(wave_times=(at(12), at(14)), days=days)
    return wave(present, gates, [bike(number=9)], matrix=line(PLACES), forecast=forecast)


def yesterday(number: int, gate_id: str) -> Ride:
    then = at(13, days=-1)
    return ride(f"q{number}", gate_id, known_time=then, ready_time=then, latest={"hub": at(20, days=-1)})


def rides_now(plan: Plan) -> set[str]:
    return {reason.parcel_id for reason in plan.reasons if reason.rides}


def test_parcels_that_may_wait_for_those_that_come_wait() -> None:
    present = [ride(f"p{n}", "g4", latest={"hub": at(20)}) for n in range(8)]
    one = with_yesterday(present, [yesterday(n, "g5") for n in range(8)])
    plan = plan_wave(one, Budget(0.3), 1)
    assert broken_rules(one, plan) == () and rides_now(plan) == set()


def test_what_will_not_fit_with_those_that_come_rides_now() -> None:
    """One motorbike a wave for 35 parcels: twenty wait, twenty come, and 14:00 is the last wave for all of them."""
    present = [ride(f"p{n}", "g4", latest={"hub": at(20)}) for n in range(20)]
    one = with_yesterday(present, [yesterday(n, "g5") for n in range(20)])
    gates = tuple(replace(each, later_waves=later(14)) for each in one.gates)
    assert one.forecast
    forecast = replace(one.forecast, wave_times=(at(14),))
    few = replace(one, gates=gates, forecast=forecast, vehicles=(bike(number=1, number_scope="wave"),))
    assert len(rides_now(plan_wave(few, Budget(0.3), 1))) >= 5


def test_a_far_parcel_with_time_does_not_ride_with_a_near_one_that_must() -> None:
    """The rule would take all: 22 km more for parcels whose gate is visited later anyway."""
    present = [ride(f"p{n}", "g4", latest={"hub": at(20)}) for n in range(8)]
    one = with_yesterday([ride("must", "g1", latest={"hub": at(12)}), *present], [yesterday(n, "g4") for n in range(8)])
    plan = plan_wave(one, Budget(0.3), 1)
    assert rides_now(plan) == {"must"} and plan.policy.startswith("look_ahead")


def test_without_a_forecast_what_is_announced_is_all_that_comes() -> None:
    """Eight at g4 wait for eight that are announced there; the rule would take them along with the one that must."""
    now = [ride("must", "g1", latest={"hub": at(12)}), *(ride(f"p{n}", "g4", latest={"hub": at(20)}) for n in range(8))]
    told = [ride(f"q{n}", "g4", ready_time=None, ready_expected_time=at(11), latest={"hub": at(20)}) for n in range(8)]
    one = replace(with_yesterday([*now, *told], []), forecast=None)
    plan = plan_wave(one, Budget(0.3), 1)
    assert rides_now(plan) == {"must"} and plan.policy.startswith("look_ahead")
    assert plan_wave(replace(one, information="door"), Budget(0.3), 1).policy == "take_all"


def test_a_wave_of_too_many_gates_for_the_time_there_is_goes_by_the_rule() -> None:
    """With a budget of 0.1 s, 161 gates; LookAhead, meant for few lots, would guess."""
    names = [f"g{n}" for n in range(GATES + 1)]
    matrix = line({"start": 0.0, "hub": 0.0, **{name: 5.0 + n / 100 for n, name in enumerate(names)}})
    rides = [ride(f"p{name}", name, latest={"hub": at(20)}) for name in names]
    ahead = Forecast(wave_times=(at(12),), days=(DayBefore((yesterday(1, "g1"),), 1),))
    gates = [gate(name, later_waves=later(12)) for name in names]
    large = wave(rides, gates, [bike(number=9)], matrix=matrix, forecast=ahead)
    assert plan_wave(large, Budget(0.1), 1).policy == "take_all"


def test_promises_of_days_are_weighed_over_these_days() -> None:
    """Two days are played, and four where half of what is there may wait for the fourth."""
    seen = {}
    for days in (1, 3):
        promised = {"hub": at(20, days)}
        present = [ride(f"p{n}", f"g{n % 5 + 1}", latest=promised) for n in range(5)]
        moments = tuple(wave for day in range(5) for wave in later(12, days=day))
        coming = DayBefore((replace(yesterday(1, "g4"), latest={"hub": at(20, days - 1)}),), 1)
        ahead = Forecast(wave_times=tuple(one.decide_time for one in moments), days=(coming,))
        gates = [gate(name, later_waves=moments) for name in KM]
        one = wave(present, gates, [bike(number=9)], matrix=line(PLACES), forecast=ahead)
        seen[days] = Region(Session(one, Budget(0.1), 1), ahead, 0).moments[-1].day - at(12).day
    assert seen == {1: 1, 3: 3}


def test_a_road_that_is_closed_now_does_not_disorder_the_runs_of_later_waves() -> None:
    """Until noon nobody gets to g2 and g4; runs are cut along the round trip of the afternoon all the same."""
    spots = np.array(list(PLACES.values())) * 1_000
    metres = np.abs(np.subtract.outer(spots, spots)).astype(np.int64)
    away = [list(PLACES).index(name) for name in ("g2", "g4")]
    shut = metres.copy()
    shut[away, :] = shut[:, away] = -1
    coming = [yesterday(number, name) for number, name in enumerate(KM)]
    names, one = tuple(PLACES), with_yesterday([ride(f"p-{name}", name, latest={"hub": at(20)}) for name in KM], coming)
    free = Table(profile="", place_ids=names, metres=metres, seconds=metres // 10)
    closed = replace(free, metres=shut, seconds=np.where(shut < 0, -1, metres // 10))
    orders = []
    for tables in ((free,), (closed, replace(free, from_time=at(12)))):
        now = replace(one, tables=tables)
        assert now.forecast
        orders.append(Region(Session(now, Budget(0.1), 1), now.forecast, 0).places)
    assert orders[0] == orders[1]


def test_a_plan_that_looked_ahead_is_made_again_from_its_trace() -> None:
    present = [ride(f"p{n}", f"g{n % 5 + 1}", latest={"hub": at(20 if n % 3 else 12)}) for n in range(20)]
    one = with_yesterday(present, [yesterday(n, f"g{n % 5 + 1}") for n in range(20)])
    plan = plan_wave(one, Budget(0.2), 3)
    assert plan_wave(one, Budget(0.0, plan.trace), 3) == plan


def test_a_vehicle_that_comes_back_may_prove_two_later_runs() -> None:
    """Two full loads wait; one motorbike brings one at 12:00 and the other at 14:00."""
    present = [ride(f"p{n}", "g1", weight_g=15_000, latest={"hub": at(20)}) for n in range(6)]
    one = replace(with_yesterday(present, []), vehicles=(bike(number=1, number_scope="in_use"),))
    session = Session(one, Budget(0.1), 1)
    proofs, unproved = witnesses(session, session.items)
    assert {proof.decide_time for proof in proofs} == {at(12), at(14)} and unproved == []


def test_what_rides_for_want_of_a_proof_takes_along_what_stands_at_its_gate() -> None:
    """At 14:00 one motorbike for 45 kg comes: 30 kg at g1 and all light parcels are proved, 30 kg at g2 are not."""
    promises = {"a": 18, "b": 19, "c": 20, "d": 20}
    heavy = [ride(name, gate_id, weight_g=30_000) for name, gate_id in (("a", "g1"), ("b", "g2"))]
    light = [ride(name, gate_id) for name, gate_id in (("c", "g2"), ("d", "g1"))]
    present = [replace(one, latest={"hub": at(promises[one.parcel_id])}) for one in (*heavy, *light)]
    gates = [gate(name, later_waves=later(14)) for name in ("g1", "g2")]
    plan = plan_wave(wave(present, gates, [bike(number=1, number_scope="wave")]), Budget(0.1), 1)
    assert rides_now(plan) == {"b", "c"}
    assert {p for proof in plan.witnesses for stop in proof.run.stops for p in stop.parcel_ids} == {"a", "d"}


def crowd(present: list[Ride], number: int) -> Plan:
    """The plan of a wave at 10:00 with so many motorbikes, each of which drives once a day."""
    one = replace(with_yesterday(present, []), vehicles=(bike(number=number, number_scope="day"),))
    plan = plan_wave(one, Budget(0.3), 1)
    assert broken_rules(one, plan) == () and plan.policy == "triage"
    return plan


def test_where_vehicles_are_too_few_light_parcels_come_before_heavy_and_late_ones() -> None:
    """One motorbike for 45 kg: ten promises are kept instead of three."""
    heavy = [ride(f"heavy{n}", "g1", weight_g=14_000, latest={"hub": at(12)}) for n in range(6)]
    lost = [ride(f"lost{n}", "g2", weight_g=3_000, latest={"hub": at(9)}) for n in range(10)]
    light = [ride(f"light{n}", f"g{n % 5 + 1}", weight_g=4_000, latest={"hub": at(12)}) for n in range(10)]
    assert rides_now(crowd([*heavy, *lost, *light], 1)) == {one.parcel_id for one in light}


def test_where_vehicles_are_too_few_those_that_drive_once_a_day_wait_for_what_presses() -> None:
    """What must leave by 12:00 fills one motorbike; the other waits although enough is there to fill it."""
    pressing = [ride(f"now{n}", "g1", weight_g=4_000, latest={"hub": at(12)}) for n in range(10)]
    calm = [ride(f"calm{n}", "g5", weight_g=4_000, latest={"hub": at(20)}) for n in range(30)]
    assert rides_now(crowd([*pressing, *calm], 2)) >= {one.parcel_id for one in pressing}
    assert len(crowd([*pressing, *calm], 2).runs) == 1


def test_rates_tell_whether_a_run_will_go_there_anyway() -> None:
    """One parcel must go to km 10 now; another waits 10 km further, where many come before 12:00, or none."""
    gates = [gate("g1", later_waves=later(12)), gate("g2", later_waves=later(12))]
    rides = [ride("must", latest={"hub": at(11)}), ride("may", "g2", latest={"hub": at(18)})]
    example = ride("like", "g2", latest={"hub": at(14)})
    held = {}
    for seen in (0, 30):
        coming = Rate(from_time=at(10.5), to_time=at(12), parcels_seen=seen, hours_seen=1.0, examples=(example,))
        ahead = Forecast(wave_times=(at(12),), rates=(coming,))
        one = wave(rides, gates, places={"g2": 20.0}, forecast=ahead)
        plan = plan_wave(one, Budget(0.2), 1)
        assert broken_rules(one, plan) == ()
        held[seen] = {reason.parcel_id for reason in plan.reasons if not reason.rides}
    assert held == {0: set(), 30: {"may"}}


def test_vehicles_of_a_wave_do_not_stand_idle_where_all_that_is_drawn_may_wait() -> None:
    """Two later waves of three motorbikes take the 120 kg that are there, but not what a pool says is to come too."""
    names = [f"g{number}" for number in range(40)]
    hours = (12, 14)
    present, coming = (
        [ride(f"{letter}-{name}", name, weight_g=3_000, latest={"hub": at(20)}) for name in names] for letter in "pq"
    )
    pool = Pool(wave_times=tuple(map(at, hours)), draws_per_wave=len(names), rides=tuple(coming))
    one = wave(
        present,
        [gate(name, later_waves=later(*hours)) for name in names],
        [bike(number=3, number_scope="wave")],
        matrix=line({"start": 0.0, "hub": 0.0} | {name: 5 + 0.1 * number for number, name in enumerate(names)}),
        forecast=Forecast(wave_times=pool.wave_times, pool=pool),
    )
    plan = plan_wave(one, Budget(0.3), 1)
    assert broken_rules(one, plan) == () and len(rides_now(plan)) >= 10
