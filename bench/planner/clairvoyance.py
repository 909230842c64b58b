"""Hindsight's forecast: the parcels that will really come, with the times at which they will really be ready."""

from __future__ import annotations

from shipping.domain.planning import model

from bench.planner.asking import Asker
from bench.planner.foresight import at
from bench.planner.instance import DAY_S
from bench.planner.simulate import View

HORIZON_S = 2 * DAY_S
"""So far ahead hindsight looks; promises are shorter."""


def told_all(asker: Asker, view: View) -> model.Forecast | None:
    """The truth as the only scenario: parcels not known yet."""
    instance, later = asker.instance, asker.instance.waves[view.wave + 1 :]
    if not later:
        return None
    coming = tuple(
        asker.coming(parcel)
        for parcel in instance.parcels
        if parcel.id not in view.parcels and view.now < parcel.known_at <= view.now + HORIZON_S
    )
    return model.Forecast(
        wave_times=tuple(at(one.decide_at) for one in later),
        days=(model.DayBefore(rides=coming, shift_days=0),),
        scenarios_max=1,
    )
