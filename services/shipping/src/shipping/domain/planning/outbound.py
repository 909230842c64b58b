"""Returns and empties go out with runs that pass their gate anyway and have room until there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shipping.domain.planning.answer import Run, RunStop
from shipping.domain.planning.model import Outbound, Ride, Vehicle
from shipping.domain.planning.router import Candidate, stops_of
from shipping.domain.planning.session import Session


def with_outbound(session: Session, one: Candidate, others: Sequence[Run]) -> Run:
    """The candidate's run with the loads it can bring; the run alone if that would delay a promise.

    A run that leaves within its lead was told and stays exactly as it is.
    """
    vehicle, run = session.ground.vehicles[one.vehicle], one.run
    if session.ground.seconds_from_now(run.leave_time) < session.ground.earliest(vehicle):
        return run
    gone = {o for run in others for stop in run.stops for o in stop.outbound_ids}
    stops = stops_of(one.items, session.ground)
    rides = {ride.parcel_id: ride for item in one.items for ride in item.rides}
    for load in session.wave.outbound:
        place = next((n for n, stop in enumerate(stops) if stop.gate_id == load.gate_id), None)
        if load.outbound_id in gone or place is None:
            continue
        tried = list(stops)
        tried[place] = replace(stops[place], outbound_ids=(*stops[place].outbound_ids, load.outbound_id))
        made = session.timer.run(vehicle, tried, one.hub, session.ground.seconds_from_now(one.run.leave_time))
        latest = min(item.latest[one.hub] for item in one.items)
        in_time = made and session.ground.seconds_from_now(made.return_time) <= latest
        if made and in_time and has_room(session.wave.outbound, vehicle, rides, made.stops):
            stops, run = tried, made
    return run


def has_room(
    outbound: Sequence[Outbound], vehicle: Vehicle, rides: Mapping[str, Ride], stops: Sequence[RunStop]
) -> bool:
    """Whether nothing is exceeded on any leg of these stops, their loads for the way out on board from the start."""
    loads = {load.outbound_id: load for load in outbound}
    aboard = [loads[outbound_id] for stop in stops for outbound_id in stop.outbound_ids]
    weight, volume = sum(load.weight_g for load in aboard), sum(load.volume_cm3 for load in aboard)
    pieces = sum(load.count for load in aboard)
    volume_max = vehicle.volume_max_cm3 if vehicle.volume_max_cm3 is not None else 10**12
    legs = [(weight, volume, pieces)]
    for stop in stops:
        for load in (loads[o] for o in stop.outbound_ids):
            weight, volume, pieces = weight - load.weight_g, volume - load.volume_cm3, pieces - load.count
        for ride in (rides[p] for p in stop.parcel_ids):
            weight, volume, pieces = weight + ride.weight_g, volume + ride.volume_cm3, pieces + ride.count
        legs.append((weight, volume, pieces))
    return all(w <= vehicle.weight_max_g and v <= volume_max and p <= vehicle.parcels_max for w, v, p in legs)
