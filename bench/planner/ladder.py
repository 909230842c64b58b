"""The ladder of policies: simple rules, look-ahead, ours, and hindsight, all with one solver, budget and checker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shipping.domain.planning import Budget, Plan, Rule, Wave, broken_rules, plan_by_rule, plan_wave

from bench.planner.asking import Asker
from bench.planner.clairvoyance import Routed
from bench.planner.horizon import icd, rolling
from bench.planner.options import FLEETS
from bench.planner.roads import BrokenOrder, Ground, Order
from bench.planner.simulate import SOLO, Outcome, View
from bench.planner.whole import Whole

Planner = Callable[[Wave, Budget, int], Plan]
RULES = ("greedy", "lazy", "take_all", "timetable", "quantity")
SEEDS = 2**32
"""The search takes seeds below this."""
FALLBACKS = ("mended:", "first_fit:")
"""How a plan's policy begins where it is not what was decided first."""
ROLLING, ICD, OURS, HINDSIGHT = "rolling", "icd", "ours", "hindsight"


@dataclass(slots=True)
class Planned:
    """A policy that asks a planner at every wave and lets the independent checker look at each answer.

    `mended` counts waves in which the planner's first plan broke a rule or its search failed, and another was sent.
    """

    asker: Asker
    planner: Planner
    mended: int = 0

    def orders(self, view: View) -> Sequence[Order]:
        """The plan's runs; raises BrokenOrder if the checker finds anything."""
        instance, wave = view.ground.instance, self.asker.wave(view)
        plan = self.planner(wave, Budget(instance.budget), search_seed(instance.seed, view.now))
        if broken := broken_rules(wave, plan):
            raise BrokenOrder(f"{wave.wave_id}: {broken[0]} (and {len(broken) - 1} more)")
        self.mended += is_mended(plan)
        return self.asker.orders(plan)


def is_mended(plan: Plan) -> bool:
    """Whether the planner says that its first plan broke a rule, or that its search failed."""
    return plan.policy.startswith(FALLBACKS)


def search_seed(seed: int, now: int) -> int:
    """Another seed at every wave, the same whether the day is replayed here or driven from outside."""
    return (seed * 100_003 + now // 60) % SEEDS


def by_rule(rule: Rule) -> Planner:
    """A simple rule with the planner's own router and the whole budget."""

    def planned(wave: Wave, budget: Budget, seed: int) -> Plan:
        return plan_by_rule(wave, rule, budget, seed)

    return planned


def make_policy(name: str, ground: Ground) -> Planned:
    """A policy for one replay of an instance."""
    return Planned(Asker(ground), POLICIES[name])


def make_hindsight(ground: Ground, cpu_s: float, number: int, known: Outcome | None = None) -> Routed:
    """One start of hindsight: routes of the whole future; what they cannot take goes lazily.

    Every start has its own seed and split of the fleet; all but each fifth go on from a `known` plan if there is one,
    half of those with its vehicles only.
    """
    rest = Planned(Asker(ground), by_rule(Rule(name="lazy")))
    runs = [run for run in known.sent if run.wave != SOLO] if known and number % 5 else []
    whole = Whole(ground, FLEETS[number % len(FLEETS)], runs, tight=bool(runs) and number % 2 == 1)
    return Routed(whole.routes(cpu_s, number), rest.orders)


POLICIES: dict[str, Planner] = {
    **{name: by_rule(Rule(name=name)) for name in RULES},
    ROLLING: rolling,
    ICD: icd,
    OURS: plan_wave,
}
"""Every policy by name."""
