"""A mixed integer program, collected row by row, and HiGHS, which solves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Solved:
    """Values by variable (none if nothing was found), their cost, and what no solution can be cheaper than.

    `reduced_costs` only come from programs without whole variables; `proved` = the gap asked for was reached.
    """

    values: Sequence[float]
    cost: float
    bound: float
    reduced_costs: Sequence[float]
    nodes: int
    proved: bool


NOTHING = Solved((), INFINITE, -INFINITE, (), 0, False)
"""No values were found."""


@dataclass(slots=True)
class Program:
    """Variables from 0 to an upper bound with their costs, and rows of them between two limits."""

    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)

    def variable(self, cost: float, upper: float = 1.0, whole: bool = True) -> int:
        """One more variable; answers its number."""
        self.cost.append(cost)
        self.lower.append(0.0)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, low: float, high: float, terms: Mapping[int, float]) -> None:
        """One more row: the sum of `terms` (factor by variable) lies between `low` and `high`."""
        self.rows.append((low, high, list(terms), list(terms.values())))

    def solve(self, gap: float, nodes_max: int, seconds_max: float = 0.0, start: Sequence[float] = ()) -> Solved:
        """The cheapest values, to a relative gap, within branch-and-bound nodes and, if above 0, wall seconds.

        `start`: values of the first variables that are possible, if any are known.
        """
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
        solver.passModel(self._written(highspy))
        if len(start):
            solver.setSolution(len(start), list(range(len(start))), list(start))
        solver.run()
        info, solution = solver.getInfo(), solver.getSolution()
        proved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        is_whole = any(self.whole)
        bound = float(info.mip_dual_bound if is_whole else info.objective_function_value)
        if not solution.value_valid:
            return Solved((), INFINITE, bound, (), 0, False)
        nodes = int(info.mip_node_count) if is_whole else 0
        duals = () if is_whole else solution.col_dual
        return Solved(solution.col_value, float(info.objective_function_value), bound, duals, nodes, proved)

    def _written(self, highspy: Any) -> Any:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, self.lower, self.upper
        lp.row_lower_ = [row[0] for row in self.rows]
        lp.row_upper_ = [row[1] for row in self.rows]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        start, index, value = [0], [], []
        for _, _, terms, factors in self.rows:
            index.extend(terms)
            value.extend(factors)
            start.append(len(index))
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = start, index, value
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        if any(self.whole):
            lp.integrality_ = [kinds[whole] for whole in self.whole]
        return lp
