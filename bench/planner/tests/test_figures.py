"""Generator, intervals and table: seeds mean the same instance for ever, and figures mean what they say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from shipping.domain.planning import Budget, Plan, Rule, Wave, plan_by_rule

from bench.planner import formats
from bench.planner.asking import Asker
from bench.planner.checks import check
from bench.planner.contest import Figures, Task
from bench.planner.examples.make import epochs
from bench.planner.families import FAMILIES
from bench.planner.formats import fingerprint
from bench.planner.geography import communes, in_province
from bench.planner.instance import DAY_S
from bench.planner.intervals import mean_interval, share_interval
from bench.planner.ladder import Planned
from bench.planner.roads import Ground
from bench.planner.simulate import replay
from bench.planner.table import family_row, print_row


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "C"])
def test_a_seed_is_an_instance_that_holds_together(family: str) -> None:
    instance = FAMILIES[family](1)
    check(instance)
    assert fingerprint(instance) == fingerprint(FAMILIES[family](1)) != fingerprint(FAMILIES[family](2))
    assert all(parcel.known_at <= parcel.ready <= instance.waves[-1].decide_at for parcel in instance.parcels)


def test_days_without_pickup_have_no_waves() -> None:
    for seed in range(7):
        instance = FAMILIES["A"](seed)
        days = {wave.decide_at // DAY_S for wave in instance.waves}
        assert len(days) in (4, 5)
        assert all(low // DAY_S in days for low, _ in instance.vehicles[0].shift)


def test_units_come_from_the_data() -> None:
    assert len(communes()) == 3321
    assert len(in_province("12")) == 38
    assert communes()["03390"].name == "Bình Lư"


def test_a_share_has_an_interval_about_it() -> None:
    found = share_interval([1.0, 2.0, 3.0, 2.0], [4.0, 4.0, 4.0, 4.0])
    assert found.mean == 0.5 and 0.25 < found.low < 0.5 < found.high < 0.75
    assert math.isnan(share_interval([1.0], [0.0]).mean)
    assert math.isnan(mean_interval([1.0]).low)


def test_the_table_closes_half_of_the_gap() -> None:
    """Rule 200 and 240, ours 150 and 180, best known 100 and 120."""
    replays = {}
    for seed, (rule, ours) in enumerate(((200.0, 150.0), (240.0, 180.0))):
        replays[Task("A", seed, 0.5, "take_all")] = figures(rule)
        replays[Task("A", seed, 0.5, "ours")] = figures(ours)
        replays[Task("A", seed, 0.5, "greedy")] = figures(900.0)
    row = family_row("A", 0.5, replays, {0: (0, 100.0), 1: (0, 120.0), 2: (0, 1.0)}, 0.1)
    assert row is not None
    assert row["best_rule"] == "take_all" and row["seeds"] == 2 and row["converged"]
    assert row["gap_closed"]["mean"] == pytest.approx(0.5)
    assert row["policies"]["ours"]["gap_percent"] == pytest.approx(50)
    assert "take_all" in print_row(row)


def test_an_unconverged_row_prints_paired_differences_only_and_keeps_all_figures() -> None:
    replays = {Task("A", seed, 0.5, name): figures(money + seed) for name, money in (("lazy", 300.0), ("ours", 250.0))
               for seed in (0, 1)}  # fmt: skip
    known = {0: (0, 200.0), 1: (0, 200.0)}
    open_row, done_row = family_row("A", 0.5, replays, known, 0.3), family_row("A", 0.5, replays, known, 0.1)
    assert open_row is not None and done_row is not None
    assert {name for name in open_row if open_row[name] != done_row[name]} == {"converged", "effort_percent"}
    said, done = print_row(open_row), print_row(done_row)
    assert "| ours | 0.0 | 250 | 25.2 | 25.5 |" in done and "gap closed" in done
    assert "| ours | 0.0 | 250 | unconverged | unconverged |" in said and "25." not in said
    assert "gap closed" not in said and "16.6" in said.split("Ours against lazy, paired: ")[1]


def test_fewest_late_comes_before_money_when_the_best_rule_is_chosen() -> None:
    replays = {
        Task("A", 0, 0.5, "lazy"): figures(300.0),
        Task("A", 0, 0.5, "greedy"): figures(200.0, late=1),
        Task("A", 0, 0.5, "ours"): figures(250.0),
    }
    row = family_row("A", 0.5, replays, {0: (0, 200.0)}, None)
    assert row is not None and row["best_rule"] == "lazy" and not row["converged"]


@pytest.mark.parametrize(("word", "counted"), [("mended:ours", 3), ("first_fit:ValueError", 3), ("ours", 0)])
def test_waves_whose_first_plan_broke_a_rule_are_counted(word: str, counted: int) -> None:
    def said(wave: Wave, budget: Budget, seed: int) -> Plan:
        return replace(plan_by_rule(wave, Rule(name="greedy"), budget, seed), policy=word)

    ground = Ground(formats.parse(epochs()))
    policy = Planned(Asker(ground), said)
    replay(ground, policy)
    assert policy.mended == counted


def test_waves_whose_first_plan_broke_a_rule_are_shown() -> None:
    replays = {Task("A", 0, 0.5, "greedy"): figures(90.0), Task("A", 0, 0.5, "ours"): figures(80.0, mended=2)}
    row = family_row("A", 0.5, replays, {0: (0, 70.0)}, 0.1)
    assert row is not None and "broke a rule: ours 2." in print_row(row)


def figures(money: float, late: int = 0, mended: int = 0) -> Figures:
    return Figures(late=late, born_late=0, money=money, bill=money, wait_h=1.0, runs=1, solo=0, missed=0, parcels=1,
                   cpu_s=1.0, wave_cpu_s_max=0.5, mended=mended)  # fmt: skip
