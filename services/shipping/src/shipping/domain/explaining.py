"""Why a parcel is, or is not, on a run, in a code and in words."""

from __future__ import annotations

from collections.abc import Sequence

from shipping.domain.line import Line, LineState
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import FINAL, ON_THE_WAY, ParcelState
from shipping.domain.wave import Decision

TEXTS = {
    "CLOSED": "The parcel is at its end; nothing is collected any more.",
    "COLLECTED": "The courier has the parcel.",
    "ON_HOLD": "The parcel was missed too often; an operator decides what happens next.",
    "WAITS_FOR_PICKUP_POINT": "Where the parcel is collected is not known yet.",
    "NOT_PACKED": "The seller has not marked the parcel as packed.",
    "WAITS_FOR_FIRST_WAVE": "The parcel is packed; no wave has looked at it yet.",
    "MISSED": "The courier came in vain; a later wave plans it anew.",
    "REFUSED_BY_PARTNER": "The partner took the run without it; a later wave plans it anew.",
    "COMMUNE_CLOSED": "Its run was to come while the commune is closed; a later wave plans it anew.",
    "RUN_LAPSED": "Nobody reported its run; a later wave plans it anew.",
    "MUST_GO": "It rides: no later wave would keep its promise.",
    "NO_WITNESS": "It rides: later waves have too few vehicles for all that would wait.",
    "RIDES_ALONG": "It rides: the run leaves for others, and it is ready.",
    "NOT_ON_TIME_ANY_MORE": "It rides on the first run there is; its promise cannot be kept any more.",
    "HELD_FOR_LATER_WAVE": "It is held: a later wave still keeps its promise, and no other parcel must go yet.",
    "NOT_READY": "It was not packed when the wave was decided.",
    "NO_CAPACITY": "No vehicle had room, or time to be home, for it.",
    "NO_VEHICLE_FITS": "No vehicle of any partner may carry it from its gate.",
    "NO_WAY": "There is no way from its gate to a hub.",
    "NOT_HOME_IN_TIME": "A run for it would not be at the hub before it closes.",
    "GATE_CLOSED": "Its gate is not open when a run could be there.",
    "PINNED_TO_WAIT": "A dispatcher wants it to wait.",
    "PIN_IMPOSSIBLE": "A dispatcher wants it to ride, and no run can take it.",
    "RUN_STAYS": "It rides on a run that was announced before.",
    "ADDED_TO_RUN": "It joins a run that passes its gate anyway.",
    "NO_PARTNER_LEFT": "No partner is left that would collect it; the next wave plans it anew.",
    "NO_REACHABLE_HUB": "A closure leaves no way from its gate to a hub.",
}


LEFT_RUN = {
    LineState.MISSED: "MISSED",
    LineState.REFUSED: "REFUSED_BY_PARTNER",
    LineState.CANCELLED: "COMMUNE_CLOSED",
    LineState.LAPSED: "RUN_LAPSED",
}
"""Why a parcel that waits again left its run."""


def explain(
    parcel: Parcel, on_run: bool, driven: bool, decisions: Sequence[Decision], last: Line | None
) -> tuple[str, str]:
    """The code and the words for now; `decisions` are those of the day, oldest first.

    `driven`: the run has a partner, or one is asked; without one it waits to be planned anew.
    `last`: its line on the last run that was planned with it; None = none was.
    """
    code = _code(parcel, on_run, decisions, last)
    if on_run and not driven and parcel.state is ParcelState.READY:
        code = "NO_PARTNER_LEFT"
    return code, TEXTS.get(code, code)


def _code(parcel: Parcel, on_run: bool, decisions: Sequence[Decision], last: Line | None) -> str:
    if parcel.state in FINAL or parcel.state is ParcelState.CALLED_OFF:
        return "CLOSED"
    if parcel.state in ON_THE_WAY:
        return "COLLECTED"
    if parcel.state is ParcelState.ON_HOLD:
        return "ON_HOLD"
    if parcel.state is ParcelState.WAITING:
        return "WAITS_FOR_PICKUP_POINT"
    if parcel.state is ParcelState.CREATED:
        return "NOT_PACKED"
    if on_run:
        return next((one.code for one in reversed(decisions) if one.rides), "RIDES_ALONG")
    if decisions and not decisions[-1].rides and decisions[-1].code != "NOT_READY":
        return decisions[-1].code
    return LEFT_RUN[last.state] if last and last.state in LEFT_RUN else "WAITS_FOR_FIRST_WAVE"
