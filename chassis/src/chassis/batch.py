"""The commands of one transaction between load and save: handlers run on shared copies, what they say is kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import effects_table, outbox
from chassis.kernel import Aggregate, Change, Key, Loaded, Moment, Outcome
from chassis.outages import Showable
from chassis.telemetry import Telemetry
from chassis.wiring import Service

if TYPE_CHECKING:
    from chassis.dispatch import Item

Name = tuple[type[Aggregate], str]


class HandlerMistake(Showable):
    """A handler answered what its table entry does not allow; a bug, not a refusal."""


class Batch:
    """State shared by the commands of one transaction. A command that fails leaves no trace here."""

    def __init__(self, service: Service, telemetry: Telemetry, now: datetime) -> None:
        """`now` is the business time of every command of the batch."""
        self._service, self._telemetry, self._now = service, telemetry, now
        self.state: dict[Name, Aggregate] = {}
        self.before: dict[type[Aggregate], dict[str, Aggregate | None]] = {}
        self.locked: dict[Name, None] = {}
        self.read: dict[Name, None] = {}
        self.changed: dict[Name, None] = {}
        self.said: list[outbox.OutboxRow] = []
        self.wished: list[effects_table.Wish] = []
        self._loaded = Loaded(self.state)

    def name_keys(self, items: Iterable[Item]) -> None:
        """Collect which aggregates are needed; a command whose keys cannot be told fails."""
        for item in items:
            if item.command is None or item.culprit is not None or item.held:
                continue
            try:
                handler = self._service.handlers[type(item.command)]
                locked, read = _names(handler.keys(item.command)), _names(handler.reads(item.command))
            except Exception as error:
                item.error = error
                continue
            self.locked.update(locked)
            self.read.update(read)
        for name in self.locked:
            self.read.pop(name, None)
            self.before.setdefault(name[0], {})[name[1]] = None

    def take(self, aggregates: Sequence[Aggregate]) -> None:
        """Hand in what the store loaded."""
        for aggregate in aggregates:
            kind = type(aggregate)
            self.state[kind, aggregate.id] = aggregate
            if aggregate.id in self.before.get(kind, ()):
                self.before[kind][aggregate.id] = aggregate

    def carry_out(self, items: Iterable[Item]) -> None:
        """Run the handlers in order; in a lane nothing is run after a failure."""
        stopped: set[Hashable] = set()
        for item in items:
            if item.held or item.lane in stopped:
                item.held, item.error = True, None
                continue
            item.error = item.culprit or item.error
            if item.error is None and item.command is not None:
                try:
                    item.outcome = self._act(item, item.command)
                except Exception as error:
                    item.error = error
            if item.error is not None and item.lane is not None:
                stopped.add(item.lane)

    def _act(self, item: Item, command: object) -> Outcome:
        trace = item.span.traceparent if item.span else item.trace
        outcome = self._service.handlers[type(command)].act(command, self._loaded, Moment(self._now, trace))
        if outcome.changes:
            staged: dict[Name, Aggregate] = {}
            said: list[outbox.OutboxRow] = []
            wished: list[effects_table.Wish] = []
            for change in outcome.changes:
                self._stage(change, staged, trace, said, wished)
            self.state.update(staged)
            self.changed.update(dict.fromkeys(staged))
            self.said += said
            self.wished += wished
        return outcome

    def _stage(
        self,
        change: Change,
        staged: dict[Name, Aggregate],
        trace: str,
        said: list[outbox.OutboxRow],
        wished: list[effects_table.Wish],
    ) -> None:
        aggregate, facts = change.aggregate, change.facts
        name = (type(aggregate), aggregate.id)
        version = self._version_of(aggregate, name, staged)
        if aggregate is self.state.get(name) or aggregate is staged.get(name):
            aggregate = replace(aggregate)
        # Made by the handler a moment ago and shared with nobody yet: replace() for one number would cost more than
        # all the rest of this function.
        object.__setattr__(aggregate, "version", version + max(1, len(facts)))
        staged[name] = aggregate
        for number, fact in enumerate(facts, start=version + 1):
            if type(fact) in self._service.effects:
                wished.append(effects_table.wish(aggregate.id, fact, aggregate.trace or trace))
                continue
            outgoing = self._service.encode(fact, number)
            carried = self._telemetry.fact_traceparent(aggregate.trace, trace, outgoing.topic, fact)
            said.append(outbox.row(outgoing, carried))

    def _version_of(self, aggregate: Aggregate, name: Name, staged: Mapping[Name, Aggregate]) -> int:
        """The version before this change; raises HandlerMistake if the handler had no right to make it."""
        if name not in self.locked:
            raise HandlerMistake(f"{name[0].__name__} was changed but is not among the keys of the command")
        loaded = self.state.get(name)
        base = loaded.version if loaded else 0
        earlier = staged.get(name)
        if aggregate.version != base and earlier is not aggregate:
            raise HandlerMistake(f"{name[0].__name__} was made from version {aggregate.version}, it has {base}")
        return earlier.version if earlier else base

    async def write(self, connection: AsyncConnection) -> None:
        """Write down what is wished outside and what was said."""
        await effects_table.write(connection, self.wished)
        await outbox.write(connection, self.said, self._now)


def _names(keys: Iterable[Key[Any]]) -> dict[Name, None]:
    return {(key.kind, key.id): None for key in keys}
