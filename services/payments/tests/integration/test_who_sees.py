"""A buyers' channel sees the payments of the orders it placed, and no others."""

from __future__ import annotations

import grpc
import pytest
from chassis.status import reason_of
from chophien.payments.v1 import payments_service_pb2 as pb

from .conftest import House
from .speech import due, off, order_id


async def sees(house: House, who: str, order: str) -> tuple[bool, bool]:
    """Whether a caller gets the payment, and its code."""
    stub = house.stub(who)
    return (
        await found(stub.GetPayment(pb.GetPaymentRequest(order_id=order))),
        await found(stub.GetPaymentQr(pb.GetPaymentQrRequest(order_id=order))),
    )


async def found(call: object) -> bool:
    """Whether a call is answered; if not, then as if there was no such payment."""
    try:
        await call  # type: ignore[misc]
    except grpc.aio.AioRpcError as error:
        assert reason_of(error) == "NOT_FOUND"
        return False
    return True


@pytest.mark.parametrize("who", ["channel", "operator", "orders"])
async def test_who_placed_the_order_sees_its_payment_and_so_do_those_who_see_all(house: House, who: str) -> None:
    order = order_id()
    await house.hear(due(order, 50_000, placed_by="channel"))
    assert await sees(house, who, order) == (True, True)


async def test_another_channel_is_answered_as_if_there_was_no_such_payment(house: House) -> None:
    order = order_id()
    await house.hear(due(order, 50_000, placed_by="channel"))
    assert await sees(house, "other-channel", order) == (False, False)


async def test_of_an_older_releases_order_only_the_code_is_shown(house: House) -> None:
    """Services are updated in any order: until orders says who placed it, its buyer can pay all the same."""
    order = order_id()
    await house.hear(due(order, 50_000, placed_by=""))
    assert await sees(house, "channel", order) == (False, True)
    assert await sees(house, "operator", order) == (True, True)


async def test_a_payment_that_nobody_asked_for_is_no_channels(house: House) -> None:
    order = order_id()
    await house.hear(off(order))
    assert not await found(house.stub("channel").GetPayment(pb.GetPaymentRequest(order_id=order)))
