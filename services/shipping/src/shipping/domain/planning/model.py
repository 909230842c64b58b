"""What a planner is given: one wave as it is known at its moment; frozen, so that equal input means an equal plan.

Times are instants (aware datetimes), weights grams, volumes cm³, ways metres and seconds, money whole đồng.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shipping.domain.planning.answer import Addition, CostSplit, Plan, Reason, Run, RunStop, Witness
from shipping.domain.planning.forecast import DayBefore, Forecast, Pool, Rate
from shipping.domain.planning.supply import (
    Committed,
    CommittedStop,
    DiscountStep,
    Forbidden,
    PartnerDay,
    Vehicle,
    Window,
)

if TYPE_CHECKING:
    import numpy

__all__ = [
    "KINDS",
    "Addition",
    "Budget",
    "Committed",
    "CommittedStop",
    "CostSplit",
    "DayBefore",
    "DiscountStep",
    "Forbidden",
    "Forecast",
    "Gate",
    "HubPlace",
    "LaterWave",
    "Matrix",
    "Outbound",
    "PartnerDay",
    "Pin",
    "Plan",
    "Pool",
    "Rate",
    "Reason",
    "Ride",
    "Run",
    "RunStop",
    "Table",
    "Vehicle",
    "Wave",
    "Window",
    "Witness",
]

KINDS = ("motorbike", "van", "truck")
"""Vehicle kinds from the smallest to the largest."""

FROZEN, DOOR = "frozen", "door"
"""Information rules: only what is ready at the decision rides; or what is announced may be planned too."""

HOT_MEAL, HEAVY = "hot_meal", "heavy"
"""Handling the planner minds: a hot meal has a run of its own; heavy goods never ride on a motorbike."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Metres and seconds from place to place by id; a pair that is missing cannot be driven. May be asymmetric."""

    metres: Mapping[tuple[str, str], int]
    seconds: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A matrix of one vehicle profile for departures from `from_time` (None = from ever) until its next table.

    `metres` and `seconds` are square integer arrays (numpy int64) in the order of `place_ids`; −1 = cannot be driven.
    Tables of one profile must name the same places in the same order.
    """

    profile: str
    place_ids: tuple[str, ...]
    metres: numpy.ndarray
    seconds: numpy.ndarray
    from_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """A parcel of the wave. `ready_time` None = not packed. `latest` is the instant it must be at a hub, by hub.

    Under the door rule `ready_expected_time` lets an announced parcel be planned. Collecting it starts between
    `open_time` and `close_time` (None = any time) and takes `service_seconds`. `chargeable_g` None = its weight.
    `must_ride` None = derived from the later waves; otherwise the caller's own word. `count` pieces are one parcel.
    `partner_ids` are those that may carry it; unlike elsewhere none means nobody, not all.
    """

    parcel_id: str
    gate_id: str
    known_time: datetime
    ready_time: datetime | None
    latest: Mapping[str, datetime]
    weight_g: int
    needs_van: bool = False
    partner_ids: tuple[str, ...] = ()
    volume_cm3: int = 0
    count: int = 1
    handling: frozenset[str] = frozenset()
    ready_expected_time: datetime | None = None
    open_time: datetime | None = None
    close_time: datetime | None = None
    service_seconds: int = 10
    chargeable_g: int | None = None
    must_ride: bool | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterWave:
    """A wave that can still be booked later on, and when its vehicles must be home."""

    decide_time: datetime
    home_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A pickup point. `hub_ids` are the hubs that can be reached now, best first; none = nothing leaves from here.

    A stop starts inside one of `windows` (none = always open). `stop_vnd` is paid on top of the vehicle's own stop fee.
    `later_waves` in order of time.
    """

    gate_id: str
    commune_code: str
    largest_kind: str
    hub_ids: tuple[str, ...]
    stop_seconds: int = 300
    later_waves: tuple[LaterWave, ...] = ()
    windows: tuple[Window, ...] = ()
    stop_vnd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPlace:
    """Where runs end; `handling_seconds` pass between arrival and the line haul.

    `cutoff_times`: coming departures of the line haul; a parcel that is late aims at the first it can still reach.
    """

    hub_id: str
    handling_seconds: int = 0
    open_time: datetime | None = None
    close_time: datetime | None = None
    cutoff_times: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A dispatcher's word about one parcel: it must ride (True) or wait (False), or rides with one partner only."""

    parcel_id: str
    rides: bool | None = None
    partner_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A return or empties to bring from the start to a gate, if a run passes there anyway and has room on the way."""

    outbound_id: str
    gate_id: str
    weight_g: int
    volume_cm3: int = 0
    count: int = 1
    service_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the planner may think, in CPU seconds; with a `trace`, exactly the steps of an earlier plan instead."""

    cpu_seconds: float = 0.5
    trace: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Everything known at one moment of decision. `vehicles` in the order in which the simple rules take them.

    `take_all`: ride whatever is ready, even if nothing must go yet. `any_hub`: runs may end at each
    of a gate's hubs, otherwise at its best one only. `tables` (if any) replace `matrix`. Late: fewest
    late parcels first, each `late_vnd` + `late_day_vnd` a day begun; `wait_hour_vnd` for each hour from ready to hub.
    `pinned_runs` stay as they are. Runs of `last_plan` that leave before `freeze_time` stay too; moving a parcel that
    it announced costs `change_vnd` (with 0 its runs are nothing special).
    """

    wave_id: str
    decide_time: datetime
    rides: tuple[Ride, ...]
    gates: tuple[Gate, ...]
    hubs: tuple[HubPlace, ...]
    vehicles: tuple[Vehicle, ...]
    matrix: Matrix
    take_all: bool = False
    any_hub: bool = False
    tables: tuple[Table, ...] = ()
    information: str = FROZEN
    partners: tuple[PartnerDay, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    pins: tuple[Pin, ...] = ()
    pinned_runs: tuple[Run, ...] = ()
    committed: tuple[Committed, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    forecast: Forecast | None = None
    late_vnd: int = 50_000
    late_day_vnd: int = 20_000
    wait_hour_vnd: int = 50
    last_plan: Plan | None = None
    freeze_time: datetime | None = None
    change_vnd: int = 0
