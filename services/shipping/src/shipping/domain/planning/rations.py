"""How many runs of vehicles that are counted by the day or by number in use a scenario may take later than now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shipping.domain.planning.model_vrp import Written
from shipping.domain.planning.session import Session
from shipping.domain.planning.supply import Vehicle


def are_few(vehicle: Vehicle, items: int) -> bool:
    """Whether there are not as many of them as items."""
    return (vehicle.number if vehicle.number_later is None else vehicle.number_later) < items


class Rations:
    """What goes now is not there later. At first now and later are taken to need as many runs for each item."""

    def __init__(self, session: Session, waves: Sequence[int], current: int, coming: int, all_coming: int) -> None:
        """`waves` are those seen; items are counted that are there, that come at these waves, and that come today."""
        self.session, self.waves = session, waves
        seen = current + coming
        self.stock = {
            number: self._stock(number, seen / (current + all_coming))
            for number, car in enumerate(session.ground.vehicles)
            if car.number_scope != "wave" and are_few(car, seen)
        }
        self.now = {number: stock * current / seen for number, stock in self.stock.items()}

    def _stock(self, number: int, share: float) -> float:
        """Runs that can leave now or at the waves seen: vehicles here or back by then, or this `share` of the day's."""
        vehicle, left = self.session.ground.vehicles[number], self.session.router.left(number)
        if vehicle.number_scope == "day":
            return left * share
        last = max(self.waves, default=0) + vehicle.lead_seconds
        return left + sum(self.session.ground.seconds_from_now(back) <= last for back in vehicle.returning_times)

    def learn(self, now: Mapping[int, float]) -> None:
        """So many runs of each vehicle go now, on the mean over the scenarios as they were routed last."""
        self.now = {number: now.get(number, 0.0) for number in self.stock}

    def applied(self, written: Written) -> Written:
        """The problem with what is left for later; one run at least, for a search needs every kind it began with."""
        if written.data is None or not self.stock:
            return written
        kinds = [
            kind if option.now else kind.replace(num_available=self._later(option.vehicle, kind.num_available))
            for kind, option in zip(written.data.vehicle_types(), written.options, strict=True)
        ]
        return replace(written, data=written.data.replace(vehicle_types=kinds))

    def _later(self, number: int, there: int) -> int:
        return max(1, round(self.stock[number] - self.now[number])) if number in self.stock else there
