"""Every hearer takes every fact: once, twice, with unknown fields, of unknown kinds; the topology says which."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import pytest
from chassis.inbox import items_of
from chassis.testing import Memory, carry_out
from chassis.wiring import Service

from tests.contract.examples import SAMPLES, golden_path, kinds, topic_class
from tests.contract.topology import KINDS, SERVICES, TOPICS, heard_by, message_of, published_by

LATER = b"\xa2\x38\x03new"
"""Field 900 of a later version of the contract."""


@dataclass(frozen=True)
class Record:
    """A record as Kafka hands it over."""

    topic: str
    value: bytes | None
    key: bytes | None = b"DH2602040A1B2C3D4E5F"
    headers: tuple[tuple[str, bytes | None], ...] = (("ce_id", b"01"),)
    partition: int = 0
    offset: int = 0


def service(name: str) -> Service:
    """The wiring of a running service."""
    return importlib.import_module(f"{name}.bootstrap").SERVICE  # type: ignore[no-any-return]


HEARD = [
    pytest.param(name, topic, kind, id=f"{name}-{topic.removeprefix('chophien.')}.{kind}")
    for name in SERVICES
    for topic in sorted(heard_by(name))
    for kind in kinds(topic_class(topic).DESCRIPTOR)
]


def golden(topic: str, kind: str) -> bytes:
    """The golden bytes of a fact; of a cancelled order with a part that is the order's, which shipping looks at."""
    fact: Any = topic_class(topic).FromString(golden_path(topic_class(topic), kind).read_bytes())
    if kind == "order_cancelled":
        fact.order_cancelled.open_part_ids[:] = [SAMPLES["part_id"]]
    return fact.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_hears_and_says_what_the_topology_says(name: str) -> None:
    assert set(service(name).hears) == heard_by(name)
    assert set(service(name).publishes) == published_by(name)
    for topic, shape in {**service(name).publishes, **service(name).heard_shapes}.items():
        row = TOPICS[topic]
        assert (shape.partitions, shape.retention_hours or 0) == (row.partitions, row.retention_hours), topic
    assert set(service(name).heard_shapes) == heard_by(name)


@pytest.mark.parametrize("name", SERVICES)
def test_a_topic_is_heard_by_its_own_message_and_only_real_facts(name: str) -> None:
    for topic, hearing in service(name).hears.items():
        assert hearing.message.DESCRIPTOR.full_name == message_of(topic)
        assert set(hearing.commands) <= set(kinds(hearing.message.DESCRIPTOR))


def test_every_kind_of_every_heard_topic_is_acted_on_or_left_for_a_reason() -> None:
    """A new kind has to be put on one side; what is left says why."""
    assert set(KINDS) == {(name, topic) for name in SERVICES for topic in heard_by(name)}
    for (name, topic), row in KINDS.items():
        assert row.acts | set(row.ignores) == set(kinds(topic_class(topic).DESCRIPTOR)), (name, topic)
        assert not row.acts & set(row.ignores), (name, topic)
        assert all(row.ignores.values()), (name, topic)


@pytest.mark.parametrize(("name", "topic", "kind"), HEARD)
def test_a_hearer_acts_on_the_kinds_of_the_topology_and_on_no_others(name: str, topic: str, kind: str) -> None:
    """A kind is acted on if its example becomes a command that the service has a handler for."""
    hearer = service(name)
    made = [item.command for item in items_of([Record(topic, golden(topic, kind))], hearer.hears)]
    commands = [command for command in made if command is not None]
    assert (len(commands) == 1) == (kind in KINDS[name, topic].acts)
    assert {type(command) for command in commands} <= set(hearer.handlers)


@pytest.mark.parametrize(("name", "topic", "kind"), HEARD)
def test_a_fact_is_taken_once_and_twice(name: str, topic: str, kind: str) -> None:
    """To a service that knows nothing yet: too early and unknown is normal; a second time changes nothing."""
    hearer, memory = service(name), Memory()
    for item in items_of([Record(topic, golden(topic, kind))], hearer.hears):
        assert item.culprit is None, item.culprit
        if item.command is not None:
            carry_out(hearer.handlers, memory, item.command)
            after, said = dict(memory.aggregates), len(memory.said)
            carry_out(hearer.handlers, memory, item.command)
            unversioned = {key: getattr(one, "version", 0) for key, one in memory.aggregates.items()}
            assert unversioned == {key: getattr(one, "version", 0) for key, one in after.items()}
            assert len(memory.said) == said


@pytest.mark.parametrize(("name", "topic", "kind"), HEARD)
def test_a_field_of_a_later_version_changes_nothing(name: str, topic: str, kind: str) -> None:
    today = items_of([Record(topic, golden(topic, kind))], service(name).hears)
    later = items_of([Record(topic, golden(topic, kind) + LATER)], service(name).hears)
    assert [item.command for item in today] == [item.command for item in later]


@pytest.mark.parametrize("name", SERVICES)
def test_a_kind_of_a_later_version_is_skipped(name: str) -> None:
    for topic in heard_by(name):
        assert items_of([Record(topic, b"\xaa\x38\x02\x08\x01")], service(name).hears) == []


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_no_fact_becomes_a_culprit_and_never_an_exception(name: str) -> None:
    for topic in heard_by(name):
        bad = [Record(topic, None), Record(topic, b"\xff\xff"), Record(topic, b"", headers=(("ce_id", None),))]
        assert [item.culprit is not None for item in items_of(bad, service(name).hears)] == [True, True, True]
