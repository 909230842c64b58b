"""The load: a small market, and orders placed over gRPC as fast as allowed or at a steady rate."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from chophien.catalog.v1 import catalog_service_pb2 as catalog_pb
from chophien.catalog.v1 import catalog_service_pb2_grpc as catalog_grpc
from chophien.catalog.v1.seller_event_pb2 import SELLER_KIND_HOUSEHOLD, PickupPoint
from chophien.common.v1.common_pb2 import (
    PAYMENT_METHOD_COD,
    VEHICLE_KIND_TRUCK,
    GeoPoint,
    Line,
    Place,
    Size,
)
from chophien.orders.v1 import orders_service_pb2 as orders_pb
from chophien.orders.v1 import orders_service_pb2_grpc as orders_grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

CALL_SECONDS_MAX = 10.0
RETRIED = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
STANDS_ALREADY = (grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION)
SELLER, COMMUNE = "seller-bench", "03390"
HOME = Place(commune_code=COMMUNE, hamlet="Bản Hon")


@dataclass(slots=True)
class Placed:
    """One order from the first try to its answer, in seconds of `time.perf_counter`."""

    first_try: float
    request_id: str
    answered: float = 0.0
    order_id: str = ""
    sheds: int = 0


@dataclass(slots=True)
class Load:
    """Orders to place: how many, of which products, how many at once."""

    target: str
    token: str
    products: Sequence[str]
    session_id: str = ""
    at_once: int = 128
    placed: list[Placed] = field(default_factory=list)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Who calls."""
        return (("authorization", f"Bearer {self.token}"),)

    def request(self, number: int) -> orders_pb.PlaceOrderRequest:
        """One buyer's basket: one bag of one product, cash on delivery."""
        return orders_pb.PlaceOrderRequest(
            request_id=uuid.uuid4().hex,
            channel="livestream",
            channel_order_id=uuid.uuid4().hex,
            buyer=orders_pb.Buyer(name="Nguyễn Thị Mai", phone="+84912345678", address="12 Trần Phú"),
            destination=Place(commune_code="00070", as_of_date="2026-02-04"),
            payment_method=PAYMENT_METHOD_COD,
            lines=[Line(product_id=self.products[number % len(self.products)], quantity=1, session_id=self.session_id)],
        )

    async def place(self, stub: Any, number: int) -> Placed:
        """Place one order, again after a shed or an outage, with jitter, until it is accepted."""
        request = self.request(number)
        placed = Placed(time.perf_counter(), request.request_id)
        while True:
            try:
                answer = await stub.PlaceOrder(request, timeout=CALL_SECONDS_MAX, metadata=self.metadata())
            except grpc.aio.AioRpcError as error:
                if error.code() not in RETRIED:
                    raise
                placed.sheds += error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
                await asyncio.sleep(random.uniform(0.05, 0.3))
                continue
            placed.answered, placed.order_id = time.perf_counter(), answer.order_id
            self.placed.append(placed)
            return placed

    async def full_speed(self, count: int) -> list[Placed]:
        """Place `count` orders, `at_once` callers each taking the next when its last is answered."""
        numbers = iter(range(count))
        async with grpc.aio.insecure_channel(self.target) as channel:
            stub = orders_grpc.OrdersServiceStub(channel)

            async def caller() -> None:
                for number in numbers:
                    await self.place(stub, number)

            await asyncio.gather(*(caller() for _ in range(self.at_once)))
        return self.placed

    async def steady(self, count: int, per_second: float) -> list[Placed]:
        """Place `count` orders at a steady rate, whether or not earlier ones are answered."""
        async with grpc.aio.insecure_channel(self.target) as channel:
            stub = orders_grpc.OrdersServiceStub(channel)
            start, calls = time.perf_counter(), []
            for number in range(count):
                await asyncio.sleep(max(0.0, start + number / per_second - time.perf_counter()))
                calls.append(asyncio.create_task(self.place(stub, number)))
            await asyncio.gather(*calls)
        return self.placed


@dataclass(slots=True)
class Market:
    """Fills the catalog over gRPC as its callers would: a seller, products with stock, a livestream session.

    `journal` keeps what was asked and answered, as the auditor reads it.
    """

    target: str
    token: str
    journal: list[dict[str, Any]] = field(default_factory=list)

    async def open(self, stocks: dict[str, int], session_id: str = "", offers: dict[str, int] | None = None) -> None:
        """Register the seller, publish `stocks`' products with that many pieces, open `offers` (product → quota)."""
        async with grpc.aio.insecure_channel(self.target) as channel:
            stub = catalog_grpc.CatalogServiceStub(channel)
            await self._call(stub.RegisterSeller, self._seller())
            for product, pieces in stocks.items():
                await self._call(stub.PublishProduct, self._product(product))
                await self._call(stub.SetStock, catalog_pb.SetStockRequest(product_id=product, on_hand_quantity=pieces))
            if session_id:
                await self._call(stub.StartLivestream, self._session(session_id))
                for product, quota in (offers or {}).items():
                    offer = catalog_pb.OpenOfferRequest(
                        session_id=session_id, product_id=product, offer_price_vnd=49_000, quota=quota
                    )
                    await self._call(stub.OpenOffer, offer)

    async def _call(self, method: Callable[..., Any], request: Any) -> None:
        """Call once; a thing that stands already is fine."""
        request.request_id = uuid.uuid4().hex
        metadata = (("authorization", f"Bearer {self.token}"),)
        try:
            answer = await method(request, timeout=CALL_SECONDS_MAX, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() not in STANDS_ALREADY:
                raise
        else:
            asked, answered = (MessageToDict(one, preserving_proto_field_name=True) for one in (request, answer))
            rpc = type(request).__name__.removesuffix("Request")
            self.journal.append({"as": "operator", "rpc": rpc, "code": "OK", "request": asked, "answer": answered})

    def _seller(self) -> catalog_pb.RegisterSellerRequest:
        gate = PickupPoint(
            pickup_point_id="pp-bench",
            name="Cổng làng miến",
            place=HOME,
            location=GeoPoint(latitude=22.3532, longitude=103.6777),
            contact_name="Hợp tác xã",
            contact_phone="+84213387654",
            largest_vehicle=VEHICLE_KIND_TRUCK,
        )
        return catalog_pb.RegisterSellerRequest(
            seller_id=SELLER,
            legal_name="Hộ kinh doanh miến dong",
            kind=SELLER_KIND_HOUSEHOLD,
            tax_id="6200123456",
            registration_number="23A8001234",
            home=HOME,
            public_phone="+84213387654",
            return_policy="7 ngày",
            complaint_policy="Gọi cửa hàng",
            price_includes_shipping=True,
            pickup_point=gate,
        )

    def _product(self, product: str) -> catalog_pb.PublishProductRequest:
        return catalog_pb.PublishProductRequest(
            product_id=product,
            seller_id=SELLER,
            name="Miến dong 500 g",
            list_price_vnd=60_000,
            size=Size(weight_g=550, length_cm=35, width_cm=20, height_cm=10),
        )

    def _session(self, session_id: str) -> catalog_pb.StartLivestreamRequest:
        expire = Timestamp(seconds=int(time.time()) + 86_400 * 30)
        verification = catalog_pb.HostVerification(method="VNEID", reference="bench", expire_time=expire)
        return catalog_pb.StartLivestreamRequest(
            session_id=session_id, host_id="host-bench", host_verification=verification, seller_ids=[SELLER]
        )
