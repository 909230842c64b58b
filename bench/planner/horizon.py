"""Published look-ahead on the planner's own scenarios and search: rolling horizon, and ICD's double threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning import Budget, Plan, Rule, Wave
from shipping.domain.planning.engine import Found, search
from shipping.domain.planning.items import Item
from shipping.domain.planning.lookahead import UNSERVED_VND, LookAhead
from shipping.domain.planning.model_vrp import write
from shipping.domain.planning.plan import checked
from shipping.domain.planning.router import STEPS_MAX
from shipping.domain.planning.rules import decide, ride_now
from shipping.domain.planning.scenarios import Scenarios
from shipping.domain.planning.session import Session

SEARCH_SHARE = 0.6
"""Of the budget, this much goes to deciding what rides, the rest to its routes."""
ICD_SCENARIOS, ICD_ROUNDS = 8, 2
RIDE_THRESHOLD, HOLD_THRESHOLD = 0.5, 0.8


def rolling(wave: Wave, budget: Budget, seed: int) -> Plan:
    """One scenario of all that may come, routed whole; what its routes take now, rides."""
    return _planned("rolling", wave, budget, seed, scenarios=1, rounds=1)


def icd(wave: Wave, budget: Budget, seed: int) -> Plan:
    """Iterative conditional dispatch with two thresholds: who rides in half of the scenarios is sent, who is held in
    four fifths is held, the scenarios are solved again with that fixed, and who is sent then, rides."""
    return _planned("icd", wave, budget, seed, scenarios=ICD_SCENARIOS, rounds=ICD_ROUNDS)


def _planned(name: str, wave: Wave, budget: Budget, seed: int, scenarios: int, rounds: int) -> Plan:
    session = Session(wave, budget, seed)
    look = LookAhead(session, wave.forecast) if wave.forecast is not None and not wave.take_all else None
    if look is None or not look.waves or not look.current:
        return checked(session, decide(session, Rule(name="take_all")))
    drawn = Scenarios(session, look.forecast, look.waves, seed).draw(scenarios)
    sent = _sent(look, drawn, rounds)
    riding = {ride.parcel_id for n in sent for ride in look.current[n].rides}
    items = [item for item in session.items if item.must or item.rides[0].parcel_id in riding]
    return checked(session, ride_now(session, name, items, 1.0, SEARCH_SHARE))


def _sent(look: LookAhead, drawn: Sequence[Sequence[Item]], rounds: int) -> set[int]:
    """Numbers of the current items that ride, after all rounds."""
    fresh = list(look.current)
    sent, held = {number for number, item in enumerate(fresh) if item.must}, set[int]()
    for turn in range(rounds):
        look.current = [_fixed(item, n in sent, n in held, look.waves[0]) for n, item in enumerate(fresh)]
        votes = [0] * len(fresh)
        for number, coming in enumerate(drawn):
            share = SEARCH_SHARE * (turn * len(drawn) + number + 1) / (rounds * len(drawn))
            for chosen in look._rides_now(_solved(look, coming, share, number)):
                votes[chosen] += 1
        sent |= {n for n, count in enumerate(votes) if count >= RIDE_THRESHOLD * len(drawn)}
        held = {n for n, count in enumerate(votes) if len(drawn) - count >= HOLD_THRESHOLD * len(drawn)} - sent
    look.current = fresh
    return sent


def _fixed(item: Item, sent: bool, held: bool, following: int) -> Item:
    return replace(item, must=sent, release=max(item.release, following) if held else item.release)


def _solved(look: LookAhead, coming: Sequence[Item], share: float, number: int) -> Found:
    items = [*look.current, *coming]
    written = write(look.ground, items, look._options(items), [UNSERVED_VND * len(item.rides) for item in items])
    return search(written, look.session.meter.search(share, STEPS_MAX), look.session.seed + 100 + number)
