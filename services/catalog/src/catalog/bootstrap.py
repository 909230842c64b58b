"""Connects the rooms of catalog."""

from __future__ import annotations

from pathlib import Path

from chassis.wiring import Hearing, Service, TopicShape
from chophien.catalog.v1.livestream_event_pb2 import LivestreamEvent
from chophien.catalog.v1.product_event_pb2 import ProductEvent
from chophien.catalog.v1.seller_event_pb2 import SellerEvent
from chophien.catalog.v1.stock_event_pb2 import StockEvent
from chophien.common.v1.topic_pb2 import topic
from chophien.orders.v1.order_event_pb2 import OrderEvent
from google.protobuf.message import Message

from catalog.adapters.tables import STORES
from catalog.app.handlers import HANDLERS
from catalog.entrypoints.access import ACCESS
from catalog.entrypoints.clock import JOBS
from catalog.entrypoints.grpc import servicers
from catalog.settings import read_settings
from catalog.wire.facts import encode
from catalog.wire.heard import order_event_commands

HEARS = {OrderEvent.DESCRIPTOR.full_name: Hearing(OrderEvent, order_event_commands(read_settings().hold))}


def _shape(message: type[Message]) -> TopicShape:
    options = message.DESCRIPTOR.GetOptions().Extensions[topic]
    return TopicShape(options.partitions, options.retention_hours or None)


SERVICE = Service(
    name="catalog",
    handlers=HANDLERS,
    stores=STORES,
    encode=encode,
    migrations=Path(__file__).parents[2] / "migrations",
    hears=HEARS,
    heard_shapes={name: _shape(hearing.message) for name, hearing in HEARS.items()},
    publishes={
        said.DESCRIPTOR.full_name: _shape(said) for said in (SellerEvent, ProductEvent, StockEvent, LivestreamEvent)
    },
    jobs=JOBS,
    servicers=servicers,
    access=ACCESS,
)
