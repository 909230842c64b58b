"""Hindsight as a policy: routes of the whole future, each sent as soon as it can be, and a rule for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.planner.driving import drive
from bench.planner.roads import BrokenOrder, Order, Sent
from bench.planner.simulate import View, check_number
from bench.planner.whole import Route


@dataclass(slots=True)
class Routed:
    """Sends planned routes at their wave, or at a later one if all vehicles are out; a rule takes what that leaves.

    The routes ignore gate windows, closed roads and what the number of vehicles means exactly, so each is driven before
    it is sent; parcels of a route that cannot be sent any more go to the rule.
    """

    routes: Sequence[Route]
    rest: Callable[[View], Sequence[Order]]
    given_up: set[str] = field(default_factory=set)
    waiting: list[Route] = field(default_factory=list)

    def orders(self, view: View) -> Sequence[Order]:
        """Routes of this wave that can be driven, then the rule's runs for parcels that no route will take."""
        planned = {p for route in self.routes for p in route.parcels}
        due = [*self.waiting, *(route for route in self.routes if route.wave == view.wave)]
        self.waiting = []
        orders, sent = list[Order](), list[Sent]()
        for route in sorted(due, key=lambda one: one.home_by):
            run = self._drive(view, route, sent)
            if run is not None:
                orders.append(Order(route.vehicle, run.leave, route.parcels))
                sent.append(run)
            elif self._later(view, route):
                self.waiting.append(route)
            else:
                self.given_up |= set(route.parcels)
        gone = {p for order in orders for p in order.parcels}
        free = {k: p for k, p in view.parcels.items() if k not in gone and (k not in planned or k in self.given_up)}
        if free:
            orders += self.rest(View(view.ground, view.wave, free, [*view.sent, *sent], view.attempts))
        return orders

    def _drive(self, view: View, route: Route, new: list[Sent]) -> Sent | None:
        ground, leave = view.ground, view.ground.instance.waves[view.wave].earliest_leave
        vehicle = ground.vehicles[route.vehicle]
        try:
            run = drive(ground, Order(route.vehicle, leave, route.parcels), view.wave, view.parcels)
            check_number(vehicle, view.sent, [*(one for one in new if one.vehicle == vehicle.id), run])
        except BrokenOrder:
            return None
        return run if run.home <= route.home_by else None

    def _later(self, view: View, route: Route) -> bool:
        """Whether another wave follows from which the route could be home in time."""
        following = view.ground.instance.waves[view.wave + 1 : view.wave + 2]
        return bool(following) and following[0].earliest_leave < route.home_by
