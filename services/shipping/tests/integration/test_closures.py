"""Closures on a real database: which of them count, whom they lock, and whose promises are made anew."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from chophien.shipping.v1 import shipping_service_pb2 as pb
from shipping.adapters import reads
from shipping.app import commands
from shipping.app.commands import DeclareClosure
from shipping.domain.closure import EVERY, Closures

House = Any


def closure(house: House, hours: float, commune_code: str = "03390", starts_in: float = 0) -> DeclareClosure:
    """A commune is closed for so long, in so many hours."""
    start = house.clock.now() + timedelta(hours=starts_in)
    return DeclareClosure(
        closure_id=f"CL-{uuid.uuid4().hex}",
        road_id="",
        commune_code=commune_code,
        from_time=start,
        to_time=start + timedelta(hours=hours),
        source="",
        declared_by="ops",
    )


async def declare(house: House, *closures: DeclareClosure) -> None:
    await house.served.runtime.dispatch(closures)


async def deadline(house: House, parcel_id: str) -> Any:
    parcel = (await house.stub().GetParcel(pb.GetParcelRequest(parcel_id=parcel_id))).parcel
    return parcel.promise.handover_deadline_time.ToDatetime()


async def test_many_long_closures_leave_the_short_one_that_holds_now_in_force(house: House, say: Any) -> None:
    await declare(house, closure(house, 30), *(closure(house, 24 * 40, "03424") for _ in range(501)))
    async with house.served.runtime.engine.connect() as connection:
        quoted = await reads.closures_from(connection, house.clock.now())
        (read,) = await reads.CLOSURES.load(connection, [EVERY], lock=False)
    assert read == Closures(id=EVERY, closures=tuple(quoted)) and len(quoted) == 502
    await house.hear(say.order_confirmed("DH0001"))
    assert (await deadline(house, "DH0001-1")).day == 6, "closed until the evening of the 5th"


async def test_closures_that_are_over_are_not_read_again(house: House) -> None:
    await declare(house, closure(house, 1), closure(house, 9))
    house.clock.move(timedelta(hours=2))
    async with house.served.runtime.engine.begin() as connection:
        ticked = "INSERT INTO ticks VALUES ('apply_closures', $1, $1)"
        await connection.exec_driver_sql(ticked, (house.clock.now(),))
        (read,) = await reads.CLOSURES.load(connection, [EVERY], lock=False)
    assert len(read.closures) == 1


async def test_only_runs_with_a_closed_stop_ahead_are_touched(house: House, monkeypatch: Any) -> None:
    batch_id, _ = await house.awarded(1)
    sent: list[object] = []
    dispatch = type(house.served.runtime).dispatch

    async def listen(runtime: Any, commands: Any) -> Any:
        sent.extend(commands)
        return await dispatch(runtime, commands)

    monkeypatch.setattr(type(house.served.runtime), "dispatch", listen)
    await declare(house, closure(house, 9, starts_in=48))
    sent.clear()
    await house.tick("apply_closures")
    assert sent == [], "the run is home before the closure begins"
    await declare(house, closure(house, 9))
    await house.tick("apply_closures")
    assert [type(one) for one in sent[1:]] == [commands.SkipClosedStops]
    told = await house.stub().GetBatch(pb.GetBatchRequest(batch_id=batch_id))
    assert told.batch.state == pb.BATCH_STATE_WITHDRAWN


async def test_promises_that_cannot_be_bettered_do_not_keep_others_back(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(reads, "PROMISES_MAX", 2)
    vain, ids = await house.ready_parcels(2), await house.ready_parcels(1)
    # Names that sort first; without a partner that carries it nothing can be promised.
    async with house.served.runtime.engine.begin() as connection:
        for number, id in enumerate(vain):
            heavy = "jsonb_set(shipment, '{size,weight_g}', '900000000')"
            await connection.exec_driver_sql(
                f"UPDATE parcels SET id = 'A{number}', shipment = {heavy} WHERE id = $1", (id,)
            )
    before = await deadline(house, ids[0])
    await declare(house, closure(house, 48))
    await house.tick("make_promises")
    assert await deadline(house, ids[0]) == before
    await house.tick("make_promises")
    assert await deadline(house, ids[0]) > before
