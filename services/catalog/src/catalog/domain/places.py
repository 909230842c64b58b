"""Places as catalog speaks of them: communes, gates, pickup points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VehicleKind(StrEnum):
    """The largest vehicle that reaches a gate; unspecified = any."""

    UNSPECIFIED = "UNSPECIFIED"
    MOTORBIKE = "MOTORBIKE"
    VAN = "VAN"
    TRUCK = "TRUCK"


@dataclass(frozen=True, slots=True)
class Place:
    """A commune by its five-digit code as meant on a local date ("" = the day of the message), and a hamlet in it."""

    commune_code: str
    as_of_date: str = ""
    hamlet: str = ""


@dataclass(frozen=True, slots=True)
class PickupPoint:
    """A gate where couriers collect, degrees WGS 84; sellers with the same id share one stop."""

    pickup_point_id: str
    name: str
    place: Place
    latitude: float
    longitude: float
    contact_name: str
    contact_phone: str
    instructions: str = ""
    largest_vehicle: VehicleKind = VehicleKind.UNSPECIFIED
