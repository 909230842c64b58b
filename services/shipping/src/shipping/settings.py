"""Reads shipping's own settings; the common ones are the chassis'."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.settings import SettingsError

PLAN_CPU_SECONDS = "CHOPHIEN_SHIPPING_PLAN_CPU_SECONDS"
PLAN_CPU_SECONDS_DEFAULT = 0.5
PLAN_CPU_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class ShippingSettings:
    """`plan_cpu_seconds`: how much the planner may think about one wave."""

    plan_cpu_seconds: float = PLAN_CPU_SECONDS_DEFAULT


def read_settings(environ: Mapping[str, str] = os.environ) -> ShippingSettings:
    """The settings; raises SettingsError."""
    value = environ.get(PLAN_CPU_SECONDS, "").strip() or str(PLAN_CPU_SECONDS_DEFAULT)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= PLAN_CPU_SECONDS_MAX:
        raise SettingsError(
            f"{PLAN_CPU_SECONDS} must be a number above 0, at most {PLAN_CPU_SECONDS_MAX}, not {value!r}"
        )
    return ShippingSettings(seconds)
