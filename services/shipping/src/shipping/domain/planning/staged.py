"""Chooses one offer a row among tens of thousands: discounts' steps first, then whole offers where it is close."""

from __future__ import annotations

import time
from collections.abc import Sequence

from shipping.domain.planning.choose import Ceiling, Choice, Column, Written, ceilings_of, write
from shipping.domain.planning.program import INFINITE, NOTHING, Program, Solved
from shipping.domain.planning.supply import PartnerDay

STAGED_ROWS = 200
"""With fewer rows everything is solved as a whole at once: in parts a row is too much of the gap."""

CLOSE_ROWS = 150
"""Rows left open in the last stage: those that the second best offer would make dearer by the least."""

STEPS_GAP, LAST_GAP = 0.2, 0.3
"""Of the gap asked for, what the first and the last stage may leave."""

LAST_NODES_MAX = 200
"""More of them find nothing: then whole offers do not go with these steps."""

SURE = 1e-6


def choose_staged(
    columns: Sequence[Column],
    penalties: Sequence[int],
    partners: Sequence[PartnerDay],
    gap: float,
    nodes_max: int,
    seconds_max: float,
) -> Choice:
    """The cheapest offers, each row covered exactly once by a column of that row alone.

    First every offer may be taken in part, only the steps of the discounts are whole: that is solved fast, and no
    choice can be cheaper. With those steps held, few offers are in part; the rows that hardly care, and those, are
    chosen again with whole offers. If that is not within the gap, everything is solved as a whole in the time left.
    """
    until = time.monotonic() + seconds_max

    def left() -> float:
        return max(1.0, until - time.monotonic())

    best, nodes, bound = NOTHING, 0, -INFINITE
    if len(penalties) > STAGED_ROWS:
        loose = write(columns, penalties, {}, partners, exact=True, whole=False)
        steps = loose.program.solve(STEPS_GAP * gap, nodes_max, left())
        best = _whole_offers(columns, penalties, partners, loose, steps, LAST_GAP * gap, left())
        nodes, bound = steps.nodes + best.nodes, steps.bound
    whole = write(columns, penalties, {}, partners, exact=True)
    if not _is_proved(best, bound, gap):
        again = whole.program.solve(gap, nodes_max, left())
        best, nodes, bound = min(best, again, key=lambda one: one.cost), nodes + again.nodes, max(bound, again.bound)
    if not len(best.values):
        return _cheapest_first(columns, len(penalties), partners)
    return whole.choice(best.values, nodes, _is_proved(best, bound, gap))


def _cheapest_first(columns: Sequence[Column], rows: int, partners: Sequence[PartnerDay]) -> Choice:
    """When the time was too short for the solver: the cheapest offers one by one, under the ceilings."""
    rooms: list[Ceiling] = []
    for day in partners:
        own = {number: column for number, column in enumerate(columns) if column.partner_id == day.partner_id}
        rooms += ceilings_of(own, day)
    used, taken = [0.0] * len(rooms), dict[int, int]()
    for number in sorted(range(len(columns)), key=lambda one: columns[one].cost_vnd):
        needs = [terms.get(number, 0.0) for _, terms in rooms]
        fits = all(have + need <= room for have, need, (room, _) in zip(used, needs, rooms, strict=True))
        if fits and columns[number].rows[0] not in taken:
            taken[columns[number].rows[0]] = number
            used = [have + need for have, need in zip(used, needs, strict=True)]
    return Choice(sorted(taken.values()), [row for row in range(rows) if row not in taken], 0, False)


def _is_proved(found: Solved, bound: float, gap: float) -> bool:
    """Whether nothing can be cheaper by more than the gap."""
    return found.cost < INFINITE and bound > -INFINITE and found.cost - bound <= gap * abs(bound)


def _whole_offers(
    columns: Sequence[Column],
    penalties: Sequence[int],
    partners: Sequence[PartnerDay],
    loose: Written,
    steps: Solved,
    gap: float,
    seconds_max: float,
) -> Solved:
    """Whole offers with the steps that were found."""
    if not len(steps.values):
        return NOTHING
    for reached in (one for of_partner in loose.steps.values() for one in of_partner):
        _hold(loose.program, reached, steps.values[reached] > 0.5)
        loose.program.whole[reached] = False
    held = loose.program.solve(gap, LAST_NODES_MAX, seconds_max)
    if not len(held.values):
        return held
    last = write(columns, penalties, {}, partners, exact=True)
    for number, (low, high) in enumerate(zip(loose.program.lower, loose.program.upper, strict=True)):
        last.program.lower[number], last.program.upper[number] = low, high
    close = set(_close_rows(columns, last.slack, held))
    for number, row in [
        *((n, column.rows[0]) for n, column in enumerate(columns)),
        *((s, r) for r, s in enumerate(last.slack)),
    ]:
        if row not in close:
            _hold(last.program, number, held.values[number] > 0.5)
    return last.program.solve(gap, LAST_NODES_MAX, seconds_max)


def _hold(program: Program, variable: int, taken: bool) -> None:
    program.lower[variable] = program.upper[variable] = float(taken)


def _close_rows(columns: Sequence[Column], slack: Sequence[int], held: Solved) -> list[int]:
    """Rows by how little the next best offer costs more; those that are in part come first."""
    offers: list[list[int]] = [[one] for one in slack]
    for number, column in enumerate(columns):
        offers[column.rows[0]].append(number)

    def regret(row: int) -> float:
        taken = next((one for one in offers[row] if held.values[one] > 1 - SURE), None)
        if taken is None:
            return -1.0
        others = (held.reduced_costs[one] for one in offers[row] if one != taken)
        return min(others, default=0.0) - held.reduced_costs[taken]

    return sorted(range(len(slack)), key=regret)[:CLOSE_ROWS]
