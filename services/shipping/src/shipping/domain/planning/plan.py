"""The planner's calls for one region: the planned wave, and the same wave by a named simple rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning.advice import Advice
from shipping.domain.planning.announced import worth_keeping
from shipping.domain.planning.answer import Plan, Run, Witness
from shipping.domain.planning.checker import broken_rules, frozen_runs
from shipping.domain.planning.dispatch import DISPATCH_SHARE, Dispatch, suits, suits_short
from shipping.domain.planning.finish import finish
from shipping.domain.planning.forecast import DayBefore, Forecast
from shipping.domain.planning.items import Item
from shipping.domain.planning.lookahead import JUDGE_SHARE, LookAhead
from shipping.domain.planning.model import DOOR, Budget, Wave
from shipping.domain.planning.region import is_too_large
from shipping.domain.planning.router import Candidate
from shipping.domain.planning.rule import Rule
from shipping.domain.planning.rules import baseline, decide, ride_now, rule_items
from shipping.domain.planning.session import Decision, Session
from shipping.domain.planning.triage import apply
from shipping.domain.planning.validate import refuse_invalid, refuse_invalid_budget, refuse_invalid_seed
from shipping.domain.planning.weighing import advise
from shipping.domain.planning.whatif import sellers_to_call
from shipping.domain.planning.witness import along, witnesses

SEARCH_FAILURES = (ValueError, ArithmeticError, LookupError, RuntimeError)
"""What the solvers raise for problems they do not take; a plan must go out all the same, and its policy tells."""

ROUTINGS_MAX = 3
"""So often are runs made: whoever rides takes vehicles with it that others may have waited for."""


def plan_wave(wave: Wave, budget: Budget, seed: int) -> Plan:
    """Plan one wave. Same wave, budget steps and seed, same plan.

    Raises InvalidWave with the field named; never raises for a wave that merely cannot be served: its parcels come back
    held, each with a reason. The plan has passed the checker.
    """
    wave = _given(wave, budget, seed)
    try:
        return _plan(Session(wave, budget, seed))
    except SEARCH_FAILURES as failure:
        return _simply(Session(wave, budget, seed), failure)


def _given(wave: Wave, budget: Budget, seed: int) -> Wave:
    """The wave with the runs that the freeze time holds among the pinned ones, if all can be meant."""
    refuse_invalid(wave)
    refuse_invalid_budget(budget)
    refuse_invalid_seed(seed)
    return replace(wave, pinned_runs=(*wave.pinned_runs, *frozen_runs(wave)))


def _plan(session: Session) -> Plan:
    wave = session.wave
    items, policy, begin, crowded = _advised(session, baseline(session.wave))
    items = [*items, *_kept(session, items)]
    unproved: list[Item] = []
    decision: Decision | None = None
    for _ in range(ROUTINGS_MAX):
        proofs, more = _safe_to_hold(session, [*items, *unproved], decision)
        if decision and (crowded or not more):
            break
        items += [] if crowded else along(session, [*items, *unproved], more)
        unproved += [] if crowded else more
        decision = _routed(session, policy, [*items, *unproved], begin, not crowded, decision)
    else:
        proofs, _ = _safe_to_hold(session, [*items, *unproved], decision)
    assert decision, "the first turn always routes"
    codes = {ride.parcel_id: "NO_WITNESS" for item in unproved for ride in item.rides}
    plan = checked(session, replace(decision, held_codes=codes), proofs)
    return replace(plan, call_sellers=sellers_to_call(wave, plan))


def _routed(
    session: Session, policy: str, items: list[Item], begin: float, late: bool, before: Decision | None
) -> Decision:
    """These items in runs; what must ride only because of the runs `before` joins these in a few steps."""
    if before is None:
        return ride_now(session, policy, items, 1.0, begin, late)
    hints = [(one.vehicle, one.hub, one.items) for one in before.routed.runs]
    session.router.hints = [(v, h, tuple(r.parcel_id for item in some for r in item.rides)) for v, h, some in hints]
    return ride_now(session, policy, items, 1.0, 1.0, late)


def _advised(session: Session, rule: Rule) -> tuple[list[Item], str, float, bool]:
    """The items that ride now, by which policy, the budget spent on that, and if vehicles are too short.

    Where they are too short `triage` says who comes first.
    """
    advice, share = _advice(session, rule)
    if advice is None:
        return rule_items(session, rule), rule.name, 0.0, False
    if advice.crowd:
        return apply(session, advice, advice.crowd), advice.name, 0.0, True
    items = [item for item in session.items if item.must or item.rides[0].parcel_id in advice.parcel_ids]
    return items, f"look_ahead:{advice.name}", share, False


def _advice(session: Session, rule: Rule) -> tuple[Advice | None, float]:
    """What looking ahead says, by the way that suits the forecast, and the share of the budget it may take."""
    forecast = _foresight(session.wave)
    if forecast is None or session.wave.take_all:
        return None, 0.0
    waiting_is_free = rule.name == "take_all"
    if waiting_is_free and suits(session, forecast):
        return Dispatch(session, forecast).advise(), DISPATCH_SHARE
    if forecast.days or forecast.rates:
        if is_too_large(session):
            return None, 0.0
        if advice := advise(session, forecast, rule):
            return advice, session.meter.used_share
    advice = LookAhead(session, forecast).advise(rule) if waiting_is_free else None
    if waiting_is_free and advice is None and suits_short(session, forecast) and not rule_items(session, rule):
        return Dispatch(session, forecast).advise(), DISPATCH_SHARE
    return advice, JUDGE_SHARE


def _foresight(wave: Wave) -> Forecast | None:
    """The forecast; where it tells nothing, a day on which nothing comes but what is announced, at the waves known.

    At the door an announcement alone decides who is called on, and without a forecast too many would be: the rule.
    """
    given = wave.forecast
    if (given and (given.days or given.rates or given.pool)) or wave.information == DOOR:
        return given
    known = {later.decide_time for gate in wave.gates for later in gate.later_waves}
    moments = given.wave_times if given else tuple(sorted(known))
    told = [replace(ride, ready_time=ride.ready_expected_time) for ride in wave.rides if ride.ready_time is None]
    return Forecast(wave_times=moments, days=(DayBefore(tuple(told), shift_days=0),)) if moments else None


def _kept(session: Session, riding: list[Item]) -> list[Item]:
    """What was announced to ride and would wait now, where calling it off costs more than it saves."""
    chosen = set(map(id, riding))
    return worth_keeping(session.router, riding, [item for item in session.items if id(item) not in chosen])


def _safe_to_hold(session: Session, riding: list[Item], decision: Decision | None) -> tuple[list[Witness], list[Item]]:
    """Witnesses for what is held, and what must ride because there is none. The caller's own word needs no witness.

    What could wait but was to ride, and found no room, may have a witness too; it comes after all that is held. Until
    it is decided which vehicles are away, those that drive again later count as there.
    """
    chosen = set(map(id, riding))
    held = [item for item in session.items if id(item) not in chosen and item.rides[0].must_ride is None]
    runs: Sequence[Run] = session.wave.pinned_runs
    left: list[Item] = []
    if decision:
        left = [
            item for item in decision.routed.left if not session.outlook(item).must and item.rides[0].must_ride is None
        ]
        runs = (
            finish(session, decision).runs if session.wave.outbound else [*runs, *(r.run for r in decision.routed.runs)]
        )
    return witnesses(session, held, runs, left)


def _simply(session: Session, failure: Exception) -> Plan:
    """There is always a plan: the rule's parcels, first fit into the first run with room, no search at all."""
    session.router.searches = False
    return checked(session, replace(decide(session, Rule()), policy=f"first_fit:{type(failure).__name__}"))


def plan_by_rule(wave: Wave, rule: Rule, budget: Budget, seed: int) -> Plan:
    """The plan of a simple rule with the whole budget for its routes; the same promises as `plan_wave`."""
    session = Session(_given(wave, budget, seed), budget, seed)
    return checked(session, decide(session, rule))


def checked(session: Session, decision: Decision, proofs: Sequence[Witness] = ()) -> Plan:
    """The decision as a plan that breaks no rule.

    Should one be broken all the same, what breaks it is taken out, and the policy says so: witnesses, additions, then
    runs that break a rule by themselves, then one run after the other, those with least that must go first.
    """
    plan = finish(session, decision, proofs)
    if not broken_rules(session.wave, plan):
        return plan
    decision = replace(decision, policy=f"mended:{decision.policy}")
    if proofs and not broken_rules(session.wave, unproved := _with(session, decision, decision.routed.runs)):
        return unproved
    if session.additions and broken_rules(session.wave, _with(session, decision, [])):
        session.additions = ()
    alone = [one for one in decision.routed.runs if not broken_rules(session.wave, _with(session, decision, [one]))]
    runs = sorted(alone, key=lambda one: (-sum(len(item.rides) for item in one.items if item.must), one.cost_vnd))
    while runs and broken_rules(session.wave, _with(session, decision, runs)):
        runs.pop()
    return _with(session, decision, runs)


def _with(session: Session, decision: Decision, runs: Sequence[Candidate]) -> Plan:
    return finish(session, replace(decision, routed=replace(decision.routed, runs=list(runs))))
