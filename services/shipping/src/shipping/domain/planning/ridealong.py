"""Who waits by look-ahead, but rides along all the same, for a later run is a vehicle and a way out and home as well.

Scenarios know all that comes, and fill later runs better than they will be. So a run that goes anyway takes whoever
costs it less than their part of what a run costs before its first stop and after its last.
"""

from __future__ import annotations

from collections.abc import Sequence

from shipping.domain.planning.engine import Habits, Trip, search
from shipping.domain.planning.items import Item
from shipping.domain.planning.meter import Steps
from shipping.domain.planning.model_vrp import Option, Written, write
from shipping.domain.planning.session import Session

WAYS_SHARE = 0.5
"""How much of the way out and home counts; whoever is added to a run lengthens these ways as well."""


def overhead_vnd(searched: Sequence[tuple[Written, Sequence[Trip]]]) -> float:
    """What a run costs by its price and its ways out and home, for each of its items, on the mean over these trips."""
    total, items = 0.0, 0
    for written, trips in searched:
        if written.data is None:
            continue
        kinds, first = written.data.vehicle_types(), written.data.num_depots
        kind_of = {id(option): kind for option, kind in zip(written.options, kinds, strict=True)}
        money = written.data.distance_matrices()
        for trip in trips:
            kind = kind_of[id(trip.option)]
            there, back = first + trip.items[0], first + trip.items[-1]
            ways = int(money[kind.profile][kind.start_depot, there]) + int(money[kind.profile][back, kind.end_depot])
            total += kind.fixed_cost + WAYS_SHARE * ways
            items += len(trip.items)
    return total / max(1, items)


def ride_along(
    session: Session,
    options: Sequence[Option],
    items: tuple[Sequence[Item], Sequence[Item]],
    worth_vnd: int,
    steps: Steps,
    habits: Habits,
    near: int,
) -> list[Trip]:
    """Runs of what is sent and of those who rather wait but cost these runs less than `worth_vnd` each.

    `items` are both; they are numbered in that order. Each may be moved to so many `near` ones. No run if what is sent
    cannot all be served.
    """
    sent, held = items
    prizes = [0] * len(sent) + [worth_vnd] * len(held)
    written = write(session.ground, [*sent, *held], options, prizes, near)
    found = search(written, steps, session.seed, None, habits)
    return found.trips if found.cost is not None else []
