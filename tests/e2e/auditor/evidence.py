"""What the auditor judges: facts, inboxes, tables and the actors' journals as plain rows, wherever they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One record of a topic. `kind` is the field of the oneof, `body` its message, `id` and `time` CloudEvents' own."""

    topic: str
    partition: int
    offset: int
    key: str
    id: str
    kind: str
    version: int
    trace: str
    time: datetime
    body: Any


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be; `count` in the unit of its check (facts, effects, units, đồng)."""

    check: str
    text: str
    count: int = 1


@dataclass
class Evidence:
    """Everything there is to judge, at one moment of rest."""

    facts: list[Fact]
    hears: Mapping[tuple[str, str], frozenset[str]]
    """(group, topic) -> the kinds this group takes in."""
    inbox: dict[str, dict[str, str]]
    """Group -> event id -> topic."""
    tables: dict[str, dict[str, list[Row]]]
    """Service -> table -> rows."""
    journals: dict[str, list[Row]]
    """Actor -> what it noted: calls with their answers, facts heard."""
    placed: list[Row]
    """Which order came of which intention of the script, and whether it is counted."""
    dead_records: list[str] = field(default_factory=list)
    """Event ids found in dead topics."""

    @cached_property
    def said(self) -> list[Fact]:
        """The facts, each once: a relay that died between send and delete says one again under the same id."""
        return list({(fact.topic, fact.id): fact for fact in reversed(self.facts)}.values())[::-1]

    @cached_property
    def _by_kind(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.said:
            found[fact.kind].append(fact)
        return found

    def of(self, kind: str) -> list[Fact]:
        """All facts of a kind, e.g. "order_confirmed"; a CourierFeed's kinds have names of their own."""
        return self._by_kind.get(kind, [])

    def rows(self, service: str, table: str) -> list[Row]:
        """The rows of a table; raises KeyError if there is no such table, so that a renamed one is noticed."""
        return self.tables[service][table]

    def calls(self, rpc: str, actors: Iterable[str] | None = None) -> Iterator[Row]:
        """Calls of an RPC that were answered with OK."""
        for actor in self.journals if actors is None else actors:
            for entry in self.journals.get(actor, ()):
                if entry.get("rpc") == rpc and entry["code"] == "OK":
                    yield entry

    @cached_property
    def counted_orders(self) -> set[str]:
        """The orders the scenario's figures speak of."""
        return {entry["order_id"] for entry in self.placed if entry["counted"]}


def moment(stamp: Timestamp) -> datetime:
    """A time in a message, in UTC."""
    return stamp.ToDatetime(UTC)


def number(entry: Row, name: str) -> int:
    """An int64 of a journal entry; JSON holds it as text, and leaves it out when it is 0."""
    return int(entry.get(name, 0))
