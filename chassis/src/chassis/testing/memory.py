"""Carries out commands over aggregates in memory by the dispatcher's rules, for unit tests and state machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chassis.kernel import A, Aggregate, Handlers, Key, Loaded, Moment, Outcome


class At(NamedTuple):
    """A fact as said: by which aggregate, as which version of it."""

    aggregate_id: str
    version: int
    fact: object


@dataclass
class Memory:
    """What the store and the outbox would hold. `aggregates` is keyed by kind and id, `said` is in order."""

    aggregates: dict[tuple[type[Aggregate], str], Aggregate] = field(default_factory=dict)
    said: list[At] = field(default_factory=list)

    @property
    def facts(self) -> list[object]:
        """Every fact said so far, in order."""
        return [at.fact for at in self.said]

    def put(self, *aggregates: Aggregate) -> Memory:
        """Hold these as if they had been saved; for arranging a test."""
        self.aggregates |= {(type(one), one.id): one for one in aggregates}
        return self

    def get(self, kind: type[A], id: str) -> A:
        """The aggregate as last saved; fails if there is none."""
        return Loaded(self.aggregates).require(kind, id)

    def all(self, kind: type[A]) -> Iterator[A]:
        """Every aggregate of a kind."""
        return (one for one in self.aggregates.values() if isinstance(one, kind))

    def copy(self) -> Memory:
        """The same contents; changing one does not touch the other (aggregates are frozen)."""
        return Memory(dict(self.aggregates), list(self.said))


def carry_out(
    handlers: Handlers, memory: Memory, command: object, now: datetime = datetime(2026, 2, 4, 6, tzinfo=UTC)
) -> Outcome:
    """Carry out one command; its changes and facts are in `memory` afterwards, unless it raises.

    Holds the handler to its declaration: it sees what `keys` and `reads` name and may change what `keys` name.
    """
    handler = handlers[type(command)]
    keys = {_pair(key) for key in handler.keys(command)}
    visible = keys | {_pair(key) for key in handler.reads(command)}
    loaded = {pair: memory.aggregates[pair] for pair in visible if pair in memory.aggregates}
    outcome = handler.act(command, Loaded(loaded), Moment(now))
    for change in outcome.changes:
        pair = (type(change.aggregate), change.aggregate.id)
        if pair not in keys:
            raise AssertionError(
                f"{type(command).__name__} changed {pair[0].__name__} {pair[1]}, which it did not name"
            )
        _save(memory, change.aggregate, change.facts)
    return outcome


def carry_out_twice(
    handlers: Handlers, memory: Memory, command: object, now: datetime = datetime(2026, 2, 4, 6, tzinfo=UTC)
) -> Outcome:
    """Carry out a command as a redelivery would: the second run must change nothing and say nothing; first outcome."""
    first = carry_out(handlers, memory, command, now)
    before = memory.copy()
    carry_out(handlers, memory, command, now)
    extra = [type(fact).__name__ for fact in memory.facts[len(before.said) :]]
    if extra:
        raise AssertionError(f"{type(command).__name__} said again: {', '.join(extra)}")
    if _contents(memory) != _contents(before):
        raise AssertionError(f"{type(command).__name__} changed something when it ran twice")
    return first


def _pair(key: Key[Any]) -> tuple[type[Aggregate], str]:
    return key.kind, key.id


def _save(memory: Memory, aggregate: Aggregate, facts: tuple[object, ...]) -> None:
    """Versions as the dispatcher gives them: fact k of a change gets the old version + k + 1."""
    pair = (type(aggregate), aggregate.id)
    old = memory.aggregates[pair].version if pair in memory.aggregates else 0
    memory.said += [At(aggregate.id, old + number, fact) for number, fact in enumerate(facts, 1)]
    memory.aggregates[pair] = replace(aggregate, version=old + max(1, len(facts)))


def _contents(memory: Memory) -> dict[tuple[type[Aggregate], str], Aggregate]:
    return {pair: replace(one, version=0) for pair, one in memory.aggregates.items()}
