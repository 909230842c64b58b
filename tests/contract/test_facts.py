"""Every fact has a golden example, and its bytes mean today what they meant when they were written."""

from __future__ import annotations

from typing import Any

import pytest
from chophien.common.v1 import topic_pb2
from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from tests.contract.examples import GOLDEN, all_facts, fill, golden_path, topic_class
from tests.contract.topology import TOPICS

FACTS = [pytest.param(cls, kind, id=f"{cls.DESCRIPTOR.name}.{kind}") for cls, kind in all_facts()]
PERSONAL = ("buyer_name", "phone", "address", "email", "account_number")


@pytest.mark.parametrize(("cls", "kind"), FACTS)
def test_the_golden_bytes_still_say_what_the_json_says(cls: type[Message], kind: str) -> None:
    """A reader of today understands a fact written when the example was made, byte for byte."""
    raw = golden_path(cls, kind).read_bytes()
    expected = Parse(golden_path(cls, kind).with_suffix(".json").read_text(), cls())
    assert cls.FromString(raw) == expected
    assert expected.SerializeToString(deterministic=True) == raw
    assert expected.WhichOneof("fact") == kind


@pytest.mark.parametrize(("cls", "kind"), FACTS)
def test_a_golden_example_fills_every_field(cls: type[Message], kind: str) -> None:
    """A field that was added later is in a second example or in this one; `make golden` after deleting it writes it."""
    missing = [path for path, is_set in walk(cls.FromString(golden_path(cls, kind).read_bytes()), kind) if not is_set]
    assert missing == []


def walk(message: Message, kind: str, prefix: str = "") -> list[tuple[str, bool]]:
    """Every field below a message with whether the example sets it; unset branches of the oneof do not count."""
    found: list[tuple[str, bool]] = []
    names = {field.name for field, _ in message.ListFields()}
    for field in message.DESCRIPTOR.fields:
        if (field.containing_oneof is not None and field.name != kind) or field.name == "nanos":
            continue
        found.append((prefix + field.name, field.name in names))
        if field.message_type is not None and field.name in names:
            value = getattr(message, field.name)
            found += walk(value[0] if field.is_repeated else value, "", f"{prefix}{field.name}.")
    return found


def test_no_golden_example_is_left_without_its_fact() -> None:
    assert {path.name for path in GOLDEN.glob("*.binpb")} == {golden_path(cls, kind).name for cls, kind in all_facts()}


def test_every_topic_has_the_shape_of_the_topology() -> None:
    for name, topic in TOPICS.items():
        shape = topic_class(name).DESCRIPTOR.GetOptions().Extensions[topic_pb2.topic]
        assert (shape.partitions, shape.retention_hours) == (topic.partitions, topic.retention_hours), name


def test_a_topics_message_carries_its_key_and_its_version() -> None:
    for name, topic in TOPICS.items():
        fields = topic_class(name).DESCRIPTOR.fields_by_name
        assert topic.key in fields, name
        assert "version" in fields, name


def test_no_fact_can_carry_personal_data_of_a_buyer() -> None:
    """Sellers' public contacts are the one exception; they stand in PickupPoint."""
    offenders = [
        f"{descriptor.full_name}.{field.name}"
        for descriptor in reachable(*(cls.DESCRIPTOR for cls, _ in all_facts()))
        if descriptor.name != "PickupPoint"
        for field in descriptor.fields
        if any(word in field.name for word in PERSONAL)
    ]
    assert offenders == []


def reachable(*roots: Any) -> set[Any]:
    """Every message type that stands below the roots."""
    seen: set[Any] = set()
    todo = list(roots)
    while todo:
        descriptor = todo.pop()
        if descriptor not in seen:
            seen.add(descriptor)
            todo += [field.message_type for field in descriptor.fields if field.message_type is not None]
    return seen


def test_an_unknown_field_and_an_unknown_kind_do_no_harm() -> None:
    """Field 900 and fact 901 are of a later version; today's reader keeps or skips them, and never fails."""
    later = b"\xa2\x38\x03new" + b"\xaa\x38\x02\x08\x01"
    for cls, kind in all_facts():
        known = fill(cls(), kind).SerializeToString() + later
        assert cls.FromString(known).WhichOneof("fact") == kind
        assert cls.FromString(later).WhichOneof("fact") is None
