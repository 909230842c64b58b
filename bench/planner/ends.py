"""Where days end: which parcels some wave could still collect, and which promises nobody could keep."""

from __future__ import annotations

from collections.abc import Iterator

from bench.planner.driving import drive
from bench.planner.instance import Instance, Parcel
from bench.planner.roads import BrokenOrder, Ground, Order, Sent


def within_reach(instance: Instance) -> list[Parcel]:
    """Parcels that a run of their own could collect at some wave; the others belong to days that are not replayed."""
    ground = Ground(instance)
    ready = (parcel for parcel in instance.parcels if parcel.really_ready <= ground.last_decision)
    return [parcel for parcel in ready if next(solo_runs(ground, parcel), None) is not None]


def born_late(ground: Ground, parcel: Parcel) -> bool:
    """Whether no solo run at any wave could keep the promise, even with all vehicles there."""
    return not any(_on_time(ground, parcel, run) for run in solo_runs(ground, parcel))


def solo_runs(ground: Ground, parcel: Parcel) -> Iterator[Sent]:
    """Every run for the parcel alone, wave by wave, that collects it."""
    door = ground.instance.information == "door"
    for number, wave in enumerate(ground.instance.waves):
        if wave.decide_at < (parcel.known_at if door else max(parcel.known_at, parcel.really_ready)):
            continue
        for vehicle in ground.instance.vehicles:
            if vehicle.number != 0:
                run = solo_run(ground, parcel, vehicle.id, number)
                if run is not None and run.parcels:
                    yield run


def solo_run(ground: Ground, parcel: Parcel, vehicle: str, wave: int) -> Sent | None:
    """The run for the parcel alone that leaves as early as this wave lets it; None if it breaks a rule."""
    leave = ground.instance.waves[wave].earliest_leave
    try:
        return drive(ground, Order(vehicle, leave, (parcel.id,)), wave, {parcel.id: parcel})
    except BrokenOrder:
        return None


def _on_time(ground: Ground, parcel: Parcel, run: Sent) -> bool:
    hub = ground.hubs[ground.vehicles[run.vehicle].end]
    return run.home + hub.handling_s <= parcel.latest[hub.id]
