"""Runs from parcels: nearest stop next, split where the vehicle is full, timed from leaving to the hub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipping.domain.planning.model import Gate, Matrix, Ride, Run, RunStop, Vehicle, Wave

PARCEL_SECONDS = 10
"""Scanning one parcel at the gate, on top of the stop itself."""


@dataclass(frozen=True, slots=True)
class Load:
    """Parcels one vehicle takes, by gate in the order of the stops."""

    gates: tuple[str, ...]
    rides: dict[str, list[Ride]]

    @property
    def weight_g(self) -> int:
        """Gross weight of everything on board at the end."""
        return sum(ride.weight_g for rides in self.rides.values() for ride in rides)


def nearest_next(start: str, gates: Iterable[str], matrix: Matrix) -> list[str]:
    """The gates in the order of always driving to the nearest one; ties by id. Unreachable ones are left out."""
    left, here, order = sorted(set(gates)), start, []
    while reachable := [gate for gate in left if (here, gate) in matrix.metres]:
        here = min(reachable, key=lambda gate: (matrix.metres[here, gate], gate))
        left.remove(here)
        order.append(here)
    return order


def split(rides: Sequence[Ride], vehicle: Vehicle, matrix: Matrix) -> list[Load]:
    """Loads that the vehicle can carry, filled along the nearest-next tour; more than it makes runs are cut off."""
    by_gate: dict[str, list[Ride]] = {}
    for ride in rides:
        by_gate.setdefault(ride.gate_id, []).append(ride)
    loads: list[dict[str, list[Ride]]] = []
    weight, count = 0, 0
    for gate in nearest_next(vehicle.start_id, by_gate, matrix):
        for ride in sorted(by_gate[gate], key=lambda one: (min(one.latest.values()), one.parcel_id)):
            full = weight + ride.weight_g > vehicle.weight_max_g or count >= vehicle.parcels_max
            if not loads or full:
                loads.append({})
                weight, count = 0, 0
            loads[-1].setdefault(gate, []).append(ride)
            weight, count = weight + ride.weight_g, count + 1
    return [Load(tuple(nearest_next(vehicle.start_id, load, matrix)), load) for load in loads[: vehicle.number]]


def timed(wave: Wave, load: Load, vehicle: Vehicle, hub_id: str, gates: dict[str, Gate]) -> Run | None:
    """The run of a load; None if a leg cannot be driven or it would be home too late."""
    matrix, here = wave.matrix, vehicle.start_id
    leave = clock = wave.decide_time + timedelta(seconds=vehicle.lead_seconds)
    metres, stops = 0, []
    for gate_id in load.gates:
        clock += timedelta(seconds=matrix.seconds[here, gate_id])
        metres += matrix.metres[here, gate_id]
        ids = tuple(ride.parcel_id for ride in load.rides[gate_id])
        arrive = clock
        clock += timedelta(seconds=gates[gate_id].stop_seconds + PARCEL_SECONDS * len(ids))
        stops.append(RunStop(gate_id=gate_id, arrive_time=arrive, leave_time=clock, parcel_ids=ids))
        here = gate_id
    if (here, hub_id) not in matrix.seconds:
        return None
    home = clock + timedelta(seconds=matrix.seconds[here, hub_id])
    metres += matrix.metres[here, hub_id]
    if home > vehicle.home_time:
        return None
    return Run(
        vehicle_id=vehicle.vehicle_id,
        partner_id=vehicle.partner_id,
        kind=vehicle.kind,
        hub_id=hub_id,
        leave_time=leave,
        return_time=home,
        stops=tuple(stops),
        weight_g=load.weight_g,
        metres=metres,
        cost_vnd=cost_vnd(vehicle, metres, len(stops), sum(len(stop.parcel_ids) for stop in stops)),
    )


def cost_vnd(vehicle: Vehicle, metres: int, stops: int, parcels: int) -> int:
    """What a run costs by the price card; a run without stops costs nothing."""
    if not stops:
        return 0
    way = metres * vehicle.per_km_vnd // 1000
    return vehicle.fixed_vnd + way + stops * vehicle.per_stop_vnd + parcels * vehicle.per_parcel_vnd


def without_vnd(wave: Wave, run: Run, vehicle: Vehicle, parcel_id: str) -> int:
    """What the same run would cost without one parcel, its other stops in the same order."""
    kept = [s.gate_id for s in run.stops if s.parcel_ids != (parcel_id,)]
    if len(kept) == len(run.stops):
        return run.cost_vnd - vehicle.per_parcel_vnd
    metres, here = 0, vehicle.start_id
    for place in (*kept, run.hub_id):
        metres += wave.matrix.metres.get((here, place), 0)
        here = place
    return cost_vnd(vehicle, metres, len(kept), sum(len(s.parcel_ids) for s in run.stops) - 1)


def solo_home(
    ride: Ride, gate: Gate, vehicle: Vehicle, hub_id: str, matrix: Matrix, decide: datetime
) -> datetime | None:
    """When a run for this parcel alone, decided at that moment, would be at the hub; None if it cannot be driven."""
    out, home = (vehicle.start_id, gate.gate_id), (gate.gate_id, hub_id)
    if out not in matrix.seconds or home not in matrix.seconds:
        return None
    seconds = vehicle.lead_seconds + matrix.seconds[out] + gate.stop_seconds + PARCEL_SECONDS + matrix.seconds[home]
    return decide + timedelta(seconds=seconds)
