"""The planner's calls for one region: the planned wave, and the same wave by a named simple rule."""

from __future__ import annotations

from dataclasses import replace

from shipping.domain.planning.answer import Plan
from shipping.domain.planning.checker import broken_rules
from shipping.domain.planning.finish import finish
from shipping.domain.planning.lookahead import JUDGE_SHARE, LookAhead
from shipping.domain.planning.model import Budget, Wave
from shipping.domain.planning.router import Routed
from shipping.domain.planning.rule import Rule
from shipping.domain.planning.rules import decide, ride_now, rule_items
from shipping.domain.planning.session import Decision, Session
from shipping.domain.planning.validate import refuse_invalid, refuse_invalid_budget


def plan_wave(wave: Wave, budget: Budget, seed: int) -> Plan:
    """Plan one wave. Same wave, budget steps and seed, same plan.

    Raises InvalidWave with the field named; never raises for a wave that merely cannot be served: its parcels come back
    held, each with a reason. The plan has passed the checker.
    """
    refuse_invalid(wave)
    refuse_invalid_budget(budget)
    session = Session(wave, budget, seed)
    rule = Rule()
    items, policy, share = rule_items(session, rule), rule.name, 0.0
    if wave.forecast is not None and not wave.take_all:
        advice = LookAhead(session, wave.forecast).advise(rule)
        if advice is not None:
            items = [item for item in session.items if item.must or item.rides[0].parcel_id in advice.parcel_ids]
            policy, share = f"look_ahead:{advice.name}", JUDGE_SHARE
    return checked(session, finish(session, ride_now(session, policy, items, 1.0, share)))


def plan_by_rule(wave: Wave, rule: Rule, budget: Budget, seed: int) -> Plan:
    """The plan of a simple rule with the whole budget for its routes; the same promises as `plan_wave`."""
    refuse_invalid(wave)
    refuse_invalid_budget(budget)
    session = Session(wave, budget, seed)
    return checked(session, finish(session, decide(session, rule)))


def checked(session: Session, plan: Plan) -> Plan:
    """The plan if it breaks no rule; otherwise nothing rides but what is pinned, and the policy says so."""
    if not broken_rules(session.wave, plan):
        return plan
    nothing = Decision("refused_by_checker", Routed([], [], 0), frozenset(), {})
    session.additions = ()
    return replace(finish(session, nothing), policy="refused_by_checker")
