"""Makes search items of parcels: each its own, or small ones of one gate taken together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shipping.domain.planning.ground import Ground
from shipping.domain.planning.items import NEVER, Item, Outlook
from shipping.domain.planning.model import HOT_MEAL, Ride
from shipping.domain.planning.timing import Stop, Timer

PIECES_SPLIT_MAX = 160
"""Up to so many parcels each one is an item of its own; of more, small ones of one gate are taken together."""

SPLIT = 8
"""An item that is several parcels is at most this fraction of the smallest vehicle that may carry it."""


def make_items(ground: Ground, timer: Timer, outlooks: Iterable[Outlook], small: int = PIECES_SPLIT_MAX) -> list[Item]:
    """Search items of parcels that can ride now; each parcel its own item, or small ones of one gate together."""
    chosen = [outlook for outlook in outlooks if not outlook.refusal]
    groups: dict[tuple[object, ...], list[Outlook]] = {}
    for outlook in sorted(chosen, key=lambda one: one.ride.parcel_id):
        groups.setdefault(_alike(timer, outlook), []).append(outlook)
    return [item for group in groups.values() for item in _pack(ground, timer, group, len(chosen) > small)]


def _alike(timer: Timer, one: Outlook) -> tuple[object, ...]:
    ride = one.ride
    hot = ride.parcel_id if HOT_MEAL in ride.handling else ""
    times = (timer.opens(ride), ride.close_time)
    return ride.gate_id, one.must, one.allowed, tuple(one.latest.items()), hot, times, one.last_wave, one.late


def _pack(ground: Ground, timer: Timer, group: list[Outlook], together: bool) -> list[Item]:
    smallest = min((ground.vehicles[number] for number, _ in group[0].allowed), key=lambda v: v.weight_max_g)
    weight_max = max(1, smallest.weight_max_g // SPLIT) if together else 0
    pieces_max = max(1, smallest.parcels_max // SPLIT) if together else 0
    room = _room(ground, timer, group[0])
    items: list[Item] = []
    for outlook in group:
        ride = outlook.ride
        last = items[-1] if items else None
        fits = last and last.weight + ride.weight_g <= weight_max and last.pieces + ride.count <= pieces_max
        if last and fits and last.service + ride.service_seconds <= room:
            last.rides += (ride,)
        else:
            last = _item(ground, timer, outlook)
            last.room = room
            items.append(last)
        grow(last, ride)
    return items


def _room(ground: Ground, timer: Timer, outlook: Outlook) -> int:
    """Seconds for collecting at the gate in a run of its own at the last wave that will do, of the fastest vehicle."""
    ride, best = replace(outlook.ride, service_seconds=0), 0
    gate, closes = ground.place[ride.gate_id], ground.seconds_from_now(ride.close_time) if ride.close_time else NEVER
    windows = ground.windows(ground.gates[gate].windows)
    for number, hub in outlook.allowed:
        vehicle = ground.vehicles[number]
        leave = ground.earliest(vehicle) if outlook.last_wave is None else outlook.last_wave + vehicle.lead_seconds
        home = timer.home(vehicle, (Stop(ride.gate_id, (ride,)),), hub, leave)
        if home is None:
            continue
        _, seconds = ground.table(vehicle.profile, leave)
        way = int(seconds[ground.place[vehicle.start_id], gate]) + ground.gates[gate].stop_seconds
        start = timer.start(leave + way, ride)
        if start is not None:
            shuts = min((end for _, end in windows if end >= start), default=NEVER)
            best = max(best, min(closes - start, shuts - start, outlook.latest[hub] - home))
    return best


def _item(ground: Ground, timer: Timer, outlook: Outlook) -> Item:
    ride = outlook.ride
    windows = [w for w in ground.windows(ground.gates[ground.place[ride.gate_id]].windows) if w[1] >= 0]
    opens, closes = max(0, timer.opens(ride)), ground.seconds_from_now(ride.close_time) if ride.close_time else NEVER
    if windows:
        first = next((w for w in windows if w[1] >= opens), windows[-1])
        opens, closes = max(opens, first[0]), min(closes, first[1])
    if (shut := ground.shuts(ground.place[ride.gate_id])) is not None:
        closes = min(closes, shut - 1 - ride.service_seconds)  # Who is still there then cannot leave.
    return Item(
        rides=(ride,),
        place=ground.place[ride.gate_id],
        release=0,
        opens=opens,
        closes=closes,
        latest=outlook.latest,
        allowed=outlook.allowed,
        must=outlook.must,
        soon=outlook.next_wave is not None and outlook.last_wave == outlook.next_wave,
        late=outlook.late and not outlook.told,
        hot=HOT_MEAL in ride.handling,
    )


def grow(item: Item, ride: Ride) -> None:
    """Count one more parcel into an item."""
    item.weight += ride.weight_g
    item.volume += ride.volume_cm3
    item.pieces += ride.count
    item.charged += ride.weight_g if ride.chargeable_g is None else ride.chargeable_g
    item.service += ride.service_seconds


def bundled(items: Sequence[Item], ground: Ground, split: int = SPLIT) -> list[list[Item]]:
    """Items that differ in nothing but their load, together up to a fraction of the smallest vehicle."""
    open_bundles: dict[tuple[object, ...], list[Item]] = {}
    bundles: list[list[Item]] = []
    for item in items:
        key = (item.place, item.must, item.allowed, tuple(item.latest.items()), item.opens, item.closes, item.release)
        both = [*open_bundles.get(key, ()), item]
        car = min((ground.vehicles[number] for number, _ in item.allowed), key=lambda v: v.weight_max_g)
        weight, pieces = car.weight_max_g // split, max(1, car.parcels_max // split)
        fits = sum(one.weight for one in both) <= weight and sum(one.pieces for one in both) <= pieces
        fits = fits and sum(one.service for one in both) <= min(one.room for one in both)
        if len(both) > 1 and fits and not item.hot:
            open_bundles[key].append(item)
        else:
            open_bundles[key] = [item]
            bundles.append(open_bundles[key])
    return bundles


def merged(bundle: Sequence[Item]) -> Item:
    """One item that stands for all of a bundle."""
    whole = replace(bundle[0])
    for item in bundle[1:]:
        whole.rides += item.rides
        for name in ("weight", "volume", "pieces", "charged", "service"):
            setattr(whole, name, getattr(whole, name) + getattr(item, name))
    return whole
