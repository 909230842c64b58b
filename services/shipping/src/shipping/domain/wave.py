"""A wave: one planning moment of one area, and what it decided about each parcel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.kernel import Aggregate

from shipping.domain.calendar import label


def wave_id(area_hub_id: str, moment: datetime) -> str:
    """The id of the wave of an area at a local minute."""
    return f"{area_hub_id}:{label(moment)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWave(Aggregate):
    """A wave that was planned. Invariant: planned once."""

    area_hub_id: str
    decide_time: datetime
    pushed: bool
    batch_ids: tuple[str, ...]
    parcels_planned: int
    parcels_held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Aggregate):
    """What one wave decided about one parcel; written once."""

    wave_id: str
    parcel_id: str
    local_date: str
    decide_time: datetime
    rides: bool
    code: str
    waits_for_wave_id: str
    batch_id: str
    marginal_cost_vnd: int
    figures: tuple[tuple[str, str], ...]


def decision_id(wave: str, parcel_id: str) -> str:
    """The id of a wave's decision about a parcel."""
    return f"{wave}/{parcel_id}"
