"""One hub's view of a wave for look-ahead: its gates along one tour, its coming waves, its parcels as lots."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from shipping.domain.planning.items import Item
from shipping.domain.planning.lots import Key, Lots, Table
from shipping.domain.planning.model import HEAVY, KINDS, Forecast, Ride, Vehicle
from shipping.domain.planning.session import Session
from shipping.domain.planning.stretches import NEVER, Terms, Way
from shipping.domain.planning.tours import round_trip

DAYS_SEEN, DAYS_SEEN_MAX = 2, 4
"""Waves of so many days are played: this one and the next on which there are any, and where promises are longer
than that, the days that half of what is there may wait for."""

GATES, GATES_PER_SECOND, GATES_LESS, GATES_MAX = 160, 600, 760, 1_760
"""A wave with more gates is too large for this in the time there is, and the rule plans it: 160, or, with more than
1.6 s, so many less than so many a second. The first games cost the more the larger the region, whatever the time."""

WAVES_A_RUN = 2
"""A vehicle that comes back can go again after so many waves."""

CLOSED = 10**15
"""What a way costs that nobody can drive: more than any detour."""

PLENTY = 50
"""So many vehicles, or more, are as many as one wants."""

ALONE_MAX = 40
"""Up to so many items each one is a lot of its own."""

LARGE = 0.4
"""A parcel above this part of the smallest vehicle is a lot of its own."""


def is_too_large(session: Session) -> bool:
    """Whether the wave has more gates than can be played forward in the time there is."""
    return len(session.wave.gates) > max(GATES, session.meter.scaled(0, GATES_PER_SECOND, GATES_MAX) - GATES_LESS)


@dataclass(slots=True)
class Fleet:
    """All vehicles of one kind, the cheapest standing for the others."""

    vehicle: Vehicle
    number: int
    now: int
    later: int


class Region:
    """Gates, waves and vehicles about one hub; waves are numbered from 0 = now."""

    def __init__(self, session: Session, forecast: Forecast, hub: int) -> None:
        """Places nothing yet; `lots_of` and `coming` make columns."""
        self.session, self.ground, self.hub = session, session.ground, hub
        self.items = [item for item in session.items if self._hub_of(item) == hub]
        self.announced = self._announced()
        self._see(forecast)
        self.fleets = self._fleets()
        places = {item.place for item in self.items} | {self.ground.place[r.gate_id] for r in self.announced}
        places |= {place for place in self._forecast_places(forecast) if self._first_hub(place) == hub}
        self.places = self._toured(sorted(places)) if self.fleets else sorted(places)
        self.gate_of = {place: number for number, place in enumerate(self.places)}
        self._gate_by_name = {self.ground.names[place]: number for number, place in enumerate(self.places)}
        self._promises: dict[tuple[int, int, datetime | None, int], tuple[int, int]] = {}
        if self.fleets and self.places:
            self._time()

    def _hub_of(self, item: Item) -> int:
        hubs = {hub for _, hub in item.allowed}
        names = self.ground.gates[item.place].hub_ids
        return next((n for name in names if (n := self.ground.hub_number.get(name, -1)) in hubs), -1)

    def _first_hub(self, place: int) -> int:
        names = self.ground.gates[place].hub_ids
        return self.ground.hub_number.get(names[0], -1) if names else -1

    def _announced(self) -> list[Ride]:
        """Parcels that are known and will be ready only later, as far as they cannot be planned yet."""
        looks = self.session.outlooks.values()
        rides = [look.ride for look in looks if look.refusal == "NOT_READY" and look.ride.ready_expected_time]
        return [ride for ride in rides if self._first_hub(self.ground.place[ride.gate_id]) == self.hub]

    def _forecast_places(self, forecast: Forecast) -> set[int]:
        names = {ride.gate_id for day in forecast.days for ride in day.rides}
        names |= {ride.gate_id for rate in forecast.rates for ride in rate.examples}
        return {self.ground.place[name] for name in names if name in self.ground.place}

    def _see(self, forecast: Forecast) -> None:
        """The waves to be played; `beyond` = the first one after them, if any."""
        later = sorted(moment for moment in forecast.wave_times if moment > self.ground.wave.decide_time)
        today = self.ground.wave.decide_time.date()
        days = sorted({moment.date() for moment in later} - {today})
        days = days[: self._days_seen(forecast, days) - 1]
        self.days_more = max(0, len(days) + 1 - DAYS_SEEN)
        seen = [moment for moment in later if moment.date() == today or moment.date() in days]
        self.waves = [0, *(self.ground.seconds_from_now(moment) for moment in seen)]
        self.moments = [self.ground.wave.decide_time, *seen]
        rest = [self.ground.seconds_from_now(moment) for moment in later[len(seen) :]]
        self.beyond = rest[0] if rest else None

    def _days_seen(self, forecast: Forecast, days: Sequence[date]) -> int:
        """Where promises are longer than the days seen: as many as half of the items may wait for, this one counted."""
        rides = [ride for day in forecast.days[:1] for ride in day.rides if ride.latest]
        spans = sorted(max(ride.latest.values()) - (ride.ready_time or ride.known_time) for ride in rides)
        if not spans or not self.items or spans[len(spans) // 2] <= timedelta(days=DAYS_SEEN):
            return DAYS_SEEN
        lasts = sorted(self.session.outlook(item).last_wave or 0 for item in self.items)
        half = self.ground.moment(lasts[len(lasts) // 2]).date()
        return max(DAYS_SEEN, min(DAYS_SEEN_MAX, 1 + sum(day <= half for day in days)))

    def _fleets(self) -> list[Fleet]:
        found: dict[str, Fleet] = {}
        for number, vehicle in enumerate(self.ground.vehicles):
            if vehicle.hub_ids and self.ground.hubs[self.hub].hub_id not in vehicle.hub_ids:
                continue
            now = self.session.router.left(number)
            later = vehicle.number if vehicle.number_later is None else vehicle.number_later
            if vehicle.number_later is None and vehicle.number_scope == "in_use":
                later += len(vehicle.returning_times)
            if not now and not later:
                continue
            fleet = found.get(vehicle.kind)
            if fleet is None:
                found[vehicle.kind] = Fleet(vehicle, number, now, later)
                continue
            if (vehicle.fixed_vnd, vehicle.per_km_vnd) < (fleet.vehicle.fixed_vnd, fleet.vehicle.per_km_vnd):
                fleet.vehicle, fleet.number = vehicle, number
            fleet.now, fleet.later = fleet.now + now, fleet.later + later
        return [found[kind] for kind in KINDS if kind in found]

    def _toured(self, places: list[int]) -> list[int]:
        """The places along a round trip over what is open at some wave; what is closed now orders no later run."""
        vehicle, ground = self.fleets[-1].vehicle, self.ground
        nodes = np.array([ground.place[ground.hubs[self.hub].hub_id], *places])
        leaves = {
            ground.period(vehicle.profile, wave + vehicle.lead_seconds): wave + vehicle.lead_seconds
            for wave in self.waves
        }
        costs = []
        for leave in leaves.values():
            metres, seconds = (table[np.ix_(nodes, nodes)] for table in ground.table(vehicle.profile, leave))
            ways = metres * max(1, vehicle.per_km_vnd) + seconds * max(1, vehicle.per_drive_hour_vnd // 4)
            costs.append(np.where(seconds < 0, CLOSED, ways))
        return nodes[round_trip(np.minimum.reduce(costs))].tolist() if len(nodes) > 2 else places

    def _time(self) -> None:
        """Terms of every wave, which gates can be booked there, and how a run for one gate alone would go."""
        last = self.beyond if self.beyond is not None else self.waves[-1]
        hub = self.hub
        self.ways = [Way(self.ground, fleet.vehicle, hub, self.places, last + 43_200) for fleet in self.fleets]
        times = [*self.waves, self.beyond] if self.beyond is not None else self.waves
        self.booked, homes = self._booked(times)
        self.terms = [self._terms(number, wave, homes) for number, wave in enumerate(times)]
        self.fits = np.array([[self._fits(fleet, place) for place in self.places] for fleet in self.fleets])
        self.solo = np.stack([self._solo(number) for number in range(len(times))], axis=1)

    def _booked(self, times: Sequence[int]) -> tuple[np.ndarray, dict[int, int]]:
        booked, homes, known = np.zeros((len(self.places), len(times)), bool), dict[int, int](), dict[int, set[int]]()
        for number, place in enumerate(self.places):
            later = self.ground.gates[place].later_waves
            if id(later) not in known:
                pairs = [(self.ground.seconds_from_now(w.decide_time), w.home_time) for w in later]
                known[id(later)] = {wave for wave, _ in pairs}
                homes |= {wave: self.ground.seconds_from_now(home) for wave, home in pairs if wave not in homes}
            booked[number] = [not wave or wave in known[id(later)] for wave in times]
        return booked, homes

    def _terms(self, number: int, wave: int, homes: dict[int, int]) -> Terms:
        leave, home_by = [], []
        for fleet in self.fleets:
            vehicle, close = fleet.vehicle, self.ground.hubs[self.hub].close_time
            today = self.ground.seconds_from_now(vehicle.home_time)
            leave.append(wave + vehicle.lead_seconds if number else self.ground.earliest(vehicle))
            home = homes.get(wave, today) if number else today
            home_by.append(min(home, self.ground.seconds_from_now(close)) if close and not number else home)
        spans = [self._open(place, min(leave)) for place in self.places]
        return Terms(leave, home_by, np.array([s[0] for s in spans], float), np.array([s[1] for s in spans], float))

    def _open(self, place: int, leave: int) -> tuple[int, int]:
        """From when until when parcels are handed out; who is there when the roads close cannot leave any more."""
        windows = self.ground.windows(self.ground.gates[place].windows) or [(0, NEVER)]
        opens, closes = next((window for window in windows if window[1] >= leave), (NEVER, -NEVER))
        shut = self.ground.shuts(place, leave)
        return opens, closes if shut is None else min(closes, shut - 1)

    def _fits(self, fleet: Fleet, place: int) -> bool:
        return KINDS.index(fleet.vehicle.kind) <= KINDS.index(self.ground.gates[place].largest_kind)

    def _solo(self, number: int) -> np.ndarray:
        """When a run of the quickest vehicle for one gate alone would be home; NEVER = it cannot."""
        terms, best = self.terms[number], np.full(len(self.places), float(NEVER))
        for kind, way in enumerate(self.ways):
            if not (self.fleets[kind].later if number else self.fleets[kind].now):
                continue
            start = np.full(len(self.places), terms.leave[kind])
            nodes = np.arange(len(self.places))
            clock = np.maximum(start + way.out_times[way.period(start), nodes], terms.opens)
            home = clock + way.back_times[way.period(clock), nodes]
            fine = (clock <= terms.closes) & (home <= terms.home_by[kind]) & self.fits[kind] & self.booked[:, number]
            if way.vehicle.run_seconds_max is not None:
                fine &= home - start <= way.vehicle.run_seconds_max
            best = np.where(fine, np.minimum(best, home), best)
        return best

    def sizes(self) -> tuple[list[int], list[int]]:
        """What the vehicles carry, by kind: grams and pieces."""
        cars = [fleet.vehicle for fleet in self.fleets]
        return [car.weight_max_g for car in cars], [car.parcels_max for car in cars]

    def runs_max(self) -> list[float]:
        """How many runs each kind can make on the waves that are played, roughly."""
        days = len({moment.date() for moment in self.moments})
        times = {"wave": len(self.waves), "day": days, "in_use": max(days, len(self.waves) / WAVES_A_RUN)}
        return [fleet.later * times[fleet.vehicle.number_scope] for fleet in self.fleets]

    def current(self) -> tuple[Lots, list[list[Item]]]:
        """What can ride now, as lots, and the items of each."""
        groups: dict[Key, list[Item]] = {}
        for item in self.items:
            last = self.last(item)
            van = int(all(self.ground.vehicles[v].kind != KINDS[0] for v, _ in item.allowed))
            alone = -len(groups) - 1 if len(self.items) <= ALONE_MAX else 0
            large = len(groups) + 1 if self._is_large(item.weight, item.pieces) else alone
            due = min(item.latest[self.hub], NEVER)
            key = (self.gate_of[item.place], 0, last, due, van, max(0, item.opens), large)
            groups.setdefault(key, []).append(item)
        table = Table()
        for key, items in groups.items():
            for item in items:
                for ride in item.rides:
                    ready = self.ground.seconds_from_now(ride.ready_time or self.ground.wave.decide_time)
                    table.add(key, ride, ready)
        return table.lots(), list(groups.values())

    def last(self, item: Item) -> int:
        """Number of the last wave that will still do for an item."""
        return 0 if item.must else self._wave_number(self.session.outlook(item).last_wave)

    def split(self) -> list[Item]:
        """This hub's items again, each parcel one of its own."""
        self.session.split()
        self.items = [item for item in self.session.items if self._hub_of(item) == self.hub]
        return self.items

    def _is_large(self, weight: int, pieces: int) -> bool:
        small = self.fleets[0].vehicle
        return weight > LARGE * small.weight_max_g or pieces > max(1, LARGE * small.parcels_max)

    def _wave_number(self, wave: int | None) -> int:
        """Number of the last of the played waves that is not after `wave`; beyond them one more."""
        if wave is None:
            return 0
        if wave > self.waves[-1]:
            return len(self.waves)
        return int(np.searchsorted(self.waves, wave, side="right")) - 1

    def lots(self, rides: Iterable[tuple[Ride, int, int]]) -> Lots:
        """Lots of coming rides, given with the second they can be collected and the shift of their promise."""
        table, hub = Table(), self.ground.hubs[self.hub].hub_id
        for ride, ready, shift in rides:
            gate = self._gate_by_name.get(ride.gate_id, -1)
            release = max(1, bisect_left(self.waves, ready))
            if gate < 0 or release >= len(self.waves):
                continue
            key = gate, release, ride.latest.get(hub), shift
            if key not in self._promises:
                self._promises[key] = self._promised(*key)
            large = len(table.rows) + 1 if self._is_large(ride.weight_g, ride.count) else 0
            van = int(ride.needs_van or HEAVY in ride.handling)
            table.add((gate, release, *self._promises[key], van, 0, large), ride, ready)
        return table.lots()

    def announced_rides(self) -> list[tuple[Ride, int, int]]:
        """What is known to come, for every sampled day."""
        seconds = self.ground.seconds_from_now
        return [(ride, seconds(ride.ready_expected_time), 0) for ride in self.announced if ride.ready_expected_time]

    def _promised(self, gate: int, release: int, latest: datetime | None, shift: int) -> tuple[int, int]:
        """The last wave that keeps the promise; a promise nobody can keep becomes the next cut-off."""
        hub, solo = self.ground.hubs[self.hub], self.solo[gate, release:]
        due = NEVER if latest is None else self.ground.seconds_from_now(latest) + shift - hub.handling_seconds
        able = np.flatnonzero(solo <= min(due, NEVER - 1))
        if not len(able):
            first = float(solo.min())
            cuts = [self.ground.seconds_from_now(cut) - hub.handling_seconds for cut in hub.cutoff_times]
            due = min((cut for cut in cuts if cut >= first), default=NEVER)
            able = np.flatnonzero(solo <= min(due, NEVER - 1))
        return release + int(able[-1]) if len(able) else len(self.waves), due
