"""Planning pickups: a pure call from a wave as it is known to runs, what is held, and a reason for every parcel.

    plan = plan_wave(Wave(...), Budget(cpu_seconds=0.5), seed=1)

`model.py` documents the wave, `answer.py` the plan. numpy, PyVRP and HiGHS are imported when the first wave is planned,
so that a process that never plans stays small.
"""

from __future__ import annotations

from shipping.domain.planning.allocation import Allocation, RunOffer, RunPool, allocate
from shipping.domain.planning.answer import Addition, CostSplit, Plan, Reason, Run, RunStop, Witness
from shipping.domain.planning.checker import broken_rules
from shipping.domain.planning.errors import InvalidWave
from shipping.domain.planning.explaining import explain
from shipping.domain.planning.forecast import DayBefore, Forecast, Pool, Rate
from shipping.domain.planning.model import (
    KINDS,
    Budget,
    Gate,
    HubPlace,
    LaterWave,
    Matrix,
    Outbound,
    Pin,
    Ride,
    Table,
    Wave,
)
from shipping.domain.planning.rule import RULES, Rule
from shipping.domain.planning.supply import (
    Committed,
    CommittedStop,
    DiscountStep,
    Forbidden,
    PartnerDay,
    Vehicle,
    Window,
)
from shipping.domain.planning.whatif import Difference, Priced, difference, price_of

__all__ = [
    "KINDS",
    "RULES",
    "Addition",
    "Allocation",
    "Budget",
    "Committed",
    "CommittedStop",
    "CostSplit",
    "DayBefore",
    "Difference",
    "DiscountStep",
    "Forbidden",
    "Forecast",
    "Gate",
    "HubPlace",
    "InvalidWave",
    "LaterWave",
    "Matrix",
    "Outbound",
    "PartnerDay",
    "Pin",
    "Plan",
    "Pool",
    "Priced",
    "Rate",
    "Reason",
    "Ride",
    "Rule",
    "Run",
    "RunOffer",
    "RunPool",
    "RunStop",
    "Table",
    "Vehicle",
    "Wave",
    "Window",
    "Witness",
    "allocate",
    "broken_rules",
    "difference",
    "explain",
    "plan_by_rule",
    "plan_wave",
    "price_of",
]


def plan_wave(wave: Wave, budget: Budget, seed: int) -> Plan:
    """Plan one wave; see `plan.plan_wave`."""
    from shipping.domain.planning import plan

    return plan.plan_wave(wave, budget, seed)


def plan_by_rule(wave: Wave, rule: Rule, budget: Budget, seed: int) -> Plan:
    """Plan one wave by a simple rule; see `plan.plan_by_rule`."""
    from shipping.domain.planning import plan

    return plan.plan_by_rule(wave, rule, budget, seed)
