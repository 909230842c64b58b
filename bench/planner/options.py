"""How hindsight counts vehicles: runs of a vehicle that are home by a cut-off, so many for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.planner.groups import Group
from bench.planner.instance import DAY_S, Span, Vehicle
from bench.planner.roads import Ground, Sent


@dataclass(frozen=True, slots=True)
class Option:
    """Runs of one vehicle that are home by an instant, on the day of that instant."""

    vehicle: Vehicle
    number: int
    wave: int
    early: int
    home_by: int
    due: int = 0
    avoids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fleet:
    """How hindsight counts vehicles: `share` of a day's number is kept for later cut-offs, and of a wave's number so
    many waves' worth for each cut-off (most runs leave at the last wave that keeps a promise)."""

    share: float
    waves: int


FLEETS = tuple(Fleet(share, waves) for share, waves in ((0.5, 1), (0.6, 3), (0.4, 2), (0.75, 6), (0.25, 1)))


def make_options(ground: Ground, groups: Sequence[Group], fleet: Fleet) -> list[Option]:
    """Every vehicle for every cut-off, on the day of that cut-off."""
    options: list[Option] = []
    for vehicle in ground.instance.vehicles:
        hub = ground.hubs[vehicle.end]
        ends = sorted({group.latest[hub.id] for group in groups if hub.id in group.latest})
        for rank, due in enumerate(ends):
            span = _shift(vehicle, due)
            waves = [
                (number, wave.earliest_leave)
                for number, wave in enumerate(ground.instance.waves)
                if span and span[0] <= wave.earliest_leave < min(due, span[1])
            ]
            if not span or not waves:
                continue
            earlier = any(other // DAY_S == due // DAY_S for other in ends[:rank])
            many = _number(vehicle, min(fleet.waves, len(waves)), fleet.share if earlier else 1 - fleet.share)
            if many:
                home_by = min(due - hub.handling_s, span[1])
                options += _around_closures(ground, Option(vehicle, many, *waves[0], home_by, due))
    return options


def _around_closures(ground: Ground, option: Option) -> Iterator[Option]:
    """Where roads close during the day: runs that are home before they do, and runs that stay away from them."""
    day, profile = option.early // DAY_S * DAY_S, option.vehicle.profile
    hub = ground.hubs[option.vehicle.end].place
    closing = [day + start for start in ground.instance.profiles[profile].periods if day + start > option.early]
    shut = {at: {p for p in ground.places if ground.way(profile, p, hub, at) is None} for at in closing}
    places = frozenset(place for at in closing if at < option.home_by for place in shut[at])
    if not places:
        yield option
        return
    first = min(at for at in closing if shut[at])
    yield replace(option, home_by=min(option.home_by, first))
    yield replace(option, avoids=places)


def _shift(vehicle: Vehicle, due: int) -> Span | None:
    """The last shift that begins before the instant."""
    if not vehicle.shift:
        return (0, due)
    return max((span for span in vehicle.shift if span[0] < due), default=None)


def _number(vehicle: Vehicle, waves: int, share: float) -> int:
    if vehicle.number is None:
        return 60
    if vehicle.number_scope == "day":
        return round(vehicle.number * share)
    return vehicle.number * waves


def place_run(ground: Ground, options: Sequence[Option], run: Sent) -> int | None:
    """The number of the option that a run of a known plan is; of several the one it is home for just in time."""
    fitting = [
        (option.home_by, number)
        for number, option in enumerate(options)
        if option.vehicle.id == run.vehicle
        and option.early // DAY_S == run.leave // DAY_S
        and option.early <= run.leave
        and run.home <= option.home_by
        and not option.avoids & {ground.parcels[parcel].place for parcel in run.parcels}
    ]
    return min(fitting)[1] if fitting else None
