"""What a seed draws for a region: promises, gate windows, fleet, prices, sellers and the parcels of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.planner.instance import DAY_S, Expected, LatePrice, Parcel, Span

HOUR = 3600
PICKUP_DAYS = (0, 1, 2, 3, 4, 5)
"""Monday to Saturday."""
HISTORY_DAYS = 12
LATE = LatePrice(fixed=50_000, per_day=20_000)
FIRST_GATE_S, LAST_READY_S = 7 * HOUR, 16 * HOUR + 1800


@dataclass(frozen=True, slots=True)
class Seller:
    """A gate, how many parcels a day it sends, how late in the day, and the largest vehicle that gets there."""

    place: str
    rate: float
    shift_h: float
    max_kind: str


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules of one region and seed; every range is stated where it is drawn."""

    waves: Sequence[int]
    cutoffs: dict[str, list[int]]
    slack_h: float
    lead_s: int
    gate: Span
    days: int = 5
    first_weekday: int = 0
    express_share: float = 0.0
    burst: dict[int, float] = field(default_factory=dict)
    slip_h: float = 0.0
    slack_spread: float = 0.3

    def working(self) -> list[int]:
        """The days on which partners collect."""
        return [day for day in range(self.days) if (self.first_weekday + day) % 7 in PICKUP_DAYS]


def draw_terms(draw: np.random.Generator, hubs: Sequence[str], waves: Sequence[int], **changed: object) -> Terms:
    """Two cut-offs a day about 13:30 (± 1 h) and 19:15 (± 45 min), slack 2–30 h, lead 20–45 min, gates from 07:00."""
    cutoffs = {}
    for hub in hubs:
        noon = int(draw.integers(12 * 60 + 30, 14 * 60 + 30)) * 60
        evening = int(draw.integers(18 * 60 + 30, 20 * 60)) * 60
        cutoffs[hub] = [noon, evening]
    stated: dict[str, object] = {
        "waves": waves,
        "cutoffs": cutoffs,
        "slack_h": float(draw.uniform(2, 30)),
        "lead_s": int(draw.integers(20, 46)) * 60,
        "gate": (FIRST_GATE_S, int(draw.integers(17 * 60 + 30, 19 * 60)) * 60),
        "first_weekday": int(draw.integers(0, 7)),
    }
    return Terms(**{**stated, **changed})  # type: ignore[arg-type]


def draw_sellers(
    draw: np.random.Generator, places: Sequence[str], big: int, steep: float, scale: float = 1.0
) -> list[Seller]:
    """`big` sellers send 20–30 parcels a day, the others 0.5–4; at a share `steep` only motorbikes get in."""
    return [
        Seller(
            place=place,
            rate=scale * float(draw.uniform(20, 30) if number < big else draw.uniform(0.5, 4)),
            shift_h=float(draw.normal(0, 0.7)),
            max_kind="motorbike" if number >= big and draw.random() < steep else "truck",
        )
        for number, place in enumerate(places)
    ]


def day_of_parcels(draw: np.random.Generator, terms: Terms, sellers: Sequence[Seller], day: int) -> list[Expected]:
    """One day: two humps of ready times, 10:00 and 14:40; announced half an hour to three hours before."""
    out = []
    for seller in sellers:
        for _ in range(draw.poisson(seller.rate * terms.burst.get(day, 1.0))):
            hour = draw.normal(10, 1.3) if draw.random() < 0.5 else draw.normal(14.7, 1.2)
            ready = int(min(max((hour + seller.shift_h) * HOUR, FIRST_GATE_S), LAST_READY_S))
            grams = int(1000 * min(draw.lognormal(0.2, 0.7), 15)) + 50
            out.append(
                Expected(
                    place=seller.place,
                    known_at=ready - int(draw.integers(30, 181)) * 60,
                    ready=ready,
                    load={"g": grams, "parcels": 1},
                    latest=_latest(draw, terms, ready),
                )
            )
    return sorted(out, key=lambda one: (one.ready, one.place))


def parcels(draw: np.random.Generator, terms: Terms, sellers: Sequence[Seller]) -> list[Parcel]:
    """Everything that becomes ready, on every day of the week: who sells on a day without pickup waits for the next."""
    out: list[Parcel] = []
    for day in range(terms.days):
        at = day * DAY_S
        for one in day_of_parcels(draw, terms, sellers, day):
            late = int(abs(draw.normal(0, terms.slip_h)) * HOUR) if terms.slip_h else 0
            out.append(
                Parcel(
                    id=f"p{len(out):05d}",
                    place=one.place,
                    known_at=at + one.known_at,
                    ready=at + one.ready,
                    ready_actual=at + one.ready + late if late else None,
                    load=one.load,
                    latest={hub: at + due for hub, due in one.latest.items()},
                )
            )
    return out


def history(draw: np.random.Generator, terms: Terms, sellers: Sequence[Seller]) -> list[list[Expected]]:
    """Earlier days of the same sellers, drawn apart from the days that are planned, and without bursts."""
    usual = Terms(**{**{name: getattr(terms, name) for name in Terms.__slots__}, "burst": {}})
    return [day_of_parcels(draw, usual, sellers, day) for day in range(HISTORY_DAYS)]


def _latest(draw: np.random.Generator, terms: Terms, ready: int) -> dict[str, int]:
    express = draw.random() < terms.express_share
    spread = draw.uniform(-terms.slack_spread, terms.slack_spread)
    slack = 2.5 if express else min(max(terms.slack_h * (1 + spread), 2.0), 30.0)
    return {hub: _next_cutoff(times, ready + int(slack * HOUR)) for hub, times in terms.cutoffs.items()}


def _next_cutoff(times: Sequence[int], at: int) -> int:
    day = at // DAY_S
    return min(due for d in (day, day + 1) for due in (d * DAY_S + one for one in times) if due >= at)
