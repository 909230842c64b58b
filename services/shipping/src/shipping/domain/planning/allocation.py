"""One choice over the candidate runs of many regions: partners' shared ceilings and stepped discounts kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shipping.domain.planning.choose import Choice, Column
from shipping.domain.planning.errors import InvalidWave
from shipping.domain.planning.faults import amounts, twice
from shipping.domain.planning.staged import choose_staged
from shipping.domain.planning.supply import Forbidden, PartnerDay
from shipping.domain.planning.validate_fleet import partner_faults

GAP = 1e-4
NODES_MAX = 2_000
SECONDS_MAX = 50.0
"""Wall time after which the best choice so far is taken, for the whole nation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOffer:
    """A partner's offer for a run (or bundle of runs): price before discounts, and what it uses of the day's ceilings.

    `penalty_vnd`: what it is worth to avoid it beyond its price, e.g. (1 − on_time) × late price × parcels.
    """

    partner_id: str
    bill_vnd: int
    runs: int = 1
    penalty_vnd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPool:
    """A region's run that one of its offers serves, or nobody; `commune_codes` for declined pairs."""

    run_id: str
    parcels: int
    weight_g: int
    commune_codes: tuple[str, ...]
    offers: tuple[RunOffer, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Partner by run; runs nobody may or can take; the bill before and after discounts; nodes; gap proved or not."""

    partner_of: dict[str, str]
    unserved: tuple[str, ...]
    bill_vnd: int
    discount_vnd: int
    nodes: int
    proved: bool

    @property
    def total_vnd(self) -> int:
        """What is paid."""
        return self.bill_vnd - self.discount_vnd


def allocate(
    run_pools: Sequence[RunPool],
    partner_state: Sequence[PartnerDay],
    forbidden: Iterable[Forbidden | tuple[str, str]] = (),
    seconds_max: float = SECONDS_MAX,
) -> Allocation:
    """A partner for every run under ceilings and all-units discounts of the day: fewest parcels unserved, then money.

    A run without parcels counts as one. `forbidden`: pairs of partner and commune, or what a wave calls forbidden,
    which holds here whatever its time. Raises InvalidWave, with the field named, for what cannot be meant. Equal input
    gives an equal answer unless the time limit strikes; `proved` = nothing is better by more than 0.01 %.
    """
    for found in (*partner_faults(partner_state, "partner_state"), *_faults(run_pools)):
        raise InvalidWave(found)
    closed = {_pair(one) for one in forbidden}
    columns: list[Column] = []
    chosen: list[tuple[str, RunOffer]] = []
    for row, pool in enumerate(run_pools):
        for offer in pool.offers:
            if any((offer.partner_id, commune) in closed for commune in pool.commune_codes):
                continue
            chosen.append((pool.run_id, offer))
            columns.append(
                Column(
                    cost_vnd=offer.bill_vnd + offer.penalty_vnd,
                    bill_vnd=offer.bill_vnd,
                    rows=(row,),
                    partner_id=offer.partner_id,
                    pieces=pool.parcels,
                    weight_g=pool.weight_g,
                    runs=offer.runs,
                )
            )
    parcels = [max(1, pool.parcels) for pool in run_pools]
    choice = choose_staged(columns, parcels, partner_state, GAP, NODES_MAX, seconds_max)
    return _allocation(run_pools, partner_state, columns, chosen, choice)


def _faults(run_pools: Sequence[RunPool]) -> Iterator[str]:
    yield from twice("run_pools.run_id", (pool.run_id for pool in run_pools))
    for pool in run_pools:
        where = f"run_pools[{pool.run_id}]."
        yield from amounts(pool, where, ("parcels", "weight_g"))
        for offer in pool.offers:
            yield from amounts(offer, f"{where}offers[{offer.partner_id}].", ("bill_vnd", "penalty_vnd", "runs"))


def _pair(one: Forbidden | tuple[str, str]) -> tuple[str, str]:
    if isinstance(one, Forbidden):
        return one.partner_id, one.commune_code
    if not isinstance(one, tuple) or len(one) != 2 or not all(isinstance(name, str) for name in one):
        raise InvalidWave(f"forbidden: {one!r} is no pair of partner and commune")
    return one


def _allocation(
    run_pools: Sequence[RunPool],
    partner_state: Sequence[PartnerDay],
    columns: Sequence[Column],
    chosen: Sequence[tuple[str, RunOffer]],
    choice: Choice,
) -> Allocation:
    partner_of = {chosen[number][0]: chosen[number][1].partner_id for number in choice.taken}
    bill, pieces = (
        dict.fromkeys((d.partner_id for d in partner_state), 0),
        dict.fromkeys((d.partner_id for d in partner_state), 0),
    )
    total = 0
    for number in choice.taken:
        column = columns[number]
        total += column.bill_vnd
        if column.partner_id in bill:
            bill[column.partner_id] += column.bill_vnd
            pieces[column.partner_id] += column.pieces
    off = sum(_off(day, bill[day.partner_id], pieces[day.partner_id]) for day in partner_state)
    unserved = tuple(pool.run_id for pool in run_pools if pool.run_id not in partner_of)
    return Allocation(partner_of, unserved, total, off, choice.nodes, choice.proved)


def _off(day: PartnerDay, bill: int, pieces: int) -> int:
    """What these runs bring in discounts beyond what today's earlier ones did."""
    if not pieces:
        return 0

    def share(parcels: int) -> int:
        return max((step.off_permille for step in day.discounts if step.parcels_from <= parcels), default=0)

    after = (day.bill_today_vnd + bill) * share(day.parcels_today + pieces) // 1000
    return after - day.bill_today_vnd * share(day.parcels_today) // 1000
