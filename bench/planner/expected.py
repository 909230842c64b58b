"""Parcels, loads and forecasts in every plausible spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.planner.instance import DAY_S, Expected, Forecast, Parcel, Pool
from bench.planner.refusal import BadInstance
from bench.planner.rows import Note, as_span, as_text, fields_of, is_number, obliged, rows_of, shown

PARCEL_FIELDS = tuple(Parcel.__struct_fields__)
TIMES = ("known_at", "ready", "open", "close", "latest")
ALL_TIME = [0, 365 * DAY_S]


def dimension_of(plain: Mapping[str, Any]) -> str:
    """What a load or capacity that is one number counts: the only dimension that is named, else "load"."""
    held = [row.get("load") for row in plain["parcels"]]
    held += [row.get("capacity") for row in plain.get("vehicles", ())]
    names = {name for one in held if isinstance(one, Mapping) for name in one}
    return str(names.pop()) if len(names) == 1 else "load"


def as_amounts(value: Any, dimension: str) -> Any:
    """Amounts by dimension, from an object or one number; null = none."""
    if is_number(value):
        return {dimension: value}
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, Mapping) else value


def plain_parcel(row: dict[str, Any], dimension: str, hubs: Sequence[Any]) -> dict[str, Any]:
    """A parcel that is ready when it becomes known, and promised over every hub, unless it says otherwise."""
    if "known_at" in row:
        row.setdefault("ready", row["known_at"])
    row["load"] = as_amounts(row.get("load", {}), dimension)
    latest = row.get("latest")
    if is_number(latest):
        row["latest"] = dict.fromkeys(hubs, latest)
    elif isinstance(latest, Mapping):
        row["latest"] = {as_text(hub): due for hub, due in latest.items() if due is not None}
    return row


def plain_forecast(raw: Any, dimension: str, hubs: Sequence[Any], note: Note) -> dict[str, Any]:
    """None, days or a pool, each also without its name around it."""
    if raw is None or (isinstance(raw, str) and raw.lower() == "none"):
        return {}
    if isinstance(raw, list):
        raw = {"days": raw}
    obliged(raw, Mapping, "forecast", 'none, {"days": […]} or {"pool": {…}}')
    if "draws_per_wave" in raw:
        raw = {"pool": raw}
    out = fields_of(raw, Forecast, "forecast", note, ("none", "kind", "type"))
    if "days" in out:
        days = enumerate(obliged(out["days"], list, "forecast.days", "a list of days"))
        out["days"] = [_day(day, f"forecast.days[{number}]", dimension, hubs, note) for number, day in days]
    if "pool" in out:
        out["pool"] = _pool(out["pool"], dimension, note)
    return out


def _day(day: Any, where: str, dimension: str, hubs: Sequence[Any], note: Note) -> list[dict[str, Any]]:
    if isinstance(day, Mapping) and "parcels" in day:
        day = day["parcels"]
    rows = [
        fields_of(row, Expected, f"{where}[{number}]", note, PARCEL_FIELDS)
        for number, row in enumerate(rows_of(day, where))
    ]
    for row in rows:
        row |= {"place": as_text(row["place"])} if "place" in row else {}
    return _from_midnight([plain_parcel(row, dimension, hubs) for row in rows], note)


def _from_midnight(rows: list[dict[str, Any]], note: Note) -> list[dict[str, Any]]:
    """The parcels of a day with their times from its own midnight; the day is the one that most were known on."""
    days = Counter(row["known_at"] // DAY_S for row in rows if is_number(row.get("known_at")))
    day = max(days, key=lambda one: (days[one], -abs(one)), default=0)
    if day:
        note("forecast.days[].known_at: is not of the first day; such a day is taken from its own midnight")
    return [{name: _earlier(value, day * DAY_S) if name in TIMES else value for name, value in row.items()}
            for row in rows]  # fmt: skip


def _earlier(value: Any, by: float) -> Any:
    if isinstance(value, Mapping):
        return {name: _earlier(one, by) for name, one in value.items()}
    return value - by if is_number(value) else value


def _pool(raw: Any, dimension: str, note: Note) -> dict[str, Any]:
    out = fields_of(raw, Pool, "forecast.pool", note)
    for name in ("place", "window", "load", "service"):
        if name in out and not isinstance(out[name], list):
            raise BadInstance(f"forecast.pool.{name}: must be a list, found {shown(out[name])}")
    if "place" in out:
        size = len(out["place"])
        out = {"window": [ALL_TIME] * size, "load": [{}] * size, "service": [0] * size, **out}
        out["place"] = [as_text(one) for one in out["place"]]
        out["window"] = [ALL_TIME if one is None else as_span(one) for one in out["window"]]
        out["load"] = [as_amounts({} if one is None else one, dimension) for one in out["load"]]
        out["service"] = [0 if one is None else one for one in out["service"]]
    return out
