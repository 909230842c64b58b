"""Chooses runs from a pool with HiGHS: everything covered, vehicles, ceilings and stepped discounts kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
class _Program:
    """A mixed integer program, collected row by row."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)

    def variable(self, cost: float, upper: float = 1.0, whole: bool = True) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, low: float, high: float, terms: Mapping[int, float]) -> None:
        self.rows.append((low, high, list(terms), list(terms.values())))


def choose(
    columns: Sequence[Column],
    penalties: Sequence[int],
    vehicles: Mapping[str, int],
    partners: Sequence[PartnerDay],
    *,
    exact: bool = False,
    gap: float = GAP,
    nodes_max: int = NODES_MAX,
    seconds_max: float = 0.0,
) -> Choice:
    """Cheapest choice; row r may stay uncovered for `penalties[r]`. `exact` = covered once, otherwise at least once.

    `seconds_max` > 0 bounds the wall time too, at the price that another machine may choose otherwise.
    """
    program = _Program()
    for column in columns:
        program.variable(column.cost_vnd)
    covering: list[dict[int, float]] = [{} for _ in penalties]
    for number, column in enumerate(columns):
        for row in column.rows:
            covering[row][number] = 1.0
    slack = [program.variable(penalty) for penalty in penalties]
    for row, terms in enumerate(covering):
        program.row(1.0, 1.0 if exact else float("inf"), {**terms, slack[row]: 1.0})
    for vehicle_id, number in vehicles.items():
        of_it = {n: float(c.runs) for n, c in enumerate(columns) if c.vehicle_id == vehicle_id}
        if sum(of_it.values()) > number:
            program.row(0.0, float(number), of_it)
    for day in partners:
        _limits(program, columns, day)
        if day.discounts:
            _discounts(program, columns, day)
    values, nodes, proved = _solve(program, gap, nodes_max, seconds_max)
    taken = [number for number in range(len(columns)) if values[number] > 0.5]
    return Choice(taken, [row for row, one in enumerate(slack) if values[one] > 0.5], nodes, proved)


def _limits(program: _Program, columns: Sequence[Column], day: PartnerDay) -> None:
    own = [(number, column) for number, column in enumerate(columns) if column.partner_id == day.partner_id]
    limits = (
        (day.runs_max, day.runs_today, {n: float(c.runs) for n, c in own}),
        (day.parcels_max, day.parcels_today, {n: float(c.pieces) for n, c in own}),
        (day.weight_max_g, day.weight_today_g, {n: float(c.weight_g) for n, c in own}),
    )
    for ceiling, used, terms in limits:
        if ceiling is not None and terms:
            program.row(0.0, float(max(0, ceiling - used)), terms)


def _discounts(program: _Program, columns: Sequence[Column], day: PartnerDay) -> None:
    """All units: exactly one step holds; its share of the whole day's bill comes off."""
    own = {n: c for n, c in enumerate(columns) if c.partner_id == day.partner_id}
    largest = float(sum(column.bill_vnd for column in own.values()))
    steps = [(0, 0), *((step.parcels_from, step.off_permille) for step in day.discounts)]
    reached = [program.variable(-off * day.bill_today_vnd / 1000) for _, off in steps]
    shares = [program.variable(-off / 1000, upper=largest, whole=False) for _, off in steps]
    program.row(1.0, 1.0, dict.fromkeys(reached, 1.0))
    pieces = {n: float(c.pieces) for n, c in own.items()}
    needs = {one: -float(max(0, start - day.parcels_today)) for one, (start, _) in zip(reached, steps, strict=True)}
    program.row(0.0, float("inf"), {**pieces, **needs})
    for share, one in zip(shares, reached, strict=True):
        program.row(-float("inf"), 0.0, {share: 1.0, one: -largest})
    program.row(0.0, 0.0, {**dict.fromkeys(shares, 1.0), **{n: -float(c.bill_vnd) for n, c in own.items()}})


def _solve(program: _Program, gap: float, nodes_max: int, seconds_max: float) -> tuple[Sequence[float], int, bool]:
    import highspy

    make: Any = highspy.Highs
    solver = make()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_max_nodes", nodes_max)
    if seconds_max:
        solver.setOptionValue("time_limit", seconds_max)
    solver.passModel(_written(program, highspy))
    solver.run()
    info = solver.getInfo()
    solution = solver.getSolution()
    proved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    if not solution.value_valid:
        return [0.0] * len(program.cost), 0, False
    return solution.col_value, int(info.mip_node_count), proved


def _written(program: _Program, highspy: Any) -> Any:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, [0.0] * len(program.cost), program.upper
    lp.row_lower_ = [row[0] for row in program.rows]
    lp.row_upper_ = [row[1] for row in program.rows]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    start, index, value = [0], [], []
    for _, _, terms, factors in program.rows:
        index.extend(terms)
        value.extend(factors)
        start.append(len(index))
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = start, index, value
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[whole] for whole in program.whole]
    return lp
