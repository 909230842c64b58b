"""Puts what is known at a wave into the planner's own words, and its plan back into orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from shipping.domain.planning import model

from bench.planner.foresight import Foresight, amounts, at, dimensions, seconds_at
from bench.planner.instance import DAY_S, KINDS, Cells, Parcel, Span, Vehicle, WaveTime
from bench.planner.names import names_of
from bench.planner.roads import Ground, Order
from bench.planner.simulate import View

PLENTY = 200
"""How many vehicles "as many as wanted" means in one wave."""
ROADS_DAYS = 30
"""So long after the last wave the roads' periods are told; promises may be good for ever."""
MONEY_SCALE = 1000
"""Prices with fractions are planned in thousandths."""


class Asker:
    """Translates one instance; what never changes is translated once."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.instance = ground.instance
        self.scale = MONEY_SCALE if _has_fractions(ground) else 1
        self.partners = tuple(sorted({vehicle.partner for vehicle in self.instance.vehicles}))
        named = names_of(self.instance)
        self.names, self.rows = named.of, named.rows
        self.dimensions = dimensions(self.instance)
        self.foresight = Foresight(ground, self.names, self.dimensions, self.partners)
        self.tables = tuple(self._tables())
        self.hubs = tuple(self._hub(index) for index in range(len(self.instance.hubs)))
        self.reach = self._reach()

    def wave(self, view: View) -> model.Wave:
        """The planner's input at a wave."""
        parcels = [view.parcels[key] for key in sorted(view.parcels)]
        places = {parcel.place for parcel in parcels} | self.foresight.places()
        instance, wave = self.instance, self.instance.waves[view.wave]
        last = view.wave == len(instance.waves) - 1
        return model.Wave(
            wave_id=f"{instance.name}#{view.wave}",
            decide_time=at(wave.decide_at),
            rides=tuple(self._ride(view, parcel) for parcel in parcels),
            gates=tuple(self._gate(view, place.id) for place in instance.places if place.id in places),
            hubs=self.hubs,
            vehicles=tuple(self._vehicles(view, wave)),
            matrix=model.Matrix({}, {}),
            take_all=last and instance.last_wave_all,
            any_hub=len(instance.hubs) > 1,
            tables=self.tables,
            information=instance.information,
            forecast=self.foresight.at_wave(view.wave),
            late_vnd=round(instance.late_price.fixed * self.scale),
            late_day_vnd=round(instance.late_price.per_day * self.scale),
            wait_hour_vnd=round(instance.wait_price * self.scale),
        )

    def orders(self, plan: model.Plan) -> list[Order]:
        """The plan's runs as orders."""
        return [
            Order(
                vehicle=run.vehicle_id,
                leave=seconds_at(run.leave_time),
                parcels=tuple(parcel for stop in run.stops for parcel in stop.parcel_ids),
            )
            for run in plan.runs
        ]

    def _ride(self, view: View, parcel: Parcel) -> model.Ride:
        ready, must = view.ready(parcel), self._must(view, parcel)
        expected = None if ready else at(parcel.ready)
        actual = at(parcel.really_ready) if ready else None
        return self._as_ride(parcel, actual, expected, must, 1 + view.attempts.get(parcel.id, 0))

    def _must(self, view: View, parcel: Parcel) -> bool | None:
        """True from its given wave on; before that None, so that the last wave that will do is derived as usual.

        Where later waves are not told nothing can be derived, and the given word alone counts.
        """
        if self.instance.must_rule != "given":
            return None
        if parcel.must_wave is not None and parcel.must_wave <= view.earlier + view.wave:
            return True
        return False if view.untold else None

    def _as_ride(
        self, parcel: Parcel, ready: datetime | None, expected: datetime | None, must: bool | None, attempt: int
    ) -> model.Ride:
        return model.Ride(
            parcel_id=parcel.id,
            gate_id=self.names[parcel.place],
            known_time=at(parcel.known_at),
            ready_time=ready,
            ready_expected_time=expected,
            latest={hub: at(due) for hub, due in parcel.latest.items()},
            needs_van=bool(parcel.min_kind and parcel.min_kind != KINDS[0]),
            partner_ids=self.partners,
            open_time=at(parcel.open),
            close_time=at(parcel.close),
            service_seconds=parcel.service_s,
            must_ride=must,
            attempt=attempt,
            **amounts(self.dimensions, parcel.load),
        )

    def _gate(self, view: View, place_id: str) -> model.Gate:
        place, later = self.ground.places[place_id], self.instance.waves[view.wave + 1 :]
        return model.Gate(
            gate_id=self.names[place_id],
            commune_code=place_id.rsplit("-", 1)[0],
            largest_kind=place.max_kind or KINDS[-1],
            hub_ids=self.reach[place_id],
            stop_seconds=place.stop_service_s,
            later_waves=tuple(
                model.LaterWave(decide_time=at(one.decide_at), home_time=at(self._home(one))) for one in later
            ),
            windows=tuple(model.Window(at(low), at(high)) for low, high in place.windows),
            stop_vnd=round(place.stop_fee * self.scale),
        )

    def _home(self, wave: WaveTime) -> int:
        spans = [_span(vehicle, wave.earliest_leave) for vehicle in self.instance.vehicles]
        return max((span[1] for span in spans if span), default=wave.earliest_leave)

    def _vehicles(self, view: View, wave: WaveTime) -> Iterable[model.Vehicle]:
        for vehicle in self.instance.vehicles:
            span = _span(vehicle, wave.earliest_leave)
            if span is None:
                continue
            free, back = _free(vehicle, view, wave)
            yield model.Vehicle(
                vehicle_id=vehicle.id,
                partner_id=vehicle.partner,
                kind=vehicle.kind if vehicle.kind in KINDS else KINDS[0],
                number=max(1, min(PLENTY, len(view.parcels))) if free is None else free,
                number_later=PLENTY if vehicle.number is None else vehicle.number,
                number_scope=vehicle.number_scope,
                returning_times=tuple(at(one) for one in back),
                start_id=self.names[vehicle.start],
                lead_seconds=wave.earliest_leave - wave.decide_at,
                available_time=at(max(span[0], wave.earliest_leave)),
                home_time=at(span[1]),
                run_seconds_max=vehicle.max_run_s,
                hub_ids=(vehicle.end,),
                profile=vehicle.profile,
                **self._limits(vehicle),
                **self._prices(vehicle),
            )

    def _limits(self, vehicle: Vehicle) -> dict[str, Any]:
        weight, count, volume = self.dimensions
        limits = {
            "weight_max_g": vehicle.capacity.get(weight, 10**9),
            "parcels_max": vehicle.capacity.get(count, 10**6),
        }
        return {**limits, "volume_max_cm3": vehicle.capacity[volume]} if volume in vehicle.capacity else limits

    def _prices(self, vehicle: Vehicle) -> dict[str, Any]:
        return {
            "fixed_vnd": round(vehicle.fixed * self.scale),
            "per_km_vnd": round(vehicle.per_m * 1000 * self.scale),
            "per_drive_hour_vnd": round(vehicle.per_drive_s * 3600 * self.scale),
            "per_duty_hour_vnd": round(vehicle.per_duty_s * 3600 * self.scale),
            "per_stop_vnd": round(vehicle.per_stop * self.scale),
            "per_parcel_vnd": round(vehicle.per_parcel * self.scale),
        }

    def _hub(self, index: int) -> model.HubPlace:
        hub = self.instance.hubs[index]
        return model.HubPlace(
            hub_id=hub.id,
            handling_seconds=hub.handling_s,
            open_time=at(hub.open),
            close_time=at(hub.close),
            cutoff_times=tuple(map(at, hub.cutoffs)),
        )

    def _reach(self) -> dict[str, tuple[str, ...]]:
        """For each place the hubs from which something drives to it and back at some time, nearest first."""
        found = {}
        for place in self.instance.places:
            ways = [(far, hub.id) for hub in self.instance.hubs for far in self._far(place.id, hub.place)]
            found[place.id] = tuple(hub for _, hub in sorted(ways))
        return found

    def _far(self, place: str, hub: str) -> list[int]:
        starts = {(p, start) for p, one in self.instance.profiles.items() for start in one.periods}
        ways = [way[1] for p, start in starts if (way := self.ground.way(p, place, hub, start)) is not None]
        return [min(ways)] if ways else []

    def _tables(self) -> Iterable[model.Table]:
        ids, pick = tuple(name for name, _ in self.rows), [number for _, number in self.rows]
        due = max((due for one in self.instance.parcels for due in one.latest.values()), default=0)
        last = max((wave.earliest_leave for wave in self.instance.waves), default=0)
        horizon = min(due // DAY_S + 2, last // DAY_S + ROADS_DAYS)
        for name, profile in self.instance.profiles.items():
            squares = [_ways(*both) for both in zip(profile.distance_m, profile.duration_s, strict=True)]
            arrays = [(metres[np.ix_(pick, pick)], seconds[np.ix_(pick, pick)]) for metres, seconds in squares]
            once = len(profile.periods) == 1
            for day in range(1 if once else horizon):
                for start, (metres, seconds) in zip(profile.periods, arrays, strict=True):
                    from_time = None if once or (day == 0 and start == 0) else at(day * DAY_S + start)
                    yield model.Table(profile=name, place_ids=ids, metres=metres, seconds=seconds, from_time=from_time)


def _ways(metres: Cells, seconds: Cells) -> tuple[np.ndarray, np.ndarray]:
    """A way without metres or without seconds cannot be driven; nobody has to drive to where he is."""
    found = _array(metres), _array(seconds)
    closed = (found[0] < 0) | (found[1] < 0)
    np.fill_diagonal(closed, False)
    for array in found:
        array[closed] = -1
        np.fill_diagonal(array, 0)
    return found


def _array(cells: Cells) -> np.ndarray:
    return np.array([[-1 if cell is None else cell for cell in row] for row in cells], dtype=np.int64)


def _span(vehicle: Vehicle, leave: int) -> Span | None:
    """The shift in which a run could leave from then on; None = no more shift that day and later."""
    if not vehicle.shift:
        return (leave, leave + 365 * DAY_S)
    return next((span for span in sorted(vehicle.shift) if span[1] > leave), None)


def _free(vehicle: Vehicle, view: View, wave: WaveTime) -> tuple[int | None, list[int]]:
    """How many are there now, and when those on the road come back; None = as many as wanted."""
    if vehicle.number is None:
        return None, []
    mine = [run for run in view.sent if run.vehicle == vehicle.id]
    if vehicle.number_scope == "wave":
        return max(0, vehicle.number - sum(run.wave == view.wave for run in mine)), []
    if vehicle.number_scope == "day":
        today = wave.earliest_leave // DAY_S
        return max(0, vehicle.number - sum(run.leave // DAY_S == today for run in mine)), []
    back = sorted(run.home for run in mine if run.home > wave.earliest_leave)
    return max(0, vehicle.number - len(back)), back


def _has_fractions(ground: Ground) -> bool:
    instance = ground.instance
    prices = [instance.wait_price, instance.late_price.fixed, instance.late_price.per_day]
    prices += [place.stop_fee for place in instance.places]
    for one in instance.vehicles:
        prices += [one.fixed, one.per_m * 1000, one.per_drive_s * 3600, one.per_duty_s * 3600]
        prices += [one.per_stop, one.per_parcel]
    return any(abs(price - round(price)) > 1e-9 for price in prices)
