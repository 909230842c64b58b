"""Reads the settings of orders' own; the common ones are the chassis'."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.settings import SettingsError

CONTACT_DAYS = "CHOPHIEN_CONTACT_DAYS"
CONTACT_DAYS_DEFAULT = 3 * 365
CONTACT_DAYS_MIN = 60
"""Longer than any order is on its way, there and back."""


@dataclass(frozen=True, slots=True)
class OrdersSettings:
    """`contact_time`: how long a buyer's personal data is kept, from the placing on, in business time (R130)."""

    contact_time: timedelta = timedelta(days=CONTACT_DAYS_DEFAULT)


def read_settings(environ: Mapping[str, str] = os.environ) -> OrdersSettings:
    """The settings; raises SettingsError."""
    value = environ.get(CONTACT_DAYS, "").strip() or str(CONTACT_DAYS_DEFAULT)
    if not (value.isascii() and value.isdigit() and int(value) >= CONTACT_DAYS_MIN):
        raise SettingsError(f"{CONTACT_DAYS} must be a whole number of at least {CONTACT_DAYS_MIN}, not {value!r}")
    return OrdersSettings(contact_time=timedelta(days=int(value)))
