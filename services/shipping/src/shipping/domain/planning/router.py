"""Routes items that ride now: searches with different fleets, then the best choice of all the runs they found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

from shipping.domain.planning.announced import as_told
from shipping.domain.planning.ceilings import Load, load, runs_left, spent, within
from shipping.domain.planning.choose import NODES_MAX, Column, choose
from shipping.domain.planning.engine import Habits
from shipping.domain.planning.ground import Ground
from shipping.domain.planning.items import NEVER, Item
from shipping.domain.planning.meter import Meter
from shipping.domain.planning.model import KINDS, Ride, Run
from shipping.domain.planning.money import told
from shipping.domain.planning.timing import Stop, Timer

ENUMERATE_MAX = 5
"""So many items, or fewer, are routed by trying every run there is."""

MISSED_VND = 50_000_000
"""Far above any run: a parcel that must go is left out only if nothing else is possible."""

LATE_LESS, LATE_MUST_LESS = 10, 100
"""A parcel that is late already is left out rather than so many others, and if it must go now, which is only for the
next cut-off, rather than so many that must go for their promise."""

MUST_MORE = 50
"""A parcel that must go now is taken rather than so many that may wait."""

SOON_MORE = 3
"""A parcel that must go with the next wave at last is taken rather than so many that have more time."""

STEPS_MAX = 20_000

CELLS_MAX = 20_000_000
"""A choice may take so many nodes times candidates times items: of a thousand items a node may take 0.1 CPU-s."""

ROOM_TRIES_MAX = 3


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A run that can be driven, and the items in it."""

    vehicle: int
    hub: int
    items: tuple[Item, ...]
    run: Run
    cost_vnd: int


@dataclass(frozen=True, slots=True)
class Routed:
    """Runs for a set of items, what no run could take, and the objective of the runs."""

    runs: list[Candidate]
    left: list[Item]
    cost_vnd: int


class Router:
    """Routing for one wave. `used` counts vehicles that are already spoken for (pinned runs)."""

    def __init__(self, ground: Ground, timer: Timer, meter: Meter, seed: int) -> None:
        """Everything the router makes is timed exactly by `timer` before it is a candidate."""
        self.ground, self.timer, self.meter, self.seed = ground, timer, meter, seed
        self.used = dict.fromkeys((vehicle.vehicle_id for vehicle in ground.vehicles), 0)
        self.rides = {ride.parcel_id: ride for ride in ground.wave.rides}
        self.partners = spent(ground.wave.partners, [load(run, self.rides) for run in ground.wave.pinned_runs])
        self.told = told(ground.wave)
        self.searches = True
        self.habits: Habits | None = None
        self.hints: list[tuple[int, int, tuple[str, ...]]] = []
        self._known: dict[tuple[object, ...], Candidate | None] = {}

    def left(self, number: int) -> int:
        """Vehicles of this kind that are still free in this wave, as far as their partner drives that often today."""
        vehicle = self.ground.vehicles[number]
        day = next((one for one in self.partners if one.partner_id == vehicle.partner_id), None)
        runs = None if day is None else runs_left(day)
        free = max(0, vehicle.number - self.used[vehicle.vehicle_id])
        return free if runs is None else min(free, runs)

    def spend(self, loads: Sequence[Load]) -> None:
        """Count what partners carry already against their ceilings."""
        self.partners = spent(self.partners, loads)

    def candidate(self, vehicle: int, hub: int, items: Sequence[Item]) -> Candidate | None:
        """The run of these items in this order; None if a limit, a window or a promise forbids it."""
        key = (vehicle, hub, *map(id, items))
        if key not in self._known:
            self._known[key] = self._candidate(vehicle, hub, tuple(items))
        return self._known[key]

    def leaving(self, vehicle: int, hub: int, items: Sequence[Item], leave: int) -> Candidate | None:
        """The same, leaving at this second at the earliest."""
        return self._candidate(vehicle, hub, tuple(items), leave)

    def _candidate(self, vehicle: int, hub: int, items: tuple[Item, ...], leave: int | None = None) -> Candidate | None:
        car = self.ground.vehicles[vehicle]
        if any((vehicle, hub) not in item.allowed for item in items):
            return None
        if sum(item.weight for item in items) > car.weight_max_g or sum(i.pieces for i in items) > car.parcels_max:
            return None
        if car.volume_max_cm3 is not None and sum(item.volume for item in items) > car.volume_max_cm3:
            return None
        if len(items) > 1 and any(item.hot for item in items):
            return None
        run = self.timer.run(car, stops_of(items, self.ground), hub, leave)
        if run is None or self.ground.seconds_from_now(run.return_time) > min(item.latest[hub] for item in items):
            return None
        return Candidate(vehicle, hub, items, run, self.objective(vehicle, run, items))

    def objective(self, vehicle: int, run: Run, items: Iterable[Item]) -> int:
        """Bill, waiting, and the price of a partner that is not always on time."""
        wave, parcels = self.ground.wave, [ride for item in items for ride in item.rides]
        unreliable = round((1 - self.ground.vehicles[vehicle].on_time) * wave.late_vnd) * len(parcels)
        changed = sum(
            self.told.get(r.parcel_id, (run.vehicle_id, run.leave_time)) != (run.vehicle_id, run.leave_time)
            for r in parcels
        )
        return run.cost_vnd + unreliable + self._wait(run, parcels) + wave.change_vnd * changed

    def _wait(self, run: Run, parcels: Sequence[Ride]) -> int:
        if not self.ground.wave.wait_hour_vnd:
            return 0
        seconds = sum(
            max(0, int((run.return_time - (r.ready_time or run.leave_time)).total_seconds())) for r in parcels
        )
        return seconds * self.ground.wave.wait_hour_vnd // 3600

    def route(self, items: Sequence[Item], until: float, begin: float = 0.0) -> Routed:
        """Runs for these items, within this share of the budget."""
        if not items:
            return Routed([], [], 0)
        pool: list[Candidate] = [c for item in items for c in self._solos(item)]
        plain = [item for item in items if not item.hot and item.allowed]
        fewer = within(plain, self.ground.vehicles, self.partners, self._cheapest(plain)) if self.partners else None
        if fewer:
            middle = (begin + until) / 2
            pool += self._widened(self._pool(fewer, middle, begin), plain)
            begin = middle
        if told_runs := as_told(self, plain):
            kept = {id(item) for one in told_runs for item in one.items}
            middle = (begin + until) / 2
            pool += told_runs + self._pool([item for item in plain if id(item) not in kept], middle, begin)
            begin = middle
        return self.pick(items, [*pool, *self._pool(plain, until, begin)])

    def _pool(self, items: list[Item], until: float, begin: float) -> list[Candidate]:
        if not self.searches:
            return self._first_fit(items)
        if len(items) <= ENUMERATE_MAX:
            return self._every(items)
        from shipping.domain.planning.portfolio import Portfolio

        return Portfolio(self, items).run(begin, until)

    def _cheapest(self, items: Sequence[Item]) -> dict[int, list[str]]:
        """Each item's partners, the one with the cheapest run of its own first."""
        found = {}
        for item in items:
            solos = sorted(self._solos(item), key=lambda one: one.cost_vnd)
            found[id(item)] = list(dict.fromkeys(one.run.partner_id for one in solos))
        return found

    def _widened(self, pool: Sequence[Candidate], items: Sequence[Item]) -> list[Candidate]:
        """Runs of items that were for one partner only, as runs of the items themselves."""
        of = {item.rides[0].parcel_id: item for item in items}
        made = (self.candidate(one.vehicle, one.hub, [of[i.rides[0].parcel_id] for i in one.items]) for one in pool)
        return [one for one in made if one]

    def _first_fit(self, items: Sequence[Item]) -> list[Candidate]:
        """Each item at the end of the first run that can still take it, or in a run of its own."""
        runs: list[Candidate] = []
        for item in sorted(items, key=lambda one: (min(one.latest.values(), default=0), one.place)):
            for number, one in enumerate(runs):
                longer = self.candidate(one.vehicle, one.hub, (*one.items, item))
                if longer:
                    runs[number] = longer
                    break
            else:
                runs += self._solos(item)[:1]
        return runs

    def _solos(self, item: Item) -> list[Candidate]:
        made = (self.candidate(vehicle, hub, (item,)) for vehicle, hub in sorted(item.allowed))
        return [one for one in made if one and self.left(one.vehicle)]

    def _every(self, items: Sequence[Item]) -> list[Candidate]:
        """All runs of up to ENUMERATE_MAX items: the cheapest order of every subset for every vehicle."""
        pairs = sorted({pair for item in items for pair in item.allowed if self.left(pair[0])})
        best: dict[tuple[object, ...], Candidate] = {}
        for size in range(2, len(items) + 1):
            for order in permutations(items, size):
                for vehicle, hub in pairs:
                    one = self.candidate(vehicle, hub, order)
                    key = (frozenset(map(id, order)), vehicle, hub)
                    if one and (key not in best or one.cost_vnd < best[key].cost_vnd):
                        best[key] = one
        return list(best.values())

    def pick(self, items: Sequence[Item], pool: Sequence[Candidate]) -> Routed:
        """The cheapest choice of candidates that serves as many of the items as possible, each once."""
        row = {id(item): number for number, item in enumerate(items)}
        kept = [one for one in _unique(pool) if all(id(item) in row for item in one.items)]
        columns = [self._column(one, row) for one in kept]
        penalties = [10 * missed_vnd(item) for item in items]
        free = {v.vehicle_id: self.left(number) for number, v in enumerate(self.ground.vehicles)}
        nodes = max(1, min(NODES_MAX, CELLS_MAX // (1 + len(columns) * len(items))))
        choice = choose(columns, penalties, free, self.partners, nodes_max=nodes)
        self.meter.nodes(choice.nodes)
        runs = self._once([kept[number] for number in choice.taken])
        served = {id(item) for one in runs for item in one.items}
        left = [item for item in items if id(item) not in served]
        return Routed(runs, left, sum(one.cost_vnd for one in runs))

    def _column(self, one: Candidate, row: dict[int, int]) -> Column:
        vehicle = self.ground.vehicles[one.vehicle]
        return Column(
            cost_vnd=one.cost_vnd,
            bill_vnd=one.run.cost_vnd,
            rows=tuple(row[id(item)] for item in one.items),
            partner_id=vehicle.partner_id,
            vehicle_id=vehicle.vehicle_id,
            pieces=sum(item.pieces for item in one.items),
            weight_g=one.run.weight_g,
        )

    def _once(self, runs: list[Candidate]) -> list[Candidate]:
        """Items that two chosen runs cover leave the one that saves more by it."""
        for item in [item for one in runs for item in one.items]:
            holding = [one for one in runs if item in one.items]
            if len(holding) < 2:
                continue
            options = [self._without(one, item) for one in holding]
            saved = [one.cost_vnd - (less.cost_vnd if less else 0) for one, less in zip(holding, options, strict=True)]
            keep = saved.index(min(saved))
            for number, one in enumerate(holding):
                if number != keep:
                    less = options[number]
                    runs = [other for other in runs if other is not one] + ([less] if less else [])
        return runs

    def _without(self, one: Candidate, item: Item) -> Candidate | None:
        rest = tuple(other for other in one.items if other is not item)
        return self.candidate(one.vehicle, one.hub, rest) if rest else None


def stops_of(items: Sequence[Item], ground: Ground) -> list[Stop]:
    """Items in order as stops; those of one gate that follow each other are one stop."""
    stops: list[Stop] = []
    for item in items:
        gate = ground.names[item.place]
        if stops and stops[-1].gate_id == gate:
            stops[-1] = Stop(gate, stops[-1].rides + item.rides)
        else:
            stops.append(Stop(gate, item.rides))
    return stops


def _unique(pool: Iterable[Candidate]) -> list[Candidate]:
    """The cheapest candidate of each vehicle, hub and set of items, in a fixed order."""
    best: dict[tuple[object, ...], Candidate] = {}
    for one in pool:
        key = (one.vehicle, one.hub, frozenset(map(id, one.items)))
        if key not in best or one.cost_vnd < best[key].cost_vnd:
            best[key] = one
    return list(best.values())


def missed_vnd(item: Item) -> int:
    """A tenth of what leaving an item out counts: most for what must go, least for what is late already."""
    worth = MUST_MORE if item.must else SOON_MORE if item.soon else 1
    less = (LATE_MUST_LESS if item.must else LATE_LESS) if item.late else 1
    return MISSED_VND // MUST_MORE * len(item.rides) * worth // less


def kind_order(kind: str) -> int:
    """Smaller vehicles first."""
    return KINDS.index(kind)


__all__ = ["NEVER", "Candidate", "Routed", "Router", "kind_order", "stops_of"]
