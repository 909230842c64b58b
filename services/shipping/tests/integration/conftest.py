"""A migrated database of shipping, a served service on it, a stand-in for orders, and the others' words as records."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from chassis.grpc_client import channel
from chassis.testing.house import TRACE, housed, migrated, record_of
from chassis.testing.house import House as ServiceHouse
from chophien.catalog.v1.seller_event_pb2 import SellerEvent
from chophien.common.v1 import common_pb2
from chophien.orders.v1 import orders_service_pb2, orders_service_pb2_grpc
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.shipping.v1 import courier_service_pb2 as courier
from chophien.shipping.v1 import shipping_service_pb2 as pb
from chophien.shipping.v1.courier_service_pb2_grpc import CourierServiceStub
from chophien.shipping.v1.shipping_service_pb2_grpc import ShippingServiceStub
from google.protobuf.message import Message
from shipping.bootstrap import SERVICE, WAVES

NOW = datetime(2026, 2, 4, 6, 30, tzinfo=UTC)


def seller_registered(seller_id: str = "seller-1", point: str = "pp-binh-lu-zone", commune: str = "03390") -> Message:
    event = SellerEvent(seller_id=seller_id, version=1)
    gate = event.seller_registered.pickup_point
    gate.pickup_point_id, gate.name = point, "Khu miến dong"
    gate.place.commune_code, gate.place.hamlet = commune, "Bản Thẳm"
    gate.location.latitude, gate.location.longitude = (22.356, 103.679) if commune == "03390" else (22.285, 103.697)
    gate.contact_name, gate.contact_phone = "Lò Văn Páo", "+84912345678"
    event.seller_registered.register_time.FromDatetime(NOW - timedelta(days=9))
    return event


def point_changed(seller_id: str, point: str, effective: datetime) -> Message:
    event = SellerEvent(seller_id=seller_id, version=2)
    said: Any = seller_registered(seller_id, point)
    event.pickup_point_changed.pickup_point.CopyFrom(said.seller_registered.pickup_point)
    event.pickup_point_changed.effective_time.FromDatetime(effective)
    return event


def order_confirmed(
    order_id: str, parts: int = 1, point: str = "pp-binh-lu-zone", weight_g: int = 1000, placed: datetime = NOW
) -> Message:
    event = OrderEvent(order_id=order_id, version=3)
    fact = event.order_confirmed
    fact.contact_id, fact.channel = f"contact-{order_id}", "livestream"
    fact.destination.commune_code, fact.payment_method = "00004", common_pb2.PAYMENT_METHOD_COD
    for number in range(1, parts + 1):
        part = fact.parts.add(part_id=f"{order_id}-{number}", pickup_point_id=point, goods_vnd=50_000)
        part.seller_ids.append("seller-1")
        part.size.weight_g, part.size.length_cm, part.size.width_cm, part.size.height_cm = weight_g, 30, 20, 15
    fact.place_time.FromDatetime(placed)
    fact.confirm_time.FromDatetime(placed)
    return event


def order_cancelled(order_id: str, *part_ids: str, reason: str = "BUYER_CANCELLED") -> Message:
    event = OrderEvent(order_id=order_id, version=4)
    event.order_cancelled.reason = reason
    event.order_cancelled.open_part_ids.extend(part_ids)
    event.order_cancelled.cancel_time.FromDatetime(NOW)
    return event


def part_cancelled(order_id: str, part_id: str, reason: str = "BUYER_CANCELLED") -> Message:
    event = OrderEvent(order_id=order_id, version=4)
    event.order_part_cancelled.part_id, event.order_part_cancelled.reason = part_id, reason
    return event


class Orders(orders_service_pb2_grpc.OrdersServiceServicer):
    """Knows every contact but the erased; remembers who asked."""

    def __init__(self) -> None:
        self.erased: set[str] = set()
        self.asked: list[int] = []

    async def GetContacts(self, request: Any, context: Any) -> Any:
        self.asked.append(len(request.contact_ids))
        answer = orders_service_pb2.GetContactsResponse()
        for id in request.contact_ids:
            found = answer.contacts.add(contact_id=id)
            if id not in self.erased:
                found.buyer.name, found.buyer.phone = f"Buyer of {id}", "+84987654321"
        return answer


@dataclass
class House(ServiceHouse):
    """Shipping under test, with a stand-in for orders."""

    orders: Orders

    stubs = (ShippingServiceStub, CourierServiceStub)

    async def kinds(self, key: str, topic: str = "") -> list[str]:
        """Names of the facts said under a key, in order."""
        found = await self.rows(f"SELECT type FROM outbox WHERE key = '{key}' AND topic LIKE '%{topic}' ORDER BY seq")
        return [row[0].rpartition(".")[2] for row in found]

    async def ready_parcels(self, count: int, point: str = "pp-binh-lu-zone") -> list[str]:
        """Confirmed and packed parcels of one part each."""
        ids = [f"DH{uuid.uuid4().hex[:12].upper()}" for _ in range(count)]
        await self.hear(*(order_confirmed(id, point=point, placed=self.clock.now()) for id in ids))
        seller = self.stub("seller-1")
        for id in ids:
            await seller.MarkReady(pb.MarkReadyRequest(request_id=f"ready-{id}", parcel_id=f"{id}-1"))
        return [f"{id}-1" for id in ids]

    async def push(self, hub_id: str = "hub-sa-pa") -> Any:
        request = pb.PlanWaveRequest(request_id=uuid.uuid4().hex, hub_id=hub_id, take_all=True)
        return await self.stub().PlanWave(request)

    async def awarded(
        self, count: int, point: str = "pp-binh-lu-zone", hub_id: str = "hub-sa-pa"
    ) -> tuple[str, list[str]]:
        """A run that partner-a accepted, and its parcels."""
        ids = await self.ready_parcels(count, point)
        (batch_id,) = (await self.push(hub_id)).batch_ids
        tenders = (await self.stub("partner-a").ListTenders(courier.ListTendersRequest())).tenders
        tender_id = next(tender.tender_id for tender in tenders if tender.batch_id == batch_id)
        request = courier.AcceptTenderRequest(request_id=f"accept-{tender_id}", tender_id=tender_id)
        await self.stub("partner-a").AcceptTender(request)
        return str(batch_id), ids

    async def picked(self, count: int) -> tuple[str, list[str]]:
        """A run whose parcels are all on board and handed over."""
        batch_id, ids = await self.awarded(count)
        request = courier.ReportPickupRequest(request_id=f"picked-{batch_id}", batch_id=batch_id, run_finished=True)
        for id in ids:
            request.reports.add(parcel_id=id, picked=True)
        request.handover_time.FromDatetime(self.clock.now())
        await self.stub("partner-a").ReportPickup(request)
        return batch_id, ids


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    async with migrated(postgres, SERVICE) as url:
        yield url


@pytest.fixture
async def orders() -> AsyncIterator[tuple[Orders, int]]:
    """A stand-in for orders on a socket."""
    servicer, server = Orders(), grpc.aio.server()  # type: ignore[abstract]
    orders_service_pb2_grpc.add_OrdersServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield servicer, port
    await server.stop(0)


@pytest.fixture
async def house(database: str, orders: tuple[Orders, int]) -> AsyncIterator[House]:
    """The service on empty tables that has heard two sellers."""
    servicer, port = orders
    async with housed(House, SERVICE, database, NOW, orders=servicer) as house:
        to_orders = channel(f"127.0.0.1:{port}", "shipping")
        house.served.runtime.channels = lambda _peer: to_orders
        await house.hear(seller_registered(), seller_registered("seller-2", "pp-ban-bo", "03424"))
        yield house
        await to_orders.close()
    WAVES.planner.close()


@pytest.fixture
def say() -> Any:
    """What the others say."""
    return SimpleNamespace(
        seller_registered=seller_registered,
        point_changed=point_changed,
        order_confirmed=order_confirmed,
        order_cancelled=order_cancelled,
        part_cancelled=part_cancelled,
        record=record_of,
        trace_id=TRACE[3:35],
    )
