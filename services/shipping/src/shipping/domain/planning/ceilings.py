"""What partners may still carry today: whatever is chosen counts at once, and what has no room is left out early."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shipping.domain.planning.answer import Run
from shipping.domain.planning.items import Item
from shipping.domain.planning.model import Ride, Vehicle
from shipping.domain.planning.supply import PartnerDay


@dataclass(frozen=True, slots=True)
class Load:
    """What a partner is given to carry: runs, pieces, grams and their bill."""

    partner_id: str
    runs: int
    pieces: int
    weight_g: int
    bill_vnd: int


def load(run: Run, rides: Mapping[str, Ride]) -> Load:
    """What a run is to its partner's day."""
    pieces = sum(rides[p].count for stop in run.stops for p in stop.parcel_ids if p in rides)
    return Load(run.partner_id, 1, pieces, run.weight_g, run.cost_vnd)


def spent(partners: Iterable[PartnerDay], loads: Sequence[Load]) -> tuple[PartnerDay, ...]:
    """The partners' day with these loads carried too."""
    return tuple(_spent(day, [one for one in loads if one.partner_id == day.partner_id]) for day in partners)


def _spent(day: PartnerDay, loads: Sequence[Load]) -> PartnerDay:
    return replace(
        day,
        runs_today=day.runs_today + sum(one.runs for one in loads),
        parcels_today=day.parcels_today + sum(one.pieces for one in loads),
        weight_today_g=day.weight_today_g + sum(one.weight_g for one in loads),
        bill_today_vnd=day.bill_today_vnd + sum(one.bill_vnd for one in loads),
    )


def runs_left(day: PartnerDay) -> int | None:
    """Runs a partner may still drive today; None = no ceiling."""
    return None if day.runs_max is None else max(0, day.runs_max - day.runs_today)


class Room:
    """Pieces and grams that each partner has left, filled item by item."""

    def __init__(self, partners: Iterable[PartnerDay]) -> None:
        """Partners without a ceiling have room for everything."""
        self._left: dict[str, list[int | None]] = {}
        for day in partners:
            limits = (day.parcels_max, day.parcels_today), (day.weight_max_g, day.weight_today_g)
            self._left[day.partner_id] = [None if most is None else max(0, most - used) for most, used in limits]

    def has(self, partner_id: str, items: Sequence[Item]) -> bool:
        """Whether all of these fit."""
        left = self._left.get(partner_id, [])
        needs = sum(item.pieces for item in items), sum(item.weight for item in items)
        return all(most is None or need <= most for need, most in zip(needs, left, strict=False))

    def take(self, partner_id: str, item: Item) -> None:
        """Keep room for an item."""
        left = self._left.get(partner_id, [])
        for number, need in enumerate((item.pieces, item.weight)[: len(left)]):
            most = left[number]
            left[number] = None if most is None else most - need


def within(
    items: Sequence[Item], vehicles: Sequence[Vehicle], partners: Sequence[PartnerDay], costs: Mapping[int, list[str]]
) -> list[Item] | None:
    """Items that ceilings leave room for, most urgent first, each for one partner only; None if all have room.

    `costs` names each item's partners by its id(), the cheapest first. A search does not see ceilings: left alone it
    fills runs that no choice may take.
    """
    room, of = Room(partners), {number: vehicle.partner_id for number, vehicle in enumerate(vehicles)}
    offered: dict[str, list[Item]] = {}
    for item in items:
        for partner_id in {of[number] for number, _ in item.allowed}:
            offered.setdefault(partner_id, []).append(item)
    if all(room.has(partner_id, some) for partner_id, some in offered.items()):
        return None
    found = []
    for item in sorted(items, key=_urgency):
        chosen = next((one for one in costs[id(item)] if room.has(one, [item])), None)
        if chosen is not None:
            room.take(chosen, item)
            found.append(replace(item, allowed=frozenset(pair for pair in item.allowed if of[pair[0]] == chosen)))
    return found


def _urgency(item: Item) -> tuple[bool, bool, bool, int]:
    return not item.must, item.late, not item.soon, min(item.latest.values(), default=0)
