"""One wave being planned: its ground, its sorted parcels, the router and the meter, made once and shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipping.domain.planning.ceilings import Load
from shipping.domain.planning.ground import Ground
from shipping.domain.planning.items import Item, Outlook, Sorter
from shipping.domain.planning.meter import Meter
from shipping.domain.planning.model import (
    HOT_MEAL,
    Addition,
    Budget,
    Committed,
    CommittedStop,
    PartnerDay,
    Ride,
    Wave,
)
from shipping.domain.planning.money import days_late
from shipping.domain.planning.packing import make_items
from shipping.domain.planning.router import Routed, Router
from shipping.domain.planning.timing import Timer

SPLIT_MAX = 500
"""Up to so many parcels can each be an item of its own where that matters."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy decided: the runs, which items were meant to ride, and by which policy."""

    policy: str
    routed: Routed
    rides: frozenset[int]
    held_codes: dict[str, str]


class Session:
    """Everything policies share for one wave."""

    def __init__(self, wave: Wave, budget: Budget, seed: int) -> None:
        """Sorts the parcels; nothing is searched yet."""
        self.wave, self.seed = wave, seed
        self.meter = Meter(budget)
        self.ground = Ground(wave)
        self.timer = Timer(self.ground)
        self.router = Router(self.ground, self.timer, self.meter, seed)
        for run in wave.pinned_runs:
            self.router.used[run.vehicle_id] = self.router.used.get(run.vehicle_id, 0) + 1
        away = {number for number in range(len(wave.vehicles)) if not self.router.left(number)}
        self.sorter = Sorter(self.ground, self.timer, away)
        self.outlooks: dict[str, Outlook] = self.sorter.all()
        self.pinned = {p for run in wave.pinned_runs for stop in run.stops for p in stop.parcel_ids}
        self.additions = self._additions()
        added = {p for one in self.additions for p in one.parcel_ids}
        free = [o for o in self.outlooks.values() if o.ride.parcel_id not in added | self.pinned]
        self.late_items: list[Item] = []
        self.free = [outlook for outlook in free if not outlook.refusal]
        self.items: list[Item] = make_items(self.ground, self.timer, free)

    def split(self) -> None:
        """Make every parcel an item of its own, as long as they are not too many to search."""
        if len(self.items) < len(self.free) <= SPLIT_MAX:
            self.items = make_items(self.ground, self.timer, self.free, SPLIT_MAX)

    def outlook(self, item: Item) -> Outlook:
        """What is known of an item's parcels; they are alike."""
        return self.outlooks[item.rides[0].parcel_id]

    def next_wave(self, items: Iterable[Item]) -> int | None:
        """Seconds to the first later wave of any of them."""
        waves = [w for item in items if (w := self.outlook(item).next_wave) is not None]
        return min(waves, default=None)

    def _additions(self) -> tuple[Addition, ...]:
        """Ready parcels taken along by committed runs that stop at their gate anyway, earliest promise first."""
        taken: set[str] = set(self.pinned)
        found: list[Addition] = []
        for run in sorted(self.wave.committed, key=lambda one: (one.return_time, one.run_id)):
            room = Spare(run, self.router.partners)
            for stop in run.stops:
                if stop.arrive_time < self.wave.decide_time:
                    continue
                chosen = []
                for ride in self._for_stop(run, stop):
                    if ride.parcel_id not in taken and self._meets(run, stop, ride, room.seconds) and room.take(ride):
                        taken.add(ride.parcel_id)
                        chosen.append(ride)
                if chosen:
                    ids = tuple(ride.parcel_id for ride in chosen)
                    cost = run.per_parcel_vnd * sum(ride.count for ride in chosen)
                    found.append(Addition(run_id=run.run_id, gate_id=stop.gate_id, parcel_ids=ids, cost_vnd=cost))
            self.router.spend([Load(run.partner_id, 0, room.pieces, room.weight_g, 0)])
        return tuple(found)

    def _for_stop(self, run: Committed, stop: CommittedStop) -> Sequence[Ride]:
        """Parcels of a stop's gate that such a run may take in time, earliest promise first."""
        hub = self.ground.hub_number[run.hub_id]
        carriers = {
            n for n, v in enumerate(self.ground.vehicles) if (v.partner_id, v.kind) == (run.partner_id, run.kind)
        }
        fitting = [
            outlook.ride
            for outlook in self.outlooks.values()
            if outlook.ride.gate_id == stop.gate_id
            and not outlook.refusal
            and HOT_MEAL not in outlook.ride.handling
            and any(number in carriers and to == hub for number, to in self.sorter.fitting(outlook.ride))
        ]
        return sorted(fitting, key=lambda one: (one.latest.get(run.hub_id, run.return_time), one.parcel_id))

    def _meets(self, run: Committed, stop: CommittedStop, ride: Ride, delay: int) -> bool:
        """Whether a parcel is there to be collected when the run stops, without waiting, and is home in time then.

        `delay`: seconds that collecting other added parcels took before.
        """
        if ride.ready_time is None or ride.ready_time > self.wave.decide_time:
            return False
        gate, hub = self.ground.gates[self.ground.place[stop.gate_id]], self.ground.hub_number[run.hub_id]
        start = self.ground.seconds_from_now(stop.arrive_time) + gate.stop_seconds + delay
        return self.timer.start(start, ride) == start and not days_late(ride, self.ground.hubs[hub], run.return_time)


class Spare:
    """What a committed run can still take, and its partner's ceilings leave."""

    def __init__(self, run: Committed, partners: Iterable[PartnerDay]) -> None:
        """Nothing is taken yet."""
        self.pieces, self.weight_g, self.volume_cm3, self.seconds = 0, 0, 0, 0
        day = next((day for day in partners if day.partner_id == run.partner_id), None)
        self._seconds = run.spare_seconds
        self._pieces, self._weight_g, self._volume_cm3 = [run.parcels_left], [run.weight_left_g], run.volume_left_cm3
        if day is not None and day.parcels_max is not None:
            self._pieces.append(day.parcels_max - day.parcels_today)
        if day is not None and day.weight_max_g is not None:
            self._weight_g.append(day.weight_max_g - day.weight_today_g)

    def take(self, ride: Ride) -> bool:
        """Take a parcel, if there is room."""
        pieces, weight_g, volume_cm3 = (
            self.pieces + ride.count,
            self.weight_g + ride.weight_g,
            self.volume_cm3 + ride.volume_cm3,
        )
        seconds = self.seconds + ride.service_seconds
        fits = seconds <= self._seconds and pieces <= min(self._pieces) and weight_g <= min(self._weight_g)
        if not fits or (self._volume_cm3 is not None and volume_cm3 > self._volume_cm3):
            return False
        self.pieces, self.weight_g, self.volume_cm3, self.seconds = pieces, weight_g, volume_cm3, seconds
        return True
