"""Answers CatalogService: translate, dispatch or read, answer."""

from __future__ import annotations

from typing import Any

from chassis.access import caller
from chassis.wiring import Registered, Runtime
from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1 import catalog_service_pb2_grpc as pb_grpc

from catalog.adapters import reads
from catalog.domain.quoting import quote_basket
from catalog.wire import requests, responses


class CatalogServicer(pb_grpc.CatalogServiceServicer):
    """The RPCs, over one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._door = runtime, runtime.door

    async def RegisterSeller(self, request: pb.RegisterSellerRequest, context: Any) -> pb.RegisterSellerResponse:
        command = requests.register_seller(request, caller())
        return await self._door.execute(command, request, responses.registered)

    async def SuspendSeller(self, request: pb.SuspendSellerRequest, context: Any) -> pb.SuspendSellerResponse:
        return await self._door.execute(requests.suspend_seller(request), request, responses.suspended)

    async def ReinstateSeller(self, request: pb.ReinstateSellerRequest, context: Any) -> pb.ReinstateSellerResponse:
        return await self._door.execute(requests.reinstate_seller(request), request, responses.reinstated)

    async def MovePickupPoint(self, request: pb.MovePickupPointRequest, context: Any) -> pb.MovePickupPointResponse:
        command = requests.move_pickup_point(request, caller())
        return await self._door.execute(command, request, responses.pickup_point_moved)

    async def PublishProduct(self, request: pb.PublishProductRequest, context: Any) -> pb.PublishProductResponse:
        command = requests.publish_product(request, caller())
        return await self._door.execute(command, request, responses.published)

    async def WithdrawProduct(self, request: pb.WithdrawProductRequest, context: Any) -> pb.WithdrawProductResponse:
        command = requests.withdraw_product(request, caller())
        return await self._door.execute(command, request, responses.withdrawn)

    async def ChangePrice(self, request: pb.ChangePriceRequest, context: Any) -> pb.ChangePriceResponse:
        command = requests.change_price(request, caller())
        return await self._door.execute(command, request, responses.price_changed)

    async def SetStock(self, request: pb.SetStockRequest, context: Any) -> pb.SetStockResponse:
        return await self._door.execute(requests.set_stock(request, caller()), request, responses.stock_set)

    async def StartLivestream(self, request: pb.StartLivestreamRequest, context: Any) -> pb.StartLivestreamResponse:
        command = requests.start_livestream(request, caller())
        return await self._door.execute(command, request, responses.started)

    async def OpenOffer(self, request: pb.OpenOfferRequest, context: Any) -> pb.OpenOfferResponse:
        return await self._door.execute(requests.open_offer(request, caller()), request, responses.offer_opened)

    async def EndLivestream(self, request: pb.EndLivestreamRequest, context: Any) -> pb.EndLivestreamResponse:
        return await self._door.execute(requests.end_livestream(request, caller()), request, responses.ended)

    async def GetProduct(self, request: pb.GetProductRequest, context: Any) -> pb.GetProductResponse:
        product_id = requests.product_id(request)
        async with self._runtime.engine.connect() as connection:
            shop = await reads.product(connection, product_id)
        return responses.product_found(shop, product_id, self._runtime.clock.now())

    async def ListProducts(self, request: pb.ListProductsRequest, context: Any) -> pb.ListProductsResponse:
        wanted = requests.product_filter(request)
        async with self._runtime.engine.connect() as connection:
            found = await reads.product_ids(connection, wanted)
            shop = await reads.shop_of(connection, found[: wanted.limit])
        token = requests.page_token(found[wanted.limit - 1]) if len(found) > wanted.limit else ""
        return responses.product_page(shop, token, self._runtime.clock.now())

    async def QuoteBasket(self, request: pb.QuoteBasketRequest, context: Any) -> pb.QuoteBasketResponse:
        lines = requests.basket(request)
        async with self._runtime.engine.connect() as connection:
            shop = await reads.shop_of(
                connection, (line.product_id for line in lines), {line.session_id for line in lines} - {""}
            )
        return responses.quoted(quote_basket(lines, shop, self._runtime.clock.now()))

    async def GetProgramme(self, request: pb.GetProgrammeRequest, context: Any) -> pb.GetProgrammeResponse:
        now = self._runtime.clock.now()
        commune_code, day = requests.programme(request, caller(), now)
        async with self._runtime.engine.connect() as connection:
            found = await reads.programme(connection, commune_code, day, now)
        return responses.programme(found, commune_code, day)


def servicers(runtime: Runtime) -> dict[str, Registered]:
    """CatalogService by its full name."""
    name = pb.DESCRIPTOR.services_by_name["CatalogService"].full_name
    return {name: (pb_grpc.add_CatalogServiceServicer_to_server, CatalogServicer(runtime))}
