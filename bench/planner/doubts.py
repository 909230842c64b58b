"""Names what an instance says but can hardly mean; it is replayed as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from bench.planner.instance import DAY_S, Cells, Instance, Vehicle


def doubts(instance: Instance) -> Iterator[str]:
    """One sentence for each sort of doubt, with the first field of its sort."""
    yield from _wayless(instance)
    idle = [
        number
        for number, wave in enumerate(instance.waves)
        if instance.vehicles and not any(_on_duty(one, wave.earliest_leave) for one in instance.vehicles)
    ]
    if idle:
        yield f"waves[{idle[0]}]: lies in no vehicle's shift; there are {len(idle)} such waves"
    if shut := [parcel.id for parcel in instance.parcels if parcel.close < parcel.ready]:
        sentence = "is before it is ready; nobody can collect it"
        yield f"parcels[{shut[0]}].close: {sentence}; there are {len(shut)} such parcels"
    loads = {name for parcel in instance.parcels for name, amount in parcel.load.items() if amount}
    odd = [one for one in instance.vehicles if loads and one.capacity and not loads & set(one.capacity)]
    if odd:
        limits, carried = ", ".join(sorted(odd[0].capacity)), ", ".join(sorted(loads))
        yield f"vehicles[{odd[0].id}].capacity: limits {limits}, but parcels have {carried}"


def _wayless(instance: Instance) -> Iterator[str]:
    """The matrices that lead nowhere."""
    for name, profile in instance.profiles.items():
        for field, squares in (("duration_s", profile.duration_s), ("distance_m", profile.distance_m)):
            if len(instance.places) > 1 and not any(map(_leads, squares)):
                yield f"profiles[{name}].{field}: has no way at all, so nothing can be driven"


def _leads(square: Cells) -> bool:
    return any(cell is not None for here, row in enumerate(square) for there, cell in enumerate(row) if here != there)


def _on_duty(vehicle: Vehicle, leave: int) -> bool:
    """Whether a run can leave then or later that day."""
    tomorrow = (leave // DAY_S + 1) * DAY_S
    return not vehicle.shift or any(leave < high and low < tomorrow for low, high in vehicle.shift)
