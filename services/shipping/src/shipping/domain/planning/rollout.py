"""Plays a wave forward: what rides now, then a simple policy wave by wave over sampled days, for many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from shipping.domain.planning.cells import LEFT_VND, Cells
from shipping.domain.planning.cutting import COUNTED_MAX, Cut, Cutter
from shipping.domain.planning.lots import Lots
from shipping.domain.planning.region import PLENTY, Region

ALWAYS = 10**6

SEVERAL_DEARER, MIXED_DEARER = 1.03, 1.13
"""How much dearer than what a search finds a cut is that takes several of the smallest vehicles, and larger ones too: a
large one goes from one big gate to the next, across any order (bench/planner/TRIED.md)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When something goes: if a parcel must go within `trigger` waves, at the waves in `fixed`, or with `full` if what
    waits fills the smallest vehicle. What goes: parcels that must go within `reach` waves, and with `gates` all that
    stands at their gates."""

    name: str
    trigger: int = 0
    reach: int = ALWAYS
    gates: bool = False
    full: bool = False
    fixed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Plays:
    """By row: money, late parcels, parcels brought home, and what waits at the end."""

    money: np.ndarray
    late: np.ndarray
    brought: np.ndarray
    rest: np.ndarray


class Rollouts:
    """All sampled days of one region in columns, and the machine that plays them."""

    def __init__(self, region: Region, current: Lots, coming: Sequence[Lots]) -> None:
        """Each day's lots are those of now and what comes on that day."""
        self.region, self.days = region, len(coming)
        self.own = len(current.gate)
        most = max((len(lots.gate) for lots in coming), default=0)
        self.lots = Lots(
            *(
                np.stack([_padded(getattr(current, f.name), getattr(lots, f.name), most) for lots in coming])
                for f in fields(Lots)
            )
        )
        self.there = np.stack([np.arange(self.own + most) < self.own + len(lots.gate) for lots in coming])
        self.cells = Cells(region, self.lots, self.there)
        wave = region.ground.wave
        unreliable = [(1 - fleet.vehicle.on_time) * wave.late_vnd for fleet in region.fleets]
        self.cutter = Cutter(region.ways, wave.wait_hour_vnd / 3600, unreliable)
        self._first: dict[bytes, tuple[float, float, np.ndarray, np.ndarray, np.ndarray]] = {}

    def play(self, chosen: np.ndarray, policies: Sequence[Policy], days: np.ndarray) -> Plays:
        """Row r: exactly the lots `chosen[r]` of now ride now on day `days[r]`, `policies[r]` decides afterwards."""
        rows = len(days)
        lots, region = self.lots, self.region
        open_ = self.there[days].copy()
        busy = _Busy(region, rows)
        money, late, brought = np.zeros(rows), np.zeros(rows), np.zeros(rows)
        self._now(chosen, days, open_, busy, money, late, brought)
        release, last, gate, parcels = lots.release[days], lots.last[days], lots.gate[days], lots.parcels[days]
        trigger = np.array([policy.trigger for policy in policies])[:, None]
        reach = np.array([policy.reach for policy in policies])[:, None]
        along = np.array([policy.gates for policy in policies])
        filling = np.array([policy.full for policy in policies])
        final = len(region.waves) - 1
        for wave in range(1, len(region.waves)):
            free = open_ & (release <= wave) & region.booked[gate, wave]
            due = (free & (last <= wave + trigger)).any(1)
            due |= np.array([wave in policy.fixed for policy in policies])
            if filling.any():
                due |= filling & self._fills(free, days)
            take = free & (last <= wave + reach) & due[:, None]
            if along.any():
                take |= along[:, None] & free & self._at_gates(take, gate)
            if wave == final and region.beyond is None:
                take = free
            active = np.flatnonzero(take.any(1))
            if not len(active):
                continue
            free = busy.free(wave, active)
            first, same = _alike(take[active], days[active], free)
            cut, gone, missed = self._dispatch(take[active[first]], days[active[first]], wave, free[first])
            busy.away[active] += busy.out(wave, len(first), cut.row, cut.kind, cut.home)[same]
            money[active] += cut.cost[same]
            late[active] += missed[same]
            brought[active] += (gone[same] * parcels[active]).sum(1)
            open_[active] &= ~gone[same]
        rest = self._rest(open_, days)
        if region.beyond is None:
            late += rest  # What the last wave leaves behind is fetched one by one, or never.
        return Plays(money + self._wait(open_, days), late, brought, rest)

    def _now(
        self,
        chosen: np.ndarray,
        days: np.ndarray,
        open_: np.ndarray,
        busy: _Busy,
        money: np.ndarray,
        late: np.ndarray,
        brought: np.ndarray,
    ) -> None:
        """The first wave is the same on all days: each choice is cut once."""
        unique, inverse = np.unique(chosen, axis=0, return_inverse=True)
        fresh = [one for one in unique if one.tobytes() not in self._first and one.any()]
        if fresh:
            take = np.zeros((len(fresh), self.there.shape[1]), bool)
            take[:, : self.own] = fresh
            zero, limits = np.zeros(len(fresh), int), np.array([[fleet.now for fleet in self.region.fleets]])
            cut, gone, missed = self._dispatch(take, zero, 0, np.repeat(limits, len(fresh), 0))
            for number, one in enumerate(fresh):
                mine = cut.row == number
                self._first[one.tobytes()] = (
                    float(cut.cost[number]), float(missed[number]), gone[number, : self.own], cut.kind[mine],
                    cut.home[mine],
                )  # fmt: skip
        for number, one in enumerate(unique):
            if not one.any():
                continue
            rows = np.flatnonzero(inverse.reshape(-1) == number)
            cost, missed_now, gone_now, kinds, homes = self._first[one.tobytes()]
            money[rows], late[rows] = cost, missed_now
            brought[rows] = float((self.lots.parcels[0, : self.own] * gone_now).sum())
            open_[np.ix_(rows, np.flatnonzero(gone_now))] = False
            busy.away[rows] += busy.out(0, 1, np.zeros(len(kinds), int), kinds, homes)

    def cut_now(self, chosen: np.ndarray) -> float:
        """What a choice that was played costs now."""
        return self._first[chosen.tobytes()][0]

    def worth(self, prices: Sequence[float]) -> list[np.ndarray]:
        """For each price of leaving a parcel: the lots of now that a cheapest cut does not leave."""
        take = np.zeros((1, self.there.shape[1]), bool)
        take[0, : self.own] = True
        limits, day = np.array([[fleet.now for fleet in self.region.fleets]]), np.zeros(1, int)
        found = [self._dispatch(take, day, 0, limits, price) for price in prices]
        return [gone[0, : self.own] for _, gone, _ in found]

    def _fills(self, free: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Whether what stands free would fill the smallest vehicle."""
        weights, counts = self.region.sizes()
        full = (free * self.lots.weight[days]).sum(1) >= min(weights)
        found: np.ndarray = full | ((free * self.lots.pieces[days]).sum(1) >= min(counts))
        return found

    def _at_gates(self, take: np.ndarray, gate: np.ndarray) -> np.ndarray:
        """Whether something is taken at the gate of each lot."""
        gates = len(self.region.places)
        flat = np.arange(len(take))[:, None] * gates + gate
        visited = np.bincount(flat[take], minlength=len(take) * gates) > 0
        found: np.ndarray = visited[flat]
        return found

    def _dispatch(
        self, take: np.ndarray, days: np.ndarray, wave: int, limits: np.ndarray, left_vnd: float = LEFT_VND
    ) -> tuple[Cut, np.ndarray, np.ndarray]:
        """The cut of these lots, which of them are gone by it, and how many of them will be late."""
        taken, rows = self.cells.taken(take, days, wave), len(take)
        load, cell = self.cells.load(taken, wave, left_vnd)
        orders = len(cell) // rows
        terms = self.cells.terms(cell, taken, take, wave)
        cut = _as_searched(self.cutter.cut(load, terms, np.tile(limits, (orders, 1)), orders))
        best = cut.total.reshape(orders, rows).argmin(0) * rows + np.arange(rows)
        left = self.cells.left(cell[best], cut.left[best] & (load.parcels[best] > 0), taken)
        gone = take & (~left | (self.lots.last[days] <= wave))
        late = (cut.left[best] * load.urgent[best]).sum(1)
        return cut.only(best), gone, late

    def crowding(self) -> float:
        """Which part of all the room there is would be needed if every run were full."""
        asked = [(column * self.there).sum(1).mean() for column in (self.lots.weight, self.lots.pieces)]
        runs = self.region.runs_max()
        room = [sum(one * size for one, size in zip(runs, sizes, strict=True)) for sizes in self.region.sizes()]
        return float(max(one / max(most, 1) for one, most in zip(asked, room, strict=True)))

    def _rest(self, open_: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Parcels that wait after the last wave played."""
        waits = open_ & (self.lots.release[days] < len(self.region.waves))
        found: np.ndarray = (waits * self.lots.parcels[days]).sum(1)
        return found

    def _wait(self, open_: np.ndarray, days: np.ndarray) -> np.ndarray:
        """What waiting until the first wave that is not played costs for what is there."""
        region, price = self.region, self.region.ground.wave.wait_hour_vnd / 3600
        if region.beyond is None or not price:
            return np.zeros(len(days))
        waits = open_ & (self.lots.release[days] < len(region.waves))
        found: np.ndarray = (waits * (region.beyond * self.lots.parcels[days] - self.lots.ready[days])).sum(1) * price
        return found


class _Busy:
    """How many vehicles of each kind are not there at later waves, by row."""

    def __init__(self, region: Region, rows: int) -> None:
        self.region = region
        self.away = np.zeros((rows, len(region.fleets), len(region.waves)), int)
        self.day = np.array([(moment - region.moments[0].replace(hour=0, minute=0)).days for moment in region.moments])
        returning = [
            [region.ground.seconds_from_now(back) for back in f.vehicle.returning_times] for f in region.fleets
        ]
        for kind, (fleet, backs) in enumerate(zip(region.fleets, returning, strict=True)):
            if fleet.vehicle.number_scope == "in_use":
                leave = np.array([terms.leave[kind] for terms in region.terms[: len(region.waves)]])
                self.away[:, kind, :] += sum((leave < back).astype(int) for back in backs) if backs else 0
            if fleet.vehicle.number_scope == "day":
                self.away[:, kind, self.day == 0] += max(0, fleet.later - fleet.now)

    def free(self, wave: int, rows: np.ndarray) -> np.ndarray:
        """Vehicles left for these rows at a wave, by kind."""
        later = np.array(
            [min(fleet.later, COUNTED_MAX + 1 if fleet.later >= PLENTY else PLENTY) for fleet in self.region.fleets]
        )
        found: np.ndarray = np.maximum(0, later[None, :] - self.away[rows, :, wave])
        return found

    def out(self, wave: int, number: int, rows: np.ndarray, kinds: np.ndarray, homes: np.ndarray) -> np.ndarray:
        """Runs that left at a wave, of so many rows, counted until they are home, or for the whole day."""
        away = np.zeros((number, *self.away.shape[1:]), int)
        for kind, fleet in enumerate(self.region.fleets):
            mine = kinds == kind
            if fleet.vehicle.number_scope == "wave" or not mine.any():
                continue
            waves = self.region.terms[: len(self.region.waves)]
            if fleet.vehicle.number_scope == "day":
                out = np.broadcast_to(self.day == self.day[wave], (int(mine.sum()), len(waves)))
            else:
                starts = np.array([terms.leave[kind] for terms in waves])
                out = (starts[None, :] < homes[mine][:, None]) & (np.arange(len(waves)) > wave)[None, :]
            np.add.at(away[:, kind, :], rows[mine], out.astype(int))
        return away


def _as_searched(cut: Cut) -> Cut:
    """At the cost a search would find on the mean: otherwise one large dispatch looks dearer than many small ones."""
    small, large = (np.bincount(cut.row[mine], minlength=len(cut.cost)) for mine in (cut.kind == 0, cut.kind > 0))
    dearer = np.where(small < 2, 1.0, np.where(large > 0, MIXED_DEARER, SEVERAL_DEARER))
    saved = cut.cost - cut.cost / dearer
    return replace(cut, total=cut.total - saved, cost=cut.cost - saved)


def _alike(take: np.ndarray, days: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of all rows that take the same on the same day with the same vehicles, and for each row which it is."""
    numbers = np.concatenate([days[:, None], free], 1).astype(np.int64)
    keys = np.ascontiguousarray(np.concatenate([np.packbits(take, axis=1), numbers.view(np.uint8)], 1))
    _, first, same = np.unique(keys.view(f"V{keys.shape[1]}").reshape(-1), return_index=True, return_inverse=True)
    return first, same.reshape(-1)


def _padded(own: np.ndarray, coming: np.ndarray, most: int) -> np.ndarray:
    gap = np.zeros(most - len(coming), coming.dtype)
    return np.concatenate([own, coming, gap])
