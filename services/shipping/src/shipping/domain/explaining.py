"""Why a parcel is, or is not, on a run, in a code and in words."""

from __future__ import annotations

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
    "NO_PARTNER_TOOK_IT": "No partner took its run; a later wave plans it anew.",
    "COMMUNE_CLOSED": "Its run was to come while the commune is closed; a later wave plans it anew.",
    "RUN_LAPSED": "Nobody reported its run; a later wave plans it anew.",
    "MUST_GO": "It rides: no later wave would keep its promise.",
    "NO_WITNESS": "It rides: later waves have too few vehicles for all that would wait.",
    "RIDES_ALONG": "It rides: the run leaves for others, and it is ready.",
    "NOT_ON_TIME_ANY_MORE": "It rides on the first run there is; its promise cannot be kept any more.",
    "HELD_FOR_LATER_WAVE": "It is held for a later wave; more may ride with it then.",
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


def explain(parcel: Parcel, on_run: bool, driven: bool, latest: Decision | None, line: Line | None) -> tuple[str, str]:
    """The code and the words for now.

    `driven`: the run has a partner, or one is asked; without one it waits to be planned anew.
    `latest`: what a wave decided last; None = none looked at it. `line`: its line on the run planned then; None = none.
    """
    code = _code(parcel, on_run, latest, line)
    if on_run and not driven and parcel.state is ParcelState.READY:
        code = "NO_PARTNER_LEFT"
    return code, TEXTS.get(code, code)


def _code(parcel: Parcel, on_run: bool, latest: Decision | None, line: Line | None) -> str:
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
        return latest.code if latest and latest.rides else "RIDES_ALONG"
    if latest and not latest.rides and latest.code != "NOT_READY":
        return latest.code
    return _left_because(line) if line and not line.live else "WAITS_FOR_FIRST_WAVE"


def _left_because(line: Line) -> str:
    """Why a parcel that waits again left its run."""
    if line.state is LineState.MISSED:
        return "MISSED"
    return "RUN_LAPSED" if line.state is LineState.LAPSED else line.reason
