"""Reads catalog's own settings; the common ones are the chassis'."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.settings import SettingsError

HOLD_MINUTES = "CHOPHIEN_CATALOG_HOLD_MINUTES"
HOLD_MINUTES_DEFAULT = 180
"""Longer than all waits of the saga (30 min for stock, 60 for the payment) and the longest outage to survive."""

HOLD_MINUTES_MIN = 90


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """`hold`: how long stock is held for an order, from its placing on, in business time."""

    hold: timedelta = timedelta(minutes=HOLD_MINUTES_DEFAULT)


def read_settings(environ: Mapping[str, str] = os.environ) -> CatalogSettings:
    """The settings; raises SettingsError."""
    value = environ.get(HOLD_MINUTES, "").strip() or str(HOLD_MINUTES_DEFAULT)
    if not (value.isascii() and value.isdigit() and int(value) >= HOLD_MINUTES_MIN):
        raise SettingsError(f"{HOLD_MINUTES} must be a whole number of at least {HOLD_MINUTES_MIN}, not {value!r}")
    return CatalogSettings(hold=timedelta(minutes=int(value)))
