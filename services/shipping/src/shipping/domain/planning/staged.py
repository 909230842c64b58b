"""Chooses one offer a row among tens of thousands: fewest parcels unserved, then the discounts' steps, then offers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipping.domain.planning.choose import Ceiling, Choice, Column, Written, ceilings_of, write
from shipping.domain.planning.program import INFINITE, NOTHING, Program, Solved
from shipping.domain.planning.supply import PartnerDay

STAGED_ROWS = 200
"""With fewer rows everything is solved as a whole at once: in parts a row is too much of the gap."""

CLOSE_ROWS = 150
"""Rows left open in the last stage: those that the second best offer would make dearer by the least.

Where ceilings leave parcels behind, all are: with most of them held, hardly any choice would be possible."""

STEPS_GAP, LAST_GAP = 0.2, 0.3
"""Of the gap asked for, what the first and the last stage may leave."""

LAST_NODES_MAX = 200
"""More of them find nothing: then whole offers do not go with these steps."""

FEWEST_SHARE, STEPS_SHARE = 0.3, 0.6
"""Of the time left, what may go into the fewest unserved parcels, and into the steps: the last stage needs some too."""

SURE = 1e-6


def choose_staged(
    columns: Sequence[Column],
    parcels: Sequence[int],
    partners: Sequence[PartnerDay],
    gap: float,
    nodes_max: int,
    seconds_max: float,
) -> Choice:
    """Fewest parcels in rows that nobody serves, then the cheapest offers; each row by one column of that row alone.

    Among these choices every offer may first be taken in part, only the steps of the discounts are whole: that is
    solved fast, and no choice can be cheaper. With those steps held, few offers are in part; the rows that hardly care,
    and those, are chosen again with whole offers. If that is not within the gap, all is solved as a whole in the time
    left.
    """
    if not columns:
        return Choice([], list(range(len(parcels))), 0, True)
    until = time.monotonic() + seconds_max

    def left() -> float:
        return max(1.0, until - time.monotonic())

    fewest = _fewest(columns, parcels, partners, gap, nodes_max, FEWEST_SHARE * left())
    if not len(fewest.values):
        return _most_first(columns, len(parcels), partners)
    task = _Task(columns, parcels, partners, round(fewest.cost))
    best, nodes, bound = NOTHING, fewest.nodes, -INFINITE
    if len(parcels) > STAGED_ROWS:
        loose = task.written(whole=False)
        steps = loose.program.solve(STEPS_GAP * gap, nodes_max, STEPS_SHARE * left())
        best = _whole_offers(task, loose, steps, LAST_GAP * gap, left())
        nodes, bound = nodes + steps.nodes + best.nodes, steps.bound
    whole = task.written()
    found = best.values if len(best.values) else fewest.values
    if not _is_proved(best, bound, gap):
        again = whole.program.solve(gap, nodes_max, left(), found[: len(columns) + len(parcels)])
        best, nodes, bound = min(best, again, key=lambda one: one.cost), nodes + again.nodes, max(bound, again.bound)
        found = best.values if len(best.values) else found
    return whole.choice(found, nodes, fewest.proved and _is_proved(best, bound, gap))


@dataclass(frozen=True, slots=True)
class _Task:
    """What is chosen from, and how many parcels may stay unserved."""

    columns: Sequence[Column]
    parcels: Sequence[int]
    partners: Sequence[PartnerDay]
    unserved_max: int

    def written(self, *, whole: bool = True) -> Written:
        """The program of the money."""
        made = write(self.columns, [0] * len(self.parcels), {}, self.partners, exact=True, whole=whole)
        unserved = {slack: float(number) for slack, number in zip(made.slack, self.parcels, strict=True)}
        made.program.row(0.0, float(self.unserved_max), unserved)
        return made


def _fewest(
    columns: Sequence[Column],
    parcels: Sequence[int],
    partners: Sequence[PartnerDay],
    gap: float,
    nodes_max: int,
    seconds_max: float,
) -> Solved:
    """As few parcels in unserved rows as the ceilings allow, whatever it costs."""
    free = [replace(column, cost_vnd=0) for column in columns]
    full = [replace(day, discounts=()) for day in partners]
    return write(free, parcels, {}, full, exact=True).program.solve(gap, nodes_max, seconds_max)


def _most_first(columns: Sequence[Column], rows: int, partners: Sequence[PartnerDay]) -> Choice:
    """When the time was too short for the solver: most parcels first, then the cheapest offer, under the ceilings."""
    rooms: list[Ceiling] = []
    for day in partners:
        own = {number: column for number, column in enumerate(columns) if column.partner_id == day.partner_id}
        rooms += ceilings_of(own, day)
    used, taken = [0.0] * len(rooms), dict[int, int]()
    for number in sorted(range(len(columns)), key=lambda one: (-columns[one].pieces, columns[one].cost_vnd)):
        needs = [terms.get(number, 0.0) for _, terms in rooms]
        fits = all(have + need <= room for have, need, (room, _) in zip(used, needs, rooms, strict=True))
        if fits and columns[number].rows[0] not in taken:
            taken[columns[number].rows[0]] = number
            used = [have + need for have, need in zip(used, needs, strict=True)]
    return Choice(sorted(taken.values()), [row for row in range(rows) if row not in taken], 0, False)


def _is_proved(found: Solved, bound: float, gap: float) -> bool:
    """Whether nothing can be cheaper by more than the gap.

    Nothing is cheaper than a true bound: one that is dearer by more than the gap is an error of the solver, whose sums
    of milliards are not exact, and proves nothing.
    """
    return found.cost < INFINITE and bound > -INFINITE and abs(found.cost - bound) <= gap * abs(bound)


def _whole_offers(task: _Task, loose: Written, steps: Solved, gap: float, seconds_max: float) -> Solved:
    """Whole offers with the steps that were found."""
    if not len(steps.values):
        return NOTHING
    for reached in (one for of_partner in loose.steps.values() for one in of_partner):
        _hold(loose.program, reached, steps.values[reached] > 0.5)
        loose.program.whole[reached] = False
    held = loose.program.solve(gap, LAST_NODES_MAX, seconds_max)
    if not len(held.values):
        return held
    last = task.written()
    for number, (low, high) in enumerate(zip(loose.program.lower, loose.program.upper, strict=True)):
        last.program.lower[number], last.program.upper[number] = low, high
    close = set(range(len(last.slack)) if task.unserved_max else _close_rows(task.columns, last.slack, held))
    for number, row in [
        *((n, column.rows[0]) for n, column in enumerate(task.columns)),
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
