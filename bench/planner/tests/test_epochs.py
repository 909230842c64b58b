"""Large waves drawn from a pool: who rides is decided by scenarios, within the rules, and the same again by trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shipping.domain.planning import Budget, Wave, broken_rules, plan_wave
from shipping.domain.planning.dispatch import Dispatch, suits
from shipping.domain.planning.drawing import Draws
from shipping.domain.planning.engine import search
from shipping.domain.planning.model_vrp import priced, write
from shipping.domain.planning.session import Session

from bench.planner import epochs_table
from bench.planner.asking import Asker
from bench.planner.epochs import EPOCH_S, family_g, family_h
from bench.planner.epochs_table import measure
from bench.planner.formats import dump, fingerprint, load_instance, parse
from bench.planner.instance import Instance
from bench.planner.roads import Ground
from bench.planner.simulate import View

EXAMPLE = Path(__file__).parents[1] / "examples" / "epochs.json"


@pytest.fixture(scope="module")
def wave() -> Wave:
    """The second epoch of a generated day, with what came in the first and can wait."""
    ground = Ground(family_g(1))
    now = ground.instance.waves[1]
    waits = {p.id: p for p in ground.instance.parcels if p.known_at == 0 and p.close > now.earliest_leave + 2 * EPOCH_S}
    fresh = {p.id: p for p in ground.instance.parcels if p.known_at == now.decide_at}
    return Asker(ground).wave(View(ground, 1, waits | fresh, (), {}))


def looking(wave: Wave) -> Dispatch:
    assert wave.forecast is not None
    return Dispatch(Session(wave, Budget(1.0), seed=1), wave.forecast)


@pytest.mark.parametrize("family", [family_g, family_h])
def test_no_way_is_longer_than_over_a_third_place(family: Callable[[int], Instance]) -> None:
    seconds = np.array(family(0).profiles["car"].duration_s[0])
    assert all((seconds <= seconds[:, [via]] + seconds[[via], :]).all() for via in range(0, len(seconds), 25))
    assert (seconds != seconds.T).any()


def test_a_large_wave_is_dispatched_within_its_budget_and_breaks_no_rule(wave: Wave) -> None:
    plan = plan_wave(wave, Budget(1.0), seed=3)
    assert plan.policy == "look_ahead:dispatch"
    assert broken_rules(wave, plan) == ()
    assert 0 < sum(reason.rides for reason in plan.reasons) < len(wave.rides)
    assert all(reason.rides for reason in plan.reasons if reason.code == "MUST_GO")


def test_the_trace_makes_the_same_dispatch_again(wave: Wave) -> None:
    plan = plan_wave(wave, Budget(0.6), seed=3)
    assert plan_wave(wave, Budget(60.0, trace=plan.trace), seed=3) == plan


def test_what_is_drawn_could_be_brought_home_by_a_run_of_its_own(wave: Wave) -> None:
    look = looking(wave)
    assert look.pool is not None and wave.forecast is not None and suits(look.session, wave.forecast)
    items = Draws(look.session, look.pool, look.waves).items()
    vehicle, times = look.ground.vehicles[0], look.ground.price(0, 0)[1]
    depot = look.ground.place[vehicle.start_id]
    assert len(items) > 50
    for item in items:
        start = max(item.release + times[depot, item.place], item.opens)
        assert start <= item.closes
        assert start + item.service + times[item.place, depot] <= item.latest[0]
    assert {item.release for item in items} == {wave + vehicle.lead_seconds for wave in look.waves}


def test_a_run_that_leaves_now_takes_nothing_that_is_to_come(wave: Wave) -> None:
    """One second late is not worth a cheaper route."""
    look = looking(wave)
    assert look.pool is not None
    items = [*look.current, *Draws(look.session, look.pool, look.waves).items()]
    found = search(write(look.ground, items, look._options(items)), look.session.meter.search(0.5, 400), 1, [])
    assert found.cost is not None
    now = [n for trip in found.trips if trip.option.now for n in trip.items]
    later = [n for trip in found.trips if not trip.option.now for n in trip.items]
    assert now and not any(items[n].coming for n in now)
    assert not any(items[n].must for n in later)


def test_a_price_decides_who_rides_now(wave: Wave) -> None:
    """Scenarios are made to agree by prices: what is dear to send waits, what is dear to keep rides."""
    look = looking(wave)
    assert look.pool is not None
    items = [*look.current, *Draws(look.session, look.pool, look.waves).items()]
    free = [n for n, item in enumerate(look.current) if not item.must]
    dear, cheap = free[::2], free[1::2]
    prices = np.zeros(len(look.current), np.int64)
    prices[dear], prices[cheap] = 100_000, -100_000
    written = write(look.ground, items, look._options(items))
    found = search(priced(written, prices), look.session.meter.search(0.5, 400), 1, [])
    now = {n for trip in found.trips if trip.option.now for n in trip.items}
    assert found.cost is not None and now.issuperset(cheap) and now.isdisjoint(dear)
    assert priced(written, np.zeros(len(look.current), np.int64)) is written


def test_a_bare_replay_file_is_dispatched_as_any_other() -> None:
    """Ids as numbers, a flat matrix, no number of vehicles, and a closing time that only the parcels know."""
    raw = json.loads(dump(family_g(1)))
    raw["profiles"]["car"] = {"duration_s": raw["profiles"]["car"]["duration_s"][0]}
    raw["places"] = [{"id": int(place["id"])} for place in raw["places"]]
    raw["hubs"] = [{"id": "depot", "place": 0}]
    fresh = [one | {"id": int(one["id"][1:]), "place": int(one["place"])} for one in raw["parcels"]]
    instance = parse(raw | {"parcels": [one for one in fresh if one["known_at"] == 0]})
    asked = Asker(Ground(instance)).wave(View(Ground(instance), 0, Ground(instance).parcels, (), {}))
    assert asked.forecast is not None and asked.forecast.pool is not None
    (due,) = {ride.latest["depot"] for ride in asked.forecast.pool.rides}
    assert due == asked.rides[0].latest["depot"]
    assert plan_wave(asked, Budget(0.3), seed=1).policy == "look_ahead:dispatch"


def test_no_policy_drives_less_than_hindsight(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epochs_table, "KNOWN", tmp_path / "known.json")
    instance = load_instance(EXAMPLE)
    rows = measure(instance, ("greedy", "lazy", "ours"), 0.1, 0.1)
    best = json.loads(epochs_table.KNOWN.read_text())[f"{fingerprint(instance)}/0.1"]
    assert all(row["money"] >= best and row["gap_percent"] >= 0 for row in rows)
    assert "greedy" in capsys.readouterr().out
