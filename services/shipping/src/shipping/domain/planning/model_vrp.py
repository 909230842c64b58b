"""Writes items and vehicle options as a PyVRP problem: money on arcs, promises and "leave now" as load dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pyvrp import Activity, ActivityType, Client, Depot, Location, ProblemData, VehicleType

from shipping.domain.planning.ground import FAR, Ground, Ints, as_ints
from shipping.domain.planning.items import NEVER, Item
from shipping.domain.planning.model import Vehicle

CLASSES_MAX = 4
"""Different latest instants per hub that the search tells apart; the others are rounded down."""

NEIGHBOURS = 40
UNBOUND = 10**9
RUNS_LEAST, SPARE_FACTOR = 100, 1.5
"""So many runs are always allowed (narrow windows fill fewer than loads do), or so many times what the loads need."""

ABOARD = 0.6
"""How full runs are on average, and how much of a run a parcel is on board."""


@dataclass(frozen=True, slots=True)
class Option:
    """So many runs of one vehicle to one hub, leaving from `earliest` (not after `start_late`), home by `home_by`.

    The search counts vehicles for each bound of the promises anew; with a `bound` these are for that one alone.
    """

    vehicle: int
    hub: int
    number: int
    earliest: int
    home_by: int
    now: bool = True
    start_late: int = UNBOUND
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A PyVRP problem (None = no vehicle or no item), its vehicle types as options, neighbours that know releases."""

    data: ProblemData | None
    options: list[Option]
    neighbours: dict[Activity, list[Activity]]


def write(
    ground: Ground,
    items: Sequence[Item],
    options: Sequence[Option],
    prizes: Sequence[int] | None = None,
    neighbours: int = NEIGHBOURS,
) -> Written:
    """The problem of serving all items (or those worth their prize) with these options."""
    return _Writer(ground, items, options).written(prizes, neighbours)


def bounds_of(items: Sequence[Item], hub: int, home: int) -> list[int]:
    """Instants by which runs to a hub must be home for some of these items, rising, as far as they are told apart."""
    values = sorted({min(item.latest[hub], home) for item in items if hub in item.latest})
    if not values or values[-1] < home:
        values.append(home)
    if len(values) > CLASSES_MAX:
        spread = np.linspace(0, len(values) - 1, CLASSES_MAX).round().astype(int)
        values = [values[number] for number in sorted(set(spread.tolist()))]
    return values


def priced(written: Written, prices: Ints) -> Written:
    """The same problem with a price on riding now for each of the first items; below 0 it is one on riding later."""
    if written.data is None or not prices.any():
        return written
    kinds, first = written.data.vehicle_types(), written.data.num_depots
    money: list[Any] = []
    times: list[Any] = []
    for kind, option in zip(kinds, written.options, strict=True):
        cells: Ints = np.array(written.data.distance_matrix(kind.profile))
        cells[:, first : first + len(prices)] += np.maximum(prices if option.now else -prices, 0)
        np.fill_diagonal(cells, 0)
        money.append(cells)
        times.append(written.data.duration_matrix(kind.profile))
    own = [kind.replace(profile=number) for number, kind in enumerate(kinds)]
    data = written.data.replace(vehicle_types=own, distance_matrices=money, duration_matrices=times)
    return replace(written, data=data)


class _Writer:
    def __init__(self, ground: Ground, items: Sequence[Item], options: Sequence[Option]) -> None:
        self.ground, self.items, self.given = ground, items, options
        starts = [ground.place[ground.vehicles[option.vehicle].start_id] for option in options]
        hubs = [ground.place[ground.hubs[option.hub].hub_id] for option in options]
        self.depots = sorted({*starts, *hubs})
        self.depot_of = {place: number for number, place in enumerate(self.depots)}
        self.nodes = as_ints([*self.depots, *(item.place for item in items)])
        self.classes = {hub: self._classes(hub) for hub in sorted({option.hub for option in options})}
        self.dims = [(hub, number) for hub, found in self.classes.items() for number in range(len(found) - 1)]
        sums = [sum(column) for column in zip(*map(_load, items), strict=True)] or [0] * 4
        sizes = list(zip(*(self._size(option) for option in options), strict=True)) or [(0,)] * 4
        self.binding = [number for number in range(4) if sums[number] > min(sizes[number])]
        self.profiles: list[tuple[Any, Any]] = []
        self._profile_of: dict[tuple[object, ...], int] = {}

    def written(self, prizes: Sequence[int] | None, neighbours: int) -> Written:
        types, options = [], []
        for option in (one for one in self.given if one.number):
            for number, bound in enumerate(self.classes[option.hub]):
                kind = self._type(option, number, bound)
                if kind is not None and option.bound in (None, bound):
                    types.append(kind)
                    options.append(option)
        if not types or not self.items:
            return Written(None, [], {})
        clients = [self._client(number, item, prizes) for number, item in enumerate(self.items)]
        data = ProblemData(
            [Location(0, 0)] * len(self.nodes),
            clients,
            [Depot(number) for number in range(len(self.depots))],
            types,
            [money for money, _ in self.profiles],
            [times for _, times in self.profiles],
        )
        return Written(data, options, self._neighbours(clients, neighbours))

    def _classes(self, hub: int) -> list[int]:
        """Instants by which runs to a hub must be home, rising; promises in between are rounded down."""
        return bounds_of(self.items, hub, max(option.home_by for option in self.given if option.hub == hub))

    def _class(self, item: Item, hub: int) -> int:
        bounds = self.classes[hub]
        latest = item.latest.get(hub, NEVER)
        fitting = [number for number, bound in enumerate(bounds) if bound <= latest]
        return fitting[-1] if fitting else 0

    def _type(self, option: Option, number: int, bound: int) -> VehicleType | None:
        vehicle = self.ground.vehicles[option.vehicle]
        home_by = min(bound, option.home_by)
        if home_by <= option.earliest or (number and self.classes[option.hub][number - 1] >= option.home_by):
            return None
        skills = [0 if hub == option.hub and dim < number else len(self.items) for hub, dim in self.dims]
        fields: dict[str, Any] = {}
        if vehicle.run_seconds_max is not None:
            fields["shift_duration"] = vehicle.run_seconds_max
        hour = vehicle.per_duty_hour_vnd + self.ground.wave.wait_hour_vnd * self._aboard(vehicle)
        if hour >= 1800:
            fields["unit_duration_cost"] = max(1, round(hour / 3600))
        if option.start_late < UNBOUND:
            # Where waiting under way is free, leaving at once loses nothing, and whoever cannot is late by far, not by
            # the one second that a search would happily pay for.
            fields["start_late"] = min(option.start_late, home_by) if fields else option.earliest
        size = self._size(option)
        return VehicleType(
            max(1, min(option.number, len(self.items), self._enough(vehicle))),
            [*(size[dim] for dim in self.binding), *skills],
            start_depot=self.depot_of[self.ground.place[vehicle.start_id]],
            end_depot=self.depot_of[self.ground.place[self.ground.hubs[option.hub].hub_id]],
            fixed_cost=vehicle.fixed_vnd,
            tw_early=max(0, option.earliest),
            tw_late=home_by,
            profile=self._profile(option),
            **fields,
        )

    def _size(self, option: Option) -> tuple[int, int, int, int]:
        """What a vehicle takes, in the order of `_load`; only runs of now take what must ride now."""
        vehicle = self.ground.vehicles[option.vehicle]
        volume = UNBOUND if vehicle.volume_max_cm3 is None else vehicle.volume_max_cm3
        return vehicle.weight_max_g, vehicle.parcels_max, volume, len(self.items) if option.now else 0

    def _aboard(self, vehicle: Vehicle) -> float:
        """About how many parcels wait on one run of this vehicle, to put a price on its hours."""
        rides = sum(len(item.rides) for item in self.items)
        weight = sum(item.weight for item in self.items)
        pieces = sum(item.pieces for item in self.items)
        runs = max(weight / max(1, vehicle.weight_max_g), pieces / max(1, vehicle.parcels_max), 1.0)
        return ABOARD * rides / runs

    def _enough(self, vehicle: Vehicle) -> int:
        """More runs than a good plan needs: the search begins by scattering the items over all that are there."""
        needed = max(
            sum(item.weight for item in self.items) / max(1, vehicle.weight_max_g),
            sum(item.pieces for item in self.items) / max(1, vehicle.parcels_max),
        )
        return max(RUNS_LEAST, math.ceil(SPARE_FACTOR * needed))

    def _profile(self, option: Option) -> int:
        vehicle = self.ground.vehicles[option.vehicle]
        banned = tuple((option.vehicle, option.hub) not in item.allowed for item in self.items)
        period = self.ground.period(vehicle.profile, option.earliest)
        tariff = (vehicle.per_km_vnd, vehicle.per_stop_vnd, vehicle.per_parcel_vnd, vehicle.per_kg_vnd)
        leave = option.earliest if self.ground.wave.wait_hour_vnd else 0
        key = (vehicle.profile, period, *tariff, vehicle.per_drive_hour_vnd, banned, leave)
        if key not in self._profile_of:
            money, times = self.ground.price(option.vehicle, option.earliest)
            money, times = money[np.ix_(self.nodes, self.nodes)], times[np.ix_(self.nodes, self.nodes)]
            hour = self.ground.wave.wait_hour_vnd
            waits = [max(0, option.earliest - item.release) * hour * len(item.rides) // 3600 for item in self.items]
            own = [
                item.pieces * vehicle.per_parcel_vnd + item.charged * vehicle.per_kg_vnd // 1000 for item in self.items
            ]
            depots = len(self.depots)
            money[:, depots:] += (as_ints(own) + as_ints(waits))[None, :]
            no = np.flatnonzero(np.array(banned)) + depots
            times[:, no] = FAR
            np.fill_diagonal(money, 0)
            np.fill_diagonal(times, 0)
            self._profile_of[key] = len(self.profiles)
            self.profiles.append((np.ascontiguousarray(money), np.ascontiguousarray(times)))
        return self._profile_of[key]

    def _client(self, number: int, item: Item, prizes: Sequence[int] | None) -> Client:
        marks = [int(hub in item.latest and self._class(item, hub) == dim) for hub, dim in self.dims]
        prize = 0 if prizes is None else prizes[number]
        load = _load(item)
        last = max((min(item.latest[hub], UNBOUND) for hub in item.latest), default=UNBOUND)
        return Client(
            location=len(self.depots) + number,
            pickup=[*(load[dim] for dim in self.binding), *marks],
            service_duration=item.service,
            tw_early=max(0, item.opens),
            tw_late=max(item.opens, item.release, 0, min(item.starts_by, last, UNBOUND)),
            release_time=item.release,
            prize=prize,
            required=not prize,
        )

    def _neighbours(self, clients: Sequence[Client], most: int) -> dict[Activity, list[Activity]]:
        """Two items are near if one run that leaves at the later of their releases can serve both cheaply.

        PyVRP's own neighbourhood does not know release times.
        """
        depots, ways = len(self.depots), min((times for _, times in self.profiles), key=lambda times: int(times.sum()))
        way = ways[depots:, depots:].astype(float)
        release = np.array([client.release_time for client in clients], float)
        early, late = (np.array([getattr(c, name) for c in clients], float) for name in ("tw_early", "tw_late"))
        service = np.array([client.service_duration for client in clients], float)
        arrive = np.maximum(np.maximum.outer(release, release) + ways[0, depots:][:, None], early[:, None])
        lost = np.maximum(arrive - late[:, None], 0)
        lost += np.maximum(arrive + service[:, None] + way - late[None, :], 0)
        wait = np.maximum(early[None, :] - way - service[:, None] - late[:, None], 0)
        near = way + 0.2 * wait + lost + 0.05 * np.abs(np.subtract.outer(release, release))
        near = np.minimum(near, near.T)
        np.fill_diagonal(near, np.inf)
        top = np.argsort(near, axis=1, kind="stable")[:, : min(most, len(clients) - 1)]
        keys = [Activity(ActivityType.CLIENT, number) for number in range(len(clients))]
        return {keys[number]: [keys[other] for other in row] for number, row in enumerate(top.tolist())}


def _load(item: Item) -> tuple[int, int, int, int]:
    """Loads that may bind; a dimension of which all vehicles take everything is left out of the problem."""
    return item.weight, item.pieces, item.volume, int(item.must)
