"""Administrative units with validity dates: a code means something only together with a date (R80)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Unit:
    """One commune-level unit in one period. `kind`: xa, phuong, dac_khu, thi_tran. Dates ISO, inclusive, "" = open."""

    code: str
    valid_from: str
    valid_to: str
    kind: str
    name: str
    full_name: str
    province_code: str


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees north and east, WGS 84."""

    latitude: float
    longitude: float


def distance_km(one: Position, other: Position) -> float:
    """Great-circle distance in kilometres."""
    north, east = math.radians(other.latitude - one.latitude), math.radians(other.longitude - one.longitude)
    flat = math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude))
    chord = math.sin(north / 2) ** 2 + flat * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


class Units:
    """Every unit by code and date, the position of the current ones, and who borders on whom."""

    def __init__(
        self, units: Iterable[Unit], positions: Mapping[str, Position], neighbours: Mapping[str, frozenset[str]]
    ) -> None:
        """Take the rows as they are in the files; periods of one code do not overlap."""
        self._periods: dict[str, list[Unit]] = {}
        for unit in units:
            self._periods.setdefault(unit.code, []).append(unit)
        self._positions = positions
        self._neighbours = neighbours

    def resolve(self, code: str, on: date) -> Unit | None:
        """What the code means on that local date; None if nothing."""
        day = on.isoformat()
        for unit in self._periods.get(code, ()):
            if _holds(unit, day):
                return unit
        return None

    def in_force(self, on: date) -> list[Unit]:
        """Every unit there is on that local date."""
        day = on.isoformat()
        return [unit for periods in self._periods.values() for unit in periods if _holds(unit, day)]

    def position(self, code: str) -> Position | None:
        """Centroid of a current unit; None for codes that were given up."""
        return self._positions.get(code)

    def neighbours(self, code: str) -> frozenset[str]:
        """Codes of the current units that touch it; a shared border says nothing about a road."""
        return self._neighbours.get(code, frozenset())


def _holds(unit: Unit, day: str) -> bool:
    return unit.valid_from <= day and (not unit.valid_to or day <= unit.valid_to)
