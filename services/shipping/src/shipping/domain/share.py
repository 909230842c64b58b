"""A commune's share of a run: all that its officers may see of one that also visits others (R10)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipping.domain.batch import Batch

TELL_OF_THE_WHOLE_RUN = frozenset({"BatchCollected", "BatchLapsed"})
"""Steps of history whose detail counts the parcels of all communes."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A commune's parcels of a run: planned when it was closed, on board, missed, and their planned grams."""

    parcels_planned: int = 0
    parcels_picked: int = 0
    parcels_missed: int = 0
    weight_g: int = 0


def share_of(batch: Batch, commune_code: str, own: Counts) -> Batch:
    """The run with that commune's stops, parcels and figures alone."""
    return replace(
        batch,
        commune_codes=(commune_code,),
        stops=tuple(stop for stop in batch.stops if stop.commune_code == commune_code),
        parcels_planned=own.parcels_planned,
        parcels_picked=own.parcels_picked,
        parcels_missed=own.parcels_missed,
        weight_g=own.weight_g,
        history=tuple(
            step._replace(detail="") if step.kind in TELL_OF_THE_WHOLE_RUN else step for step in batch.history
        ),
    )
