"""Runs PyVRP on a problem for a measured share of the budget and answers routes; one small search engine for all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyvrp import (
    IteratedLocalSearch,
    PenaltyManager,
    RandomNumberGenerator,
    Route,
    Solution,
)
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams
from pyvrp.PenaltyManager import PenaltyParams
from pyvrp.search import OPERATORS, LocalSearch, PerturbationManager, PerturbationParams

from shipping.domain.planning.meter import Steps
from shipping.domain.planning.model_vrp import Option, Written

SEEDS = 2**32
"""PyVRP takes seeds below this."""

PENALTY_MOST = 1_000_000.0
OVERLOAD = 0.05
"""A vehicle overloaded by this share is punished like one more run, to begin with."""

LATE_SECONDS = 600
"""So is a run that is this late."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a search goes about: its late-acceptance memory, how many items it moves at once at most, how many times
    harder than one run it punishes broken limits at first, and after how many steps it thinks that over.

    The memory is short because budgets are; half of PyVRP's own moves suit small problems.
    """

    history: int = 100
    perturbations: int = 12
    strictness: float = 1.0
    updates: int = 100


@dataclass(frozen=True, slots=True)
class Trip:
    """One route of the search: an option and item numbers in order."""

    option: Option
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The best solution of a search: its cost (None = infeasible), its trips, what it left out, and trips seen.

    `later_cost` is the part of the cost that runs of coming waves cause.
    """

    cost: int | None
    trips: list[Trip]
    unserved: list[int]
    seen: list[Trip]
    later_cost: int = 0


class _Collector(IteratedLocalSearchCallbacks):
    def __init__(self) -> None:
        self.bests: list[Any] = []

    def on_best(self, best: Any) -> None:
        self.bests.append(best)


def search(
    written: Written, steps: Steps, seed: int, start: Sequence[Trip] | None = None, habits: Habits | None = None
) -> Found:
    """Search until `steps` says stop, from `start` if given; deterministic for equal steps and seed.

    A start may lack items: they are inserted where they are cheapest.
    """
    data = written.data
    if data is None:
        steps.close()
        return Found(None, [], [], [])
    habits, rng = habits or Habits(), RandomNumberGenerator(seed % SEEDS)
    perturbed = PerturbationManager(PerturbationParams(1, habits.perturbations))
    local = LocalSearch(data, rng, written.neighbours, perturbed)
    for operator in OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    params = PenaltyParams(solutions_between_updates=habits.updates, max_penalty=PENALTY_MOST)
    penalties = PenaltyManager(_first_penalties(data, habits.strictness), params)
    first = Solution.make_random(data, rng) if start is None else _solution(written, start)
    first = local(first, penalties.max_cost_evaluator(), exhaustive=True)
    collector = _Collector()
    ils = IteratedLocalSearchParams(history_length=habits.history, callbacks=collector)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)  # Too small a fleet: what is infeasible is dropped later.
        best = IteratedLocalSearch(data, penalties, local, first, ils).run(steps, False, False, 5.0).best
    steps.close()
    seen = [trip for one in [first, *collector.bests[-4:]] for trip in _trips(written, one, feasible=True)]
    cost = None
    if best.is_feasible():
        cost = int(best.distance_cost() + best.fixed_vehicle_cost() + best.duration_cost())
    unserved = sorted(activity.idx for activity in best.unplanned())
    later = [route for route in best.routes() if not written.options[route.vehicle_type()].now]
    later_cost = sum(route.distance_cost() + route.fixed_vehicle_cost() + route.duration_cost() for route in later)
    return Found(cost, _trips(written, best, feasible=best.is_feasible()), unserved, seen, int(later_cost))


def _first_penalties(data: Any, strictness: float) -> tuple[list[float], float, float]:
    """Penalties on the scale of the money: PyVRP's midpoint suits neither đồng nor grams, and adapts too slowly."""
    types = data.vehicle_types()
    depots, spans = data.num_depots, []
    for kind in types:
        money = data.distance_matrix(kind.profile)
        spans.append(kind.fixed_cost + float((money[0, depots:] + money[depots:, 0]).mean()))
    run = max(1.0, min(spans))
    sizes = [
        max(1, min((k.capacity[n] for k in types if k.capacity[n]), default=1)) for n in range(len(types[0].capacity))
    ]
    skills = [any(kind.capacity[n] == 0 for kind in types) for n in range(len(sizes))]
    slack = [1.0 if skill else max(1.0, OVERLOAD * size) for size, skill in zip(sizes, skills, strict=True)]
    run *= strictness
    return (
        [min(PENALTY_MOST, max(0.1, run / one)) for one in slack],
        min(PENALTY_MOST, max(0.1, run / LATE_SECONDS)),
        1.0,
    )


def _trips(written: Written, solution: Any, feasible: bool) -> list[Trip]:
    found = []
    for route in solution.routes():
        items = tuple(activity.idx for activity in route if activity.is_client())
        if items and (not feasible or route.is_feasible()):
            found.append(Trip(written.options[route.vehicle_type()], items))
    return found


def _solution(written: Written, trips: Sequence[Trip]) -> Any:
    """A start from trips of another problem over the same items; each takes the first type it fits best."""
    data: Any = written.data
    left = [0] * data.num_vehicle_types
    routes = []
    for trip in trips:
        types = [n for n, option in enumerate(written.options) if _is_same(trip.option, option)]
        free = [n for n in types if left[n] < data.vehicle_type(n).num_available]
        made = [Route(data, list(trip.items), number) for number in free]
        good = next((route for route in made if route.is_feasible()), made[-1] if made else None)
        if good is not None:
            left[good.vehicle_type()] += 1
            routes.append(good)
    return Solution(data, routes)


def _is_same(wanted: Option, option: Option) -> bool:
    same = (wanted.vehicle, wanted.hub, wanted.now) == (option.vehicle, option.hub, option.now)
    return same and wanted.bound in (None, option.bound)
