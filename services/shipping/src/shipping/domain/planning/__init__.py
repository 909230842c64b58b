"""Planning pickups: a pure call from a wave as it is known to runs, what is held, and a reason for every parcel.

A wave from nothing (see `model.py` for every field and unit, `answer.py` for the plan):

    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo
    from shipping.domain.planning import *

    now, HOUR = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")), timedelta(hours=1)
    gate = Gate(gate_id="g1", commune_code="03390", largest_kind="van", hub_ids=("hub",),
                later_waves=(LaterWave(decide_time=now + HOUR, home_time=now + 9 * HOUR),))
    bike = Vehicle(vehicle_id="a:motorbike", partner_id="a", kind="motorbike", weight_max_g=45_000, parcels_max=35,
                   number=4, start_id="yard", lead_seconds=1800, home_time=now + 9 * HOUR,
                   fixed_vnd=30_000, per_km_vnd=3_500, per_stop_vnd=2_000, per_parcel_vnd=0)
    parcel = Ride(parcel_id="p1", gate_id="g1", known_time=now - HOUR, ready_time=now, weight_g=1_200,
                  latest={"hub": now + 2 * HOUR}, partner_ids=("a",))
    ways = {("yard", "g1"): 12_000, ("g1", "hub"): 15_000}
    wave = Wave(wave_id="w1", decide_time=now, rides=(parcel,), gates=(gate,), hubs=(HubPlace(hub_id="hub"),),
                vehicles=(bike,), matrix=Matrix(metres=ways, seconds={way: m // 8 for way, m in ways.items()}))
    plan = plan_wave(wave, Budget(cpu_seconds=0.5), seed=1)
    print(explain(plan, "p1"), broken_rules(wave, plan), plan.cost.bill_vnd)

With `Wave.forecast` (earlier days) the planner looks ahead over scenarios; without it the best simple rule plans.
`plan_by_rule` is that rule or another by name, `price_of` prices a dispatcher's wish, `allocate` shares partners
between regions. `Budget(trace=plan.trace)` makes a plan again, byte for byte, on any machine with these packages.

numpy, PyVRP and HiGHS are imported when the first wave is planned: a process that never plans stays small. One that
does needs about 75 MB for 100 parcels, 100 MB for 600 and 570 MB for 3,600 (`bench/planner/README.md`).
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
