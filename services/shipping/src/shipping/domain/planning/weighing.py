"""Which parcels should ride now: candidates are played forward over the same days, and the cheapest is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

import numpy as np

from shipping.domain.planning.advice import Advice
from shipping.domain.planning.lots import Lots
from shipping.domain.planning.model import Forecast
from shipping.domain.planning.outline import outlines
from shipping.domain.planning.region import Region
from shipping.domain.planning.rollout import ALWAYS, Policy, Rollouts
from shipping.domain.planning.rule import Rule
from shipping.domain.planning.rules import WAIT_MATTERS_VND, departs, rule_items
from shipping.domain.planning.scenarios import coming_rides
from shipping.domain.planning.session import Session
from shipping.domain.planning.triage import Triage, is_overrun, joined

DAYS, DAYS_PER_SECOND, DAYS_MAX = 3, 20, 12
POLICIES_FEWEST, POLICIES_PER_SECOND = 2, 6
"""The days drawn, and what may be done on them, grow with the budget: even the smallest game costs something."""

DAYS_AT_ONCE = (2, 4)
"""At least and at most so many days are played with all candidates at once; then the worse half drops out."""

GAME, GAME_PER_SECOND, GAME_MAX = 900, 3_600, 20_000
"""How many candidates times gates times days are played at once."""

POLICIES_BY_GATES = 200
"""In a region of many gates every game is long: fewer policies are played there."""

CHANGES_MAX = 3_000
"""As many changes of the best are tried in a round as the gates go into this."""

WEIGH_SHARE = 0.6
"""Up to this share of the budget goes to deciding what rides."""

MORE_SHARE, IMPROVE_SHARE = 0.6, 0.85
"""Another day is begun only before this part of that share is spent, and with changes of the best before this part."""

LATE_VND, LATE_MORE_VND = 300_000, 1_000_000
"""Above what any parcel's lateness or own run costs: fewest late comes first. Far more for what is late beyond the best
simple rule: few days and rough cuts tell differences only roughly, but never shall it be more than without looking
ahead."""

ROUNDS_MAX = 3
KEPT = 4
"""So many candidates are played on all days."""

LOTS_MAX = 60
"""So many single lots are tried."""

WORTH = (0.5, 1.0, 2.0)
"""What bringing a parcel later may cost, as multiples of the average: what costs more now than that may stay."""

LEAVE_RULE_ERRORS, LEAVE_RULE_PERMILLE = 0.5, 3
"""The rule's decision is left if another saves more than so many standard errors of the paired differences, and more
than so many thousandths: cuts are rougher than that."""

SURE_SHARE, SURE_MAX = 0.1, 100
"""Of the budget, so much each goes to searching routes for what the rule and the best candidate send now, if there are
no more items: among hundreds of candidates the cheapest is one whose cut is too cheap, or the rule's too dear."""

CROWDED = 0.7
"""If more than this part of all room is asked for, no cut tells well enough what fits; `triage` decides. Then nothing
can be proved safe, and forcing what is unproved to ride early wastes the few vehicles."""

FEW_LOTS = 12
"""So few lots can be searched as they are, which is more exact than cutting them."""

REACHES = (0, 1, 2, 4)
POLICIES = (
    Policy("near", reach=2, gates=True),
    Policy("early_near", trigger=1, reach=2, gates=True),
    Policy("take_all"),
    Policy("early", trigger=1),
    Policy("lazy", reach=0, gates=True),
)
"""What may be done at the waves to come."""

RULE, RULE_ON = Rule(name="quantity"), Policy("quantity", full=True)
"""The best simple rule where waiting is free, and how it goes on; nothing may be later than by it."""


@dataclass(slots=True, eq=False)
class Candidate:
    """Lots that may ride now, with what is done later, and what that came to on the days played so far.

    `late_more` = late parcels of all these days beyond those of the best simple rule, but not below 0.
    """

    name: str
    chosen: np.ndarray
    policy: Policy
    costs: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    late_more: float = 0.0

    @property
    def mean(self) -> float:
        """Mean cost of the days played."""
        return (sum(self.costs) + LATE_MORE_VND * self.late_more) / len(self.costs)

    @property
    def key(self) -> tuple[bytes, str]:
        """Equal for candidates that do the same."""
        return self.chosen.tobytes(), self.policy.name


def advise(session: Session, forecast: Forecast, rule: Rule) -> Advice | None:
    """What rides now, hub by hub; None if there is nothing to weigh or nothing to weigh it with."""
    hubs = sorted({hub for item in session.items for _, hub in item.allowed})
    found = [Weighing(session, forecast, hub, rule, (n + 1) / len(hubs)).best() for n, hub in enumerate(hubs)]
    named = [one for one in found if one is not None]
    if len(named) < len(hubs) or not named:
        return None
    judged = {f"{n}:{name}": cost for n, one in enumerate(named) for name, cost in one.judged.items()}
    riding = frozenset[str]().union(*(one.parcel_ids for one in named))
    return Advice(named[0].name, riding, judged, joined([one.crowd for one in named if one.crowd]))


class Weighing:
    """The decision for the parcels of one hub."""

    def __init__(self, session: Session, forecast: Forecast, hub: int, rule: Rule, until: float) -> None:
        """`until`: the part of the share that may be spent when this hub is decided."""
        self.session, self.forecast, self.rule = session, forecast, rule
        self.meter, self.until = session.meter, WEIGH_SHARE * until
        self.region = Region(session, forecast, hub)
        self.price: float | None = None
        self.tried: list[Candidate] = []

    def best(self) -> Advice | None:
        """The cheapest candidate; None if nothing can be played."""
        region = self.region
        if not region.fleets or not region.items or len(region.waves) < 2:
            return None
        own, self.groups = region.current()
        number = self.meter.scaled(DAYS, DAYS_PER_SECOND, DAYS_MAX)
        coming = coming_rides(self.session, self.forecast, number, region.days_more)
        days = [region.lots([*rides, *region.announced_rides()]) for rides in coming]
        if not days or len(own.gate) + max(len(lots.gate) for lots in days) <= FEW_LOTS:
            return None
        self.rollouts = Rollouts(region, own, days)
        if self.rollouts.crowding() > CROWDED or is_overrun(region):
            return Triage(region).advice() if self.rule.name == "take_all" else None
        self.days = len(days) if (own.last > 0).any() else 1  # If all must go, the time is better spent on routes.
        self.game = self.meter.scaled(GAME, GAME_PER_SECOND, GAME_MAX)
        self._race(self._candidates(own), MORE_SHARE * self.until)
        self._race(self._worth(), MORE_SHARE * self.until)
        self._improve(own)
        return self._chosen()

    def _candidates(self, own: Lots) -> list[Candidate]:
        """The rule's own choice, everything, what is due soon, and that with all that stands at the same gates."""
        must = own.last <= 0
        chosen = {self.rule.name: self._by_rule(self.rule, POLICIES[0], must).chosen}
        chosen |= {"all": np.ones(len(must), bool), "ready": must | (own.opens <= 0)}
        for reach in REACHES:
            due = own.last <= reach
            chosen |= {f"due_{reach}": due, f"gates_{reach}": due | np.isin(own.gate, own.gate[due])}
        unique = {mask.tobytes(): name for name, mask in reversed(chosen.items())}
        most = max(POLICIES_FEWEST, POLICIES_BY_GATES // len(self.region.places))
        policies = [*POLICIES[: min(most, self.meter.scaled(POLICIES_FEWEST, POLICIES_PER_SECOND, len(POLICIES)))]]
        if self.session.wave.wait_hour_vnd >= WAIT_MATTERS_VND:
            policies += [Policy("greedy", trigger=ALWAYS), Policy("timetable", fixed=self._fixed())]
        names = [name for name in chosen if name in unique.values()]
        self.simple = self._by_rule(RULE, RULE_ON, must)
        return [*(Candidate(name, chosen[name], policy) for name in names for policy in policies), self.simple]

    def _by_rule(self, rule: Rule, policy: Policy, must: np.ndarray) -> Candidate:
        ruled = {id(item) for item in rule_items(self.session, rule)}
        rides = must | np.array([all(id(item) in ruled for item in one) for one in self.groups])
        return Candidate(rule.name, rides, policy)

    def _fixed(self) -> frozenset[int]:
        """Numbers of the coming waves at which the timetable sends everything."""
        moments = self.region.moments
        gaps = [(then - now).total_seconds() for now, then in pairwise(moments)]
        pairs = zip(moments, [*gaps, 86_400.0], strict=True)
        return frozenset(n for n, (moment, gap) in enumerate(pairs) if n and departs(moment, gap, Rule()))

    def _race(self, candidates: Sequence[Candidate], share: float) -> None:
        """Day by day, first all and then ever fewer, until the share is spent or as many days are played as before."""
        known = {one.key for one in self.tried}
        alive = list({one.key: one for one in candidates if one.key not in known}.values())
        before = self.played
        most = before or self.days
        days = range(min(self._at_once(alive), most))
        while alive and (not days.start or self.meter.allows(share)):
            self._play(alive, days)
            alive = self._better(alive, not before) if days.stop < most else []
            days = range(days.stop, min(days.stop + self._at_once(alive), most))

    def _at_once(self, alive: Sequence[Candidate]) -> int:
        """How many days are played at once."""
        fewest, most = DAYS_AT_ONCE
        return max(fewest, min(most, self.game // max(1, len(alive) * len(self.region.places))))

    def _better(self, alive: list[Candidate], with_rule: bool) -> list[Candidate]:
        """The better half; once also the best that begins as the rule does, and the simple rule, for comparison."""
        ranked = sorted(alive, key=lambda one: one.mean)
        kept = ranked[: max(KEPT, len(ranked) // 2)]
        also = [next(one for one in ranked if self._as_rule(one)), self.simple] if with_rule else []
        return kept + [one for one in dict.fromkeys(also) if one not in kept]

    def _as_rule(self, one: Candidate) -> bool:
        return one.key[0] == self.tried[0].key[0]

    def _play(self, candidates: Sequence[Candidate], days: range) -> None:
        """Each candidate on some days more."""
        self.tried += [one for one in candidates if not one.costs]
        chosen = np.repeat(np.stack([one.chosen for one in candidates]), len(days), axis=0)
        policies = [one.policy for one in candidates for _ in days]
        plays = self.rollouts.play(chosen, policies, np.tile(np.array(days), len(candidates)))
        if self.price is None:
            self.price = float(min((plays.money / np.maximum(plays.brought, 1))[plays.brought > 0], default=0.0))
        rest = self.price * plays.rest if self.region.beyond is not None else 0.0
        costs = (plays.money + LATE_VND * plays.late + rest).reshape(-1, len(days)).tolist()
        for one, row, late in zip(candidates, costs, plays.late.reshape(-1, len(days)).tolist(), strict=True):
            one.costs, one.late = one.costs + row, one.late + late
        for one in candidates:
            one.late_more = max(0.0, sum(one.late) - sum(self.simple.late[: len(one.late)]))

    @property
    def played(self) -> int:
        """On how many days the best known candidates were played."""
        return max((len(one.costs) for one in self.tried), default=0)

    def _leading(self) -> Candidate:
        """The cheapest of those played on most days."""
        return min((one for one in self.tried if len(one.costs) == self.played), key=lambda one: one.mean)

    def _worth(self) -> list[Candidate]:
        """What must go, and what costs less to bring now than it will later."""
        policy, price = self._leading().policy, self.price or 0.0
        found = self.rollouts.worth([factor * price for factor in WORTH])
        return [Candidate(f"worth_{n}", chosen, policy) for n, chosen in zip(WORTH, found, strict=True)]

    def _improve(self, own: Lots) -> None:
        """Lot by lot and gate by gate: would the best be better with it, or without?"""
        for _ in range(ROUNDS_MAX):
            if not self.meter.allows(IMPROVE_SHARE * self.until):
                return
            best = self._leading()
            most = CHANGES_MAX // len(self.region.places)
            self._race(list(islice(self._changed(best, own), most)), self.until)
            if self._leading() is best:
                return

    def _changed(self, best: Candidate, own: Lots) -> Iterator[Candidate]:
        number, must = np.arange(len(own.gate)), own.last <= 0
        groups = [own.gate == gate for gate in np.unique(own.gate)]
        groups += [number == lot for lot in number[~must][:LOTS_MAX]]
        for group in groups:
            for rides in (True, False):
                chosen = np.where(group, rides, best.chosen) | must
                yield Candidate(f"{best.name.rstrip('~')}~", chosen, best.policy)

    def _chosen(self) -> Advice:
        """The cheapest, if it beats the best that begins as the rule does."""
        most, best = self.played, self._leading()
        ruled = min((o for o in self.tried if len(o.costs) == most and self._as_rule(o)), key=lambda one: one.mean)
        saved = np.array(ruled.costs) - np.array(best.costs)
        error = float(saved.std(ddof=1)) / np.sqrt(most) if most > 1 else 0.0
        least = max(LEAVE_RULE_ERRORS * error, ruled.mean * LEAVE_RULE_PERMILLE / 1000)
        if ruled.mean - best.mean <= least or self._searched(ruled, best) <= least:
            best = ruled
        self.session.router.hints += outlines(self.rollouts, best.chosen, self.groups)
        riding = (self.groups[number] for number in np.flatnonzero(best.chosen))
        ids = frozenset(ride.parcel_id for items in riding for item in items for ride in item.rides)
        judged = {f"{one.name}/{one.policy.name}": round(one.mean) for one in self.tried if len(one.costs) == most}
        return Advice(f"{best.name}/{best.policy.name}", ids, judged)

    def _searched(self, ruled: Candidate, best: Candidate) -> float:
        """What the best saves if routes of now cost what a search finds, and later ones as much less than cut."""
        few = sum(map(len, self.groups)) <= SURE_MAX
        if not (few and ruled.chosen.any() and best.chosen.any()):
            return ruled.mean - best.mean
        router, found = self.session.router, []
        for one in (ruled, best):
            items = [item for number in np.flatnonzero(one.chosen) for item in self.groups[number]]
            used = self.meter.used_share
            found.append(router.route(items, used + SURE_SHARE, used))
        if any(one.left for one in found):
            return ruled.mean - best.mean
        cuts = [self.rollouts.cut_now(one.chosen) for one in (ruled, best)]
        costs = [one.cost_vnd for one in found]
        later = (ruled.mean - cuts[0]) - (best.mean - cuts[1])
        return costs[0] - costs[1] + later * sum(costs) / max(1.0, sum(cuts))
