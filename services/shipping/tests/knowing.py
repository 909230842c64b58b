"""What a wave knows, from aggregates in memory as the database would tell it."""

from __future__ import annotations

from datetime import datetime

from chassis.testing import Memory
from shipping.app.commands import OpenBatch
from shipping.domain.batch import Batch, BatchState
from shipping.domain.calendar import local_date
from shipping.domain.closure import Closure
from shipping.domain.fleet import TurnedDown
from shipping.domain.foreseeing import look_ahead
from shipping.domain.gathering import Known
from shipping.domain.line import Line
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState
from shipping.domain.pickup_point import PickupPoint
from shipping.domain.promise import World
from shipping.domain.tender import Tender, TenderState
from shipping.domain.wave import wave_id

TO_COME = (ParcelState.CREATED, ParcelState.READY)
TURNED_DOWN = (TenderState.DECLINED, TenderState.EXPIRED)


def open_batches(memory: Memory, area: str) -> tuple[OpenBatch, ...]:
    unwanted = [one for one in memory.all(Batch) if one.state is BatchState.OPEN and one.area_hub_id == area]
    return tuple(OpenBatch(batch_id=one.id, parcel_ids=one.parcel_ids) for one in unwanted)


def known_now(world: World, memory: Memory, area: str, now: datetime, take_all: bool) -> Known:
    freed = {batch.batch_id for batch in open_batches(memory, area)}
    riding = {line.parcel_id for line in memory.all(Line) if line.live and line.batch_id not in freed}
    here = [parcel for parcel in memory.all(Parcel) if parcel.area_hub_id == area]
    ahead = look_ahead(world, area, now)
    return Known(
        wave_id=wave_id(area, now),
        area_hub_id=area,
        parcels=[parcel for parcel in here if parcel.state in TO_COME and parcel.id not in riding],
        points={point.id: point for point in memory.all(PickupPoint)},
        closures=[one for one in memory.all(Closure) if one.to_time > now],
        now=now,
        take_all=take_all,
        ahead=ahead,
        earlier=[p for p in here if p.ready_time and any(day.first <= p.ready_time < day.past for day in ahead.days)],
        batches=[one for one in memory.all(Batch) if one.leave_date == local_date(now).isoformat()],
        refusals=[one for one in _refusals(memory, area) if local_date(one.time) == local_date(now)],
    )


def _refusals(memory: Memory, area: str) -> list[TurnedDown]:
    found = [(one, memory.get(Batch, one.batch_id)) for one in memory.all(Tender) if one.state in TURNED_DOWN]
    return [
        TurnedDown(tender.partner_id, batch.commune_codes, tender.answer_deadline_time)
        for tender, batch in found
        if batch.area_hub_id == area
    ]
