"""One wave being planned: its ground, its sorted parcels, the router and the meter, made once and shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipping.domain.planning.ground import Ground
from shipping.domain.planning.items import Item, Outlook, Sorter
from shipping.domain.planning.meter import Meter
from shipping.domain.planning.model import Addition, Budget, Ride, Wave
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
        self.sorter = Sorter(self.ground, self.timer)
        self.outlooks: dict[str, Outlook] = self.sorter.all()
        for run in wave.pinned_runs:
            self.router.used[run.vehicle_id] = self.router.used.get(run.vehicle_id, 0) + 1
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
            room = [run.weight_left_g, run.parcels_left, run.volume_left_cm3 or 10**12]
            for stop in run.stops:
                if stop.arrive_time < self.wave.decide_time:
                    continue
                chosen: list[Ride] = []
                for ride in self._for_stop(run.partner_id, run.kind, run.hub_id, stop.gate_id):
                    home = self.ground.seconds_from_now(run.return_time)
                    latest = self.outlooks[ride.parcel_id].latest.get(self.ground.hub_number[run.hub_id], home)
                    needs = [ride.weight_g, ride.count, ride.volume_cm3]
                    fits = all(need <= left for need, left in zip(needs, room, strict=True))
                    if ride.parcel_id in taken or home > latest or not fits:
                        continue
                    room = [left - need for need, left in zip(needs, room, strict=True)]
                    taken.add(ride.parcel_id)
                    chosen.append(ride)
                if chosen:
                    ids = tuple(ride.parcel_id for ride in chosen)
                    cost = run.per_parcel_vnd * sum(ride.count for ride in chosen)
                    found.append(Addition(run_id=run.run_id, gate_id=stop.gate_id, parcel_ids=ids, cost_vnd=cost))
        return tuple(found)

    def _for_stop(self, partner_id: str, kind: str, hub_id: str, gate_id: str) -> Sequence[Ride]:
        """Parcels of a gate that such a run may take, earliest promise first."""
        carriers = [v for v in self.ground.vehicles if (v.partner_id, v.kind) == (partner_id, kind)]
        hub = self.ground.hub_number[hub_id]
        fitting = [
            o
            for o in self.outlooks.values()
            if o.ride.gate_id == gate_id
            and not o.refusal
            and not o.late
            and (o.ride.ready_time is not None and o.ride.ready_time <= self.wave.decide_time)
            and "hot_meal" not in o.ride.handling
            and any(hub in self.ground.hubs_of(v, o.ride) and self.ground.suits(v, o.ride) for v in carriers)
        ]
        fitting.sort(key=lambda o: (o.latest.get(hub, 0), o.ride.parcel_id))
        return [o.ride for o in fitting]
