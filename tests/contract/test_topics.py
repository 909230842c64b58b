"""The topics a service makes when it migrates have the shape of the topology; others are for dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chassis import kafka
from tests.contract.test_hearing import service
from tests.contract.topology import DELETE, FOR_EVER, SERVICES, TOPICS, heard_by, published_by

HOUR_MS = 3_600_000


class Broker:
    """Takes topics and remembers them."""

    made: Sequence[Any] = ()

    def __init__(self, **_settings: object) -> None:
        """Nobody is reached."""

    async def start(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def create_topics(self, wanted: Sequence[Any]) -> Any:
        """Remember them for the test."""
        Broker.made = wanted
        return SimpleNamespace(topic_errors=[])


@pytest.mark.parametrize("name", SERVICES)
async def test_the_topics_a_service_makes_are_those_of_the_topology(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "AIOKafkaAdminClient", Broker)
    await kafka.create_topics("nowhere:1", 1, service(name))
    made = {topic.name: topic for topic in Broker.made}
    for topic in published_by(name) | heard_by(name):
        row, settings = TOPICS[topic], made[topic].topic_configs
        kept_ms = -1 if row.retention_hours == FOR_EVER else row.retention_hours * HOUR_MS
        assert made.pop(topic).num_partitions == row.partitions, topic
        assert (settings["cleanup.policy"], settings["retention.ms"]) == (row.cleanup, str(kept_ms)), topic
    assert set(made) == {f"{topic}.{name}.dead" for topic in heard_by(name)}
    assert {topic.topic_configs["cleanup.policy"] for topic in made.values()} <= {DELETE}


def test_no_topic_is_compacted() -> None:
    """A reader that rebuilds its tables needs every fact of an aggregate, not the last one."""
    assert {topic.cleanup for topic in TOPICS.values()} == {DELETE}
