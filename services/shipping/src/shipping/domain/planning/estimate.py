"""Distances and times where there is no routing engine: straight line with detour, two speeds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shipping.domain.planning.model import Matrix

DETOUR = 1.5
"""Road over straight line in the mountains, where every commune with a profile lies; hills are 1.35, the delta 1.25."""

LINE_HAUL_KM_H = 38
LOCAL_KM_H = 20
EARTH_RADIUS_M = 6_371_000


def estimate_matrix(gates: Mapping[str, tuple[float, float]], hubs: Mapping[str, tuple[float, float]]) -> Matrix:
    """Metres and seconds between all places, as degrees north and east by id; ways to and from hubs are faster."""
    places = {**gates, **hubs}
    metres: dict[tuple[str, str], int] = {}
    seconds: dict[tuple[str, str], int] = {}
    for one, here in places.items():
        for other, there in places.items():
            far = round(_straight_m(here, there) * DETOUR)
            speed = LINE_HAUL_KM_H if one in hubs or other in hubs else LOCAL_KM_H
            metres[one, other] = far
            seconds[one, other] = math.ceil(far * 3.6 / speed)
    return Matrix(metres, seconds)


def drive_seconds(gate: tuple[float, float], hub: tuple[float, float]) -> int:
    """The line haul from a gate to a hub."""
    return math.ceil(_straight_m(gate, hub) * DETOUR * 3.6 / LINE_HAUL_KM_H)


def _straight_m(here: tuple[float, float], there: tuple[float, float]) -> float:
    north, east = math.radians(there[0] - here[0]), math.radians(there[1] - here[1])
    chord = math.sin(north / 2) ** 2
    chord += math.cos(math.radians(here[0])) * math.cos(math.radians(there[0])) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord))
