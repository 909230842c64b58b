"""Courier partners: which legs they serve where, what they drive, carry, promise and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shipping.domain.calendar import ServiceCalendar
from shipping.domain.goods import Shipment, Size
from shipping.domain.planning import DiscountStep
from shipping.domain.units import Unit


class Leg(StrEnum):
    """A stretch of a parcel's way that a partner may or may not serve."""

    PICKUP = "pickup"
    DELIVERY = "delivery"
    RETURN = "return"


class VehicleKind(StrEnum):
    """What is driven; a gate names the largest kind that reaches it."""

    MOTORBIKE = "motorbike"
    VAN = "van"
    TRUCK = "truck"


LARGEST_FIRST = (VehicleKind.TRUCK, VehicleKind.VAN, VehicleKind.MOTORBIKE)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A kind of vehicle with its limits and price card."""

    kind: VehicleKind
    weight_max_g: int
    parcels_max: int
    fixed_vnd: int
    per_km_vnd: int
    per_stop_vnd: int
    per_parcel_vnd: int


@dataclass(frozen=True, slots=True)
class LeadStep:
    """Delivery days up to a straight-line distance in km; 0 = any."""

    days: int
    km_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One courier partner. `legs` holds everywhere but in `communes` (by code) and in units of `excluded_kinds`.

    `discounts` (rising) and the ceilings a day are over all its runs; None = no ceiling.
    `needs_hamlet`: it collects at gates only whose hamlet is known (R85).
    """

    partner_id: str
    name: str
    legs: frozenset[Leg]
    communes: Mapping[str, frozenset[Leg]]
    excluded_kinds: frozenset[str]
    vehicles: tuple[Vehicle, ...]
    parcel_weight_max_g: int
    parcel_side_max_cm: int
    divisor: int
    step_g: int
    answer_minutes: int
    lead_minutes: int
    runs_per_wave: int
    lead_days: tuple[LeadStep, ...]
    calendars: Mapping[Leg, ServiceCalendar]
    discounts: tuple[DiscountStep, ...] = ()
    runs_per_day: int | None = None
    parcels_per_day: int | None = None
    needs_hamlet: bool = False

    def serves(self, leg: Leg, unit: Unit) -> bool:
        """Whether it does that leg in that commune."""
        if unit.code in self.communes:
            return leg in self.communes[unit.code]
        return leg in self.legs and unit.kind not in self.excluded_kinds

    def finds(self, hamlet: str) -> bool:
        """Whether a gate's address is enough for it; "" = the hamlet is not known."""
        return bool(hamlet) or not self.needs_hamlet

    def carries(self, size: Size) -> bool:
        """Whether a parcel is within its limits."""
        return size.weight_g <= self.parcel_weight_max_g and size.side_max_cm <= self.parcel_side_max_cm

    def fetches(self, shipment: Shipment, largest: VehicleKind) -> bool:
        """Whether one of its vehicles reaches a gate that `largest` reaches, and takes the parcel."""
        reaching = LARGEST_FIRST[LARGEST_FIRST.index(largest) :]
        return any(
            one.kind in reaching
            and shipment.size.weight_g <= one.weight_max_g
            and not (shipment.needs_van and one.kind is VehicleKind.MOTORBIKE)
            for one in self.vehicles
        )

    def drives(self, kind: VehicleKind, weight_g: int, parcels: int) -> bool:
        """Whether it has a vehicle of that kind that takes such a load."""
        return any(
            one.kind is kind and weight_g <= one.weight_max_g and parcels <= one.parcels_max for one in self.vehicles
        )

    def days_to(self, distance_km: float) -> int:
        """Its working days from hand-over to delivery over that straight-line distance."""
        return next(step.days for step in self.lead_days if not step.km_max or distance_km <= step.km_max)
