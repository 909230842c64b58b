"""Counters that count, move their count to each other and ring a bell outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.kernel import (
    NOTHING,
    Aggregate,
    DomainError,
    Handler,
    Key,
    Loaded,
    Moment,
    NotFound,
    Outcome,
    said,
    together,
)


class Mood(StrEnum):
    CALM = "calm"
    EXCITED = "excited"


@dataclass(frozen=True, slots=True)
class Box:
    label: str
    weights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter(Aggregate):
    """Never above 1,000,000; the table says so, too."""

    total: int = 0
    mood: Mood = Mood.CALM
    ratio: float = 0.5
    is_open: bool = True
    counted_time: datetime | None = None
    notes: tuple[str, ...] = ()
    box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Aggregate):
    """How far counters may count together."""

    most: int = 0


class Unlucky(DomainError):
    """Nobody counts thirteen."""


@dataclass(frozen=True, slots=True)
class Count:
    counter_id: str
    amount: int
    note: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    source_id: str
    target_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class CountWithin:
    counter_id: str
    limit_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class SetLimit:
    limit_id: str
    counter_id: str
    most: int


@dataclass(frozen=True, slots=True)
class RingFor:
    counter_id: str


@dataclass(frozen=True, slots=True)
class Counted:
    counter_id: str
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class BellWished:
    counter_id: str
    total: int


def count(command: Count, loaded: Loaded, moment: Moment) -> Outcome:
    if command.amount == 13:
        raise Unlucky(counter_id=command.counter_id)
    if command.amount == 666:
        raise ZeroDivisionError("a bug")
    if command.amount == 0:
        return NOTHING
    counter = loaded.get(Counter, command.counter_id) or Counter(id=command.counter_id, trace=command.trace)
    counter = replace(
        counter,
        total=counter.total + command.amount,
        counted_time=moment.now,
        notes=(*counter.notes, command.note),
        box=Box(command.note, (1, 2)) if command.note else counter.box,
        mood=Mood.EXCITED,
    )
    return said(counter, Counted(counter.id, counter.total, command.note), reply=counter.total)


def move(command: Move, loaded: Loaded, moment: Moment) -> Outcome:
    source, target = loaded.get(Counter, command.source_id), loaded.get(Counter, command.target_id)
    if source is None or target is None:
        raise NotFound(kind="Counter")
    return together(
        said(replace(source, total=source.total - command.amount), Counted(source.id, source.total - command.amount)),
        said(replace(target, total=target.total + command.amount), Counted(target.id, target.total + command.amount)),
    )


def count_within(command: CountWithin, loaded: Loaded, moment: Moment) -> Outcome:
    most = loaded.require(Limit, command.limit_id).most
    counter = loaded.get(Counter, command.counter_id) or Counter(id=command.counter_id)
    counter = replace(counter, total=min(most, counter.total + command.amount))
    return said(counter, Counted(counter.id, counter.total), reply=counter.total)


def set_limit(command: SetLimit, loaded: Loaded, moment: Moment) -> Outcome:
    limit = loaded.get(Limit, command.limit_id) or Limit(id=command.limit_id)
    counter = loaded.get(Counter, command.counter_id) or Counter(id=command.counter_id)
    return together(said(replace(limit, most=command.most)), said(replace(counter, total=0)))


def ring_for(command: RingFor, loaded: Loaded, moment: Moment) -> Outcome:
    counter = loaded.require(Counter, command.counter_id)
    return said(counter, BellWished(counter.id, counter.total))


def keys(command: Count | CountWithin | RingFor) -> list[Key[Counter]]:
    return [Key(Counter, command.counter_id)]


HANDLERS = {
    Count: Handler(count, keys),
    RingFor: Handler(ring_for, keys),
    CountWithin: Handler(count_within, keys, lambda command: [Key(Limit, command.limit_id)]),
    SetLimit: Handler(set_limit, lambda c: [Key(Limit, c.limit_id), Key(Counter, c.counter_id)]),
    Move: Handler(move, lambda command: [Key(Counter, command.source_id), Key(Counter, command.target_id)]),
}
