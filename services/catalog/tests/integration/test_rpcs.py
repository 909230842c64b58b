"""Every RPC of CatalogService over a real socket and a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from chassis.status import reason_of
from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1.stock_event_pb2 import STOCK_REFUSAL_PRICE_MISMATCH, STOCK_REFUSAL_SHORT
from chophien.common.v1.common_pb2 import Line
from google.protobuf.timestamp_pb2 import Timestamp

from .conftest import House
from .speech import NOW, OFFER_PRICE, PRICE, count, offer, point, publication, registration, start


async def reason(call: Any) -> str:
    """Why a call was refused."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return reason_of(refused.value)


async def test_every_changing_call_answers_the_same_twice_and_says_its_fact_once(house: House) -> None:
    stub = house.stub()
    at = Timestamp()
    at.FromDatetime(NOW + timedelta(hours=2))
    calls: list[tuple[str, Any]] = [
        ("RegisterSeller", registration()),
        ("MovePickupPoint", {"seller_id": "seller-1", "pickup_point": point("pp-new"), "effective_time": at}),
        ("PublishProduct", publication()),
        ("SetStock", count(10, 0)),
        ("StartLivestream", start()),
        ("OpenOffer", offer()),
        ("ChangePrice", {"product_id": "noodles", "list_price_vnd": 65_000, "effective_time": at}),
        ("EndLivestream", {"session_id": "live-1", "reason": "FINISHED"}),
        ("WithdrawProduct", {"product_id": "noodles"}),
        ("SuspendSeller", {"seller_id": "seller-1", "reason": "COMPLAINTS"}),
        ("ReinstateSeller", {"seller_id": "seller-1", "reason": "PAPERS"}),
    ]
    for name, stated in calls:
        request = getattr(pb, f"{name}Request")(**stated, request_id=name) if isinstance(stated, dict) else stated
        assert await getattr(stub, name)(request) == await getattr(stub, name)(request), name
        other = type(request)(request_id=request.request_id)
        assert await reason(getattr(stub, name)(other)) in ("INVALID", "IDEMPOTENCY_MISMATCH")
    kinds = [row[0].rsplit(".", 1)[1] for row in await house.rows("SELECT type FROM outbox ORDER BY seq")]
    assert kinds == [
        "SellerRegistered",
        "PickupPointChanged",
        "ProductPublished",
        "LivestreamStarted",
        "OfferOpened",
        "PriceChanged",
        "LivestreamEnded",
        "ProductWithdrawn",
        "SellerSuspended",
        "SellerReinstated",
    ]


async def test_a_product_is_shown_with_its_sellers_whole_public_block(shop: House) -> None:
    """R04."""
    found = await shop.stub("channel").GetProduct(pb.GetProductRequest(product_id="noodles"))
    product = found.product
    assert (product.name, product.list_price_vnd, product.orderable) == ("Miến dong 500 g", PRICE, True)
    assert product.ocop_badge_shown and product.ocop.stars == 4
    assert product.stock == pb.StockLevel(on_hand_quantity=10, free_quantity=10, stock_version=1)
    assert [(o.session_id, o.offer_price_vnd, o.quota) for o in product.offers] == [("live-1", OFFER_PRICE, 5)]
    seller = found.seller
    assert (seller.legal_name, seller.public_phone) == ("Hộ kinh doanh Vàng A Páo", "+84912345678")
    assert seller.tax_id == "6200123456" and not seller.registration_number
    assert seller.return_policy and seller.complaint_policy and seller.home.commune_code == "03390"
    assert seller.pickup_point.contact_phone == "+84912345678"


async def test_what_is_not_there_is_not_found(shop: House) -> None:
    stub = shop.stub()
    assert await reason(stub.GetProduct(pb.GetProductRequest(product_id="nothing"))) == "NOT_FOUND"
    assert await reason(stub.SetStock(count(1, 0, "nothing"))) == "NOT_FOUND"
    assert await reason(stub.PublishProduct(publication("tea", "nobody"))) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "stated"),
    [
        ("GetProduct", {"product_id": "noo\0dles"}),
        ("GetProduct", {"product_id": ""}),
        ("ListProducts", {"seller_id": "seller-1\0"}),
        ("ListProducts", {"commune_code": "0339\0"}),
        ("ListProducts", {"page_token": "AAAA"}),
        ("ListProducts", {"page_token": "bị"}),
        ("ListProducts", {"page_size": 201}),
    ],
)
async def test_questions_are_checked_before_the_database_sees_them(
    shop: House, method: str, stated: dict[str, Any]
) -> None:
    call = getattr(shop.stub("channel"), method)
    assert await reason(call(getattr(pb, f"{method}Request")(**stated))) == "INVALID"


async def test_refusals_come_with_their_reasons(shop: House) -> None:
    stub = shop.stub()
    assert await reason(stub.RegisterSeller(registration(request_id="again"))) == "SELLER_EXISTS"
    assert await reason(stub.PublishProduct(publication(request_id="again"))) == "PRODUCT_EXISTS"
    assert await reason(stub.SetStock(count(5, 0))) == "STOCK_VERSION_MISMATCH"
    assert await reason(shop.stub("seller-1").PublishProduct(publication("tea", "seller-2"))) == "NOT_YOUR_SELLER"
    assert await reason(shop.stub("channel").SetStock(count(5, 1))) == "PERMISSION_DENIED"
    stop = pb.EndLivestreamRequest(
        request_id="stop", session_id="live-1", reason="STOPPED_BY_AUTHORITY", authority_reference="12/CV"
    )
    assert await reason(shop.stub("seller-1").EndLivestream(stop)) == "OPERATOR_ONLY"
    await stub.EndLivestream(stop)
    assert await reason(stub.OpenOffer(offer(quota=1))) == "IDEMPOTENCY_MISMATCH"


async def test_products_come_in_pages_and_by_filter(shop: House) -> None:
    stub = shop.stub()
    await stub.RegisterSeller(registration("seller-2", home={"commune_code": "03424"}))
    await asyncio.gather(*(stub.PublishProduct(publication(f"tea-{n}", "seller-2")) for n in range(5)))
    await stub.PublishProduct(publication("plain", "seller-2", ocop=None))
    await stub.WithdrawProduct(pb.WithdrawProductRequest(request_id="w", product_id="tea-0"))

    async def listed(**wanted: Any) -> list[str]:
        ids: list[str] = []
        while True:
            page = await stub.ListProducts(pb.ListProductsRequest(page_size=2, **wanted))
            assert len(page.products) <= 2
            ids += [product.product_id for product in page.products]
            if not page.next_page_token:
                return ids
            wanted["page_token"] = page.next_page_token

    assert await listed() == ["noodles", "plain", "tea-1", "tea-2", "tea-3", "tea-4"]
    assert await listed(commune_code="03390") == ["noodles"]
    assert await listed(seller_id="seller-2", ocop_only=True) == ["tea-1", "tea-2", "tea-3", "tea-4"]
    assert len(await listed(include_withdrawn=True)) == 7
    assert await listed(seller_id="nobody") == []


async def test_a_basket_is_quoted_without_being_held(shop: House) -> None:
    lines = [Line(product_id="noodles", quantity=2), Line(product_id="noodles", quantity=3, session_id="live-1")]
    quote = await shop.stub("channel").QuoteBasket(pb.QuoteBasketRequest(lines=lines))
    assert (quote.total_vnd, quote.available) == (2 * PRICE + 3 * OFFER_PRICE, True)
    (part,) = quote.parts
    assert part.pickup_point.pickup_point_id == "pp-binh-lu-zone" and part.size.weight_g == 2_750
    lines = [
        Line(product_id="noodles", quantity=11),
        Line(product_id="noodles", quantity=1, session_id="live-9"),
        Line(product_id="nothing", quantity=1),
    ]
    quote = await shop.stub("channel").QuoteBasket(pb.QuoteBasketRequest(lines=lines))
    assert [one.refusal for one in quote.parts[0].lines] == [STOCK_REFUSAL_SHORT, STOCK_REFUSAL_PRICE_MISMATCH]
    assert [one.line.product_id for one in quote.unknown_lines] == ["nothing"] and not quote.available
    assert await shop.levels() == (10, 0, 0)
