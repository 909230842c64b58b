"""Writes every plausible spelling of an instance as the format has it; what the words mean is checked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.planner.expected import as_amounts, dimension_of, plain_forecast, plain_parcel
from bench.planner.instance import Hub, Instance, LatePrice, Parcel, Place, Profile, Units, Vehicle, WaveTime
from bench.planner.kinds import tell_kinds
from bench.planner.refusal import BadInstance
from bench.planner.rows import Note, as_span, as_spans, as_text, fields_of, is_number, obliged, rows_of, shown

ROWS = {"hubs": Hub, "places": Place, "parcels": Parcel, "vehicles": Vehicle, "waves": WaveTime}
IDS = ("id", "place", "profile", "start", "end", "partner", "kind", "max_kind", "min_kind")
COMMENTS = (
    *("$schema", "comment", "description", "title", "source", "notes", "version", "author", "date", "licence"),
    *("id", "meta", "metadata", "family", "generator", "region", "created", "timezone"),
)
"""Top-level fields that say nothing about the instance; so does whatever begins with "_"."""
CALLED = {"at_the_door": "door", "at_door": "door", "frozen_list": "frozen"}


def plain(raw: Any, note: Note) -> dict[str, Any]:
    """The instance as the format has it; raises BadInstance where not even the shape can be meant."""
    comments = {*COMMENTS, *(name for name in raw if str(name).startswith("_"))} if isinstance(raw, Mapping) else ()
    out = fields_of(raw, Instance, "", _refused, comments)
    out.setdefault("parcels", [])
    for field, kind in ROWS.items():
        if field in out:
            rows = enumerate(rows_of(out[field], field))
            out[field] = [_row(field, kind, row, f"{field}[{number}]", note) for number, row in rows]
    if "profiles" in out:
        out["profiles"] = _profiles(out["profiles"], note)
    _once(out)
    _vehicles(out)
    tell_kinds(out, note)
    dimension, hubs = dimension_of(out), [hub.get("id") for hub in out.get("hubs", ())]
    for row in out["parcels"]:
        plain_parcel(row, dimension, hubs)
    for row in out.get("vehicles", ()):
        row["capacity"] = as_amounts(row.get("capacity", {}), dimension)
    out["forecast"] = plain_forecast(out.get("forecast"), dimension, hubs, note)
    return out


def _refused(said: str) -> None:
    raise BadInstance(said.removesuffix(" and ignored"))


def _row(field: str, kind: type[Any], row: Any, where: str, note: Note) -> dict[str, Any]:
    if field == "waves" and is_number(row):
        row = {"decide_at": row}
    out = fields_of(row, kind, where, note)
    out |= {name: _name(out[name], f"{where}.{name}") for name in IDS if name in out}
    out |= {name: as_spans(out[name]) for name in ("shift", "windows") if name in out}
    if is_number(out.get("cutoffs")):
        out["cutoffs"] = [out["cutoffs"]]
    if field == "waves" and "decide_at" in out:
        out.setdefault("earliest_leave", out["decide_at"])
    if "number_scope" in out:
        out["number_scope"] = _called(out["number_scope"])
    return out


def _name(value: Any, where: str) -> Any:
    if isinstance(value, list | Mapping):
        raise BadInstance(f"{where}: must be one name, found {shown(value)}")
    return as_text(value)


def _called(value: Any) -> Any:
    said = value.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(value, str) else value
    return CALLED.get(said, said) if isinstance(said, str) else said


def _once(out: dict[str, Any]) -> None:
    """Fields that stand once for the whole instance."""
    for name in ("information", "must_rule"):
        if name in out:
            out[name] = _called(out[name])
    if "name" in out:
        out["name"] = as_text(out["name"])
    units = out.pop("units", None)
    if isinstance(units, Mapping):
        out["units"] = {name: units[name] for name in Units.__struct_fields__ if isinstance(units.get(name), str)}
    budget = out.get("budget")
    if isinstance(budget, Mapping) and len(budget) == 1:
        out["budget"] = next(iter(budget.values()))
    price = out.get("late_price")
    if is_number(price):
        out["late_price"] = {"fixed": price}
    elif price is not None:
        out["late_price"] = fields_of(price, LatePrice, "late_price", _refused)


def _profiles(raw: Any, note: Note) -> dict[str, dict[str, Any]]:
    if isinstance(raw, list):
        rows = [obliged(row, Mapping, f"profiles[{number}]", "an object") for number, row in enumerate(raw)]
        raw = {row.get("id", number): row for number, row in enumerate(rows)}
    named = obliged(raw, Mapping, "profiles", "an object of profiles by id")
    return {as_text(name): _profile(row, f"profiles[{name}]", note) for name, row in named.items()}


def _profile(row: Any, where: str, note: Note) -> dict[str, Any]:
    out = {"periods": [0], **fields_of(row, Profile, where, note, ("id",))}
    if isinstance(out["periods"], list):
        out["periods"] = [one[0] if isinstance(one, list) and one else one for one in map(as_span, out["periods"])]
    for field in ("duration_s", "distance_m"):
        cells = out.get(field)
        if isinstance(cells, list) and cells and isinstance(cells[0], list) and cells[0]:
            out[field] = cells if isinstance(cells[0][0], list) else [cells]
    if "duration_s" in out:
        out.setdefault("distance_m", out["duration_s"])
    return out


def _vehicles(out: dict[str, Any]) -> None:
    """Ids for those without, and hubs and places for each other."""
    place_of = {hub.get("id"): hub.setdefault("place", hub.get("id")) for hub in out.get("hubs", ())}
    hub_at = {place: hub for hub, place in reversed(place_of.items())}
    places = {place.get("id") for place in out.get("places", ())}
    taken = {row["id"] for row in out.get("vehicles", ()) if row.get("id")}
    for number, row in enumerate(out.get("vehicles", ())):
        if len(out.get("profiles", ())) == 1:
            row.setdefault("profile", next(iter(out["profiles"])))
        start, end = row.get("start"), row.get("end")
        if end is None:
            end = hub_at.get(start, start if start in place_of else next(iter(place_of), None))
        elif end not in place_of:
            end = hub_at.get(end, end)
        start = place_of.get(end) if start is None else start
        start = start if start in places else place_of.get(start, start)
        row |= {name: value for name, value in (("start", start), ("end", end)) if value is not None}
        if not row.get("id"):
            row["id"] = _new_id(row, number, taken)


def _new_id(row: Mapping[str, Any], number: int, taken: set[Any]) -> str:
    """Made from partner, profile and place in the list; stays the same as long as the list does."""
    found = "-".join(str(row[name]) for name in ("partner", "profile") if row.get(name)) + f"-{number}"
    while found in taken:
        found += "-0"
    taken.add(found)
    return found
