"""What happens to a wave that the planner stumbles over, and what the planner's settings may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from chassis.settings import SettingsError
from shipping.adapters import planner
from shipping.domain.planning import (
    Budget,
    Forbidden,
    InvalidWave,
    PartnerDay,
    Pin,
    Plan,
    Rule,
    Wave,
    broken_rules,
    plan_by_rule,
)
from shipping.domain.planning.checker import frozen_runs
from shipping.settings import CONTACT_DAYS, PLAN_CPU_SECONDS, PLAN_SEED, RUN_GRACE_HOURS, read_settings
from structlog.testing import capture_logs

Yard = Any


def test_a_wave_the_planner_stumbles_over_is_planned_by_the_rule(yard: Yard, monkeypatch: Any) -> None:
    def stumble(wave: Wave, budget: Budget, seed: int) -> Plan:
        raise TypeError("no such luck")

    yard.packed(3)
    wave = yard.gathered("hub-sa-pa", take_all=True).wave()
    monkeypatch.setattr(planner, "plan_wave", stumble)
    plan, problem = planner.plan_or_rule(wave, Budget(0.1), 1)
    assert (plan.policy, problem) == ("take_all", "TypeError('no such luck')")
    assert all(reason.rides for reason in plan.reasons) and len(plan.reasons) == 3


def test_what_even_the_rule_cannot_plan_is_raised(yard: Yard) -> None:
    yard.packed(1)
    wave = yard.gathered("hub-sa-pa").wave()
    senseless = replace(wave, rides=(replace(wave.rides[0], weight_g=-1),))
    with pytest.raises(InvalidWave):
        planner.plan_or_rule(senseless, Budget(0.1), 1)


def bound(wave: Wave) -> dict[str, Wave]:
    """The wave, with a dearer partner beside, under each rule that binds whoever plans it."""
    first, second, third = (ride.parcel_id for ride in wave.rides)
    own, until = wave.vehicles[0].partner_id, wave.decide_time + timedelta(hours=3)
    dear = [replace(v, vehicle_id=f"dear:{v.kind}", partner_id="dear", fixed_vnd=500_000) for v in wave.vehicles]
    rides = [replace(ride, partner_ids=(*ride.partner_ids, "dear")) for ride in wave.rides]
    wave = replace(wave, vehicles=(*wave.vehicles, *dear), rides=tuple(rides))
    told = plan_by_rule(replace(wave, rides=wave.rides[:1]), Rule(name="greedy"), Budget(0.1), 1)
    ceilings = PartnerDay(partner_id=own, parcels_max=2), PartnerDay(partner_id="dear", runs_max=1, runs_today=1)
    return {
        "forbidden": replace(wave, forbidden=(Forbidden(own, wave.gates[0].commune_code, until),)),
        "ceilings": replace(wave, partners=ceilings),
        "pins": replace(wave, pins=(Pin(parcel_id=first, rides=False), Pin(parcel_id=second, rides=True))),
        "pinned runs": replace(wave, pinned_runs=told.runs),
        "frozen runs": replace(wave, last_plan=told, freeze_time=until),
        "what a change costs": replace(wave, last_plan=told, change_vnd=5_000),
        "one partner only": replace(wave, pins=(Pin(parcel_id=third, partner_id="dear"),)),
    }


RULES_OF_A_WAVE = (
    "forbidden",
    "ceilings",
    "pins",
    "pinned runs",
    "frozen runs",
    "what a change costs",
    "one partner only",
)


@pytest.mark.parametrize("rule", RULES_OF_A_WAVE)
def test_what_binds_the_planner_binds_the_rule_that_stands_in_for_it(yard: Yard, monkeypatch: Any, rule: str) -> None:
    def stumble(wave: Wave, budget: Budget, seed: int) -> Plan:
        raise TypeError("no such luck")

    yard.packed(3)
    wave = bound(yard.gathered("hub-sa-pa", take_all=True).wave())[rule]
    monkeypatch.setattr(planner, "plan_wave", stumble)
    plan, _ = planner.plan_or_rule(wave, Budget(0.1), 1)
    assert broken_rules(wave, plan) == ()
    frozen = frozen_runs(wave)
    assert all(run in plan.runs for run in frozen) and (frozen or rule != "frozen runs")


async def test_a_stumble_is_logged_with_its_wave(yard: Yard, monkeypatch: Any) -> None:
    yard.packed(1)
    wave = yard.gathered("hub-sa-pa").wave()
    beside = planner.Planner(Budget(0.1))

    async def planned(wave: Wave, seed: int) -> tuple[Plan, str]:
        return Plan(wave_id=wave.wave_id, runs=(), reasons=()), "TypeError()"

    monkeypatch.setattr(beside, "_planned", planned)
    with capture_logs() as logs:
        await beside.plan(wave, 1)
    assert [(log["log_level"], log["wave"], log["why"]) for log in logs] == [("error", wave.wave_id, "TypeError()")]


async def test_a_refused_wave_comes_back_from_the_worker_as_it_was_raised(yard: Yard) -> None:
    yard.packed(1)
    wave = yard.gathered("hub-sa-pa").wave()
    senseless = replace(wave, rides=(replace(wave.rides[0], weight_g=-1),))
    beside = planner.Planner(Budget(0.1))
    try:
        with pytest.raises(InvalidWave, match="weight_g"):
            await beside.plan(senseless, 1)
    finally:
        beside.close()


def test_budget_seed_and_grace_come_from_the_settings() -> None:
    assert (read_settings({}).plan_cpu_seconds, read_settings({}).plan_seed) == (0.5, 0)
    assert read_settings({RUN_GRACE_HOURS: "1.5"}).run_grace == timedelta(minutes=90)
    assert read_settings({CONTACT_DAYS: "7"}).contact_span == timedelta(days=7)
    told = read_settings({PLAN_CPU_SECONDS: "2.5", PLAN_SEED: "7"})
    assert (told.plan_cpu_seconds, told.plan_seed) == (2.5, 7)


@pytest.mark.parametrize(
    ("name", "value"), [(PLAN_CPU_SECONDS, "0"), (PLAN_CPU_SECONDS, "x"), (PLAN_SEED, "-1"), (PLAN_SEED, "4294967296")]
)
def test_settings_without_sense_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})
