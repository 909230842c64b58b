"""What partners have given of a day already: vehicles on the road, parcels and bills, communes they turned down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from shipping.domain import planning
from shipping.domain.batch import ENDED, Batch, BatchState
from shipping.domain.calendar import day_end, local_date
from shipping.domain.partners import Partner, VehicleKind
from shipping.domain.planning.estimate import estimate_matrix
from shipping.domain.profile import Hub

NOBODYS = frozenset({BatchState.OPEN, BatchState.WITHDRAWN})
HUB = "hub"


RECORD_DAYS = 28
"""How far back a partner is judged by the runs it took."""

RUNS_OF_TRUST = 10
"""Runs that a partner is believed to have kept before we knew it, so that one slip does not shut it out."""


@dataclass(frozen=True, slots=True)
class Record:
    """The runs a partner took lately, and those of them that lapsed."""

    runs: int = 0
    lapsed: int = 0

    @property
    def on_time(self) -> float:
        """The share of runs that may be expected to come."""
        return 1 - self.lapsed / (self.runs + RUNS_OF_TRUST)


@dataclass(frozen=True, slots=True)
class TurnedDown:
    """A partner declined a run, or kept silent, at that time."""

    partner_id: str
    commune_codes: tuple[str, ...]
    time: datetime


def vehicles_out(batches: Iterable[Batch], area_hub_id: str, partner_id: str, kind: VehicleKind, at: datetime) -> int:
    """Vehicles of a kind that are promised to runs of the area, or under way, and are not back by then."""
    return sum(
        (one.area_hub_id, one.partner_id, one.vehicle_kind) == (area_hub_id, partner_id, kind)
        and one.state not in ENDED | NOBODYS
        and one.return_time > at
        for one in batches
    )


def partner_day(partner: Partner, batches: Iterable[Batch], hubs: Mapping[str, Hub]) -> planning.PartnerDay:
    """What a partner carries today, with its ceilings and discounts; `batches` are those of the day."""
    own = [one for one in batches if one.partner_id == partner.partner_id and one.state not in NOBODYS]
    return planning.PartnerDay(
        partner_id=partner.partner_id,
        discounts=partner.discounts,
        runs_max=partner.runs_per_day,
        parcels_max=partner.parcels_per_day,
        runs_today=len(own),
        parcels_today=sum(len(one.parcel_ids) for one in own),
        bill_today_vnd=sum(_bill_vnd(partner, one, hubs[one.hub_id]) for one in own),
        weight_today_g=sum(one.weight_g for one in own),
    )


def _bill_vnd(partner: Partner, batch: Batch, hub: Hub) -> int:
    """A run by the price card as it stands; its approach is not kept, so it is left out. 0 = no such card."""
    card = next((vehicle for vehicle in partner.vehicles if vehicle.kind is batch.vehicle_kind), None)
    if card is None or not partner.discounts:
        return 0
    spots = {str(number): (stop.latitude, stop.longitude) for number, stop in enumerate(batch.stops)}
    metres = estimate_matrix(spots, {HUB: (hub.position.latitude, hub.position.longitude)}).metres
    way = sum(metres[leg] for leg in pairwise((*spots, HUB))) * card.per_km_vnd // 1000
    fees = len(batch.stops) * card.per_stop_vnd + len(batch.parcel_ids) * card.per_parcel_vnd
    return card.fixed_vnd + way + fees


def forbidden(
    refusals: Iterable[TurnedDown], rides: Iterable[planning.Ride], commune_of: Callable[[str], str]
) -> tuple[planning.Forbidden, ...]:
    """Who turned a commune down is not asked for it again that day, unless a parcel there has nobody else left.

    `commune_of` tells a gate's.
    """
    until: dict[str, dict[str, datetime]] = {}
    for one in sorted(refusals, key=lambda refusal: refusal.time):
        for code in one.commune_codes:
            until.setdefault(code, {})[one.partner_id] = day_end(local_date(one.time))
    carriers: dict[str, list[Sequence[str]]] = {}
    for ride in rides:
        carriers.setdefault(commune_of(ride.gate_id), []).append(ride.partner_ids)
    return tuple(
        planning.Forbidden(partner_id, code, moment)
        for code, partners in sorted(until.items())
        if all(set(ids) - partners.keys() for ids in carriers.get(code, ()))
        for partner_id, moment in sorted(partners.items())
    )
