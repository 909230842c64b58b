"""Families G and H: days of hourly dispatch epochs as in EURO-NeurIPS 2022, drawn from made-up towns, not ORTEC's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.planner.instance import Cells, Forecast, Hub, Instance, Parcel, Place, Pool, Profile, Vehicle, WaveTime

EPOCH_S = 3600
DRAWS = 100
"""Requests drawn in each epoch; those that no vehicle could serve any more are dropped."""

TOWN_KM, CLUSTER_KM = 15.0, 3.0
"""Standard deviation of the quarters about the town, and of the customers about their quarter."""

DETOUR, LOCAL_KM_H, FAST_KM_H, LOCAL_KM = 1.3, 32.0, 72.0, 7.0
ASYMMETRY = 0.06
"""Standard deviation of a way's factor in one direction (one-way streets, slip roads)."""

EARLY_SHARE = 0.35
WIDTHS_H, WIDTH_SHARES = (1, 2, 3, 4, 24), (0.25, 0.3, 0.2, 0.1, 0.15)
"""How many customers open with the first epoch, and for how many hours one is open (24 = the rest of the day)."""

SLOTS, SLOT_SHARES = 6, (0.16, 0.13, 0.17, 0.17, 0.15, 0.12, 0.10)
"""Hours in which windows open, and how many customers have each; the last are there all day."""

SLOT_DAY_S, SLOT_CLOSE_S = 23_400, 45_000

BUDGET_S = 10.0


@dataclass(frozen=True, slots=True)
class _Town:
    """The static rows everything is drawn from: row 0 is the depot."""

    seconds: NDArray[np.int64]
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    load: NDArray[np.int64]
    service: NDArray[np.int64]
    capacity: int
    close: int
    epochs: int


def family_g(seed: int) -> Instance:
    """250 to 500 customers about a town, five to eight hourly epochs, about a hundred requests each."""
    draw = np.random.default_rng([2026, 7, seed])
    return _instance(f"G/{seed}", draw, _town(draw), seed)


def family_h(seed: int) -> Instance:
    """Nearer to the published instances than G: a depot often far off, windows of two hours, long services."""
    draw = np.random.default_rng([2026, 8, seed])
    return _instance(f"H/{seed}", draw, _slot_town(draw), seed)


def _instance(name: str, draw: np.random.Generator, town: _Town, seed: int) -> Instance:
    ids = [str(number) for number in range(len(town.seconds))]
    cells: list[Cells] = [[[int(one) for one in row] for row in town.seconds]]
    return Instance(
        name=name,
        profiles={"car": Profile(periods=[0], duration_s=cells, distance_m=cells)},
        hubs=[Hub(id="depot", place="0", close=town.close)],
        places=[Place(id=one) for one in ids],
        parcels=_requests(draw, town),
        vehicles=[
            Vehicle(id="car", profile="car", capacity={"demand": town.capacity}, start="0", end="depot", per_drive_s=1)
        ],
        waves=[WaveTime(decide_at=n * EPOCH_S, earliest_leave=(n + 1) * EPOCH_S) for n in range(town.epochs)],
        late_forbidden=True,
        last_wave_all=True,
        budget=BUDGET_S,
        seed=seed,
        forecast=Forecast(
            pool=Pool(
                draws_per_wave=DRAWS,
                place=ids[1:],
                window=[(int(a), int(b)) for a, b in zip(town.opens[1:], town.closes[1:], strict=True)],
                load=[{"demand": int(one)} for one in town.load[1:]],
                service=[int(one) for one in town.service[1:]],
            )
        ),
    )


def _town(draw: np.random.Generator) -> _Town:
    size, epochs = int(draw.integers(250, 501)) + 1, int(draw.integers(5, 9))
    close = (epochs + int(draw.integers(4, 7))) * EPOCH_S
    opens, closes = _windows(draw, size, epochs, close)
    load = draw.integers(5, 40, size)
    stops = draw.uniform(12, 18)
    return _Town(
        seconds=_ways(draw, size),
        opens=opens,
        closes=closes,
        load=load,
        service=draw.integers(2, 13, size) * 60,
        capacity=int(stops * load.mean()),
        close=close,
        epochs=epochs,
    )


def _windows(
    draw: np.random.Generator, size: int, epochs: int, close: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One in seven is open all day; the others open on the half hour, for one hour to the rest of the day."""
    opens = EPOCH_S + draw.integers(0, 2 * epochs, size) * EPOCH_S // 2
    opens[draw.random(size) < EARLY_SHARE] = EPOCH_S
    opens[1:3] = EPOCH_S, epochs * EPOCH_S + EPOCH_S // 2
    width = draw.choice(WIDTHS_H, size, p=WIDTH_SHARES) * EPOCH_S
    return opens, np.minimum(opens + width, close)


def _ways(draw: np.random.Generator, size: int) -> NDArray[np.int64]:
    """Seconds between all rows: local streets at both ends, faster roads between, not the same in both directions."""
    quarters = draw.normal(0, TOWN_KM, (int(draw.integers(8, 16)), 2))
    centre = quarters[draw.integers(len(quarters), size=size)]
    at = centre + draw.normal(0, CLUSTER_KM, (size, 2))
    alone = draw.random(size) < 0.15
    at[alone] = draw.normal(0, TOWN_KM, (int(alone.sum()), 2))
    at[0] = draw.normal(0, TOWN_KM / 2, 2)
    km = DETOUR * np.hypot(*(np.subtract.outer(at[:, axis], at[:, axis]) for axis in (0, 1)))
    local = np.minimum(km, LOCAL_KM)
    seconds = 60 + 3600 * (local / LOCAL_KM_H + (km - local) / FAST_KM_H)
    seconds *= np.exp(draw.normal(0, ASYMMETRY, (size, size)))
    np.fill_diagonal(seconds, 0)
    return _shortest(np.rint(seconds).astype(np.int64))


def _shortest(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same ways, none longer than over a third place."""
    for via in range(len(seconds)):
        np.minimum(seconds, seconds[:, via : via + 1] + seconds[via : via + 1, :], out=seconds)
    return seconds


def _slot_town(draw: np.random.Generator) -> _Town:
    """Figures as in instances 0dc59ef2, 2e2ef021, 3709cf41 and 5d8fd227 of the competition's quickstart repository.

    Windows of two hours open hourly, one customer in ten is there all day; services of 8 to 14 minutes on the mean; 24
    to 33 requests fill a vehicle; ways are slow between neighbouring quarters and the depot is up to an hour away.
    """
    size, first = int(draw.integers(200, 331)) + 1, int(draw.choice((4800, 5400)))
    slot = draw.choice(SLOTS + 1, size, p=SLOT_SHARES)
    opens = np.where(slot < SLOTS, first + EPOCH_S * slot, first + EPOCH_S // 2)
    opens[1:3] = first, first + EPOCH_S * (SLOTS - 1)
    width = np.where(slot < SLOTS, 2 * EPOCH_S, SLOT_DAY_S)
    load = np.clip(np.rint(draw.lognormal(np.log(5.3), 0.5, size)), 1, 60).astype(np.int64)
    service = np.clip(np.rint(draw.gamma(6, draw.uniform(8, 14) / 6, size)), 4, 40).astype(np.int64)
    return _Town(
        seconds=_slow_ways(draw, size),
        opens=opens,
        closes=opens + width,
        load=load,
        service=60 * service,
        capacity=int(draw.choice((145, 200))),
        close=SLOT_CLOSE_S,
        epochs=SLOTS,
    )


def _slow_ways(draw: np.random.Generator, size: int) -> NDArray[np.int64]:
    """Seconds: inside a quarter straight, to any other first out of it; the depot in the middle or far off."""
    quarters = draw.normal(0, 900, (int(draw.integers(15, 41)), 2))
    at = quarters[draw.integers(len(quarters), size=size)] + draw.normal(0, 150, (size, 2))
    at[0] = (draw.uniform(0, 3000), 0)
    metres = np.hypot(*(np.subtract.outer(at[:, axis], at[:, axis]) for axis in (0, 1)))
    out = 450 + 0.8 * np.minimum(metres, 1500) + 0.6 * np.maximum(metres - 1500, 0)
    seconds = draw.uniform(1.4, 1.9) * np.minimum(20 + 1.3 * metres, out)
    both = np.triu(draw.normal(0, 0.18, (size, size)), 1)
    seconds *= np.exp(both + both.T + draw.normal(0, ASYMMETRY / 2, (size, size)))
    np.fill_diagonal(seconds, 0)
    return _shortest(np.rint(seconds).astype(np.int64))


def _requests(draw: np.random.Generator, town: _Town) -> list[Parcel]:
    """Place, window, load and service each from a row of its own, for every epoch."""
    found: list[Parcel] = []
    for epoch in range(town.epochs):
        rows = draw.integers(1, len(town.seconds), (4, DRAWS))
        leave = (epoch + 1) * EPOCH_S
        for place, window, load, service in rows.T.tolist():
            start = max(leave + int(town.seconds[0, place]), int(town.opens[window]))
            home = start + int(town.service[service]) + int(town.seconds[place, 0])
            if start > town.closes[window] or home > town.close:
                continue
            found.append(
                Parcel(
                    id=f"r{len(found):04d}",
                    place=str(place),
                    known_at=epoch * EPOCH_S,
                    ready=epoch * EPOCH_S,
                    load={"demand": int(town.load[load])},
                    latest={"depot": town.close},
                    open=int(town.opens[window]),
                    close=int(town.closes[window]),
                    service_s=int(town.service[service]),
                )
            )
    return found
