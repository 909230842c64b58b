"""What may come, drawn from a pool: the items of coming waves, as one scenario after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from shipping.domain.planning.items import NEVER, Item
from shipping.domain.planning.model import Pool, Ride
from shipping.domain.planning.session import Session


class Draws:
    """Draws of coming items from a pool: place, window, load and service each from a row of its own."""

    def __init__(self, session: Session, pool: Pool, waves: Sequence[int]) -> None:
        """Looks every row of the pool up once."""
        self.ground, self.pool, self.waves = session.ground, pool, waves
        self.rng = default_rng([session.seed, len(session.items), 11])
        ground, rides = self.ground, pool.rides
        seconds = ground.seconds_from_now
        self.place = [ground.place[ride.gate_id] for ride in rides]
        self.opens = np.array([seconds(ride.open_time) if ride.open_time else 0 for ride in rides])
        self.closes = np.array([seconds(ride.close_time) if ride.close_time else NEVER for ride in rides])
        self.service = np.array([ride.service_seconds for ride in rides])
        self.allowed = [self._allowed(ride) for ride in rides]
        self.latest = [self._latest(ride, allowed) for ride, allowed in zip(rides, self.allowed, strict=True)]

    def items(self) -> list[Item]:
        """One scenario."""
        return [item for wave in self.waves for item in self._at(wave)]

    def _at(self, wave: int) -> list[Item]:
        rows = self.rng.integers(len(self.pool.rides), size=(4, self.pool.draws_per_wave))
        able = self._reachable(wave, rows) if self.pool.drop_unreachable else np.ones(rows.shape[1], bool)
        lead = min(vehicle.lead_seconds for vehicle in self.ground.vehicles)
        made = (self._item(wave + lead, *row) for row in rows[:, able].T.tolist())
        return [item for item in made if item.allowed]

    def _item(self, release: int, place: int, window: int, load: int, service: int) -> Item:
        ride, cars = self.pool.rides[load], self.ground.vehicles
        fits = frozenset((v, h) for v, h in self.allowed[place] if ride.weight_g <= cars[v].weight_max_g)
        return Item(
            rides=(ride,),
            place=self.place[place],
            release=release,
            opens=int(self.opens[window]),
            closes=int(self.closes[window]),
            latest=self.latest[place],
            allowed=fits,
            coming=True,
            weight=ride.weight_g,
            volume=ride.volume_cm3,
            pieces=ride.count,
            charged=ride.weight_g if ride.chargeable_g is None else ride.chargeable_g,
            service=int(self.service[service]),
        )

    def _reachable(self, wave: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a run of its own that is decided at the wave could bring each draw home in time."""
        able = np.zeros(rows.shape[1], bool)
        gates = np.array(self.place)[rows[0]]
        for number, hub in sorted({pair for allowed in self.allowed for pair in allowed}):
            vehicle = self.ground.vehicles[number]
            leave = wave + vehicle.lead_seconds
            _, times = self.ground.price(number, leave)
            out = times[self.ground.place[vehicle.start_id], gates]
            back = times[gates, self.ground.place[self.ground.hubs[hub].hub_id]]
            latest = np.array([self.latest[row].get(hub, -NEVER) for row in rows[0].tolist()])
            start = np.maximum(leave + out, self.opens[rows[1]])
            able |= (start <= self.closes[rows[1]]) & (start + self.service[rows[3]] + back <= latest)
        return able

    def _allowed(self, ride: Ride) -> frozenset[tuple[int, int]]:
        ground = self.ground
        suited = [(n, vehicle) for n, vehicle in enumerate(ground.vehicles) if ground.suits(vehicle, ride)]
        return frozenset((n, hub) for n, vehicle in suited for hub in ground.hubs_of(vehicle, ride))

    def _latest(self, ride: Ride, allowed: frozenset[tuple[int, int]]) -> dict[int, int]:
        found = {}
        for hub in sorted({hub for _, hub in allowed}):
            place = self.ground.hubs[hub]
            instant = ride.latest.get(place.hub_id)
            found[hub] = NEVER if instant is None else self.ground.seconds_from_now(instant) - place.handling_seconds
        return found
