"""Hindsight as one routing problem: all parcels of all days with release times, PyVRP from many fleets and seeds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp import search as pyvrp_search

from bench.planner.groups import Group, group_parcels
from bench.planner.instance import DAY_S, Vehicle
from bench.planner.options import Fleet, Option, make_options, place_run
from bench.planner.roads import BrokenOrder, Ground, Sent, check_order

NEIGHBOURS = 40
FAR = 10_000_000
Ints = NDArray[np.int64]
UNBOUND = 10**9
CLEAR_MONEY = 10_000_000
"""The prize of a group: leaving one out is dearer than any run for it."""


@dataclass(frozen=True, slots=True)
class Route:
    """What one vehicle collects, in order; sent at wave `wave` or later, home by `home_by`."""

    vehicle: str
    wave: int
    home_by: int
    parcels: tuple[str, ...]


class Whole:
    """The routing problem of one instance and one split of the fleet.

    A `known` plan is where its search begins; `tight` allows no vehicle that the known plan does not use, which keeps
    what is found drivable where vehicles are few.
    """

    def __init__(self, ground: Ground, fleet: Fleet, known: Sequence[Sent] = (), tight: bool = False) -> None:
        self.ground, self.groups = ground, group_parcels(ground, known)
        options = make_options(ground, self.groups, fleet)
        placed = [place_run(ground, options, run) for run in known]
        used = Counter(placed)
        kept = [number for number in range(len(options)) if used[number] or not tight]
        self.options = [
            replace(options[number], number=max(used[number], 0 if tight else options[number].number))
            for number in kept
        ]
        self.known = [
            (kept.index(number), run) for number, run in zip(placed, known, strict=True) if number is not None
        ]
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
        begin = self._begin() if self.known else pyvrp.Solution.make_random(self.data, rng)
        first = local(begin, penalties.max_cost_evaluator(), exhaustive=True)
        found = pyvrp.IteratedLocalSearch(self.data, penalties, local, first, params.ils)
        until = time.process_time() + cpu_s
        best = found.run(lambda _: time.process_time() >= until, False, False, 5.0).best
        return self._said(best)

    def as_known(self) -> list[Route]:
        """The known plan as routes, before any search."""
        return self._said(self._begin())

    def _said(self, solution: Any) -> list[Route]:
        return [self._route(route) for route in solution.routes() if route.is_feasible()]

    def _begin(self) -> Any:
        """The known plan; a run that no option allows (it is late, say) is left out."""
        of = {parcel.id: number for number, group in enumerate(self.groups) for parcel in group.parcels}
        routes = []
        for option, run in self.known:
            stops = list(dict.fromkeys(of[parcel] for parcel in run.parcels if parcel in of))
            if stops:
                visits = [pyvrp.Activity(pyvrp.ActivityType.CLIENT, stop) for stop in stops]
                routes.append(pyvrp.Route(self.data, visits, option))
        return pyvrp.Solution(self.data, routes)

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
