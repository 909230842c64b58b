"""A manifest line: one parcel on one pickup batch, and what became of it at the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.kernel import Aggregate


class LineState(StrEnum):
    """What became of the parcel on that run; the names of the contract."""

    PLANNED = "planned"
    PICKED = "picked"
    MISSED = "missed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    LAPSED = "lapsed"


LEFT_BEHIND = frozenset({LineState.MISSED, LineState.LAPSED})


def line_id(batch_id: str, parcel_id: str) -> str:
    """The id of a parcel's line on a batch."""
    return f"{batch_id}/{parcel_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Aggregate):
    """One parcel of a manifest.

    Invariant: a parcel has at most one line that is `live` (planned, or picked and not handed over yet); the table's
    partial unique index holds the same.
    """

    batch_id: str
    parcel_id: str
    state: LineState = LineState.PLANNED
    live: bool = True
    attempt: int
    reason: str = ""
    report_time: datetime | None = None

    def picked(self, at: datetime) -> Line:
        """On board, also where it was thought to be left behind or called off."""
        return replace(self, state=LineState.PICKED, reason="", report_time=at)

    def missed(self, reason: str, at: datetime) -> Line:
        """Left behind; the parcel is free for another run."""
        return replace(self, state=LineState.MISSED, live=False, reason=reason, report_time=at)

    def lapsed(self) -> Line:
        """Nobody reported it; the parcel is free for another run."""
        return replace(self, state=LineState.LAPSED, live=False, reason="NOT_REPORTED")

    def taken_out(self, state: LineState, reason: str) -> Line:
        """Called off or refused before the gate."""
        return replace(self, state=state, live=False, reason=reason)

    def released(self) -> Line:
        """The hub has it, or the run is off: the line binds the parcel no longer."""
        return replace(self, live=False)


def planned(batch_id: str, parcel_id: str, attempt: int, trace: str) -> Line:
    """A new line of a closed batch."""
    return Line(id=line_id(batch_id, parcel_id), trace=trace, batch_id=batch_id, parcel_id=parcel_id, attempt=attempt)
