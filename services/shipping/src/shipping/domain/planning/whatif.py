"""What a dispatcher asks before saying yes: the price of a wish, and what changed since the plan that was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipping.domain.planning.answer import Plan, Run
from shipping.domain.planning.calls import sellers_to_call
from shipping.domain.planning.checker import broken_rules, frozen_runs
from shipping.domain.planning.errors import InvalidWave
from shipping.domain.planning.model import Budget, Pin, Wave
from shipping.domain.planning.supply import Forbidden

__all__ = ["Difference", "Priced", "difference", "price_of", "sellers_to_call"]


@dataclass(frozen=True, slots=True)
class Priced:
    """The plan that would result, and what it costs more than the present one; broken promises come first.

    `more_late` counts parcels that ride late or that wait although no later wave is in time; `more_vnd` is what this
    wave costs: a later run of those that wait is not in it, nor a price for their promise.
    `wave` is the wave with the wish in it: plan that one to say yes. `broken` are rules or wishes that the plan does
    not keep, e.g. a parcel that was to ride but cannot; empty = the price is that of the wish.
    """

    plan: Plan
    more_late: int
    more_vnd: int
    wave: Wave
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Parcels that ride now but did not, do not any more, or ride on another run; runs that are new or gone."""

    rides_now: tuple[str, ...]
    waits_now: tuple[str, ...]
    moved: tuple[str, ...]
    runs_new: tuple[Run, ...]
    runs_gone: tuple[Run, ...]


def price_of(
    wave: Wave,
    plan: Plan,
    budget: Budget,
    *,
    pins: Sequence[Pin] = (),
    runs: Sequence[Run] = (),
    forbidden: Sequence[Forbidden] = (),
    forbidden_runs: Sequence[Run] = (),
) -> Priced:
    """Plan the wave again under a dispatcher's wishes, with the seed of `plan`.

    A pin replaces earlier pins of its parcel. `runs` stay as they are. For each of `forbidden_runs`, which are runs of
    `plan`, its vehicle makes one run less than there; its parcels may ride otherwise, or wait. Raises InvalidWave for
    a wish that breaks a rule by itself, with the field and the rule named: a run that could not be driven, a pin to
    wait for a parcel of a pinned run.
    """
    from shipping.domain.planning.plan import plan_wave

    said = {pin.parcel_id for pin in pins}
    other = replace(
        wave,
        pins=(*(pin for pin in wave.pins if pin.parcel_id not in said), *pins),
        pinned_runs=(*wave.pinned_runs, *runs),
        forbidden=(*wave.forbidden, *forbidden),
    )
    other = _without(other, plan, forbidden_runs) if forbidden_runs else other
    made = plan_wave(other, budget, plan.seed)
    broken = (*broken_rules(other, made), *_unheeded(made))
    more_late, more_vnd = made.broken_promises - plan.broken_promises, made.cost.total_vnd - plan.cost.total_vnd
    return Priced(made, more_late, more_vnd, other, broken)


def _without(wave: Wave, plan: Plan, gone: Sequence[Run]) -> Wave:
    """The wave in which the vehicles of these runs make so many runs less than in the plan; later ones are as before.

    The freeze time gives way to the runs it holds, but for these.
    """
    for run in gone:
        if run not in plan.runs:
            raise InvalidWave(f"forbidden_runs: the plan has no run of {run.vehicle_id} at {run.leave_time}")
    used = Counter(run.vehicle_id for run in plan.runs)
    less = Counter(run.vehicle_id for run in gone)
    vehicles = tuple(
        replace(
            one,
            number=used[one.vehicle_id] - less[one.vehicle_id],
            number_later=one.number if one.number_later is None else one.number_later,
        )
        if less[one.vehicle_id]
        else one
        for one in wave.vehicles
    )
    bare = [_bare(run) for run in gone]
    staying = tuple(run for run in (*wave.pinned_runs, *frozen_runs(wave)) if _bare(run) not in bare)
    return replace(wave, vehicles=vehicles, pinned_runs=staying, freeze_time=None)


def _unheeded(plan: Plan) -> list[str]:
    """Parcels that were to ride but cannot."""
    impossible = [reason for reason in plan.reasons if reason.code == "PIN_IMPOSSIBLE"]
    return [f"pin: {one.parcel_id} cannot ride: {dict(one.figures).get('because', '')}" for one in impossible]


def _bare(run: Run) -> Run:
    """A run but for its spare partner, which may change without the run being another."""
    return replace(run, spare_partner_id="")


def difference(before: Plan, after: Plan) -> Difference:
    """What a dispatcher has to tell anew."""
    old, new = _rides(before), _rides(after)
    old_runs, new_runs = [_bare(run) for run in before.runs], [_bare(run) for run in after.runs]
    return Difference(
        rides_now=tuple(sorted(new.keys() - old.keys())),
        waits_now=tuple(sorted(old.keys() - new.keys())),
        moved=tuple(sorted(p for p in old.keys() & new.keys() if old[p] != new[p])),
        runs_new=tuple(run for run in after.runs if _bare(run) not in old_runs),
        runs_gone=tuple(run for run in before.runs if _bare(run) not in new_runs),
    )


def _rides(plan: Plan) -> dict[str, tuple[str, object]]:
    own = {p: (run.vehicle_id, run.leave_time) for run in plan.runs for stop in run.stops for p in stop.parcel_ids}
    return own | {p: ("committed", one.run_id) for one in plan.additions for p in one.parcel_ids}
