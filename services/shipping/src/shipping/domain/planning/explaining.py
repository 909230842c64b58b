"""Why a parcel rides or waits, in plain words with the figures of the plan."""

from __future__ import annotations

from datetime import datetime

from shipping.domain.planning.answer import LOST, Plan, Reason

WORDS = {
    "MUST_GO": "It rides now: no later wave would bring it to the hub in time.",
    "NO_WITNESS": "It rides now: a later run alone would do, but there are not enough vehicles for all that wait.",
    "RIDES_ALONG": "It rides along: the run leaves for others anyway.",
    "NOT_ON_TIME_ANY_MORE": "It rides, but its promise cannot be kept any more; it aims at the next line haul.",
    "RUN_STAYS": "It is on a run that was already told to its driver and stays as it is.",
    "ADDED_TO_RUN": "A run that stops at its gate anyway takes it along.",
    "HELD_FOR_LATER_WAVE": "It waits: a later wave still brings it to the hub in time; more may ride with it.",
    "NOT_READY": "It waits: it was not packed when the wave was decided.",
    "NO_REACHABLE_HUB": "It waits: no hub can be reached from its gate.",
    "NO_PARTNER_LEFT": "It waits: no partner that may carry it has a vehicle for its gate now.",
    "NO_VEHICLE_FITS": "It cannot ride: no vehicle that reaches its gate can carry it.",
    "GATE_CLOSED": "It waits: its gate is closed when a vehicle could be there.",
    "NO_WAY": "It waits: the road is closed.",
    "NOT_HOME_IN_TIME": "It waits: no vehicle would be back before its shift or the hub closes.",
    "NO_CAPACITY": "It waits: all vehicles that could take it are full or out, and no later run is sure to keep its "
    "promise, which is in danger.",
    "PINNED_TO_WAIT": "It waits because a dispatcher said so.",
    "PIN_IMPOSSIBLE": "A dispatcher wants it to ride, but it cannot.",
}


def explain(plan: Plan, parcel_id: str) -> str:
    """A few sentences about one parcel; says so if the plan does not know it."""
    reason = next((one for one in plan.reasons if one.parcel_id == parcel_id), None)
    if reason is None:
        return f"The plan of wave {plan.wave_id} does not know the parcel {parcel_id}."
    figures = dict(reason.figures)
    told = [WORDS.get(reason.code, reason.code)]
    if reason.code == "HELD_FOR_LATER_WAVE" and (LOST in reason.figures or reason.waits_for is None):
        told = ["It is held for now: more may ride with it later."]
    if reason.rides and reason.run_index is not None:
        run = plan.runs[reason.run_index]
        stop = next(one for one in run.stops if parcel_id in one.parcel_ids)
        told.append(f"The {run.kind} of {run.partner_id} is at the gate at {_clock(stop.arrive_time)}")
        told[-1] += f" and at {run.hub_id} at {_clock(run.return_time)}{_due(figures)}."
        told.append(_price(reason))
    elif reason.rides:
        told.append(f"The run is {figures.get('run_id', 'unknown')}{_home(figures)}.")
        told.append(_price(reason))
    else:
        told += _waiting(plan, reason, figures)
    return " ".join(told)


def _price(reason: Reason) -> str:
    saved = reason.marginal_cost_vnd
    return f"Without it the plan would cost {abs(saved):,} đ {'less' if saved >= 0 else 'more'}."


def _home(figures: dict[str, str]) -> str:
    if "return_time" not in figures:
        return ""
    home = _clock(datetime.fromisoformat(figures["return_time"]))
    return f", at {figures.get('hub_id', 'the hub')} at {home}{_due(figures)}"


def _waiting(plan: Plan, reason: Reason, figures: dict[str, str]) -> list[str]:
    told = []
    if "because" in figures:
        told.append(WORDS.get(figures["because"], figures["because"]))
    if reason.waits_for:
        told.append(f"It waits for the wave of {_clock(reason.waits_for)}{_due(figures)}.")
    else:
        told.append("No later wave that is known could take it.")
    if "return_time_if_held" in figures:
        home = datetime.fromisoformat(figures["return_time_if_held"])
        told.append(f"A run of its own would then be at the hub at {_clock(home)}.")
    if LOST in reason.figures:
        told.append("Its promise is lost: no later wave brings it to the hub in time.")
    if reason.parcel_id in plan.call_sellers:
        told.append("Call the seller: if it were packed now, it would ride.")
    return told


def _due(figures: dict[str, str]) -> str:
    due = figures.get("deadline_time")
    return f"; it is due there by {_clock(datetime.fromisoformat(due))}" if due else ""


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M on %d %B}"
