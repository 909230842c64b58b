"""What a planner is given and what it answers; frozen, so that the same input always means the same plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

KINDS = ("motorbike", "van", "truck")
"""Vehicle kinds from the smallest to the largest."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Metres and seconds from place to place by id; a pair that is missing cannot be driven. May be asymmetric."""

    metres: Mapping[tuple[str, str], int]
    seconds: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """A parcel of the wave. `ready_time` None = not packed. `latest` is the instant it must be at a hub, by hub."""

    parcel_id: str
    gate_id: str
    known_time: datetime
    ready_time: datetime | None
    latest: Mapping[str, datetime]
    weight_g: int
    needs_van: bool = False
    partner_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterWave:
    """A wave that can still be booked later on, and when its vehicles must be home."""

    decide_time: datetime
    home_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A pickup point. `hub_ids` are the hubs that can be reached now, best first; none = nothing leaves from here."""

    gate_id: str
    commune_code: str
    largest_kind: str
    hub_ids: tuple[str, ...]
    stop_seconds: int = 300
    later_waves: tuple[LaterWave, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPlace:
    """Where runs end; `handling_seconds` pass between arrival and the line haul."""

    hub_id: str
    handling_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A kind of vehicle of a partner, up to `number` of them in this wave, from `start_id` to a hub by `home_time`."""

    vehicle_id: str
    partner_id: str
    kind: str
    weight_max_g: int
    parcels_max: int
    number: int
    start_id: str
    lead_seconds: int
    home_time: datetime
    fixed_vnd: int
    per_km_vnd: int
    per_stop_vnd: int
    per_parcel_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Everything known at one moment of decision. `vehicles` in the order in which they are taken.

    `take_all`: ride whatever is ready, even if nothing must go yet.
    """

    wave_id: str
    decide_time: datetime
    rides: tuple[Ride, ...]
    gates: tuple[Gate, ...]
    hubs: tuple[HubPlace, ...]
    vehicles: tuple[Vehicle, ...]
    matrix: Matrix
    take_all: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the planner may think, in CPU seconds."""

    cpu_seconds: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStop:
    """One stop of a run; `leave_time` is when the last parcel is on board."""

    gate_id: str
    arrive_time: datetime
    leave_time: datetime
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One vehicle's way: when it leaves, its stops in order, and when it is at the hub."""

    vehicle_id: str
    partner_id: str
    kind: str
    hub_id: str
    leave_time: datetime
    return_time: datetime
    stops: tuple[RunStop, ...]
    weight_g: int
    metres: int
    cost_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a parcel rides or is held. `waits_for` is the later wave; `run_index` points into the plan's runs."""

    parcel_id: str
    code: str
    rides: bool
    run_index: int | None = None
    waits_for: datetime | None = None
    marginal_cost_vnd: int = 0
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer: runs, and one reason for every parcel of the wave, in its order. `steps` replays the search."""

    wave_id: str
    runs: tuple[Run, ...]
    reasons: tuple[Reason, ...]
    steps: int = 0
    seed: int = 0
