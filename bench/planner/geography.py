"""Real positions of communes from the units data, and road estimates between points."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
DETOUR_DELTA, DETOUR_HILLS, DETOUR_MOUNTAINS = 1.25, 1.35, 1.5
LINE_HAUL_KM_H, LOCAL_KM_H = 38.0, 20.0
LOCAL_REACH_KM = 6.0
"""The last kilometres of a way are driven at the local speed, the rest as line haul."""
KM_PER_DEGREE = 110.57


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune-level unit in force: centroid in degrees, half height and half width of its box in degrees."""

    code: str
    name: str
    kind: str
    province: str
    centre: Point
    half: tuple[float, float]
    area_km2: float
    population: int


@cache
def communes() -> Mapping[str, Commune]:
    """Every current unit by code."""
    units = {row["code"]: row for row in _rows("units.csv") if not row["valid_to"]}
    return {row["code"]: _commune(row, units[row["code"]]) for row in _rows("places.csv") if row["code"] in units}


def in_province(code: str) -> list[Commune]:
    """The communes of a province, by code."""
    return sorted((one for one in communes().values() if one.province == code), key=lambda one: one.code)


def scatter(commune: Commune, number: int, draw: np.random.Generator) -> list[Point]:
    """Gates of a commune: two thirds of them lie within half of its box about the centroid."""
    spread = draw.normal(0, 0.35, (number, 2)).clip(-0.9, 0.9)
    return [(commune.centre[0] + float(a) * commune.half[0], commune.centre[1] + float(b) * commune.half[1])
            for a, b in spread]  # fmt: skip


def roads(points: Sequence[Point], detour: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Metres and seconds between all points, shape (n, n): straight line × detour, local speed at the ends."""
    north = np.array([point[0] for point in points])
    east = np.array([point[1] for point in points])
    mean = np.radians(np.add.outer(north, north) / 2)
    straight = np.hypot(np.subtract.outer(north, north), np.subtract.outer(east, east) * np.cos(mean)) * KM_PER_DEGREE
    km = straight * detour
    haul = np.maximum(0.0, km - LOCAL_REACH_KM)
    seconds = 3600 * (haul / LINE_HAUL_KM_H + (km - haul) / LOCAL_KM_H)
    return np.rint(km * 1000).astype(np.int64), np.rint(seconds).astype(np.int64)


def _commune(row: Mapping[str, str], unit: Mapping[str, str]) -> Commune:
    half = ((float(row["max_lat"]) - float(row["min_lat"])) / 2, (float(row["max_lon"]) - float(row["min_lon"])) / 2)
    return Commune(
        code=row["code"],
        name=unit["name"],
        kind=unit["kind"],
        province=unit["province_code"],
        centre=(float(row["lat"]), float(row["lon"])),
        half=half,
        area_km2=float(row["area_km2"]),
        population=int(row["population"] or 0),
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shipping") / "reference" / "units" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
