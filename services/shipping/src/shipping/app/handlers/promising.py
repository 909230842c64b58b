"""Makes a promise anew for a parcel that waited in vain (R91)."""

from __future__ import annotations

from chassis.kernel import Change, Moment

from shipping.domain.goods import Place
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.promise import Refusal, World, promise


def promised_anew(world: World, change: Change, moment: Moment) -> Change:
    """The change of a parcel with what can be promised now, if the parcel waits for another run."""
    left = change.aggregate
    assert isinstance(left, Parcel)
    if left.state is not ParcelState.READY:
        return change
    try:
        anew = promise(world, left.shipment, Place(left.origin_commune_code, "", left.origin_hamlet), moment.now)
    except Refusal:
        return change
    (after,) = left.promised_anew(anew, moment.now).changes
    return Change(after.aggregate, change.facts + after.facts)
