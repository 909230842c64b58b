"""Small waves for tests: one hub, gates on a line or wherever a test puts them, one partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from shipping.domain.planning import Committed, CommittedStop, Gate, HubPlace, LaterWave, Matrix, Ride, Vehicle, Wave

ZONE = timezone(timedelta(hours=7))
TODAY = datetime(2026, 3, 2, tzinfo=ZONE)


def at(hour: float, days: int = 0) -> datetime:
    """An hour of the planned day, or of one after it."""
    return TODAY + timedelta(days=days, seconds=round(hour * 3600))


def line(places: Mapping[str, float], km_h: float = 36.0) -> Matrix:
    """Places on a straight road at so many kilometres."""
    metres = {(a, b): round(abs(x - y) * 1000) for a, x in places.items() for b, y in places.items()}
    return Matrix(metres, {way: round(value * 3.6 / km_h) for way, value in metres.items()})


def ride(parcel_id: str, gate_id: str = "g1", **changes: Any) -> Ride:
    """A parcel of 1 kg that is ready since 8:00 and due at the hub at 13:00."""
    fields: dict[str, Any] = {
        "parcel_id": parcel_id,
        "gate_id": gate_id,
        "known_time": at(7),
        "ready_time": at(8),
        "latest": {"hub": at(13)},
        "weight_g": 1_000,
        "partner_ids": ("p",),
    }
    return Ride(**(fields | changes))


def gate(gate_id: str = "g1", **changes: Any) -> Gate:
    """A gate for every vehicle, with no later wave."""
    fields: dict[str, Any] = {
        "gate_id": gate_id,
        "commune_code": "c1",
        "largest_kind": "truck",
        "hub_ids": ("hub",),
        "stop_seconds": 300,
    }
    return Gate(**(fields | changes))


def bike(**changes: Any) -> Vehicle:
    """A motorbike of 45 kg: 30,000 đ and 3,500 đ/km."""
    fields: dict[str, Any] = {
        "vehicle_id": "p:motorbike",
        "partner_id": "p",
        "kind": "motorbike",
        "weight_max_g": 45_000,
        "parcels_max": 35,
        "number": 5,
        "start_id": "start",
        "lead_seconds": 0,
        "home_time": at(20),
        "fixed_vnd": 30_000,
        "per_km_vnd": 3_500,
        "per_stop_vnd": 2_000,
        "per_parcel_vnd": 0,
    }
    return Vehicle(**(fields | changes))


def truck(**changes: Any) -> Vehicle:
    """A truck of 700 kg: 250,000 đ and 7,500 đ/km."""
    fields = {"vehicle_id": "p:truck", "kind": "truck", "weight_max_g": 700_000, "parcels_max": 400}
    return bike(**(fields | {"fixed_vnd": 250_000, "per_km_vnd": 7_500} | changes))


def passing(**changes: Any) -> Committed:
    """A motorbike that was promised before: at g1 at 10:30 with room for 5 kg in 5 parcels of 10 s, back at 11:00."""
    fields: dict[str, Any] = {
        "run_id": "r",
        "vehicle_id": "p:motorbike",
        "partner_id": "p",
        "kind": "motorbike",
        "hub_id": "hub",
        "return_time": at(11),
        "stops": (CommittedStop("g1", at(10.5)),),
        "weight_left_g": 5_000,
        "parcels_left": 5,
        "spare_seconds": 50,
    }
    return Committed(**(fields | changes))


def later(*hours: float, days: int = 0) -> tuple[LaterWave, ...]:
    """Waves to come at these hours, home by 20:00."""
    return tuple(LaterWave(decide_time=at(hour, days), home_time=at(20, days)) for hour in hours)


def wave(
    rides: Sequence[Ride],
    gates: Sequence[Gate] = (gate(),),
    vehicles: Sequence[Vehicle] = (bike(),),
    places: Mapping[str, float] | None = None,
    **changes: Any,
) -> Wave:
    """A wave at 10:00 with the start and the hub at kilometre 0 and gates g1, g2, … at 10, 12, 14, … km."""
    spots = {gate.gate_id: 10.0 + 2 * number for number, gate in enumerate(gates)}
    fields: dict[str, Any] = {
        "wave_id": "w",
        "decide_time": at(10),
        "rides": tuple(rides),
        "gates": tuple(gates),
        "hubs": (HubPlace(hub_id="hub"),),
        "vehicles": tuple(vehicles),
        "matrix": line({"start": 0.0, "hub": 0.0, **spots, **(places or {})}),
        "wait_hour_vnd": 0,
    }
    return Wave(**(fields | changes))
