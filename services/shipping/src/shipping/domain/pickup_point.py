"""A pickup point as sellers state it: what it was, is and will be, by the moment from which it holds (R30)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel import Aggregate

from shipping.domain.goods import Place
from shipping.domain.partners import VehicleKind

VERSIONS_MAX = 50
"""Past and coming states that are remembered of one point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A pickup point from one moment on. Contact data are a seller's public business contact."""

    effective_time: datetime
    name: str
    place: Place
    latitude: float
    longitude: float
    contact_name: str
    contact_phone: str
    instructions: str
    largest_vehicle: VehicleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupPoint(Aggregate):
    """A place where couriers collect. Invariant: `gates` are in the order of their times, each time once."""

    gates: tuple[Gate, ...]

    def at(self, moment: datetime) -> Gate:
        """The gate that held at that moment; before the first one, the first."""
        held = [gate for gate in self.gates if gate.effective_time <= moment]
        return held[-1] if held else self.gates[0]

    def stated(self, gate: Gate) -> PickupPoint:
        """With what a seller says; itself if that is nothing new (sellers who share a point all state it)."""
        if replace(self.at(gate.effective_time), effective_time=gate.effective_time) == gate:
            return self
        others = [one for one in self.gates if one.effective_time != gate.effective_time]
        return replace(self, gates=tuple(sorted([*others, gate], key=lambda one: one.effective_time))[-VERSIONS_MAX:])
