"""Family F: the peak wave of all 3,321 communes, each a region of its own with the nearest of the country's hubs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from bench.planner.draws import HOUR, LATE
from bench.planner.geography import (
    DETOUR_DELTA,
    DETOUR_HILLS,
    DETOUR_MOUNTAINS,
    KM_PER_DEGREE,
    Commune,
    communes,
    in_province,
    roads,
    scatter,
)
from bench.planner.instance import DAY_S, Hub, Instance, Parcel, Place, Profile, Vehicle, WaveTime
from bench.planner.region import HANDLING_S, MOTORBIKE, PER_STOP, STOP_S, TRUCK, Card

LAI_CHAU = "12"
SELLERS_A_COMMUNE = 20
PARCELS_A_DAY = 515_000
PEAK_SHARE = 0.5
"""Of a day's parcels, so many stand at the gates at the peak wave."""
MUST_SHARE = 0.65
"""Of those, so many are promised for tonight's line haul; there is no later wave today."""
HUB_REACH_KM = 30.0
PEAK_S, NEXT_S, LEAD_S = 15 * HOUR, DAY_S + 9 * HOUR, 1800
TONIGHT_S, TOMORROW_S = 21 * HOUR, DAY_S + 20 * HOUR


@cache
def hubs() -> Mapping[str, Commune]:
    """The hub of each commune: within a province the largest communes, until every commune has one in reach."""
    found: dict[str, Commune] = {}
    by_province: dict[str, list[Commune]] = {}
    for one in communes().values():
        by_province.setdefault(one.province, []).append(one)
    for members in by_province.values():
        chosen: list[Commune] = []
        for one in sorted(members, key=lambda each: (-each.population, each.code)):
            if not chosen or min(km(one, hub) for hub in chosen) > HUB_REACH_KM:
                chosen.append(one)
        found |= {one.code: min(chosen, key=lambda hub: (km(one, hub), hub.code)) for one in members}
    return found


def km(one: Commune, other: Commune) -> float:
    """Straight line between centroids."""
    north = one.centre[0] - other.centre[0]
    east = (one.centre[1] - other.centre[1]) * math.cos(math.radians(one.centre[0]))
    return math.hypot(north, east) * KM_PER_DEGREE


def sample(number: int) -> list[str]:
    """Lai Châu's 38 communes, or so many spread evenly over the codes; all of them if there are fewer."""
    codes = sorted(communes())
    if number == len(in_province(LAI_CHAU)):
        return [one.code for one in in_province(LAI_CHAU)]
    return codes if number >= len(codes) else [codes[index * len(codes) // number] for index in range(number)]


def peak_wave(code: str, seed: int) -> Instance:
    """The commune's gates, parcels and vehicles at 15:00, and one later wave tomorrow morning."""
    everything = communes()
    commune, hub = everything[code], hubs()[code]
    draw = np.random.default_rng([2026, 7, seed, int(code)])
    points = [hub.centre, *scatter(commune, SELLERS_A_COMMUNE, draw)]
    metres, seconds = roads(points, _detour(commune))
    names = ["hub", *(f"gate-{index:02d}" for index in range(SELLERS_A_COMMUNE))]
    return Instance(
        name=f"F/{code}/{seed}",
        profiles={"road": Profile(periods=[0], duration_s=[seconds.tolist()], distance_m=[metres.tolist()])},
        hubs=[Hub(id="hub", place="hub", cutoffs=[TONIGHT_S, TOMORROW_S], handling_s=HANDLING_S)],
        places=[Place(id=name, stop_service_s=0 if name == "hub" else STOP_S) for name in names],
        parcels=_parcels(draw, commune, names[1:]),
        vehicles=[_vehicle(card) for card in (MOTORBIKE, TRUCK)],
        waves=[WaveTime(decide_at=at, earliest_leave=at + LEAD_S) for at in (PEAK_S, NEXT_S)],
        late_price=LATE,
        wait_price=50,
    )


def _parcels(draw: np.random.Generator, commune: Commune, gates: Sequence[str]) -> list[Parcel]:
    everyone = sum(max(one.population, 2000) for one in communes().values())
    mean = PARCELS_A_DAY * PEAK_SHARE * max(commune.population, 2000) / everyone
    shares = draw.dirichlet([0.5] * len(gates))
    out = list[Parcel]()
    for gate, share in zip(gates, shares, strict=True):
        for _ in range(draw.poisson(mean * share)):
            ready = PEAK_S - int(draw.integers(60, 4 * HOUR))
            tonight = draw.random() < MUST_SHARE
            out.append(
                Parcel(
                    id=f"p{len(out):04d}",
                    place=gate,
                    known_at=ready - HOUR,
                    ready=ready,
                    load={"g": int(1000 * min(draw.lognormal(0.2, 0.7), 15)) + 50, "parcels": 1},
                    latest={"hub": TONIGHT_S if tonight else TOMORROW_S},
                )
            )
    return out


def _vehicle(card: Card) -> Vehicle:
    return Vehicle(
        id=card.kind,
        partner="partner-a" if card is MOTORBIKE else "partner-b",
        kind=card.kind,
        profile="road",
        capacity={"g": card.weight_g, "parcels": card.parcels},
        start="hub",
        end="hub",
        shift=[(day * DAY_S + 6 * HOUR, day * DAY_S + 21 * HOUR) for day in (0, 1)],
        fixed=card.fixed,
        per_m=card.per_km / 1000,
        per_stop=PER_STOP,
    )


def _detour(commune: Commune) -> float:
    """Wards and small units as in the delta, large ones as in the mountains."""
    if commune.kind == "phuong" or commune.area_km2 < 40:
        return DETOUR_DELTA
    return DETOUR_HILLS if commune.area_km2 < 120 else DETOUR_MOUNTAINS
