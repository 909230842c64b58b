"""Waves whose coming parcels are drawn from a pool: who rides along, and vehicles counted by the day or in use."""

from __future__ import annotations

from dataclasses import replace

from shipping.domain.planning import Budget, Forecast, Pool, Vehicle, Wave, broken_rules, plan_wave
from shipping.domain.planning.dispatch import HABITS, NEAR, Dispatch, suits
from shipping.domain.planning.engine import Trip
from shipping.domain.planning.items import Item
from shipping.domain.planning.model_vrp import Option, write
from shipping.domain.planning.rations import Rations
from shipping.domain.planning.ridealong import overhead_vnd, ride_along
from shipping.domain.planning.session import Session

from .given import at, bike, gate, later, ride, wave

HOURS = (12, 14, 16)
NAMES = tuple(f"g{number}" for number in range(30))
AMPLE = bike(number=60)


def pooled(vehicle: Vehicle = AMPLE, must: int = 6, draws: int = 30) -> Wave:
    """Thirty gates with 4 kg each, ten of which fill a motorbike; `must` of them are due at noon."""
    due = {True: {"hub": at(12)}, False: {"hub": at(20)}}
    present = [ride(f"p-{name}", name, weight_g=4_000, latest=due[n < must]) for n, name in enumerate(NAMES)]
    coming = [ride(f"q-{name}", name, weight_g=4_000, latest=due[False]) for name in NAMES]
    pool = Pool(wave_times=tuple(map(at, HOURS)), draws_per_wave=draws, rides=tuple(coming))
    gates = [gate(name, stop_seconds=60, later_waves=later(*HOURS)) for name in NAMES]
    places = {name: 8 + 0.2 * (number % 6) for number, name in enumerate(NAMES)}
    return wave(present, gates, [vehicle], places, forecast=Forecast(wave_times=pool.wave_times, pool=pool))


def items_of(session: Session, *parcel_ids: str) -> list[Item]:
    of = {item.rides[0].parcel_id: item for item in session.items}
    return [of[one] for one in parcel_ids]


def two_ways() -> tuple[Session, list[Option]]:
    """g1 and g2 stand at kilometres 10 and 11, g3 at 12 the other way; a stop costs 2,000 đ and a kilometre 3,500."""
    rides = [ride("must", "g1"), ride("same", "g1"), ride("near", "g2"), ride("away", "g3")]
    gates = [gate(name, later_waves=later(11)) for name in ("g1", "g2", "g3")]
    session = Session(wave(rides, gates, places={"g2": 11.0, "g3": -12.0}), Budget(0.2), 1)
    return session, [Option(0, 0, 5, 0, session.ground.seconds_from_now(at(20)))]


def test_what_a_run_costs_before_its_first_and_after_its_last_stop_is_shared_by_its_items() -> None:
    """30,000 đ and half of the ways: 10 and 11 km, and a stop's fee at the first, for two items."""
    session, options = two_ways()
    written = write(session.ground, items_of(session, "must", "near"), options)
    run = Trip(written.options[0], (0, 1))
    assert overhead_vnd([(written, [run])]) == (30_000 + (21 * 3_500 + 2_000) / 2) / 2
    assert overhead_vnd([(written, [])]) == 0


def test_who_waits_rides_along_where_a_run_passes_for_less_than_it_is_worth() -> None:
    """The same gate costs nothing, g2 two kilometres and a stop, g3 24 kilometres and a stop, or a run of its own."""
    session, options = two_ways()
    sent, held = items_of(session, "must"), items_of(session, "same", "near", "away")
    for worth, along in ((100, {1}), (8_900, {1}), (9_100, {1, 2}), (85_000, {1, 2}), (87_000, {1, 2, 3})):
        steps = session.meter.search(1.0, 200)
        trips = ride_along(session, options, (sent, held), worth, steps, HABITS, NEAR)
        assert {n for trip in trips for n in trip.items} == {0} | along, worth


def test_a_scenario_may_take_later_what_does_not_go_now() -> None:
    """Ten runs are left for the day and 60 of its 100 items are seen: six runs, two of them for the 20 of now."""
    session = Session(pooled(bike(number=10, number_scope="day")), Budget(0.2), 1)
    written = write(session.ground, session.items, Dispatch(session, session.wave.forecast)._options(session.items))
    rations = Rations(session, [7_200, 14_400], current=20, coming=40, all_coming=80)

    def later_runs() -> list[int]:
        kinds = rations.applied(written).data.vehicle_types()
        return [kind.num_available for kind, one in zip(kinds, written.options, strict=True) if not one.now]

    assert (rations.stock, rations.now, later_runs()) == ({0: 6.0}, {0: 2.0}, [4])
    rations.learn({0: 4.6})
    assert later_runs() == [1]
    rations.learn({})
    assert later_runs() == [6]


def test_vehicles_in_use_are_there_later_if_they_are_back() -> None:
    """Three are here, one is back by the last wave seen, one is not; as many as there are items need no rations."""
    backs = (at(11), at(15))
    session = Session(pooled(bike(number=3, number_scope="in_use", returning_times=backs)), Budget(0.2), 1)
    assert Rations(session, [7_200], current=30, coming=30, all_coming=90).stock == {0: 4}
    ample = Session(pooled(bike(number=60, number_scope="in_use")), Budget(0.2), 1)
    assert Rations(ample, [7_200], current=30, coming=30, all_coming=90).stock == {}


def test_runs_that_must_go_are_filled_with_who_could_wait() -> None:
    """Six of thirty must go; a run takes eleven, so nobody drives half empty."""
    one = pooled()
    plan = plan_wave(one, Budget(0.4), 1)
    loads = sorted(sum(len(stop.parcel_ids) for stop in run.stops) for run in plan.runs)
    assert plan.policy == "look_ahead:dispatch" and broken_rules(one, plan) == ()
    assert loads[0] >= 9 and all(load <= 11 for load in loads)
    again = plan_wave(one, Budget(trace=plan.trace), 1)
    assert again == plan


def test_of_vehicles_counted_by_the_day_some_stay_for_what_comes() -> None:
    """Eleven runs of eleven parcels are what a day of 120 parcels needs; not all of them go at the first wave."""
    one = pooled(bike(number=11, number_later=11, number_scope="day"))
    session = Session(one, Budget(0.4), 1)
    assert one.forecast and suits(session, one.forecast)
    assert not suits(
        Session(replace(one, vehicles=(bike(number=11, number_scope="in_use"),)), Budget(0.4), 1), one.forecast
    )
    plan = plan_wave(one, Budget(0.4), 1)
    assert broken_rules(one, plan) == () and 1 <= len(plan.runs) <= 4
    assert {f"p-g{n}" for n in range(6)} <= {p for run in plan.runs for s in run.stops for p in s.parcel_ids}
