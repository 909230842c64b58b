"""Builds an instance from drawn terms: places, matrices, fleet, gate windows and waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from msgspec import structs

from bench.planner.draws import LATE, Seller, Terms, history, parcels
from bench.planner.ends import within_reach
from bench.planner.geography import Commune, Point, roads, scatter
from bench.planner.instance import DAY_S, Cells, Forecast, Hub, Instance, Place, Profile, Span, Vehicle, WaveTime

STOP_S = 240
HANDLING_S = 900


@dataclass(frozen=True, slots=True)
class Card:
    """A vehicle kind with its sample limits and prices."""

    kind: str
    weight_g: int
    parcels: int
    fixed: int
    per_km: int
    number: int | None


MOTORBIKE = Card("motorbike", 45_000, 35, 30_000, 3_500, None)
TRUCK = Card("truck", 700_000, 400, 250_000, 7_500, None)
PER_STOP = 2_000


def draw_cards(draw: np.random.Generator, bikes: Span, trucks: Span) -> list[Card]:
    """The two sample cards, prices ± 15 %, and how many vehicles there are."""
    return [
        replace(
            card,
            fixed=int(card.fixed * draw.uniform(0.85, 1.15)) // 100 * 100,
            per_km=int(card.per_km * draw.uniform(0.85, 1.15)) // 10 * 10,
            number=int(draw.integers(low, high + 1)),
        )
        for card, (low, high) in ((MOTORBIKE, bikes), (TRUCK, trucks))
    ]


@dataclass(frozen=True, slots=True)
class Ground:
    """Hubs and gates of a region with the roads between them; hubs come first in `names`."""

    hubs: tuple[str, ...]
    names: tuple[str, ...]
    points: tuple[Point, ...]
    metres: np.ndarray
    seconds: np.ndarray


def lay_out(draw: np.random.Generator, hubs: Sequence[Commune], gates: dict[str, int], detour: float,
            communes: Sequence[Commune]) -> Ground:  # fmt: skip
    """Hubs stand at the centroids of their communes; `gates` says how many sellers each commune has."""
    names, points = [f"hub-{hub.code}" for hub in hubs], [hub.centre for hub in hubs]
    by_code = {one.code: one for one in communes}
    for code, number in gates.items():
        for index, point in enumerate(scatter(by_code[code], number, draw)):
            names.append(f"gate-{code}-{index:03d}")
            points.append(point)
    metres, seconds = roads(points, detour)
    return Ground(tuple(names[: len(hubs)]), tuple(names), tuple(points), metres, seconds)


@dataclass(frozen=True, slots=True)
class Region:
    """All that was drawn. `closed` names (from, to, place): daily hours in which no road of a place can be driven."""

    ground: Ground
    terms: Terms
    sellers: Sequence[Seller]
    cards: Sequence[Card]
    scope: Literal["wave", "in_use", "day"] = "wave"
    wait_price: float = 50
    information: Literal["frozen", "door"] = "frozen"
    closed: Sequence[tuple[int, int, str]] = ()


def build(name: str, draw: np.random.Generator, region: Region) -> Instance:
    """The instance of a region, its parcels and its earlier days drawn now."""
    ground, terms = region.ground, region.terms
    shift = [(day * DAY_S + 6 * 3600, day * DAY_S + 21 * 3600) for day in terms.working()]
    waves = [
        WaveTime(decide_at=day * DAY_S + at, earliest_leave=day * DAY_S + at + terms.lead_s)
        for day in terms.working()
        for at in terms.waves
    ]
    whole = Instance(
        name=name,
        information=region.information,
        profiles={"road": _profile(ground, region.closed)},
        hubs=[_hub(hub, terms) for hub in ground.hubs],
        places=_places(ground, terms, region.sellers),
        parcels=parcels(draw, terms, region.sellers),
        vehicles=[_vehicle(card, hub, shift, region.scope) for card in region.cards for hub in ground.hubs],
        waves=waves,
        last_wave_all=True,
        forecast=Forecast(days=history(draw, terms, region.sellers)),
        late_price=LATE,
        wait_price=region.wait_price,
    )
    return structs.replace(whole, parcels=within_reach(whole))


def _hub(hub: str, terms: Terms) -> Hub:
    cutoffs = [day * DAY_S + at for day in range(terms.days + 3) for at in terms.cutoffs[hub]]
    return Hub(id=hub, place=hub, cutoffs=cutoffs, handling_s=HANDLING_S)


def _places(ground: Ground, terms: Terms, sellers: Sequence[Seller]) -> list[Place]:
    kinds = {seller.place: seller.max_kind for seller in sellers}
    windows = [(day * DAY_S + terms.gate[0], day * DAY_S + terms.gate[1]) for day in range(terms.days + 1)]
    return [
        Place(
            id=name,
            stop_service_s=0 if name in ground.hubs else STOP_S,
            max_kind=kinds.get(name),
            windows=[] if name in ground.hubs else windows,
            position=(round(point[0], 5), round(point[1], 5)),
        )
        for name, point in zip(ground.names, ground.points, strict=True)
    ]


def _vehicle(card: Card, hub: str, shift: list[Span], scope: Literal["wave", "in_use", "day"]) -> Vehicle:
    return Vehicle(
        id=f"{card.kind}-{hub}",
        partner="partner-a" if card.kind == "motorbike" else "partner-b",
        kind=card.kind,
        profile="road",
        capacity={"g": card.weight_g, "parcels": card.parcels},
        number=card.number,
        number_scope=scope,
        start=hub,
        end=hub,
        shift=shift,
        max_run_s=8 * 3600,
        fixed=card.fixed,
        per_m=card.per_km / 1000,
        per_stop=PER_STOP,
    )


def _profile(ground: Ground, closed: Sequence[tuple[int, int, str]]) -> Profile:
    starts = sorted({0, *(at for start, end, _ in closed for at in (start, end))})
    durations, distances = [], []
    for start in starts:
        shut = {ground.names.index(place) for low, high, place in closed if low <= start < high}
        durations.append(_cells(ground.seconds, shut))
        distances.append(_cells(ground.metres, shut))
    return Profile(periods=starts, duration_s=durations, distance_m=distances)


def _cells(square: np.ndarray, shut: set[int]) -> Cells:
    rows: Cells = square.tolist()
    if not shut:
        return rows
    return [
        [None if i != j and (i in shut or j in shut) else cell for j, cell in enumerate(row)]
        for i, row in enumerate(rows)
    ]
