"""Reads shipping's own settings; the common ones are the chassis'."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.settings import SettingsError

PLAN_CPU_SECONDS = "CHOPHIEN_SHIPPING_PLAN_CPU_SECONDS"
PLAN_CPU_SECONDS_DEFAULT = 0.5
PLAN_CPU_SECONDS_MAX = 60.0
PLAN_SEED = "CHOPHIEN_SHIPPING_PLAN_SEED"
PLAN_SEED_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class ShippingSettings:
    """`plan_cpu_seconds`: how much the planner may think about one wave. `plan_seed` starts its dice."""

    plan_cpu_seconds: float = PLAN_CPU_SECONDS_DEFAULT
    plan_seed: int = 0


def read_settings(environ: Mapping[str, str] = os.environ) -> ShippingSettings:
    """The settings; raises SettingsError."""
    return ShippingSettings(_cpu_seconds(environ), _seed(environ))


def _cpu_seconds(environ: Mapping[str, str]) -> float:
    value = environ.get(PLAN_CPU_SECONDS, "").strip() or str(PLAN_CPU_SECONDS_DEFAULT)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= PLAN_CPU_SECONDS_MAX:
        raise SettingsError(
            f"{PLAN_CPU_SECONDS} must be a number above 0, at most {PLAN_CPU_SECONDS_MAX}, not {value!r}"
        )
    return seconds


def _seed(environ: Mapping[str, str]) -> int:
    value = environ.get(PLAN_SEED, "").strip() or "0"
    if not (value.isascii() and value.isdigit() and int(value) <= PLAN_SEED_MAX):
        raise SettingsError(f"{PLAN_SEED} must be a whole number, at most {PLAN_SEED_MAX}, not {value!r}")
    return int(value)
