"""How communes are served: their waves, and their hubs in order of preference with the road used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import lru_cache

from shipping.domain.calendar import Timetable
from shipping.domain.units import Position, Units, distance_km


@dataclass(frozen=True, slots=True)
class Hub:
    """Where runs end. `closes` is the local time of its line-haul cut-off."""

    hub_id: str
    name: str
    commune_code: str
    position: Position
    closes: time


@dataclass(frozen=True, slots=True)
class Way:
    """A hub and the watched road that leads there; "" = no road that is watched for closures."""

    hub_id: str
    road_id: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one commune is served. `ways` in order of preference, never empty; the first hub names its planning area."""

    commune_code: str
    ways: tuple[Way, ...]
    timetable: Timetable
    packing_minutes: int

    @property
    def area_hub_id(self) -> str:
        """The hub whose waves plan this commune."""
        return self.ways[0].hub_id


class Network:
    """Hubs, watched roads and the profiles of all communes; those without one of their own get the stated default."""

    def __init__(
        self,
        units: Units,
        hubs: Mapping[str, Hub],
        own: Mapping[str, Profile],
        default: Profile,
        roads: frozenset[str],
    ) -> None:
        """`default` lends its timetable to communes that `own` does not name."""
        self.hubs, self.roads = hubs, roads
        self._units, self._own, self._default = units, own, default
        self.profile = lru_cache(maxsize=4096)(self._profile)

    def _profile(self, commune_code: str) -> Profile | None:
        """The profile of a current commune; None for codes that are no current unit."""
        if found := self._own.get(commune_code):
            return found
        position = self._units.position(commune_code)
        if position is None:
            return None
        nearest = sorted(self.hubs.values(), key=lambda hub: (distance_km(position, hub.position), hub.hub_id))[:2]
        ways = tuple(Way(hub.hub_id) for hub in nearest)
        return Profile(commune_code, ways, self._default.timetable, self._default.packing_minutes)

    def timetable(self, area_hub_id: str) -> Timetable:
        """The waves of a planning area: every one of its communes' with a profile, else the default's."""
        own = [profile.timetable for profile in self._own.values() if profile.area_hub_id == area_hub_id]
        if not own:
            return self._default.timetable
        times = sorted({time for timetable in own for time in timetable.times})
        return Timetable(tuple(times), frozenset[int]().union(*(timetable.weekdays for timetable in own)))

    def road_serves(self, road_id: str, commune_code: str) -> bool:
        """Whether the commune's runs may use that road."""
        profile = self.profile(commune_code)
        return profile is not None and any(way.road_id == road_id for way in profile.ways)
