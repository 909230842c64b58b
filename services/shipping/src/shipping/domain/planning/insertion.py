"""Where one more item goes into a run that has its order already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shipping.domain.planning.ground import FAR, Ground
from shipping.domain.planning.items import Item


def insertion(ground: Ground, number: int, hub: int, leave: int, items: Sequence[Item], item: Item) -> tuple[int, int]:
    """The place in the order where the way of a vehicle grows least, and how many seconds longer the run takes.

    Behind others at its gate if there are any. Ways are those of the hour of leaving; windows are left aside.
    """
    same = [place for place, one in enumerate(items) if one.place == item.place]
    if same:
        return same[-1] + 1, item.service
    vehicle, home = ground.vehicles[number], ground.place[ground.hubs[hub].hub_id]
    _, seconds = ground.table(vehicle.profile, leave)
    places = np.array([ground.place[vehicle.start_id], *(one.place for one in items), home])
    there, back = seconds[places[:-1], item.place], seconds[item.place, places[1:]]
    longer = there + back - (seconds[places[:-1], places[1:]] if items else 0)
    where = int(np.where((there < 0) | (back < 0), FAR, longer).argmin())
    return where, int(longer[where]) + ground.gates[item.place].stop_seconds + item.service
