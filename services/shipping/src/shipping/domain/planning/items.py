"""Sorts a wave's parcels: what cannot ride and why, what must, what may wait how long; and makes search items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from shipping.domain.planning.ground import Ground
from shipping.domain.planning.model import DOOR, HOT_MEAL, KINDS, Ride, Vehicle
from shipping.domain.planning.timing import Stop, Timer

PIECES_SPLIT_MAX = 160
"""Up to so many parcels each one is an item of its own; of more, small ones of one gate are taken together."""

SPLIT = 8
"""An item that is several parcels is at most this fraction of the smallest vehicle that may carry it."""

NEVER = 10**9


@dataclass(slots=True, eq=False)
class Item:
    """Parcels at one gate that the search moves as one; all times in seconds from the decision.

    `soon` = the next wave is the last that will do, `late` = none will. `latest` = home by, for each hub
    number, handling already taken off. `allowed` = (vehicle number, hub number).
    """

    rides: tuple[Ride, ...]
    place: int
    release: int
    opens: int
    closes: int
    latest: dict[int, int]
    allowed: frozenset[tuple[int, int]]
    must: bool = False
    soon: bool = False
    late: bool = False
    hot: bool = False
    coming: bool = False
    weight: int = 0
    volume: int = 0
    pieces: int = 0
    charged: int = 0
    service: int = 0


@dataclass(slots=True)
class Outlook:
    """What is known of one parcel: why it cannot ride now ("" = it can), if it is `told` to, how long it may wait."""

    ride: Ride
    refusal: str = ""
    late: bool = False
    told: bool = False
    must: bool = False
    last_wave: int | None = None
    home_if_last: int | None = None
    next_wave: int | None = None
    latest: dict[int, int] = field(default_factory=dict)
    allowed: frozenset[tuple[int, int]] = frozenset()


class Sorter:
    """Looks at every parcel of a wave once."""

    def __init__(self, ground: Ground, timer: Timer) -> None:
        """Pins are read here: they refuse or force parcels like any other limit."""
        self.ground, self.timer = ground, timer
        self._rides = {pin.parcel_id: pin.rides for pin in ground.wave.pins if pin.rides is not None}
        self._partner = {pin.parcel_id: pin.partner_id for pin in ground.wave.pins if pin.partner_id}
        self._taken = {p for run in ground.wave.pinned_runs for stop in run.stops for p in stop.parcel_ids}
        self._solo: dict[tuple[object, ...], int | None] = {}

    def all(self) -> dict[str, Outlook]:
        """Every parcel's outlook, by id."""
        return {ride.parcel_id: self.outlook(ride) for ride in self.ground.wave.rides}

    def outlook(self, ride: Ride) -> Outlook:
        """One parcel's outlook."""
        found, gate = Outlook(ride), self.ground.gates[self.ground.place[ride.gate_id]]
        found.next_wave = self.ground.seconds_from_now(gate.later_waves[0].decide_time) if gate.later_waves else None
        pinned = self._rides.get(ride.parcel_id)
        if not self._ready(ride):
            found.refusal = "NOT_READY"
        elif not gate.hub_ids:
            found.refusal = "NO_REACHABLE_HUB"
        elif not (fitting := self._fitting(ride)):
            found.refusal = "NO_PARTNER_LEFT" if self._any_kind(ride) else "NO_VEHICLE_FITS"
        elif ride.parcel_id not in self._taken:
            self._time(found, fitting)
        if pinned is False and not found.refusal:
            found.refusal = "PINNED_TO_WAIT"
        found.told = pinned is True or ride.must_ride is True
        found.must = not found.refusal and (found.must or found.told)
        return found

    def _ready(self, ride: Ride) -> bool:
        wave = self.ground.wave
        if ride.ready_time is not None and ride.ready_time <= wave.decide_time:
            return True
        return wave.information == DOOR and (ride.ready_expected_time or ride.ready_time) is not None

    def _any_kind(self, ride: Ride) -> bool:
        gate = self.ground.gates[self.ground.place[ride.gate_id]]
        largest = KINDS.index(gate.largest_kind)
        fits = [v for v in self.ground.vehicles if KINDS.index(v.kind) <= largest and ride.weight_g <= v.weight_max_g]
        return bool(fits) or not self.ground.vehicles

    def _fitting(self, ride: Ride) -> list[tuple[int, int]]:
        only = self._partner.get(ride.parcel_id)
        return [
            (number, hub)
            for number, vehicle in enumerate(self.ground.vehicles)
            if only in (None, vehicle.partner_id) and self.ground.suits(vehicle, ride)
            for hub in self.ground.hubs_of(vehicle, ride)
        ]

    def _time(self, found: Outlook, fitting: list[tuple[int, int]]) -> None:
        """Which vehicles can bring it home at all now, whether on time, and on which later waves still."""
        homes = {key: home for key in fitting if (home := self.solo(found.ride, *key)) is not None}
        found.latest = self._deadlines(found.ride, homes)
        on_time = {key for key, home in homes.items() if home <= found.latest[key[1]]}
        if not homes:
            found.refusal = self._why_not(found.ride)
        elif not on_time:
            found.late = True
            found.latest = self._next_cutoffs(found.latest, homes)
            on_time = {key for key, home in homes.items() if home <= found.latest[key[1]]} or set(homes)
        found.allowed = frozenset(on_time)
        self._wait(found, fitting)
        if found.ride.must_ride is not None:
            found.must = found.ride.must_ride
        else:
            found.must = found.last_wave is None or (found.late and NEVER in found.latest.values())

    def _why_not(self, ride: Ride) -> str:
        if self.timer.start(0, ride) is None:
            return "GATE_CLOSED"
        return "NO_WAY" if self._solo_unbound(ride) is None else "NOT_HOME_IN_TIME"

    def _solo_unbound(self, ride: Ride) -> int | None:
        for number, hub in self._fitting(ride):
            vehicle = self.ground.vehicles[number]
            _, seconds = self.ground.table(vehicle.profile, self.ground.earliest(vehicle))
            gate, start = self.ground.place[ride.gate_id], self.ground.place[vehicle.start_id]
            there = self.ground.place[self.ground.hubs[hub].hub_id]
            if seconds[start, gate] >= 0 and seconds[gate, there] >= 0:
                return number
        return None

    def _deadlines(self, ride: Ride, homes: Iterable[tuple[int, int]]) -> dict[int, int]:
        found = {}
        for hub in sorted({key[1] for key in homes}):
            place = self.ground.hubs[hub]
            latest = ride.latest.get(place.hub_id)
            found[hub] = NEVER if latest is None else self.ground.seconds_from_now(latest) - place.handling_seconds
        return found

    def _next_cutoffs(self, latest: dict[int, int], homes: dict[tuple[int, int], int]) -> dict[int, int]:
        aims = {}
        for hub in latest:
            place, home = self.ground.hubs[hub], min(h for key, h in homes.items() if key[1] == hub)
            cuts = [self.ground.seconds_from_now(cut) - place.handling_seconds for cut in place.cutoff_times]
            aims[hub] = min((cut for cut in cuts if cut >= home), default=NEVER)
        return aims

    def _wait(self, found: Outlook, fitting: list[tuple[int, int]]) -> None:
        """The last later wave from which a solo run would still be home in time."""
        gate = self.ground.gates[self.ground.place[found.ride.gate_id]]
        latest = found.latest or self._deadlines(found.ride, fitting)
        for later in reversed(gate.later_waves):
            wave, home_by = (self.ground.seconds_from_now(t) for t in (later.decide_time, later.home_time))
            for number, hub in fitting:
                if self.ground.vehicles[number].number_later == 0:
                    continue
                home = self.solo(found.ride, number, hub, wave, home_by)
                if home is not None and home <= latest.get(hub, -NEVER):
                    found.last_wave, found.home_if_last = wave, home
                    return

    def solo(self, ride: Ride, number: int, hub: int, wave: int = 0, home_by: int | None = None) -> int | None:
        """When a run for this parcel alone would be home; None = it cannot. Later waves with a fresh vehicle."""
        vehicle = self.ground.vehicles[number]
        times = ride.open_time, ride.close_time, ride.service_seconds
        key: tuple[object, ...] = (ride.gate_id, *times, number, hub, wave, home_by)
        if self.timer.opens(ride) > 0:
            key = (*key, ride.parcel_id)
        if key not in self._solo:
            self._solo[key] = self._home(ride, vehicle, hub, wave, home_by)
        return self._solo[key]

    def _home(self, ride: Ride, vehicle: Vehicle, hub: int, wave: int, home_by: int | None) -> int | None:
        ground, stop = self.ground, Stop(ride.gate_id, (ride,))
        if home_by is None:
            run = self.timer.run(vehicle, (stop,), hub)
            return ground.seconds_from_now(run.return_time) if run else None
        back = self.timer.home(vehicle, (stop,), hub, wave + vehicle.lead_seconds)
        if back is None or back > home_by:
            return None
        too_long = vehicle.run_seconds_max is not None and back - wave - vehicle.lead_seconds > vehicle.run_seconds_max
        return None if too_long and self.timer.opens(ride) <= wave + vehicle.lead_seconds else back


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
    items: list[Item] = []
    for outlook in group:
        ride = outlook.ride
        last = items[-1] if items else None
        if last and last.weight + ride.weight_g <= weight_max and last.pieces + ride.count <= pieces_max:
            last.rides += (ride,)
        else:
            last = _item(ground, timer, outlook)
            items.append(last)
        grow(last, ride)
    return items


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
        last = open_bundles.get(key)
        car = min((ground.vehicles[number] for number, _ in item.allowed), key=lambda v: v.weight_max_g)
        weight, pieces = car.weight_max_g // split, max(1, car.parcels_max // split)
        fits = last is not None and sum(i.weight for i in last) + item.weight <= weight
        if last is not None and fits and sum(i.pieces for i in last) + item.pieces <= pieces and not item.hot:
            last.append(item)
            continue
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
