"""Chooses runs from a pool with HiGHS: everything covered, vehicles, ceilings and stepped discounts kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shipping.domain.planning.program import INFINITE, Program
from shipping.domain.planning.supply import PartnerDay

NODES_MAX = 400
"""Branch-and-bound nodes; a count, not a clock, so that the same pool gives the same choice."""

GAP = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One candidate run: what it costs the objective, its bill, the rows it covers, and whose limits it uses."""

    cost_vnd: int
    bill_vnd: int
    rows: tuple[int, ...]
    partner_id: str = ""
    vehicle_id: str = ""
    pieces: int = 0
    weight_g: int = 0
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """Columns taken, rows nobody covers, nodes the solver needed, and whether it proved the gap."""

    taken: list[int]
    uncovered: list[int]
    nodes: int
    proved: bool


@dataclass(slots=True)
class Written:
    """The program of a choice: variable n is column n, then one a row that stays uncovered, then by partner one for
    each step of its discounts, the first for none."""

    program: Program
    columns: int
    slack: list[int]
    steps: dict[str, list[int]]

    def choice(self, values: Sequence[float], nodes: int, proved: bool) -> Choice:
        """What the values mean; without values nothing is taken."""
        taken = [number for number, value in enumerate(values[: self.columns]) if value > 0.5]
        return Choice(
            taken, [row for row, one in enumerate(self.slack) if len(values) and values[one] > 0.5], nodes, proved
        )


def choose(
    columns: Sequence[Column],
    penalties: Sequence[int],
    vehicles: Mapping[str, int],
    partners: Sequence[PartnerDay],
    *,
    gap: float = GAP,
    nodes_max: int = NODES_MAX,
) -> Choice:
    """Cheapest choice that covers every row at least once; row r may stay uncovered for `penalties[r]`."""
    written = write(columns, penalties, vehicles, partners, exact=False)
    solved = written.program.solve(gap, nodes_max)
    return written.choice(solved.values, solved.nodes, solved.proved)


def write(
    columns: Sequence[Column],
    penalties: Sequence[int],
    vehicles: Mapping[str, int],
    partners: Sequence[PartnerDay],
    *,
    exact: bool,
    whole: bool = True,
) -> Written:
    """The program; `exact` = covered once, otherwise at least once; `whole` = no column is taken in part."""
    program = Program()
    for column in columns:
        program.variable(column.cost_vnd, whole=whole)
    covering: list[dict[int, float]] = [{} for _ in penalties]
    for number, column in enumerate(columns):
        for row in column.rows:
            covering[row][number] = 1.0
    slack = [program.variable(penalty, whole=whole) for penalty in penalties]
    for row, terms in enumerate(covering):
        program.row(1.0, 1.0 if exact else INFINITE, {**terms, slack[row]: 1.0})
    for vehicle_id, number in vehicles.items():
        of_it = {n: float(c.runs) for n, c in enumerate(columns) if c.vehicle_id == vehicle_id}
        if sum(of_it.values()) > number:
            program.row(0.0, float(number), of_it)
    steps: dict[str, list[int]] = {}
    for day in partners:
        own = {number: column for number, column in enumerate(columns) if column.partner_id == day.partner_id}
        ceilings = ceilings_of(own, day)
        for ceiling, terms in ceilings:
            program.row(0.0, ceiling, terms)
        if day.discounts:
            steps[day.partner_id] = _discounts(program, own, day, ceilings)
    return Written(program, len(columns), slack, steps)


NOTHING: Mapping[int, float] = {}

Ceiling = tuple[float, dict[int, float]]
"""What is left of a partner's ceiling, and what each of its columns uses of it."""


def ceilings_of(own: Mapping[int, Column], day: PartnerDay) -> list[Ceiling]:
    """The ceilings of a partner that are set; `own` are its columns by number."""
    limits = (
        (day.runs_max, day.runs_today, {n: float(c.runs) for n, c in own.items()}),
        (day.parcels_max, day.parcels_today, {n: float(c.pieces) for n, c in own.items()}),
        (day.weight_max_g, day.weight_today_g, {n: float(c.weight_g) for n, c in own.items()}),
    )
    return [(float(max(0, most - used)), terms) for most, used, terms in limits if most is not None and terms]


def _discounts(program: Program, own: Mapping[int, Column], day: PartnerDay, ceilings: Sequence[Ceiling]) -> list[int]:
    """All units: exactly one step holds; its share of the whole day's bill comes off. Answers the steps' variables.

    A step binds the bill to what fits below the next step and under the ceilings: loose bounds would give a part of
    every discount to every partner, and the solver would try them all.
    """
    steps = [(0, 0), *((step.parcels_from, step.off_permille) for step in day.discounts)]
    pieces = {n: float(c.pieces) for n, c in own.items()}
    most = min((_largest_bill(own, terms, ceiling) for ceiling, terms in ceilings), default=_largest_bill(own))
    below = [_largest_bill(own, pieces, float(max(0, end - day.parcels_today))) for _, (end, _) in pairwise(steps)]
    largest = [min(most, bill) for bill in (*below, most)]
    reached = [program.variable(-off * day.bill_today_vnd / 1000) for _, off in steps]
    shares = [program.variable(-off / 1000, largest[n], whole=False) for n, (_, off) in enumerate(steps)]
    program.row(1.0, 1.0, dict.fromkeys(reached, 1.0))
    needs = {one: -float(max(0, start - day.parcels_today)) for one, (start, _) in zip(reached, steps, strict=True)}
    program.row(0.0, INFINITE, {**pieces, **needs})
    for share, one, bill in zip(shares, reached, largest, strict=True):
        program.row(-INFINITE, 0.0, {share: 1.0, one: -bill})
    program.row(0.0, 0.0, {**dict.fromkeys(shares, 1.0), **{n: -float(c.bill_vnd) for n, c in own.items()}})
    return reached


def _largest_bill(own: Mapping[int, Column], uses: Mapping[int, float] = NOTHING, room: float = INFINITE) -> float:
    """At most what these columns can bill while what they use of something has room; the last one counts in part."""
    bill = float(sum(column.bill_vnd for number, column in own.items() if not uses.get(number)))
    using = [(used, own[number].bill_vnd) for number, used in uses.items() if used]
    for used, of_it in sorted(using, key=lambda one: one[1] / one[0], reverse=True):
        part = min(1.0, room / used)
        bill, room = bill + part * of_it, room - part * used
    return bill
