"""Connects the rooms of shipping."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from chassis.wiring import Hearing, Service, TopicShape
from chophien.catalog.v1.seller_event_pb2 import SellerEvent
from chophien.common.v1.topic_pb2 import topic
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.shipping.v1.courier_feed_pb2 import CourierFeed
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from chophien.shipping.v1.pickup_batch_event_pb2 import PickupBatchEvent
from google.protobuf.message import Message

from shipping.adapters.planner import Planner
from shipping.adapters.reference import load_world
from shipping.adapters.tables import STORES
from shipping.app.handlers import make_handlers
from shipping.domain.planning import Budget
from shipping.entrypoints.access import ACCESS
from shipping.entrypoints.clock import jobs
from shipping.entrypoints.grpc import servicers
from shipping.entrypoints.waves import Waves
from shipping.settings import read_settings
from shipping.wire.facts import encode, feed_topic
from shipping.wire.heard import ORDER_EVENT, SELLER_EVENT

WORLD = load_world()
SETTINGS = read_settings()
WAVES = Waves(WORLD, Planner(Budget(SETTINGS.plan_cpu_seconds)), SETTINGS.plan_seed)
HEARS = {
    SellerEvent.DESCRIPTOR.full_name: Hearing(SellerEvent, SELLER_EVENT),
    OrderEvent.DESCRIPTOR.full_name: Hearing(OrderEvent, ORDER_EVENT),
}


def _shape(message: type[Message]) -> TopicShape:
    options = message.DESCRIPTOR.GetOptions().Extensions[topic]
    return TopicShape(options.partitions, options.retention_hours or None)


SERVICE = Service(
    name="shipping",
    handlers=make_handlers(WORLD),
    stores=STORES,
    encode=encode,
    migrations=Path(__file__).parents[2] / "migrations",
    hears=HEARS,
    heard_shapes={name: _shape(hearing.message) for name, hearing in HEARS.items()},
    publishes={
        ParcelEvent.DESCRIPTOR.full_name: _shape(ParcelEvent),
        PickupBatchEvent.DESCRIPTOR.full_name: _shape(PickupBatchEvent),
        **{feed_topic(partner_id): _shape(CourierFeed) for partner_id in WORLD.partners},
    },
    jobs=jobs(WAVES, SETTINGS.run_grace),
    servicers=partial(servicers, waves=WAVES, contact_span=SETTINGS.contact_span),
    access=ACCESS,
)
