"""Planning pickups: a pure call from a wave as it is known to runs, what is held, and a reason for every parcel.

Needs nothing but the standard library, so that the process that plans starts fast and stays small.
"""

from shipping.domain.planning.model import (
    Budget,
    Gate,
    HubPlace,
    LaterWave,
    Matrix,
    Plan,
    Reason,
    Ride,
    Run,
    RunStop,
    Vehicle,
    Wave,
)
from shipping.domain.planning.plan import plan_wave

__all__ = [
    "Budget",
    "Gate",
    "HubPlace",
    "LaterWave",
    "Matrix",
    "Plan",
    "Reason",
    "Ride",
    "Run",
    "RunStop",
    "Vehicle",
    "Wave",
    "plan_wave",
]
