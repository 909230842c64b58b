"""Reads shipping's own settings; the common ones are the chassis'."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.settings import SettingsError

PLAN_CPU_SECONDS = "CHOPHIEN_SHIPPING_PLAN_CPU_SECONDS"
PLAN_CPU_SECONDS_DEFAULT = 0.5
PLAN_CPU_SECONDS_MAX = 60.0
PLAN_SEED = "CHOPHIEN_SHIPPING_PLAN_SEED"
PLAN_SEED_MAX = 2**32 - 1
RUN_GRACE_HOURS = "CHOPHIEN_SHIPPING_RUN_GRACE_HOURS"
RUN_GRACE_HOURS_DEFAULT = 12.0
"""A courier without a line reports in the evening; by the next morning's waves the parcels are free."""
RUN_GRACE_HOURS_MAX = 24.0 * 14
CONTACT_DAYS = "CHOPHIEN_SHIPPING_CONTACT_DAYS"
CONTACT_DAYS_DEFAULT = 30.0
CONTACT_DAYS_MAX = 366.0


@dataclass(frozen=True, slots=True)
class ShippingSettings:
    """`plan_cpu_seconds`: how much the planner may think about one wave. `plan_seed` starts its dice.

    `run_grace`: so long after its planned end a run is waited for. `contact_span`: so long after it the partner may
    read the buyers' names.
    """

    plan_cpu_seconds: float = PLAN_CPU_SECONDS_DEFAULT
    plan_seed: int = 0
    run_grace: timedelta = timedelta(hours=RUN_GRACE_HOURS_DEFAULT)
    contact_span: timedelta = timedelta(days=CONTACT_DAYS_DEFAULT)


def read_settings(environ: Mapping[str, str] = os.environ) -> ShippingSettings:
    """The settings; raises SettingsError."""
    return ShippingSettings(
        plan_cpu_seconds=_above_0(environ, PLAN_CPU_SECONDS, PLAN_CPU_SECONDS_DEFAULT, PLAN_CPU_SECONDS_MAX),
        plan_seed=_seed(environ),
        run_grace=timedelta(hours=_above_0(environ, RUN_GRACE_HOURS, RUN_GRACE_HOURS_DEFAULT, RUN_GRACE_HOURS_MAX)),
        contact_span=timedelta(days=_above_0(environ, CONTACT_DAYS, CONTACT_DAYS_DEFAULT, CONTACT_DAYS_MAX)),
    )


def _above_0(environ: Mapping[str, str], name: str, default: float, highest: float) -> float:
    value = environ.get(name, "").strip() or str(default)
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= highest:
        raise SettingsError(f"{name} must be a number above 0, at most {highest}, not {value!r}")
    return number


def _seed(environ: Mapping[str, str]) -> int:
    value = environ.get(PLAN_SEED, "").strip() or "0"
    if not (value.isascii() and value.isdigit() and int(value) <= PLAN_SEED_MAX):
        raise SettingsError(f"{PLAN_SEED} must be a whole number, at most {PLAN_SEED_MAX}, not {value!r}")
    return int(value)
