"""The simple rules: which parcels ride now. All share one router, one budget and one information rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shipping.domain.planning.ceilings import Load, Room, load
from shipping.domain.planning.insertion import insertion
from shipping.domain.planning.items import Item
from shipping.domain.planning.model import Wave
from shipping.domain.planning.router import Candidate, Routed
from shipping.domain.planning.rule import Rule
from shipping.domain.planning.session import Decision, Session

WAIT_MATTERS_VND = 500
"""From this price of an hour of waiting on, going at once is the better simple rule."""


def baseline(wave: Wave) -> Rule:
    """The simple rule to beat, and to fall back on."""
    return Rule(name="greedy" if wave.wait_hour_vnd >= WAIT_MATTERS_VND else "take_all")


def decide(session: Session, rule: Rule, until: float = 1.0, begin: float = 0.0) -> Decision:
    """The rule's items, routed within the budget up to this share."""
    return ride_now(session, rule.name, rule_items(session, rule), until, begin)


def rule_items(session: Session, rule: Rule) -> list[Item]:
    """The items that ride now by a rule."""
    must = [item for item in session.items if item.must]
    if rule.name == "greedy" or session.wave.take_all:
        return list(session.items)
    if rule.name == "lazy":
        return must
    due = bool(must)
    if rule.name == "timetable":
        following = session.next_wave(session.items)
        due = due or departs(session.wave.decide_time, following if following is not None else 86_400, rule)
    if rule.name == "quantity":
        due = due or _full(session, rule)
    if not due:
        return []
    return [item for item in session.items if item.must or not _elsewhere(session, item, must, rule)]


def _elsewhere(session: Session, item: Item, must: list[Item], rule: Rule) -> bool:
    """In take_all a parcel stays if nothing that must go now goes to any hub it may go to."""
    if rule.name != "take_all" or not must:
        return False
    hubs = {hub for one in must for _, hub in one.allowed}
    return not any(hub in hubs for _, hub in item.allowed)


def departs(now: datetime, gap_seconds: float, rule: Rule) -> bool:
    """Whether one of the timetable's times lies between this wave and the next."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = now + timedelta(seconds=gap_seconds)
    return any(now <= midnight + timedelta(seconds=hour) < end for hour in rule.hours)


def _full(session: Session, rule: Rule) -> bool:
    vehicles = [session.ground.vehicles[number] for item in session.items for number, _ in item.allowed]
    if not vehicles:
        return False
    smallest = min(vehicles, key=lambda one: (one.weight_max_g, one.parcels_max))
    weight = sum(item.weight for item in session.items) * 1000 >= smallest.weight_max_g * rule.fill_permille
    return weight or sum(item.pieces for item in session.items) * 1000 >= smallest.parcels_max * rule.fill_permille


def ride_now(
    session: Session, policy: str, items: list[Item], until: float, begin: float = 0.0, late: bool = True
) -> Decision:
    """Route these items; those that must go but fit nowhere on time get a second chance to be late."""
    routed = session.router.route(items, until, begin)
    routed = _late(session, routed) if late else routed
    return Decision(policy, routed, frozenset(map(id, items)), {})


def _late(session: Session, routed: Routed) -> Routed:
    """Parcels that must go and found no place aim at the next cut-off: on these runs, or on what vehicles are left."""
    missed = [item for item in routed.left if item.must and not item.hot]
    if not missed:
        return routed
    router, used, partners = session.router, dict(session.router.used), session.router.partners
    for one in routed.runs:
        router.used[one.run.vehicle_id] += 1
    router.spend([load(one.run, router.rides) for one in routed.runs])
    runs, rest = _joined(session, routed.runs, [_relaxed(session, item) for item in missed])
    if rest and any(router.left(number) for number in range(len(session.ground.vehicles))):
        runs += router.route(rest, 0.0).runs
    router.used.update(used)
    router.partners = partners
    served = {id(ride) for one in runs for item in one.items for ride in item.rides}
    left = [item for item in routed.left if id(item.rides[0]) not in served]
    return Routed(runs, left, sum(one.cost_vnd for one in runs))


def _joined(session: Session, runs: Sequence[Candidate], late: list[Item]) -> tuple[list[Candidate], list[Item]]:
    """The runs with what is late anyway on board, the lightest first, and what none takes.

    Nobody else is late by it, and it costs no more than a run of its own.
    """
    router, runs, rest = session.router, list(runs), list[Item]()
    for item in sorted(late, key=lambda one: (one.weight, one.rides[0].parcel_id)):
        room = Room(router.partners)
        longer = [
            (one.cost_vnd - run.cost_vnd, number, one)
            for number, run in enumerate(runs)
            if room.has(run.run.partner_id, [item]) and (one := _with(session, run, item))
        ]
        alone = (one.cost_vnd for v, h in item.allowed if router.left(v) and (one := router.candidate(v, h, (item,))))
        more, number, one = min(longer, key=lambda found: found[:2], default=(0, -1, None))
        if one and more <= min(alone, default=more):
            runs[number] = one
            router.spend([Load(one.run.partner_id, 0, item.pieces, item.weight, 0)])
        else:
            rest.append(item)
    return runs, rest


def _with(session: Session, run: Candidate, item: Item) -> Candidate | None:
    leave = session.ground.seconds_from_now(run.run.leave_time)
    if leave < session.ground.earliest(session.ground.vehicles[run.vehicle]):
        return None  # It was told, and could not be told anew.
    where, _ = insertion(session.ground, run.vehicle, run.hub, leave, run.items, item)
    return session.router.candidate(run.vehicle, run.hub, (*run.items[:where], item, *run.items[where:]))


def _relaxed(session: Session, item: Item) -> Item:
    """The same parcels with the promise given up: any vehicle that can still bring them home today."""
    pairs, far = set(session.sorter.fitting(item.rides[0])), 10**9
    late = replace(item, latest=dict.fromkeys({hub for _, hub in pairs}, far), allowed=frozenset(pairs))
    session.late_items.append(late)
    return late
