"""Makes whole numbers of numbers with fractions, always to the side on which every promise and window still holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

EARLIEST = {"known_at", "ready", "ready_actual", "open", "decide_at", "earliest_leave", "periods", "home"}
LASTING = {"service_s", "stop_service_s", "handling_s", "service", "duration_s"}
LATEST = {"close", "latest", "cutoffs", "max_run_s", "leave"}
SPANS = {"shift", "windows", "window"}
NEAREST = {"distance_m"}
THOUSAND = 1000


def whole(plain: dict[str, Any]) -> dict[str, Any]:
    """Seconds and metres without fractions; a dimension of load that has any is counted in thousandths everywhere."""
    out: dict[str, Any] = _whole("", plain)
    loads = list(_loads(out))
    for name in {name for load in loads for name, amount in load.items() if isinstance(amount, float)}:
        for load in loads:
            if isinstance(load.get(name), int | float) and math.isfinite(load[name]):
                load[name] = round(load[name] * THOUSAND)
    return out


def _whole(field: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(field if field in LATEST else name, one) for name, one in value.items()}
    if isinstance(value, list):
        if field in SPANS and len(value) == 2 and not any(isinstance(one, list) for one in value):
            return [_whole("open", value[0]), _whole("close", value[1])]
        return [_whole(field, one) for one in value]
    return _number(field, value) if isinstance(value, float) and math.isfinite(value) else value


def _number(field: str, value: float) -> float:
    if value.is_integer() or field in NEAREST:
        return round(value)
    if field in EARLIEST or field in LASTING:
        return math.ceil(value)
    return math.floor(value) if field in LATEST else value


def _loads(plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every amount by dimension, wherever it stands."""
    forecast = plain.get("forecast", {})
    rows = [*plain["parcels"], *(row for day in forecast.get("days", ()) for row in day)]
    found = [row.get("load") for row in rows]
    found += [row.get("capacity") for row in plain.get("vehicles", ())]
    found += forecast.get("pool", {}).get("load", ())
    return (load for load in found if isinstance(load, dict))
