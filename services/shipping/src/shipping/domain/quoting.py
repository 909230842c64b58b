"""A promise before there is a parcel: what it would be, or why there would be none (R114)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipping.domain.closure import Closure
from shipping.domain.goods import NEVER, Place, Shipment
from shipping.domain.partners import VehicleKind
from shipping.domain.pickup_point import Gate
from shipping.domain.promise import Promise, Refusal, World, promise


@dataclass(frozen=True, slots=True)
class Quote:
    """Either a promise with the chargeable grams at its partner, or the reason why there is none."""

    promise: Promise | None
    refuse_reason: str = ""
    chargeable_g: int = 0


def quote(
    world: World,
    origin: Place,
    shipment: Shipment,
    now: datetime,
    gate: Gate | None = None,
    closures: Sequence[Closure] = (),
) -> Quote:
    """The promise that a parcel made now would get; `place_time` NEVER means now.

    It is collected at the gate, if one is named, and else in `origin`, where every vehicle comes.
    """
    origin, largest = (gate.place, gate.largest_vehicle) if gate else (origin, VehicleKind.TRUCK)
    asked = replace(shipment, place_time=now) if shipment.place_time == NEVER else shipment
    try:
        made = promise(world, asked, origin, now, largest, closures)
    except Refusal as refusal:
        return Quote(None, refusal.reason)
    partner = world.partners[made.partner_id]
    return Quote(made, "", shipment.size.chargeable_g(partner.divisor, partner.step_g))
