"""A small world for each service to be attacked in: what is there, and a good example of every request and fact."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
from chassis.access import Caller
from chassis.testing.house import House, housed
from chassis.testing.serving import CALLERS
from chophien.catalog.v1 import catalog_service_pb2_grpc as catalog_grpc
from chophien.orders.v1 import orders_service_pb2 as orders_pb
from chophien.orders.v1 import orders_service_pb2_grpc as orders_grpc
from chophien.payments.v1 import payments_service_pb2_grpc as payments_grpc
from chophien.shipping.v1 import courier_service_pb2_grpc as courier_grpc
from chophien.shipping.v1 import shipping_service_pb2_grpc as shipping_grpc
from google.protobuf.message import Message
from shipping.bootstrap import WAVES

from tests.contract.examples import SAMPLES
from tests.contract.good import GOOD, LINE, NEW, NOW, ORDER, SELLER, earlier, example, fact, facts_heard, named
from tests.contract.test_hearing import service

PARCELS = 8
TOKENS = (*CALLERS, Caller(identity="our-seller", role="seller", seller_id=SELLER))
STUBS: Mapping[str, tuple[Any, ...]] = {
    "catalog": (catalog_grpc.CatalogServiceStub,),
    "orders": (orders_grpc.OrdersServiceStub,),
    "payments": (payments_grpc.PaymentsServiceStub,),
    "shipping": (shipping_grpc.ShippingServiceStub, courier_grpc.CourierServiceStub),
}


@dataclass
class World(House):
    """A service with something in it.

    `ids` are those of what is there, `names` replaces samples by what they became, `own` are fields of good requests.
    """

    name: str = ""
    ids: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def ask(self, token: str, method: Any, **fields: Any) -> Any:
        """The answer to a good request."""
        return await getattr(self.stub(token), method)(self.good(method, **fields))

    def good(self, method: str, **fields: Any) -> Any:
        """A good request, with some fields of its own."""
        return self.named(
            example(self.described(method).input_type, **{**GOOD.get(method, {}), **self.own.get(method, {}), **fields})
        )

    def described(self, method: str) -> Any:
        return next(one for one in rpcs(self.name) if one.name == method)

    def named(self, message: Any) -> Any:
        """The message, speaking of what is there."""
        return named(message, self.names)


def rpcs(name: str) -> list[Any]:
    """The RPCs of a service."""
    from tests.contract.test_rpcs import methods

    return methods(name)


async def _catalog(world: World) -> None:
    sample = SAMPLES
    await world.ask("our-seller", "RegisterSeller", seller_id=SELLER)
    await world.ask("our-seller", "PublishProduct", product_id=sample["product_id"])
    await world.ask("our-seller", "SetStock")
    await world.ask("our-seller", "StartLivestream", session_id=sample["session_id"])
    await world.ask("our-seller", "OpenOffer", session_id=sample["session_id"])
    await world.ask("our-seller", "StartLivestream", session_id="live-2")
    await world.hear(world.named(fact("chophien.orders.v1.OrderEvent", "order_placed")))
    world.ids += [SELLER, sample["product_id"], sample["session_id"], ORDER, f"{ORDER}-1"]


async def _orders(world: World) -> None:
    for topic, kind in (
        ("SellerEvent", "seller_registered"),
        ("ProductEvent", "product_published"),
        ("LivestreamEvent", "livestream_started"),
        ("LivestreamEvent", "offer_opened"),
    ):
        await world.hear(earlier(fact(f"chophien.catalog.v1.{topic}", kind)))
    placed = await world.ask("channel", "PlaceOrder")
    seen = await world.stub().GetOrder(orders_pb.GetOrderRequest(order_id=placed.order_id))
    world.names |= {ORDER: placed.order_id, f"{ORDER}-1": f"{placed.order_id}-1", "contact-id": seen.contact_id}
    world.names["contact-ids"] = seen.contact_id
    world.ids += [*world.names.values(), SAMPLES["product_id"], SAMPLES["session_id"], SELLER]


async def _payments(world: World) -> None:
    due = fact("chophien.orders.v1.OrderEvent", "payment_due")
    due.payment_due.payment_method, due.payment_due.placed_by = 1, "channel"
    await world.hear(due)
    cash = fact("chophien.orders.v1.OrderEvent", "payment_due")
    cash.order_id, cash.payment_due.payment_method = "DH260204COD", 2
    cash.payment_due.part_amounts[0].part_id = "DH260204COD-1"
    paid_twice = fact("chophien.orders.v1.OrderEvent", "payment_due")
    paid_twice.order_id, paid_twice.payment_due.payment_method = "DH260204ZZZZZZZZZZZZ", 1
    paid_twice.payment_due.part_amounts[0].part_id = "DH260204ZZZZZZZZZZZZ-1"
    await world.hear(cash, paid_twice)
    for number in range(2):
        memo, transaction = "DH260204ZZZZZZZZZZZZ", f"double-{number}"
        await world.ask("bank", "ReportBankTransfer", memo=memo, provider_transaction_id=transaction)
    delivered = fact("chophien.shipping.v1.ParcelEvent", "parcel_delivered")
    delivered.order_id, delivered.parcel_id = "DH260204COD", "DH260204COD-1"
    await world.hear(delivered)
    refunds = (await world.ask("bank", "ListRefundsDue", order_id="")).refunds
    world.names |= {"refund-id": refunds[0].refund_id, "placed-by": "channel"}
    world.ids += [ORDER, f"{ORDER}-1", "DH260204COD", "DH260204COD-1", refunds[0].refund_id, "partner-a"]


async def _shipping(world: World) -> None:
    await world.hear(earlier(fact("chophien.catalog.v1.SellerEvent", "seller_registered")))
    parcels = []
    for number in range(PARCELS):
        confirmed = earlier(fact("chophien.orders.v1.OrderEvent", "order_confirmed"))
        order_id = confirmed.order_id if not number else f"DH26020400000000000{number}"
        confirmed.order_id, part = order_id, confirmed.order_confirmed.parts[0]
        part.part_id = f"{order_id}-1"
        part.size.weight_g, part.size.length_cm, part.size.width_cm, part.size.height_cm = 1000, 30, 20, 15
        parcels.append(part.part_id)
        await world.hear(confirmed)
    for batch in (parcels[1:3], parcels[3:5], parcels[5:7]):
        for parcel in batch:
            await world.ask("operator", "MarkReady", parcel_id=parcel)
        planned = await world.ask("operator", "PlanWave")
        world.ids += [*planned.batch_ids, *batch]
    tenders = (await world.ask("partner-a", "ListTenders", page_size=9)).tenders
    await world.ask("partner-a", "AcceptTender", tender_id=tenders[0].tender_id, refused_parcel_ids=None)
    closed = await world.ask("operator", "DeclareClosure", commune_code="03424")
    run = tenders[0]
    world.names |= {"tender-id": tenders[1].tender_id, SAMPLES["batch_id"]: run.batch_id}
    world.names["closure-id"] = closed.closure_id
    riding = run.parcels[0].parcel_id
    world.own = {
        "ReportPickup": {"reports": [{"parcel_id": riding, "picked": True}]},
        "ReportScan": {"parcel_id": riding},
    }
    world.ids += [*parcels, *(one.tender_id for one in tenders), closed.closure_id, SELLER, SAMPLES["pickup_point_id"]]


SETTLE: Mapping[str, Callable[[World], Any]] = {
    "catalog": _catalog,
    "orders": _orders,
    "payments": _payments,
    "shipping": _shipping,
}


def fresh(world: World, topic: str, kind: str) -> Any:
    """A fact of things that are new, said now."""
    return named(earlier(fact(topic, kind), world.clock.now()), NEW)


async def _sells(world: World) -> None:
    registration = named(world.good("RegisterSeller"), NEW)
    seller = (await world.stub("operator").RegisterSeller(registration)).seller_id
    product = (await world.ask("operator", "PublishProduct", seller_id=seller)).product_id
    await world.ask("operator", "SetStock", product_id=product)
    placed = fresh(world, "chophien.orders.v1.OrderEvent", "order_placed")
    line = placed.order_placed.parts[0].lines[0]
    line.product_id, line.session_id = product, ""
    placed.order_placed.place_time.FromDatetime(world.clock.now())
    await world.hear(placed)
    assert await said(world, "StockReserved")


async def _takes_orders(world: World) -> None:
    await world.hear(fresh(world, "chophien.catalog.v1.SellerEvent", "seller_registered"))
    await world.hear(fresh(world, "chophien.catalog.v1.ProductEvent", "product_published"))
    line = {**LINE, "product_id": NEW[LINE["product_id"]], "session_id": ""}
    assert (await world.ask("channel", "PlaceOrder", lines=[line])).order_id


async def _takes_money(world: World) -> None:
    due = fresh(world, "chophien.orders.v1.OrderEvent", "payment_due")
    due.payment_due.payment_method = 1
    await world.hear(due)
    await world.ask("bank", "ReportBankTransfer", memo=NEW[ORDER], provider_transaction_id="new")
    assert await said(world, "PaymentAuthorized")


async def _ships(world: World) -> None:
    await world.hear(fresh(world, "chophien.catalog.v1.SellerEvent", "seller_registered"))
    await world.hear(fresh(world, "chophien.orders.v1.OrderEvent", "order_confirmed"))
    await world.ask("operator", "MarkReady", parcel_id=NEW[f"{ORDER}-1"])
    assert await said(world, "ParcelReady")


async def said(world: World, kind: str) -> bool:
    """Whether such a fact was said of the new order."""
    found = await world.rows(f"SELECT type FROM outbox WHERE key LIKE '{NEW[ORDER]}%'")
    return any(row[0].endswith(f".{kind}") for row in found)


USUAL: Mapping[str, Callable[[World], Any]] = {
    "catalog": _sells,
    "orders": _takes_orders,
    "payments": _takes_money,
    "shipping": _ships,
}
"""What a service is there for, with things of its own."""


class Contacts(orders_grpc.OrdersServiceServicer):
    """Stands in for orders, towards shipping."""

    async def GetContacts(self, request: Any, context: Any) -> Any:
        return orders_pb.GetContactsResponse(contacts=[orders_pb.Contact(contact_id=id) for id in request.contact_ids])


@asynccontextmanager
async def settled(name: str, database_url: str) -> AsyncIterator[World]:
    """A service on emptied tables with its world."""
    kind: type[World] = type("Settled", (World,), {"stubs": STUBS[name]})
    server = grpc.aio.server()
    orders_grpc.add_OrdersServiceServicer_to_server(Contacts(), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with (
        housed(kind, service(name), database_url, NOW, TOKENS, name=name) as world,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        world.served.runtime.channels = lambda _peer: channel
        await SETTLE[name](world)
        yield world
    await server.stop(0)
    if name == "shipping":
        WAVES.planner.close()


def facts_of(world: World) -> list[Message]:
    """A good example of every fact the service hears."""
    return [world.named(fact(topic, kind)) for topic, kind in facts_heard(world.name)]
