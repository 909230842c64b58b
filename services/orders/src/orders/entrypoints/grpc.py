"""The RPCs of orders: translate, carry out, answer."""

from __future__ import annotations

from typing import Any

import structlog
from chassis.access import caller
from chassis.telemetry import trace_id
from chassis.wiring import Runtime
from chophien.orders.v1 import orders_service_pb2 as pb
from chophien.orders.v1.orders_service_pb2_grpc import OrdersServiceServicer

from orders.adapters import reads
from orders.app.commands import EraseContact
from orders.domain.communes import Communes
from orders.wire import answers, requests

_log = structlog.get_logger("orders.contacts")


class Orders(OrdersServiceServicer):
    """OrdersService."""

    def __init__(self, runtime: Runtime, communes: Communes) -> None:
        self._runtime, self._door, self._communes = runtime, runtime.door, communes

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, context: Any) -> pb.PlaceOrderResponse:
        command = requests.place_order(request, caller(), self._runtime.clock.now(), self._communes)
        return await self._door.execute(command, request, answers.placed)

    async def CancelOrder(self, request: pb.CancelOrderRequest, context: Any) -> pb.CancelOrderResponse:
        return await self._door.execute(requests.cancel_order(request, caller()), request, answers.cancelled)

    async def GetOrder(self, request: pb.GetOrderRequest, context: Any) -> pb.GetOrderResponse:
        async with self._runtime.engine.connect() as connection:
            order = await reads.get_order(connection, requests.order_id(request), requests.only_placed_by(caller()))
        return answers.order(order, trace_id(order.trace))

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Any) -> pb.ListOrdersResponse:
        async with self._runtime.engine.connect() as connection:
            return answers.orders(*await reads.list_orders(connection, requests.list_orders(request, caller())))

    async def GetContacts(self, request: pb.GetContactsRequest, context: Any) -> pb.GetContactsResponse:
        asked = requests.contact_ids(request)
        _log.info("contacts asked", caller=caller().identity, role=caller().role, contact_count=len(asked))
        async with self._runtime.engine.connect() as connection:
            return answers.contacts(await reads.get_contacts(connection, asked))

    async def EraseContact(self, request: pb.EraseContactRequest, context: Any) -> pb.EraseContactResponse:
        contact_id = requests.contact_id(request)
        async with self._runtime.engine.connect() as connection:
            others = await reads.same_person(connection, contact_id)
        command = EraseContact(contact_id=contact_id, same_person_ids=others)
        return await self._door.execute(command, request, answers.erased)
