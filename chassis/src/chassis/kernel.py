"""The words every domain speaks: aggregates, handlers, facts, refusals. Standard library only, no I/O, no clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, NewType, TypeVar, cast

Vnd = NewType("Vnd", int)
"""Integer đồng; VND has no minor unit."""


class Code(StrEnum):
    """What kind of refusal a domain error is; the gRPC status code of the same name."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"


class DomainError(Exception):
    """The request cannot be carried out."""

    code: ClassVar[Code] = Code.FAILED_PRECONDITION

    def __init__(self, **details: object) -> None:
        """Details become ErrorInfo.metadata; they must never hold personal data."""
        self.details = {name: str(value) for name, value in details.items()}
        super().__init__(self.message)

    @property
    def reason(self) -> str:
        """The class name in UPPER_SNAKE_CASE, e.g. STOCK_SHORT; ErrorInfo.reason on the wire."""
        name = type(self).__name__
        return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()

    @property
    def message(self) -> str:
        """The first line of the class's docstring, for people."""
        return (type(self).__doc__ or "").strip().splitlines()[0]


class Invalid(DomainError):
    """A field of the request is not acceptable."""

    code = Code.INVALID_ARGUMENT

    def __init__(self, field_name: str, problem: str) -> None:
        """Name the field as the proto does and say what is wrong with it."""
        super().__init__(field=field_name, problem=problem)

    @property
    def message(self) -> str:
        """Names the field, so that a caller who only prints the message can mend it."""
        return f"{self.details['field']} {self.details['problem']}"


class NotFound(DomainError):
    """There is no such thing."""

    code = Code.NOT_FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Something with an identity that changes as one; frozen, so a refused change leaves no trace.

    `version` counts what was said about it: 0 = never saved; the dispatcher alone moves it.
    `trace` is the W3C traceparent of the order (or other story) it belongs to; empty = none.
    """

    id: str
    version: int = 0
    trace: str = ""


A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Key(Generic[A]):
    """Names one aggregate a command needs; it is loaded with a row lock."""

    kind: type[A]
    id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When and in whose story a command is handled: business time (UTC) and the traceparent of its cause."""

    now: datetime
    trace: str = ""


class Loaded:
    """What the store handed in for a batch, by kind and id; unknown ids answer None."""

    def __init__(self, aggregates: Mapping[tuple[type[Aggregate], str], Aggregate]) -> None:
        """Hold the aggregates; the mapping is shared with the dispatcher, which puts changes into it."""
        self._aggregates = aggregates

    def get(self, kind: type[A], id: str) -> A | None:
        """The aggregate, or None if there is none."""
        return cast("A | None", self._aggregates.get((kind, id)))

    def require(self, kind: type[A], id: str) -> A:
        """The aggregate; raises NotFound if there is none."""
        found = self.get(kind, id)
        if found is None:
            raise NotFound(kind=kind.__name__, id=id)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """An aggregate's new state and the facts it says, in order."""

    aggregate: Aggregate
    facts: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler answers: changes to save, facts to publish, a reply for a caller."""

    changes: tuple[Change, ...] = ()
    reply: object = None


NOTHING = Outcome()
"""Nothing to do: already done, or of no concern."""


def said(aggregate: Aggregate, *facts: object, reply: object = None) -> Outcome:
    """One aggregate changed and said these facts."""
    return Outcome((Change(aggregate, facts),), reply)


def together(*outcomes: Outcome, reply: object = None) -> Outcome:
    """Several outcomes as one."""
    return Outcome(tuple(change for outcome in outcomes for change in outcome.changes), reply)


C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Handler(Generic[C]):
    """How a command is carried out: the aggregates it changes, those it only reads, and the decision.

    `keys` are loaded FOR UPDATE, `reads` without a lock. `act` is pure, may run twice and may raise DomainError.
    """

    act: Callable[[C, Loaded, Moment], Outcome]
    keys: Callable[[C], Iterable[Key[Any]]]
    reads: Callable[[C], Iterable[Key[Any]]] = lambda _command: ()


Handlers = Mapping[type, Handler[Any]]
"""One table of handlers a service: command class -> Handler."""


def new_id() -> str:
    """A random id, 26 characters of Crockford base32 (128 bits); for the edges, never for the domain."""
    return crockford(secrets.randbits(128), 26)


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crockford(number: int, length: int) -> str:
    """The low bits of a number in Crockford base32, most significant first."""
    return "".join(ALPHABET[(number >> (5 * i)) & 31] for i in reversed(range(length)))
