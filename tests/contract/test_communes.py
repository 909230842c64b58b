"""Orders takes an order to a commune exactly when shipping ships there: each reads a copy of its own of the codes."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, time
from types import SimpleNamespace
from typing import Any

import pytest
from orders.adapters.reference import load_communes
from shipping.adapters.reference import REFERENCE, load_units
from shipping.domain.goods import Place
from shipping.domain.promise import resolve

NOW = datetime(2026, 2, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "day", ["2024-02-04", "2025-06-30", "2025-07-01", "2026-02-04", "2026-04-29", "2026-04-30", "2026-11-22"]
)
def test_orders_knows_the_communes_that_shipping_knows(day: str) -> None:
    """Every code there ever was, and some there were not; a place without a date is meant today."""
    world: Any = SimpleNamespace(units=load_units())
    communes = load_communes()
    rows = (REFERENCE / "units" / "units.csv").read_text("utf-8").splitlines()
    codes = {row["code"] for row in csv.DictReader(rows)} | {"00000", "99999"}
    today = datetime.combine(datetime.fromisoformat(day), time(6), UTC)
    differ = [
        code
        for code in codes
        if communes.has(code, day) is not (resolve(world, Place(code, day, ""), NOW) is not None)
        or communes.has(code, day) is not (resolve(world, Place(code, "", ""), today) is not None)
    ]
    assert len(codes) > 10_000 and differ == []
