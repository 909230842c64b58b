"""Makes one golden example of every fact; `python -m tests.contract.examples` writes those that are missing."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from tests.contract.topology import TOPICS, message_of

GOLDEN = Path(__file__).parent / "golden"
SAMPLES: dict[str, Any] = {
    "order_id": "DH2602040A1B2C3D4E5F",
    "part_id": "DH2602040A1B2C3D4E5F-1",
    "part_ids": "DH2602040A1B2C3D4E5F-1",
    "parcel_id": "DH2602040A1B2C3D4E5F-1",
    "parcel_ids": "DH2602040A1B2C3D4E5F-1",
    "batch_id": "PB260204-7Q8R9S0T",
    "seller_id": "seller-binh-lu-01",
    "seller_ids": "seller-binh-lu-01",
    "product_id": "mien-dong-500g",
    "product_ids": "mien-dong-500g",
    "session_id": "live-260204-1300",
    "partner_id": "partner-a",
    "pickup_point_id": "pp-binh-lu-zone",
    "hub_id": "hub-lai-chau",
    "to_hub_id": "hub-lai-chau",
    "from_hub_id": "hub-sa-pa",
    "commune_code": "03390",
    "commune_codes": "03390",
    "as_of_date": "2026-02-04",
    "hamlet": "Bản Hon",
    "legal_name": "Hợp tác xã Miến dong Bình Lư",
    "name": "Miến dong Bình Lư",
    "contact_phone": "+84912345678",
    "latitude": 22.35315,
    "longitude": 103.67774,
    "channel": "livestream",
    "reason": "BUYER_CANCELLED",
    "version": 3,
    "quantity": 2,
    "weight_g": 550,
    "stars": 3,
    "seconds": 1770188340,
}


def sample(field: Any) -> Any:
    """A value a person would expect in this field."""
    if field.name in SAMPLES:
        return SAMPLES[field.name]
    if field.enum_type is not None:
        return field.enum_type.values[1].number
    if field.name.endswith("_vnd"):
        return 185_000
    if field.name.endswith("_date"):
        return "2026-02-04"
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return field.name.replace("_", "-")
    return 1


def fill(message: Message, only: str = "") -> Message:
    """Set every field of a message; of a oneof, the field named `only`."""
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof is not None and field.name != only:
            continue
        if field.message_type is not None:
            target = getattr(message, field.name)
            fill(target.add() if field.is_repeated else target)
            if not field.is_repeated:
                target.SetInParent()
        elif field.is_repeated:
            getattr(message, field.name).append(sample(field))
        else:
            setattr(message, field.name, 0 if field.name == "nanos" else sample(field))
    return message


def topic_class(topic: str) -> type[Message]:
    """The generated class of the message a topic carries."""
    full = message_of(topic)
    package, name = full.rsplit(".", 1)
    file = "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
    return getattr(importlib.import_module(f"{package}.{file}_pb2"), name)  # type: ignore[no-any-return]


def kinds(descriptor: Any) -> list[str]:
    """Names of the facts a topic's message can carry."""
    return [field.name for field in descriptor.oneofs_by_name["fact"].fields]


def all_facts() -> Iterator[tuple[type[Message], str]]:
    """Every message class of a topic with every fact it carries."""
    for name in sorted({message_of(topic) for topic in TOPICS}):
        cls = topic_class(name)
        for kind in kinds(cls.DESCRIPTOR):
            yield cls, kind


def golden_path(cls: type[Message], kind: str) -> Path:
    """Where the bytes of the example stand; the same name with .json is for people."""
    return GOLDEN / f"{cls.DESCRIPTOR.full_name}.{kind}.binpb"


def write(cls: type[Message], kind: str) -> None:
    """Write an example's bytes and its JSON."""
    message = fill(cls(), kind)
    golden_path(cls, kind).write_bytes(message.SerializeToString(deterministic=True))
    golden_path(cls, kind).with_suffix(".json").write_text(
        MessageToJson(message, preserving_proto_field_name=True, ensure_ascii=False) + "\n"
    )


def main() -> None:
    """Write the examples that are missing; existing ones are promises and stay."""
    GOLDEN.mkdir(exist_ok=True)
    for cls, kind in all_facts():
        if not golden_path(cls, kind).exists():
            write(cls, kind)
            print("written:", golden_path(cls, kind).name)


if __name__ == "__main__":
    main()
