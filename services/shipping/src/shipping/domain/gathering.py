"""Makes a planner's wave of what is known at a moment, and pickup batches of the plan.

Runs under way are not offered to the planner for additions: once closed, a batch only loses parcels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chassis.kernel import crockford

from shipping.domain import planning
from shipping.domain.batch import Batch, BatchStop
from shipping.domain.calendar import DAYS_SEARCHED_MAX, instant, local_date
from shipping.domain.closure import Closure, is_closed, open_spans, open_ways
from shipping.domain.fleet import Record, TurnedDown, forbidden, partner_day, vehicles_out
from shipping.domain.foreseeing import Ahead, forecast
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.partners import LARGEST_FIRST, Leg, Partner, VehicleKind
from shipping.domain.pickup_point import Gate, PickupPoint
from shipping.domain.planning.estimate import estimate_matrix
from shipping.domain.profile import Way
from shipping.domain.promise import World, resolve

LATER_WAVES_SEEN = 12
"""How many coming waves a parcel may be held for."""

START = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one wave knows: the area's parcels that wait, their pickup points by id, the closures, and when that was.

    `earlier` are parcels of the days that `ahead` names (newest first), `batches` all runs of the local day, `refusals`
    what partners turned down that day, `records` how they kept what they took, by partner.
    """

    wave_id: str
    area_hub_id: str
    parcels: Sequence[Parcel]
    points: Mapping[str, PickupPoint]
    closures: Sequence[Closure]
    now: datetime
    take_all: bool
    ahead: Ahead
    earlier: Sequence[Parcel] = ()
    batches: Sequence[Batch] = ()
    refusals: Sequence[TurnedDown] = ()
    records: Mapping[str, Record] = field(default_factory=dict)


def way_key(way: Way) -> str:
    """A hub by one road; the planner takes hubs reached by different roads for different ones."""
    return f"{way.hub_id}|{way.road_id}"


def way_of(key: str) -> Way:
    """The way a key stands for."""
    hub_id, _, road_id = key.partition("|")
    return Way(hub_id, road_id)


class Gathered:
    """The wave for the planner, with what is needed to read its answer."""

    def __init__(self, world: World, known: Known) -> None:
        """Nothing is read from outside here; parcels whose pickup point is missing are left out."""
        self.world, self.known = world, known
        self.today = local_date(known.now)
        self.parcels = {parcel.id: parcel for parcel in known.parcels if parcel.pickup_point_id in known.points}
        self.gates: dict[str, Gate] = {}
        self.gate_of: dict[str, str] = {}
        for parcel in self.parcels.values():
            self._place(parcel, parcel.create_time)
        self.collecting = [p for p in world.partners.values() if p.calendars[Leg.PICKUP].open_on(self.today)]
        self.rides = tuple(self._ride(parcel) for parcel in sorted(self.parcels.values(), key=lambda one: one.id))
        self.forbidden = forbidden(known.refusals, self.rides, self._commune)

    def _commune(self, key: str) -> str:
        return self.gates[key].place.commune_code

    def _place(self, parcel: Parcel, moment: datetime) -> None:
        """A pickup point that moved is two gates: parcels keep the one that held when they were created."""
        gate = self.known.points[parcel.pickup_point_id].at(moment)
        key = f"{parcel.pickup_point_id}@{gate.effective_time.isoformat()}"
        self.gates[key] = gate
        self.gate_of[parcel.id] = key

    def wave(self) -> planning.Wave:
        """The planner's input."""
        coming = forecast(self.known.ahead, self._earlier_rides())
        hubs = {way_key(way): way.hub_id for key in self.gates for way in self._ways(key)}
        positions = {hub: self.world.network.hubs[hub].position for hub in set(hubs.values())}
        spots = {key: (gate.latitude, gate.longitude) for key, gate in self.gates.items()}
        return planning.Wave(
            wave_id=self.known.wave_id,
            decide_time=self.known.now,
            rides=self.rides,
            gates=tuple(self._gate(key) for key in sorted(self.gates)),
            hubs=tuple(planning.HubPlace(hub_id=key) for key in sorted(hubs)),
            vehicles=self._vehicles(),
            matrix=estimate_matrix(
                {**spots, START: self._start()},
                {key: (positions[hub].latitude, positions[hub].longitude) for key, hub in hubs.items()},
            ),
            take_all=self.known.take_all,
            partners=tuple(partner_day(p, self.known.batches, self.world.network.hubs) for p in self.collecting),
            forbidden=self.forbidden,
            forecast=coming,
        )

    def _earlier_rides(self) -> list[planning.Ride]:
        """Earlier parcels as if they came again: from where their pickup point is now, with today's carriers."""
        points = self.known.points
        again = [one for one in self.known.earlier if one.id not in self.parcels and one.pickup_point_id in points]
        for parcel in again:
            self._place(parcel, self.known.now)
        return [replace(self._ride(parcel), ready_time=parcel.ready_time) for parcel in again]

    def _ways(self, key: str) -> tuple[Way, ...]:
        profile = self.world.network.profile(self._commune(key))
        return profile.ways if profile else ()

    def _open_ways(self, key: str, wave: datetime) -> tuple[Way, ...]:
        """Ways that stay open from a wave until the last vehicle of its day must be home."""
        return open_ways(self._ways(key), self.known.closures, wave, self._home_time(wave))

    def _windows(self, key: str) -> tuple[planning.Window, ...]:
        """When the commune is open from now on; its closures leave gaps."""
        far = self.known.now + timedelta(days=DAYS_SEARCHED_MAX)
        spans = open_spans(self._commune(key), self.known.closures, self.known.now, far)
        return tuple(planning.Window(from_time=first, to_time=last) for first, last in spans)

    def _whole(self, key: str, wave: datetime) -> bool:
        """Whether a later wave may be counted on: the commune is open all its day."""
        return not is_closed(self._commune(key), self.known.closures, wave, self._home_time(wave))

    def _home_time(self, moment: datetime) -> datetime:
        return instant(local_date(moment), self.world.network.hubs[self.known.area_hub_id].closes)

    def _ride(self, parcel: Parcel) -> planning.Ride:
        key = self.gate_of[parcel.id]
        promised = parcel.promise.planned_by_time if parcel.promise else parcel.create_time
        closing = {way_key(way): self._closing(way, promised) for way in self._ways(key)}
        return planning.Ride(
            parcel_id=parcel.id,
            gate_id=key,
            known_time=parcel.create_time,
            ready_time=parcel.ready_time if parcel.state is ParcelState.READY else None,
            latest=closing,
            weight_g=parcel.shipment.size.weight_g,
            needs_van=parcel.shipment.needs_van,
            partner_ids=tuple(p.partner_id for p in self.collecting if self._may_carry(p, parcel)),
        )

    def _closing(self, way: Way, promised: datetime) -> datetime:
        """A hub keeps a promise only up to its own closing on that day."""
        return min(promised, instant(local_date(promised), self.world.network.hubs[way.hub_id].closes))

    def _may_carry(self, partner: Partner, parcel: Parcel) -> bool:
        origin = self.world.units.resolve(parcel.origin_commune_code, self.today)
        target = resolve(self.world, parcel.shipment.destination, self.known.now)
        served = origin and target and partner.serves(Leg.PICKUP, origin) and partner.serves(Leg.DELIVERY, target)
        return bool(served) and partner.carries(parcel.shipment.size) and partner.finds(parcel.origin_hamlet)

    def _gate(self, key: str) -> planning.Gate:
        gate = self.gates[key]
        profile = self.world.network.profile(gate.place.commune_code)
        timetable = profile.timetable if profile else self.world.network.timetable(self.known.area_hub_id)
        waves = timetable.after(self.known.now, self.world.collected_on, LATER_WAVES_SEEN)
        later = [wave for wave in waves if self._open_ways(key, wave) and self._whole(key, wave)]
        windows = self._windows(key)
        served = bool(windows) and windows[0].from_time < self._home_time(self.known.now)
        return planning.Gate(
            gate_id=key,
            commune_code=gate.place.commune_code,
            largest_kind=gate.largest_vehicle,
            hub_ids=tuple(way_key(way) for way in self._open_ways(key, self.known.now)) if served else (),
            windows=windows if any(one.commune_code == gate.place.commune_code for one in self.known.closures) else (),
            later_waves=tuple(planning.LaterWave(decide_time=wave, home_time=self._home_time(wave)) for wave in later),
        )

    def _free(self, partner: Partner, kind: VehicleKind) -> int:
        """Vehicles that are not out on an earlier run when a run of this wave could leave."""
        leave, area = self.known.now + timedelta(minutes=partner.lead_minutes), self.known.area_hub_id
        return max(0, partner.runs_per_wave - vehicles_out(self.known.batches, area, partner.partner_id, kind, leave))

    def _vehicles(self) -> tuple[planning.Vehicle, ...]:
        """Partner by partner in the order they are asked, the largest vehicle first."""
        return tuple(
            planning.Vehicle(
                vehicle_id=f"{partner.partner_id}:{vehicle.kind}",
                partner_id=partner.partner_id,
                kind=vehicle.kind,
                weight_max_g=vehicle.weight_max_g,
                parcels_max=vehicle.parcels_max,
                number=self._free(partner, vehicle.kind),
                number_later=partner.runs_per_wave,
                start_id=START,
                lead_seconds=partner.lead_minutes * 60,
                home_time=self._home_time(self.known.now),
                fixed_vnd=vehicle.fixed_vnd,
                per_km_vnd=vehicle.per_km_vnd,
                per_stop_vnd=vehicle.per_stop_vnd,
                per_parcel_vnd=vehicle.per_parcel_vnd,
                on_time=self.known.records.get(partner.partner_id, Record()).on_time,
            )
            for partner in self.collecting
            for vehicle in sorted(partner.vehicles, key=lambda one: LARGEST_FIRST.index(one.kind))
        )

    def _start(self) -> tuple[float, float]:
        """Vehicles stand in the commune with the most parcels, at its centre."""
        communes = Counter(parcel.origin_commune_code for parcel in self.parcels.values())
        busiest = min(communes, key=lambda code: (-communes[code], code), default="")
        position = self.world.units.position(busiest) or self.world.network.hubs[self.known.area_hub_id].position
        return position.latitude, position.longitude

    def batches(self, plan: planning.Plan, random_bits: Sequence[int], trace: str) -> tuple[Batch, ...]:
        """The plan's runs as batches; their codes are made of the day and one random number each."""
        return tuple(self._batch(run, bits, trace) for run, bits in zip(plan.runs, random_bits, strict=True))

    def _batch(self, run: planning.Run, bits: int, trace: str) -> Batch:
        way, parcel_ids = way_of(run.hub_id), [id for stop in run.stops for id in stop.parcel_ids]
        stops = tuple(self._stop(stop) for stop in run.stops)
        return Batch(
            id=f"PB{self.today:%y%m%d}-{crockford(bits, 8)}",
            trace=trace,
            wave_id=self.known.wave_id,
            area_hub_id=self.known.area_hub_id,
            hub_id=way.hub_id,
            road_id=way.road_id,
            ways=self._common_ways(run),
            commune_codes=tuple(sorted({stop.commune_code for stop in stops})),
            partners_left=self._partners(run, parcel_ids),
            vehicle_kind=VehicleKind(run.kind),
            stops=stops,
            leave_time=run.leave_time,
            return_time=run.return_time,
            leave_date=local_date(run.leave_time).isoformat(),
            parcels_planned=len(parcel_ids),
            weight_g=run.weight_g,
            create_time=self.known.now,
        )

    def _stop(self, stop: planning.RunStop) -> BatchStop:
        gate = self.gates[stop.gate_id]
        return BatchStop(
            pickup_point_id=stop.gate_id.rpartition("@")[0],
            commune_code=gate.place.commune_code,
            latitude=gate.latitude,
            longitude=gate.longitude,
            arrive_time=stop.arrive_time,
            leave_time=stop.leave_time,
            parcel_ids=stop.parcel_ids,
        )

    def _common_ways(self, run: planning.Run) -> tuple[Way, ...]:
        """The ways that all stops of a run have in common, in the first stop's order."""
        shared = [set(self._ways(stop.gate_id)) for stop in run.stops]
        return tuple(way for way in self._ways(run.stops[0].gate_id) if all(way in ways for ways in shared))

    def _partners(self, run: planning.Run, parcel_ids: Sequence[str]) -> tuple[str, ...]:
        """The planned partner first, then every other one that could take the whole run, the unwilling last."""
        parcels, communes = [self.parcels[id] for id in parcel_ids], {self._commune(stop.gate_id) for stop in run.stops}
        unwilling = {one.partner_id for one in self.forbidden if one.commune_code in communes}
        others = [
            partner.partner_id
            for partner in self.collecting
            if partner.partner_id != run.partner_id
            and partner.drives(VehicleKind(run.kind), run.weight_g, len(parcels))
            and all(self._may_carry(partner, one) for one in parcels)
        ]
        return (run.partner_id, *sorted(others, key=unwilling.__contains__))
