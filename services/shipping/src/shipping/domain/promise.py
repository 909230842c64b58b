"""The promise (R47): channel deadline and commune schedule and partner lead time, kept with what it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shipping.domain.calendar import ServiceCalendar, day_end, instant, local_date, local_time
from shipping.domain.closure import Closure, may_collect
from shipping.domain.goods import Handling, Place, Shipment
from shipping.domain.partners import Leg, Partner, VehicleKind
from shipping.domain.profile import Network
from shipping.domain.units import Unit, Units, distance_km


@dataclass(frozen=True, slots=True)
class Promise:
    """By when the courier and the buyer have a parcel, and the inputs; changed only by a new fact.

    `first_deadline_time`: the hand-over that was promised first, if this one was made after a miss or a closure. Waves
    go by it: who waited in vain rides first.
    """

    handover_deadline_time: datetime
    delivery_deadline_time: datetime
    bound_by: str
    place_time: datetime
    channel_deadline_time: datetime
    first_wave_time: datetime
    lead_days: int
    partner_id: str
    first_deadline_time: datetime | None = None

    @property
    def planned_by_time(self) -> datetime:
        """The hand-over deadline that waves try to keep."""
        return self.first_deadline_time or self.handover_deadline_time


@dataclass(frozen=True, slots=True)
class World:
    """The reference data every decision may look at; never changed. Partners in the order they are asked."""

    units: Units
    network: Network
    partners: Mapping[str, Partner]
    calendar: ServiceCalendar
    cutoffs: Mapping[str, time]

    def collected_on(self, day: date) -> bool:
        """Whether any partner collects on that local day."""
        return any(partner.calendars[Leg.PICKUP].open_on(day) for partner in self.partners.values())


class Refusal(Exception):
    """Why something cannot be shipped; `reason` as in ParcelRefused."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        self.reason = reason
        super().__init__(reason)


def promise(
    world: World,
    shipment: Shipment,
    origin: Place,
    now: datetime,
    largest: VehicleKind = VehicleKind.TRUCK,
    closures: Sequence[Closure] = (),
) -> Promise:
    """The promise for a shipment collected at `origin`, which vehicles up to `largest` reach; raises Refusal.

    Waves after which closures let nobody collect there do not count.
    """
    partner = choose_partner(world, shipment, origin, now, largest)
    profile = world.network.profile(origin.commune_code)
    if profile is None:
        raise Refusal("UNKNOWN_COMMUNE")
    bound_by, channel_deadline = channel_deadline_time(world, shipment.channel, shipment.place_time)
    packed = max(now, shipment.place_time + timedelta(minutes=profile.packing_minutes))
    hub = world.network.hubs[profile.area_hub_id]

    def counts(wave: datetime) -> bool:
        return not closures or may_collect(profile, closures, wave, instant(local_date(wave), hub.closes))

    collected_on = partner.calendars[Leg.PICKUP].open_on
    waves = profile.timetable.after(packed - timedelta(microseconds=1), collected_on, 1, counts)
    if not waves:
        raise Refusal("NO_PARTNER")
    handover = channel_deadline
    if waves[0] > channel_deadline:
        bound_by, handover = "COMMUNE_SCHEDULE", day_end(local_date(waves[0]))
    days = lead_days(world, partner, origin.commune_code, shipment.destination.commune_code)
    delivered = partner.calendars[Leg.DELIVERY].after(local_date(handover), days)
    return Promise(
        handover_deadline_time=handover,
        delivery_deadline_time=day_end(delivered),
        bound_by=bound_by,
        place_time=shipment.place_time,
        channel_deadline_time=channel_deadline,
        first_wave_time=waves[0],
        lead_days=days,
        partner_id=partner.partner_id,
    )


def channel_deadline_time(world: World, channel: str, place_time: datetime) -> tuple[str, datetime]:
    """What the sales channel demands: the same working day before the cut-off, else the end of the next one."""
    day, cutoff = local_date(place_time), world.cutoffs.get(channel, world.cutoffs["default"])
    if world.calendar.open_on(day) and local_time(place_time) < cutoff:
        return "CHANNEL_SAME_DAY", day_end(day)
    return "CHANNEL_NEXT_WORKING_DAY", day_end(world.calendar.open_from(day + timedelta(days=1)))


def choose_partner(world: World, shipment: Shipment, origin: Place, now: datetime, largest: VehicleKind) -> Partner:
    """The first partner that collects and delivers there and carries it all the way; raises Refusal."""
    if Handling.HOT_MEAL in shipment.handling or not shipment.size.weight_g:
        raise Refusal("NOT_BATCHABLE")
    source, target = resolve(world, origin, now), resolve(world, shipment.destination, now)
    if source is None or target is None:
        raise Refusal("UNKNOWN_COMMUNE")
    serving = [p for p in world.partners.values() if p.serves(Leg.PICKUP, source) and p.serves(Leg.DELIVERY, target)]
    if not serving:
        raise Refusal("NO_PARTNER")
    carrying = [one for one in serving if one.carries(shipment.size) and one.fetches(shipment, largest)]
    if not carrying:
        raise Refusal("OVER_PARTNER_LIMITS")
    finding = [one for one in carrying if one.finds(origin.hamlet)]
    if not finding:
        raise Refusal("HAMLET_NEEDED")
    return finding[0]


def resolve(world: World, place: Place, now: datetime) -> Unit | None:
    """The unit a place means on its own date, or today's; None if none. Units without a start were given up."""
    day = date.fromisoformat(place.as_of_date) if place.as_of_date else local_date(now)
    unit = world.units.resolve(place.commune_code, day)
    return unit if unit and unit.valid_from else None


def lead_days(world: World, partner: Partner, origin: str, destination: str) -> int:
    """The partner's working days from one commune to another."""
    source, target = world.units.position(origin), world.units.position(destination)
    if source is None or target is None:
        raise Refusal("UNKNOWN_COMMUNE")
    return partner.days_to(distance_km(source, target))
