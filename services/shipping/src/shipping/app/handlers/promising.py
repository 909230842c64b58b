"""Makes a promise anew for a parcel that waited in vain (R91), or whose commune is closed (R93)."""

from __future__ import annotations

from chassis.kernel import NOTHING, Change, Loaded, Moment, Outcome

from shipping.app import commands
from shipping.domain.closure import EVERY, Closure, Closures
from shipping.domain.goods import Place
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.promise import Refusal, World, promise

WAITING_FOR_RUN = frozenset({ParcelState.CREATED, ParcelState.READY})


def closures_in(loaded: Loaded) -> tuple[Closure, ...]:
    """All closures that are not over; a command that asks names them among its `reads`."""
    found = loaded.get(Closures, EVERY)
    return found.closures if found else ()


def make_promise(world: World, command: commands.MakePromise, loaded: Loaded, moment: Moment) -> Outcome:
    """What can be promised now, if that is later; else nothing. A parcel that changed may be on a run by now."""
    parcel = loaded.require(Parcel, command.parcel_id)
    if parcel.version != command.version:
        return NOTHING
    change = promised_anew(world, Change(parcel), loaded, moment)
    return Outcome((change,)) if change.facts else NOTHING


def promised_anew(world: World, change: Change, loaded: Loaded, moment: Moment) -> Change:
    """The change of a parcel with what can be promised now, if the parcel waits for another run."""
    left = change.aggregate
    assert isinstance(left, Parcel)
    if left.state not in WAITING_FOR_RUN:
        return change
    origin = Place(left.origin_commune_code, "", left.origin_hamlet)
    try:
        anew = promise(world, left.shipment, origin, moment.now, closures=closures_in(loaded))
    except Refusal:
        return change
    (after,) = left.promised_anew(anew, moment.now).changes
    return Change(after.aggregate, change.facts + after.facts)
