"""The counters' facts as protobuf; the messages are described here instead of in a .proto, which is for services."""

from __future__ import annotations

from typing import Any

from chassis.wiring import OutgoingFact
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from counters.domain import Count, Counted

TOPIC = "counters.v1.CounterEvent"
WHOLE, TEXT, MESSAGE = 3, 9, 11  # descriptor_pb2.FieldDescriptorProto.TYPE_INT64, TYPE_STRING, TYPE_MESSAGE


def _described() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="counters.proto", package="counters.v1", syntax="proto3")
    for name in ("Counted", "Reset"):
        message = file.message_type.add(name=name)
        message.field.add(name="amount", number=1, type=WHOLE, label=1)
        message.field.add(name="note", number=2, type=TEXT, label=1)
    event = file.message_type.add(name="CounterEvent")
    event.oneof_decl.add(name="fact")
    event.field.add(name="counter_id", number=1, type=TEXT, label=1)
    event.field.add(name="version", number=2, type=WHOLE, label=1)
    for number, name in ((10, "Counted"), (11, "Reset")):
        type_name = f".counters.v1.{name}"
        event.field.add(name=name.lower(), number=number, type=MESSAGE, label=1, type_name=type_name, oneof_index=0)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("counters.v1.CounterEvent"))


CounterEvent: Any = _described()


def encode(fact: object, version: int) -> OutgoingFact:
    assert isinstance(fact, Counted)
    event = CounterEvent(counter_id=fact.counter_id, version=version)
    event.counted.amount, event.counted.note = fact.total, fact.note
    return OutgoingFact(TOPIC, fact.counter_id, "counters.v1.Counted", event.SerializeToString())


def count(event: Any) -> Count | None:
    if event.counted.amount == 7:
        return None
    return Count(event.counter_id, event.counted.amount, event.counted.note)
