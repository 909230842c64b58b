"""Connects the rooms of orders."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from chassis.wiring import Job, Service, TopicShape
from chophien.common.v1.topic_pb2 import topic
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.orders.v1.orders_service_pb2 import DESCRIPTOR
from chophien.orders.v1.orders_service_pb2_grpc import add_OrdersServiceServicer_to_server
from google.protobuf.message import Message

from orders.adapters.reference import load_communes
from orders.adapters.tables import STORES
from orders.app.handlers import HANDLERS
from orders.entrypoints.access import ACCESS
from orders.entrypoints.clock import erase_contacts, give_up_waits
from orders.entrypoints.grpc import Orders
from orders.settings import read_settings
from orders.wire import facts
from orders.wire.hearing import HEARS

COMMUNES = load_communes()


def _shape(message: type[Message]) -> TopicShape:
    options = message.DESCRIPTOR.GetOptions().Extensions[topic]
    return TopicShape(options.partitions, options.retention_hours or None)


SERVICE = Service(
    name="orders",
    handlers=HANDLERS,
    stores=STORES,
    encode=facts.encode,
    migrations=Path(__file__).parents[2] / "migrations",
    hears=HEARS,
    heard_shapes={name: _shape(hearing.message) for name, hearing in HEARS.items()},
    publishes={facts.TOPIC: _shape(OrderEvent)},
    jobs=(
        Job("give_up_waits", give_up_waits),
        Job("erase_contacts", partial(erase_contacts, read_settings().contact_time), every_seconds=0.5),
    ),
    servicers=lambda runtime: {
        DESCRIPTOR.services_by_name["OrdersService"].full_name: (
            add_OrdersServiceServicer_to_server,
            Orders(runtime, COMMUNES),
        )
    },
    access=ACCESS,
)
