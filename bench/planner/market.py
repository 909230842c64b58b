"""Eight partners' offers for the planned communes, their stepped discounts and ceilings, and one that declines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shipping.domain.planning import Allocation, DiscountStep, PartnerDay, RunOffer, RunPool, allocate

PARTNERS = 8
SERVES = 0.7
"""Each partner serves so many of the communes; the first serves all, so that nothing is without an offer."""
CEILING = 0.3
"""A partner takes at most so many of all runs; the first takes any number."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What one commune has to give away: its runs of this wave together."""

    code: str
    runs: int
    parcels: int
    weight_g: int
    bill_vnd: int


@dataclass(frozen=True, slots=True)
class Allotted:
    """What the choice over partners took, and again after one declined a commune of a province; CPU first."""

    seconds: float
    wall_seconds: float
    proved: bool
    unserved: int
    bill_vnd: int
    discount_vnd: int
    decline_seconds: float
    decline_wall_seconds: float


def allot(lots: Sequence[Lot], province: set[str], seed: int) -> Allotted:
    """Allocate everything; then the province alone, the partner of its first commune having declined there."""
    pools, partners = offers(lots, seed), ceilings(lots)
    found, cpu, wall = timed(pools, partners, [])
    mine = [pool for pool in pools if pool.run_id in province] or pools
    first, _, _ = timed(mine, partners, [])
    code = min(first.partner_of)
    again, again_cpu, again_wall = timed(mine, partners, [(first.partner_of[code], code)])
    assert again.partner_of.get(code) != first.partner_of[code]
    unserved = len(found.unserved)
    return Allotted(cpu, wall, found.proved, unserved, found.bill_vnd, found.discount_vnd, again_cpu, again_wall)


def timed(
    pools: Sequence[RunPool], partners: Sequence[PartnerDay], forbidden: Sequence[tuple[str, str]]
) -> tuple[Allocation, float, float]:
    """The choice, its CPU seconds and its wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = allocate(pools, partners, forbidden)
    return found, time.process_time() - cpu, time.perf_counter() - wall


def offers(lots: Sequence[Lot], seed: int) -> list[RunPool]:
    """Prices 12 % about the planned bill, by partner and commune."""
    draw = np.random.default_rng([2026, 8, seed])
    pools = []
    for lot in lots:
        serves = draw.random(PARTNERS) < SERVES
        serves[0] = True
        price = lot.bill_vnd * draw.uniform(0.88, 1.12, PARTNERS)
        made = [
            RunOffer(partner_id=f"partner-{n}", bill_vnd=int(price[n]), runs=lot.runs)
            for n in range(PARTNERS)
            if serves[n]
        ]
        pools.append(
            RunPool(
                run_id=lot.code,
                parcels=lot.parcels,
                weight_g=lot.weight_g,
                commune_codes=(lot.code,),
                offers=tuple(made),
            )
        )
    return pools


def ceilings(lots: Sequence[Lot]) -> list[PartnerDay]:
    """Discounts of 3, 6 and 9 % from a twentieth, a tenth and a fifth of all parcels; ceilings on runs."""
    parcels, runs = sum(lot.parcels for lot in lots), sum(lot.runs for lot in lots)
    steps = tuple(DiscountStep(parcels // part, off) for part, off in ((20, 30), (10, 60), (5, 90)))
    return [
        PartnerDay(
            partner_id=f"partner-{number}",
            discounts=steps,
            runs_max=None if number == 0 else max(1, int(runs * CEILING)),
        )
        for number in range(PARTNERS)
    ]
