"""Reads, checks, writes and names replay files; forgiving about spellings, strict about what they mean."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bench.planner.instance import Instance

SCHEMA = Path(__file__).with_name("replay.schema.json")


class BadInstance(Exception):
    """The instance contradicts itself; the message names the field."""


def load_instance(path: Path) -> Instance:
    """Read one replay file; raises BadInstance or msgspec.ValidationError with the field named."""
    return parse(msgspec.json.decode(path.read_bytes()))


def parse(raw: dict[str, Any]) -> Instance:
    """An instance from decoded JSON, numbers as ids and flat forms of matrices and shifts allowed."""
    instance = msgspec.convert(_plain(raw), Instance)
    check(instance)
    return instance


def dump(instance: Instance) -> bytes:
    """The canonical JSON of an instance."""
    return msgspec.json.encode(instance)


def fingerprint(instance: Instance) -> str:
    """Names an instance by everything but its budget and seed of the search."""
    return hashlib.sha256(dump(msgspec.structs.replace(instance, budget=0, seed=0))).hexdigest()[:16]


def schema() -> bytes:
    """The JSON Schema of the format, as committed."""
    stated = msgspec.json.schema(Instance)
    stated["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return msgspec.json.format(msgspec.json.encode(stated), indent=1) + b"\n"


def check(instance: Instance) -> None:
    """Refuse what cannot be meant; raises BadInstance."""
    places = _unique("places", (place.id for place in instance.places))
    hubs = _unique("hubs", (hub.id for hub in instance.hubs))
    _unique("parcels", (parcel.id for parcel in instance.parcels))
    _unique("vehicles", (vehicle.id for vehicle in instance.vehicles))
    _matrices(instance)
    for hub in instance.hubs:
        _known(f"hubs[{hub.id}].place", hub.place, places)
    for parcel in instance.parcels:
        _known(f"parcels[{parcel.id}].place", parcel.place, places)
        for hub_id in parcel.latest:
            _known(f"parcels[{parcel.id}].latest", hub_id, hubs)
        if not parcel.latest or min(parcel.load.values(), default=0) < 0:
            raise BadInstance(f"parcels[{parcel.id}]: needs a latest instant and no negative load")
    for vehicle in instance.vehicles:
        _known(f"vehicles[{vehicle.id}].profile", vehicle.profile, instance.profiles)
        _known(f"vehicles[{vehicle.id}].start", vehicle.start, places)
        _known(f"vehicles[{vehicle.id}].end", vehicle.end, hubs)
    decided = [wave.decide_at for wave in instance.waves]
    if decided != sorted(set(decided)):
        raise BadInstance("waves: decide_at must rise")


def _matrices(instance: Instance) -> None:
    size = len(instance.places)
    for name, profile in instance.profiles.items():
        if profile.periods[0] != 0 or profile.periods != sorted(set(profile.periods)):
            raise BadInstance(f"profiles[{name}].periods: must begin with 0 and rise")
        for field, cells in (("duration_s", profile.duration_s), ("distance_m", profile.distance_m)):
            if len(cells) != len(profile.periods) or any(len(square) != size for square in cells):
                raise BadInstance(f"profiles[{name}].{field}: needs {len(profile.periods)} matrices of {size} places")
            if any(len(row) != size for square in cells for row in square):
                raise BadInstance(f"profiles[{name}].{field}: needs rows of {size} places")


def _unique(field: str, ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise BadInstance(f"{field}: {one} is there twice")
        seen.add(one)
    return seen


def _known(field: str, one: str, known: Iterable[str] | Mapping[str, object]) -> None:
    if one not in known:
        raise BadInstance(f"{field}: {one} is unknown")


def _plain(raw: dict[str, Any]) -> dict[str, Any]:
    out = dict(raw)
    for field in ("hubs", "places", "parcels", "vehicles"):
        out[field] = [_plain_ids(row) for row in raw.get(field) or ()]
    out["profiles"] = {str(name): _plain_profile(row) for name, row in raw.get("profiles", {}).items()}
    if isinstance(raw.get("late_price"), int | float):
        out["late_price"] = {"fixed": raw["late_price"]}
    out["forecast"] = _plain_forecast(raw.get("forecast"))
    return out


def _plain_ids(row: Mapping[str, Any]) -> dict[str, Any]:
    out = {key: str(value) if key in _ID_FIELDS and value is not None else value for key, value in row.items()}
    if out.get("shift") and isinstance(out["shift"][0], int):
        out["shift"] = [out["shift"]]
    for field in ("shift", "windows", "cutoffs"):
        if field in out and out[field] is None:
            out[field] = []
    return out


_ID_FIELDS = {"id", "place", "profile", "start", "end", "partner"}


def _plain_profile(row: Mapping[str, Any]) -> dict[str, Any]:
    out = {"periods": [0], **row}
    for field in ("duration_s", "distance_m"):
        cells = out.get(field)
        if cells and cells[0] and not isinstance(cells[0][0], list):
            out[field] = [cells]
    out.setdefault("distance_m", out.get("duration_s"))
    return out


def _plain_forecast(raw: Any) -> dict[str, Any]:
    if raw in (None, "none", {"none": None}):
        return {}
    out = dict(raw)
    if out.get("days"):
        out["days"] = [[_plain_ids(row) for row in day] for day in out["days"]]
    if out.get("pool"):
        out["pool"] = {**out["pool"], "place": [str(one) for one in out["pool"]["place"]]}
    return out
