"""Hindsight as one routing problem: all parcels of all days with release times, PyVRP from many fleets and seeds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp import search as pyvrp_search

from bench.planner.ends import born_late, solo_runs
from bench.planner.instance import DAY_S, Parcel, Span, Vehicle
from bench.planner.roads import BrokenOrder, Ground, check_order

NEIGHBOURS = 40
FAR = 10_000_000
Ints = NDArray[np.int64]
UNBOUND = 10**9
CLEAR_MONEY = 10_000_000
"""The prize of a group: leaving one out is dearer than any run for it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Parcels at one gate that are ready for the same wave and promised for the same instants."""

    place: str
    wave: int
    latest: Mapping[str, int]
    parcels: tuple[Parcel, ...]


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
class Route:
    """What one vehicle collects, in order; sent at wave `wave` or later, home by `home_by`."""

    vehicle: str
    wave: int
    home_by: int
    parcels: tuple[str, ...]


def group_parcels(ground: Ground) -> list[Group]:
    """Groups in a fixed order; parcels that are ready for no wave are left out."""
    waves, found = ground.instance.waves, dict[tuple[str, int, tuple[tuple[str, int], ...]], list[Parcel]]()
    for parcel in ground.instance.parcels:
        at = max(parcel.really_ready, parcel.known_at)
        wave = next((number for number, one in enumerate(waves) if one.decide_at >= at), None)
        if wave is not None:
            key = (parcel.place, wave, tuple(sorted(_aims(ground, parcel).items())))
            found.setdefault(key, []).append(parcel)
    return [Group(key[0], key[1], dict(key[2]), tuple(parcels)) for key, parcels in sorted(found.items())]


def _aims(ground: Ground, parcel: Parcel) -> Mapping[str, int]:
    """The promise, or the first cut-off of each hub that a run could still reach if it was born late."""
    if not born_late(ground, parcel):
        return parcel.latest
    hubs = {one.id: one for one in ground.instance.hubs}
    homes = [(ground.vehicles[run.vehicle].end, run.home) for run in solo_runs(ground, parcel)]
    aims: dict[str, int] = {}
    for hub, home in homes:
        there = home + hubs[hub].handling_s
        due = min((cut for cut in hubs[hub].cutoffs if cut >= there), default=there)
        aims[hub] = min(due, aims.get(hub, due))
    return aims or parcel.latest


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


class Whole:
    """The routing problem of one instance and one split of the fleet."""

    def __init__(self, ground: Ground, fleet: Fleet) -> None:
        self.ground, self.groups = ground, group_parcels(ground)
        self.options = make_options(ground, self.groups, fleet)
        ends = {ground.hubs[option.vehicle.end].place for option in self.options}
        hubs = sorted(ends | {option.vehicle.start for option in self.options})
        self.depots = {place: number for number, place in enumerate(hubs)}
        self.nodes = [*hubs, *(group.place for group in self.groups)]
        self.matrices: list[tuple[Any, Any]] = []
        self.types: list[Any] = []
        self.data = self._data()

    def routes(self, cpu_s: float, seed: int) -> list[Route]:
        """The best routes found within so many CPU seconds."""
        rng, params = pyvrp.RandomNumberGenerator(seed), pyvrp.SolveParams()
        local = pyvrp_search.LocalSearch(
            self.data, rng, self._neighbours(), pyvrp_search.PerturbationManager(pyvrp_search.PerturbationParams())
        )
        for operator in pyvrp_search.OPERATORS:
            if operator.supports(self.data):
                local.add_operator(operator(self.data))
        penalties = pyvrp.PenaltyManager(params.penalty.midpoint_penalties(self.data), params.penalty)
        first = local(pyvrp.Solution.make_random(self.data, rng), penalties.max_cost_evaluator(), exhaustive=True)
        found = pyvrp.IteratedLocalSearch(self.data, penalties, local, first, params.ils)
        until = time.process_time() + cpu_s
        best = found.run(lambda _: time.process_time() >= until, False, False, 5.0).best
        return [self._route(route) for route in best.routes() if route.is_feasible()]

    def _route(self, route: Any) -> Route:
        option = self.options[route.vehicle_type()]
        groups = [self.groups[stop.idx] for stop in route if stop.is_client()]
        return Route(
            vehicle=option.vehicle.id,
            wave=max(option.wave, *(group.wave for group in groups)),
            home_by=option.home_by,
            parcels=tuple(parcel.id for group in groups for parcel in group.parcels),
        )

    def _data(self) -> Any:
        names: list[str] = sorted({name for one in self.ground.instance.vehicles for name in one.capacity})
        for option in self.options:
            self.types.append(
                pyvrp.VehicleType(
                    min(option.number, len(self.groups)),
                    [option.vehicle.capacity.get(name, UNBOUND) for name in names],
                    start_depot=self.depots[option.vehicle.start],
                    end_depot=self.depots[self.ground.hubs[option.vehicle.end].place],
                    fixed_cost=round(option.vehicle.fixed),
                    tw_early=option.early,
                    tw_late=option.home_by,
                    profile=self._profile(option),
                )
            )
        clients = [self._client(number, group, names) for number, group in enumerate(self.groups)]
        return pyvrp.ProblemData(
            [pyvrp.Location(0, 0)] * len(self.nodes),
            clients,
            [pyvrp.Depot(number) for number in range(len(self.depots))],
            self.types,
            [pair[0] for pair in self.matrices],
            [pair[1] for pair in self.matrices],
        )

    def _client(self, number: int, group: Group, names: Sequence[str]) -> Any:
        return pyvrp.Client(
            location=len(self.depots) + number,
            pickup=[sum(parcel.load.get(name, 0) for parcel in group.parcels) for name in names],
            service_duration=sum(parcel.service_s for parcel in group.parcels),
            release_time=self.ground.instance.waves[group.wave].earliest_leave,
            prize=CLEAR_MONEY,
            required=False,
        )

    def _profile(self, option: Option) -> int:
        """Money and seconds into each node; a gate too small, a promise too early or a closed road is far away."""
        vehicle, hub = option.vehicle, option.vehicle.end
        money, times = self._ways(vehicle, option.early)
        for number, group in enumerate(self.groups, len(self.depots)):
            late = group.latest.get(hub, -1) < option.due
            if late or group.place in option.avoids or not _fits(self.ground, vehicle, group):
                times[:, number] = FAR
            back = self.depots[self.ground.hubs[hub].place]
            times[number, back] = max(times[number, back], option.home_by - self._closes(option, group.place))
        np.fill_diagonal(times, 0)
        self.matrices.append((np.ascontiguousarray(money), np.ascontiguousarray(times)))
        return len(self.matrices) - 1

    def _closes(self, option: Option, place: str) -> int:
        """When the gate closes on the option's day; a longer way home stands for that."""
        day = option.early // DAY_S * DAY_S
        closes = [high for low, high in self.ground.places[place].windows if day <= low < day + DAY_S]
        return min(closes, default=option.home_by)

    def _ways(self, vehicle: Vehicle, leave: int) -> tuple[Ints, Ints]:
        profile = self.ground.instance.profiles[vehicle.profile]
        period = max(number for number, start in enumerate(profile.periods) if start <= leave % DAY_S)
        pick = np.array([self.ground.index[name] for name in self.nodes])
        square = np.ix_(pick, pick)
        seconds = _array(profile.duration_s[period])[square]
        metres = _array(profile.distance_m[period])[square]
        blocked = (seconds < 0) | (metres < 0)
        money = np.where(blocked, FAR, metres * vehicle.per_m + seconds * vehicle.per_drive_s)
        other = pick[:, None] != pick[None, :]
        places = [self.ground.places[name] for name in self.nodes]
        is_stop = np.arange(len(self.nodes)) >= len(self.depots)
        fees = np.array([vehicle.per_stop + place.stop_fee for place in places]) * is_stop
        stops = np.array([place.stop_service_s for place in places]) * is_stop
        money = money + np.where(other, fees[None, :], 0)
        times = np.where(blocked, FAR, seconds) + np.where(other, stops[None, :], 0)
        np.fill_diagonal(money, 0)
        return np.rint(money).astype(np.int64), times.astype(np.int64)

    def _neighbours(self) -> dict[Any, list[Any]]:
        """Near = ready at about the same time and close by; PyVRP's own neighbourhood does not know release times."""
        first = len(self.depots)
        way = self.matrices[0][0][first:, first:].astype(float)
        release = np.array([self.ground.instance.waves[group.wave].earliest_leave for group in self.groups], float)
        due = np.array([min(group.latest.values()) for group in self.groups], float)
        apart = np.abs(np.subtract.outer(release, release))
        never = np.maximum(np.maximum.outer(release, release) - np.minimum.outer(due, due), 0)
        near = way + 2.0 * apart + 100.0 * never
        np.fill_diagonal(near, np.inf)
        top = np.argsort(near, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(self.groups) - 1)]
        keys = [pyvrp.Activity(pyvrp.ActivityType.CLIENT, number) for number in range(len(self.groups))]
        return {keys[number]: [keys[other] for other in row] for number, row in enumerate(top.tolist())}


def _fits(ground: Ground, vehicle: Vehicle, group: Group) -> bool:
    try:
        check_order(ground, vehicle, group.parcels[:1])
    except BrokenOrder:
        return False
    return True


def _array(cells: Any) -> Ints:
    return np.array([[-1 if cell is None else cell for cell in row] for row in cells], dtype=np.int64)
