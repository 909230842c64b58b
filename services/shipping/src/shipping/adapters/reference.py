"""Loads the reference data that ships with the package: units, hubs, communes' profiles, partners, calendars."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

from shipping.domain.calendar import Break, ServiceCalendar, Timetable
from shipping.domain.partners import LeadStep, Leg, Partner, Vehicle, VehicleKind
from shipping.domain.planning import DiscountStep
from shipping.domain.profile import Hub, Network, Profile, Way
from shipping.domain.promise import World
from shipping.domain.units import Position, Unit, Units

REFERENCE = files("shipping") / "reference"


@cache
def load_world() -> World:
    """Everything, read once a process; raises KeyError or ValueError if a file is not as it should be."""
    units = load_units()
    stated = tomllib.loads((REFERENCE / "network.toml").read_text("utf-8"))
    partners = tomllib.loads((REFERENCE / "partners.toml").read_text("utf-8"))["partners"]
    return World(
        units=units,
        network=_network(stated, units),
        partners={row["partner_id"]: _partner(row) for row in partners},
        calendar=_calendar(stated["calendar"]),
        cutoffs={channel: row["cutoff"] for channel, row in stated["channels"].items()},
    )


def load_units() -> Units:
    """The administrative units with their dates, positions and neighbours."""
    units = [Unit(r[0], r[1], r[2], r[3], r[4], r[5], r[7]) for r in _rows("units.csv")]
    positions = {r[0]: Position(float(r[1]), float(r[2])) for r in _rows("places.csv")}
    neighbours: dict[str, list[str]] = {}
    for code, neighbour in _rows("neighbours.csv"):
        neighbours.setdefault(code, []).append(neighbour)
    return Units(units, positions, {code: frozenset(others) for code, others in neighbours.items()})


def _rows(name: str) -> Iterator[list[str]]:
    reader = csv.reader((REFERENCE / "units" / name).read_text("utf-8").splitlines())
    next(reader)
    yield from reader


def _network(stated: Mapping[str, Any], units: Units) -> Network:
    hubs = {row["hub_id"]: _hub(row, units) for row in stated["hubs"]}
    roads = frozenset(stated["roads"])
    own = {row["commune_code"]: _profile(row) for row in stated["communes"]}
    for profile in own.values():
        for way in profile.ways:
            if way.hub_id not in hubs or way.road_id not in roads | {""}:
                raise ValueError(f"network.toml: commune {profile.commune_code} has an unknown way {way}")
    return Network(units, hubs, own, _profile({"commune_code": "", "ways": [], **stated["default"]}), roads)


def _hub(row: Mapping[str, Any], units: Units) -> Hub:
    position = units.position(row["commune_code"])
    if position is None:
        raise ValueError(f"network.toml: hub {row['hub_id']} lies in an unknown commune")
    return Hub(row["hub_id"], row["name"], row["commune_code"], position, row["closes"])


def _profile(row: Mapping[str, Any]) -> Profile:
    waves: Sequence[time] = row["waves"]
    return Profile(
        commune_code=row["commune_code"],
        ways=tuple(Way(way["hub_id"], way["road_id"]) for way in row["ways"]),
        timetable=Timetable(tuple(sorted(waves)), frozenset(row["weekdays"])),
        packing_minutes=row["packing_minutes"],
    )


def _calendar(row: Mapping[str, Any]) -> ServiceCalendar:
    breaks = tuple(Break(one["from"], one["to"], one["name"]) for one in row["breaks"])
    return ServiceCalendar(frozenset(row["weekdays"]), breaks)


def _partner(row: Mapping[str, Any]) -> Partner:
    return Partner(
        partner_id=row["partner_id"],
        name=row["name"],
        legs=_legs(row["legs"]),
        communes={code: _legs(legs) for code, legs in row["communes"].items()},
        excluded_kinds=frozenset(row["excluded_kinds"]),
        vehicles=tuple(Vehicle(**{**one, "kind": VehicleKind(one["kind"])}) for one in row.get("vehicles", ())),
        parcel_weight_max_g=row["parcel_weight_max_g"],
        parcel_side_max_cm=row["parcel_side_max_cm"],
        divisor=row["divisor"],
        step_g=row["step_g"],
        answer_minutes=row["answer_minutes"],
        lead_minutes=row["lead_minutes"],
        runs_per_wave=row["runs_per_wave"],
        lead_days=tuple(LeadStep(**step) for step in row["lead_days"]),
        calendars={Leg(leg): _calendar(days) for leg, days in row["calendars"].items()},
        discounts=tuple(DiscountStep(**step) for step in row.get("discounts", ())),
        runs_per_day=row.get("runs_per_day"),
        parcels_per_day=row.get("parcels_per_day"),
        needs_hamlet=row.get("needs_hamlet", False),
    )


def _legs(names: Sequence[str]) -> frozenset[Leg]:
    return frozenset(map(Leg, names))
