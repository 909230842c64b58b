"""Which parcels should ride now, searched over scenarios: for draws from a pool and for waves of a few parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.planning.advice import Advice
from shipping.domain.planning.engine import Found, Trip, search
from shipping.domain.planning.items import Item
from shipping.domain.planning.model import Forecast
from shipping.domain.planning.model_vrp import UNBOUND, Option, write
from shipping.domain.planning.router import STEPS_MAX, kind_order, stops_of
from shipping.domain.planning.rule import Rule
from shipping.domain.planning.rules import rule_items
from shipping.domain.planning.scenarios import Scenarios, of_current
from shipping.domain.planning.session import Session

SCENARIOS, SCENARIOS_PER_SECOND, SCENARIOS_MOST = 2, 1, 10
JOINT_SHARE = 0.30
JUDGE_SHARE = 0.55
MARGIN, MARGIN_PER_SECOND = 50, -5
"""Thousandths by which a candidate must beat the rule: the searches that judge it are short. With more time, fewer."""

FORESIGHT_PERCENT = 5
"""What is left for later costs this much more than a scenario says, which plans it knowing all that comes."""

THRESHOLDS = (0.5,)
UNSERVED_VND = 1_000_000
SITES, SITES_PER_SECOND, SITES_MOST = 300, 40, 700
"""More items than this in one scenario are too many to search in the time there is; look-ahead then sees less far, and
with more than the first of these to be decided it sees nothing."""

TIGHT = 0.5
"""With more than this share of all room asked for, vehicles are short: runs are never full and take hours."""

RUN_SECONDS = 3 * 3600
"""What a run takes, roughly, to tell how often a vehicle that is counted by number in use can go."""


class LookAhead:
    """Look-ahead for one wave; `waves` are coming decisions up to where every present parcel must have left."""

    def __init__(self, session: Session, forecast: Forecast) -> None:
        """Makes the current items and the options of now and later; draws nothing yet."""
        self.session, self.forecast, self.ground = session, forecast, session.ground
        free = {ride.parcel_id for item in session.items for ride in item.rides}
        self.current = of_current(session, [session.outlooks[parcel_id] for parcel_id in sorted(free)])
        self.margin = MARGIN
        self._hints: dict[str, list[tuple[int, int, tuple[str, ...]]]] = {}
        lasts = [self._last(item) for item in self.current]
        self.horizon = max(lasts, default=0)
        waves = [self.ground.seconds_from_now(moment) for moment in forecast.wave_times]
        self.waves = [wave for wave in sorted(waves) if 0 < wave <= self.horizon]

    def _last(self, item: Item) -> int:
        last = self.session.outlooks[item.rides[0].parcel_id].last_wave
        return last if last is not None else 0

    def advise(self, baseline: Rule) -> Advice | None:
        """The best candidate over the scenarios; None if there is nothing to weigh or no forecast."""
        open_items = [item for item in self.current if not item.must]
        if not open_items or not self.waves or len(self.current) > SITES:
            return None
        drawn = self._drawn()
        self.margin = max(0, self.session.meter.scaled(MARGIN, MARGIN_PER_SECOND, MARGIN))
        if not drawn or not self._options(self.current) or self._is_tight(drawn):
            return None
        joint = [self._joint(items, number, len(drawn)) for number, items in enumerate(drawn)]
        candidates = self._candidates(joint, baseline)
        return self._judge(candidates, drawn, joint)

    def _drawn(self) -> list[list[Item]]:
        """Scenarios of a size that the budget can search, seen less far if need be; none if one wave is too much."""
        meter = self.session.meter
        number = min(meter.scaled(SCENARIOS, SCENARIOS_PER_SECOND, SCENARIOS_MOST), self.forecast.scenarios_max)
        most = meter.scaled(SITES, SITES_PER_SECOND, SITES_MOST)
        whole = Scenarios(self.session, self.forecast, self.waves, self.session.seed).draw(number)
        drawn = [self._inside(items) for items in whole]
        while drawn and max(map(len, drawn)) + len(self.current) > most:
            if len(self.waves) == 1:
                return []
            self.waves = self.waves[:-1]
            bound = self.waves[-1] + max(vehicle.lead_seconds for vehicle in self.ground.vehicles)
            drawn = [[item for item in items if item.release <= bound] for items in whole]
        return drawn

    def _is_tight(self, drawn: Sequence[Sequence[Item]]) -> bool:
        """Whether vehicles may run out: then waiting is no option to weigh, and the rule with its witnesses plans."""
        cars = {}
        for option in self._options(self.current):
            cars[option.vehicle, option.now, option.home_by] = option.number
        for name, size in (("weight", "weight_max_g"), ("pieces", "parcels_max")):
            there = sum(getattr(self.ground.vehicles[key[0]], size) * number for key, number in cars.items())
            asked = sum(getattr(item, name) for items in drawn for item in items) / len(drawn)
            if asked + sum(getattr(item, name) for item in self.current) > TIGHT * there:
                return True
        return False

    def _inside(self, items: Sequence[Item]) -> list[Item]:
        """Coming parcels that must leave inside the horizon; the others do not press yet."""
        beyond = [wave for wave in self._known_waves() if wave > self.waves[-1]]
        return [item for item in items if not beyond or self._presses(item, beyond[0])]

    def _known_waves(self) -> list[int]:
        """Coming decisions, in order."""
        seconds = self.ground.seconds_from_now
        later = {seconds(one.decide_time) for gate in self.ground.gates for one in gate.later_waves}
        return sorted(later | {seconds(moment) for moment in self.forecast.wave_times})

    def _presses(self, item: Item, wave: int) -> bool:
        """Whether a run for it that is decided at this wave would be too late."""
        solo = self.session.sorter.solo
        homes = ((solo(item.rides[0], v, h, wave, UNBOUND), h) for v, h in sorted(item.allowed))
        return not any(home is not None and home <= item.latest[hub] for home, hub in homes)

    def _options(self, items: Sequence[Item]) -> list[Option]:
        options, following = [], self.waves[0]
        homes = self._homes()
        for number, hub in sorted({pair for item in items for pair in item.allowed}):
            vehicle, earliest = self.ground.vehicles[number], self.ground.earliest(self.ground.vehicles[number])
            close = self.ground.hubs[hub].close_time
            today = self.ground.seconds_from_now(vehicle.home_time)
            today = min(today, self.ground.seconds_from_now(close)) if close else today
            if left := self.session.router.left(number):
                late = max(earliest, following + vehicle.lead_seconds - 1)
                options.append(Option(number, hub, left, earliest, today, start_late=late))
            for home, waves in sorted(homes.items()):
                options += self._later(number, hub, home, waves)
        return options

    def _later(self, number: int, hub: int, home: int, waves: Sequence[int]) -> list[Option]:
        """What can be booked for the coming waves of one day."""
        vehicle = self.ground.vehicles[number]
        count = vehicle.number if vehicle.number_later is None else vehicle.number_later
        if vehicle.number_scope == "wave":
            count *= len(waves)
        if vehicle.number_scope != "wave":
            count += len(vehicle.returning_times)
        if vehicle.number_scope == "in_use":
            count *= 1 + (waves[-1] - waves[0]) // RUN_SECONDS
        if not count:
            return []
        return [Option(number, hub, count, waves[0] + vehicle.lead_seconds, home, now=False)]

    def _homes(self) -> dict[int, list[int]]:
        """When vehicles of the coming waves must be home, with those waves."""
        known = {
            self.ground.seconds_from_now(later.decide_time): self.ground.seconds_from_now(later.home_time)
            for gate in self.ground.gates
            for later in gate.later_waves
        }
        found: dict[int, list[int]] = {}
        today = max(self.ground.seconds_from_now(vehicle.home_time) for vehicle in self.ground.vehicles)
        for wave in self.waves:
            if wave in known or wave < today:
                found.setdefault(known.get(wave, today), []).append(wave)
        return found

    def _joint(self, coming: Sequence[Item], number: int, total: int) -> Found:
        """Everything known and drawn, routed at once: what rides now is what its route cannot put off."""
        begin, end = JOINT_SHARE * number / total, JOINT_SHARE * (number + 1) / total
        return self._best([*self.current, *coming], begin, end, self.session.seed + 100 + number)[0]

    def _best(
        self, items: Sequence[Item], begin: float, end: float, seed: int, start: Sequence[Trip] | None = None
    ) -> tuple[Found, int]:
        """The better of two searches, with the whole fleet and with the largest vehicles alone, and its cost.

        From small vehicles a short search never finds the one large one that would take everything.
        """
        options = self._options(items)
        largest = max((kind_order(self.ground.vehicles[o.vehicle].kind) for o in options), default=0)
        big = [o for o in options if kind_order(self.ground.vehicles[o.vehicle].kind) == largest]
        able = {(o.vehicle, o.hub) for o in big}
        mixes = [options]
        if len(big) < len(options) and all(item.allowed & able for item in items):
            mixes.append(big)
        prizes = [UNSERVED_VND * len(item.rides) for item in items]
        best: tuple[Found, int] | None = None
        for number, mix in enumerate(mixes):
            written = write(self.ground, items, mix, prizes)
            steps = self.session.meter.search(begin + (end - begin) * (number + 1) / len(mixes), STEPS_MAX)
            found = search(written, steps, seed, start if number == 0 else None)
            cost = found.cost if found.cost is not None else 100 * UNSERVED_VND
            cost += sum(prizes[n] for n in found.unserved)
            if best is None or cost < best[1]:
                best = found, cost
        assert best is not None
        return best

    def _rides_now(self, found: Found) -> set[int]:
        """Numbers of current items whose route could not leave one wave later."""
        chosen: set[int] = set()
        for trip in found.trips:
            if not all(n < len(self.current) for n in trip.items):
                continue
            if not self._can_wait(trip):
                chosen.update(trip.items)
        return chosen

    def _can_wait(self, trip: Trip) -> bool:
        items = [self.current[n] for n in trip.items]
        if any(item.must for item in items):
            return False
        vehicle = self.ground.vehicles[trip.option.vehicle]
        leave = self.waves[0] + vehicle.lead_seconds
        home = self.session.timer.home(vehicle, stops_of(items, self.ground), trip.option.hub, leave)
        return home is not None and home <= min(item.latest[trip.option.hub] for item in items)

    def _candidates(self, joint: Sequence[Found], baseline: Rule) -> dict[str, frozenset[int]]:
        must = {n for n, item in enumerate(self.current) if item.must}
        ruled = {ride.parcel_id for item in rule_items(self.session, baseline) for ride in item.rides}
        found = {
            baseline.name: frozenset(n for n, item in enumerate(self.current) if item.rides[0].parcel_id in ruled),
            "lazy": frozenset(must),
            "all": frozenset(range(len(self.current))) if must else frozenset(),
        }
        votes = [self._rides_now(one) for one in joint]
        for threshold in THRESHOLDS:
            agreed = {n for n in range(len(self.current)) if sum(n in v for v in votes) >= threshold * len(votes)}
            found[f"agreed_{threshold}"] = frozenset(agreed | must)
        unique: dict[frozenset[int], str] = {}
        for name, chosen in found.items():
            unique.setdefault(chosen, name)
        return {name: chosen for chosen, name in unique.items()}

    def _judge(
        self, candidates: dict[str, frozenset[int]], drawn: Sequence[Sequence[Item]], joint: Sequence[Found]
    ) -> Advice:
        """Mean cost of each candidate over the same scenarios; ties go to the rule."""
        costs = dict.fromkeys(candidates, 0)
        if len(candidates) > 1:
            total = len(drawn) * len(candidates)
            for number, coming in enumerate(drawn):
                for index, (name, chosen) in enumerate(candidates.items()):
                    each = (JUDGE_SHARE - JOINT_SHARE) / total
                    begin = JOINT_SHARE + each * (number * len(candidates) + index)
                    found, cost = self._cost(chosen, coming, joint[number], begin, begin + each)
                    costs[name] += cost // len(drawn)
                    self._hints.setdefault(name, []).extend(self._hint(found, chosen))
        rule = next(iter(candidates))
        bar = costs[rule] * (1000 - self.margin) // 1000
        best = min(candidates, key=lambda name: costs[name])
        best = best if costs[best] < bar else rule
        self.session.router.hints = self._hints.get(best, [])
        ids = frozenset(ride.parcel_id for n in candidates[best] for ride in self.current[n].rides)
        return Advice(best, ids, costs)

    def _cost(
        self, chosen: frozenset[int], coming: Sequence[Item], joint: Found, begin: float, share: float
    ) -> tuple[Found, int]:
        """One scenario if exactly these ride now: the others are released at the next wave."""
        following = self.waves[0]
        fixed = [
            replace(item, must=n in chosen, release=item.release if n in chosen else max(item.release, following))
            for n, item in enumerate(self.current)
        ]
        found, cost = self._best([*fixed, *coming], begin, share, self.session.seed + 200, self._start(chosen, joint))
        return found, cost + found.later_cost * FORESIGHT_PERCENT // 100

    def _hint(self, found: Found, chosen: frozenset[int]) -> list[tuple[int, int, tuple[str, ...]]]:
        """The runs of now in a judged scenario, by parcels, for the router to start from."""
        return [
            (
                trip.option.vehicle,
                trip.option.hub,
                tuple(r.parcel_id for n in trip.items for r in self.current[n].rides),
            )
            for trip in found.trips
            if all(n in chosen for n in trip.items)
        ]

    def _start(self, chosen: frozenset[int], joint: Found) -> list[Trip]:
        """The joint solution with every route kept to one side of the decision."""
        trips = []
        for trip in joint.trips:
            now = tuple(n for n in trip.items if n in chosen)
            later = tuple(n for n in trip.items if n not in chosen)
            keep = now if len(now) > len(later) else later
            trips.append(Trip(replace(trip.option, now=keep is now), keep))
        return trips
