"""Parcels that hindsight moves together, and which of its runs a known plan would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.planner.ends import born_late, solo_runs
from bench.planner.instance import Parcel
from bench.planner.roads import Ground, Sent


@dataclass(frozen=True, slots=True)
class Group:
    """Parcels at one gate that are ready for the same wave and promised for the same instants."""

    place: str
    wave: int
    latest: Mapping[str, int]
    parcels: tuple[Parcel, ...]


def group_parcels(ground: Ground, known: Sequence[Sent] = ()) -> list[Group]:
    """Groups in a fixed order; parcels that are ready for no wave are left out.

    What different runs of a `known` plan collected is kept apart, so that the plan can be said in groups.
    """
    waves, found = ground.instance.waves, dict[tuple[str, int, int, tuple[tuple[str, int], ...]], list[Parcel]]()
    carried = {parcel: (number, run.wave) for number, run in enumerate(known) for parcel in run.parcels}
    for parcel in ground.instance.parcels:
        at = max(parcel.really_ready, parcel.known_at)
        wave = next((number for number, one in enumerate(waves) if one.decide_at >= at), None)
        run, sent = carried.get(parcel.id, (-1, wave))
        if wave is not None and sent is not None:
            key = (parcel.place, min(wave, sent), run, tuple(sorted(_aims(ground, parcel).items())))
            found.setdefault(key, []).append(parcel)
    return [Group(key[0], key[1], dict(key[3]), tuple(parcels)) for key, parcels in sorted(found.items())]


def _aims(ground: Ground, parcel: Parcel) -> Mapping[str, int]:
    """The promise, or the first cut-off of each hub that a run could still reach if it was born late."""
    if not born_late(ground, parcel):
        return parcel.latest
    hubs = {one.id: one for one in ground.instance.hubs}
    homes = [(ground.vehicles[run.vehicle].end, run.home) for run in solo_runs(ground, parcel)]
    aims: dict[str, int] = {}
    for hub, home in homes:
        there = home + hubs[hub].handling_s
        due = min((cut for cut in hubs[hub].cutoffs if cut >= there), default=there)
        aims[hub] = min(due, aims.get(hub, due))
    return aims or parcel.latest
