"""The commune's programme view (R07): exactly the counters of the day, for those who may see them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from chassis.status import reason_of
from chophien.catalog.v1 import catalog_service_pb2 as pb

from .conftest import House
from .speech import confirmed, count, line, order_id, placed, publication, registration

BUSY = (20, 24, 25, 28, 30)
"""Orders of the day of the five."""


def counters(answer: pb.GetProgrammeResponse) -> tuple[int, ...]:
    return (
        answer.seller_count,
        answer.ocop_product_count,
        answer.ocop_on_sale_count,
        answer.busy_seller_count,
        answer.busy_order_count,
    )


async def binh_lu(house: House) -> None:
    """Twenty sellers, twelve certified products, eight of them on sale; and what is not counted."""
    stub = house.stub()
    names = [f"s{n:02}" for n in range(20)]
    await asyncio.gather(*(stub.RegisterSeller(registration(name)) for name in (*names, "gone")))
    await stub.RegisterSeller(registration("elsewhere", home={"commune_code": "03424"}))
    await stub.SuspendSeller(pb.SuspendSellerRequest(request_id="gone", seller_id="gone", reason="FRAUD"))
    certified = [publication(f"ocop-{n}", names[n % 20]) for n in range(12)]
    plain = [publication(f"plain-{name}", name, ocop=None) for name in names]
    old = {"stars": 3, "group": 1, "decision_number": "9/QĐ", "issue_date": "2022-12-31"}
    more = [publication("lapsed", "s00", ocop=old), publication("tea", "elsewhere")]
    await asyncio.gather(*(stub.PublishProduct(one) for one in (*certified, *plain, *more)))
    for number in range(8, 12):
        await stub.WithdrawProduct(pb.WithdrawProductRequest(request_id=f"w{number}", product_id=f"ocop-{number}"))
    await asyncio.gather(*(stub.SetStock(count(500, 0, f"plain-{name}")) for name in names[:6]))


async def sold(house: House, product_id: str, orders: int) -> None:
    ids = [order_id() for _ in range(orders)]
    await house.hear(*(placed(id, line(1, product_id=product_id)) for id in ids))
    await house.hear(*(confirmed(id, line(1, product_id=product_id)) for id in ids))


async def test_the_binh_lu_sample_counts_20_12_8_5(house: House) -> None:
    await binh_lu(house)
    for number, orders in enumerate((*BUSY, 19)):
        await sold(house, f"plain-s{number:02}", orders)
    only_placed = order_id()
    await house.hear(placed(only_placed, line(1, product_id="plain-s05")))
    answer = await house.stub().GetProgramme(pb.GetProgrammeRequest(commune_code="03390"))
    assert counters(answer) == (20, 12, 8, 5, sum(BUSY)) and 100 <= answer.busy_order_count <= 150
    assert (answer.commune_code, answer.local_date) == ("03390", "2026-02-04")
    house.clock.move(timedelta(days=1))
    ask = house.stub().GetProgramme
    assert counters(await ask(pb.GetProgrammeRequest(commune_code="03390"))) == (20, 12, 8, 0, 0)
    past = pb.GetProgrammeRequest(commune_code="03390", local_date="2026-02-04")
    assert counters(await ask(past))[3:] == (5, sum(BUSY))
    elsewhere = await ask(pb.GetProgrammeRequest(commune_code="03424"))
    assert counters(elsewhere) == (1, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("token", "asked", "reason"),
    [
        ("officer", {"commune_code": "03424"}, "NOT_YOUR_COMMUNE"),
        ("seller-1", {"commune_code": "03390"}, "PERMISSION_DENIED"),
        ("operator", {}, "INVALID"),
        ("operator", {"commune_code": "03390", "local_date": "2026-02-05"}, "INVALID"),
        ("operator", {"commune_code": "03390", "local_date": "0001-01-01"}, "INVALID"),
        ("operator", {"commune_code": "03390", "local_date": "today"}, "INVALID"),
    ],
)
async def test_who_may_not_look_or_asks_badly_is_told_why(
    house: House, token: str, asked: dict[str, Any], reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.stub(token).GetProgramme(pb.GetProgrammeRequest(**asked))
    assert reason_of(refused.value) == reason


async def test_an_officer_sees_their_own_commune(house: House) -> None:
    await house.stub().RegisterSeller(registration("s00"))
    own = await house.stub("officer").GetProgramme(pb.GetProgrammeRequest())
    assert (own.commune_code, own.seller_count) == ("03390", 1)
