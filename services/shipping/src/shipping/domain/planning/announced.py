"""What the last plan announced: a change of it has a price, so its runs are offered as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shipping.domain.planning.answer import Run
from shipping.domain.planning.items import Item
from shipping.domain.planning.money import days_late

if TYPE_CHECKING:
    from shipping.domain.planning.router import Candidate, Router

KEPT_VND = 500_000_000
"""What a promise counts that only the run that was told keeps: more than leaving out a parcel that must go."""


def as_told(router: Router, items: Sequence[Item]) -> list[Candidate]:
    """Runs of the last plan that would still do as they were announced, where a change has a price.

    The lead is over for a run that is exactly as it was told: it was booked then. A promise that no other run keeps any
    more speaks for it before anything else.
    """
    last = router.ground.wave.last_plan
    if last is None or not router.told:
        return []
    of = {ride.parcel_id: item for item in items for ride in item.rides}
    return [one for run in last.runs if (one := _again(router, run, of))]


def _again(router: Router, run: Run, of: Mapping[str, Item]) -> Candidate | None:
    ground = router.ground
    number = next((n for n, vehicle in enumerate(ground.vehicles) if vehicle.vehicle_id == run.vehicle_id), None)
    hub, ids = ground.hub_number.get(run.hub_id), [p for stop in run.stops for p in stop.parcel_ids]
    items = list(dict.fromkeys(of[one] for one in ids if one in of))
    if number is None or hub is None or sum(len(item.rides) for item in items) != len(ids) or not router.left(number):
        return None
    vehicle, leave = ground.vehicles[number], ground.seconds_from_now(run.leave_time)
    one = router.leaving(number, hub, items, leave) if leave >= max(0, ground.available(vehicle)) else None
    within_lead = leave < ground.earliest(vehicle)
    if one is None or (within_lead and replace(one.run, spare_partner_id=run.spare_partner_id) != run):
        return None
    kept = [r for item in items if item.late for r in item.rides if not days_late(r, ground.hubs[hub], run.return_time)]
    return replace(one, cost_vnd=one.cost_vnd - len(kept) * KEPT_VND)


def worth_keeping(router: Router, riding: Sequence[Item], waiting: Sequence[Item]) -> list[Item]:
    """Parcels that were told to ride, of those that would wait: where a run stops anyway, or the run they were told, or
    one of their own, costs no more than calling it off."""
    gates, price, waits = {item.place for item in riding}, router.ground.wave.change_vnd, set(map(id, waiting))

    def off(items: Sequence[Item]) -> int:
        """What it costs to call off those of them that would wait."""
        called = [ride for item in items if id(item) in waits for ride in item.rides]
        return price * sum(ride.parcel_id in router.told for ride in called)

    if not router.told:
        return []
    told_runs = as_told(router, [*riding, *waiting])
    whole = {id(item) for one in told_runs if one.cost_vnd <= off(one.items) for item in one.items}
    kept = []
    for item in (one for one in waiting if off([one])):
        solos = [one.cost_vnd for vehicle, hub in item.allowed if (one := router.candidate(vehicle, hub, (item,)))]
        alone = min(solos, default=off([item]) + 1) <= off([item])
        if item.place in gates or id(item) in whole or alone:
            kept.append(item)
    return kept
