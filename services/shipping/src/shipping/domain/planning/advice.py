"""What looking ahead says about one wave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Crowd:
    """Where vehicles are too few: the parcels that come first, and how many of each vehicle stay for later waves."""

    pressing: frozenset[str]
    spare: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Advice:
    """The ids of the parcels that should ride, by which candidate, and the mean cost of each candidate looked at.

    `crowd`: vehicles are too short for anything to be weighed or proved.
    """

    name: str
    parcel_ids: frozenset[str]
    judged: dict[str, int]
    crowd: Crowd | None = None
