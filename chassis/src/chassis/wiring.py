"""Describes a service as data: what it hears, says, stores and answers; `bootstrap.py` builds one `SERVICE` of it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from chassis.kernel import Handlers
from chassis.telemetry import cause

if TYPE_CHECKING:
    import grpc.aio
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chassis.clock import Clock
    from chassis.dispatch import Dispatcher
    from chassis.door import Door
    from chassis.settings import Settings
    from chassis.store import AggregateStore
    from chassis.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class OutgoingFact:
    """A fact ready for Kafka; `type` is its full name, e.g. chophien.orders.v1.OrderPlaced."""

    topic: str
    key: str
    type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class TopicShape:
    """How a topic is made; `retention_hours` None keeps its facts for ever."""

    partitions: int = 6
    retention_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Hearing:
    """One heard topic: its protobuf message and, by oneof field, how a fact becomes a command.

    A function answers None when the fact asks nothing of us. Kinds that are not named are skipped.
    """

    message: type[Message]
    commands: Mapping[str, Callable[[Any], object | None]]


@dataclass(frozen=True, slots=True)
class Job:
    """Work of the ticker: `run(runtime, business now)` every so many real seconds."""

    name: str
    run: Callable[[Runtime, datetime], Awaitable[None]]
    every_seconds: float = 0.25


@dataclass(frozen=True, slots=True)
class Effect:
    """How a wish is carried out outside; `key` is the same at every try, so that repeating is harmless.

    A wish is a fact whose class stands in `Service.effects`: it is leased from a table instead of going to Kafka.
    `do` reaches out and answers the command that reports the result. It raises `effects.Unknown` when it cannot
    tell what happened (time-out); then `ask` is called before any repetition: it answers the reporting command if
    the thing was done, None if it was not. Any other exception is a failed try.
    `exhausted` may answer a command once `attempts_max` tries have failed; operators see the row either way.
    """

    do: Callable[[Runtime, Any, str], Awaitable[object]]
    ask: Callable[[Runtime, Any, str], Awaitable[object | None]]
    exhausted: Callable[[Any, str], object | None] = lambda _wish, _why: None
    attempts_max: int = 8
    lease_seconds: float = 30.0


Registered = tuple[Callable[[Any, Any], None], object]
"""grpc's generated add_XServicer_to_server and the servicer it adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service, wired: the whole of what the chassis needs to run it."""

    name: str
    handlers: Handlers
    stores: Sequence[AggregateStore[Any]]
    encode: Callable[[object, int], OutgoingFact]
    migrations: Path
    hears: Mapping[str, Hearing] = field(default_factory=dict)
    heard_shapes: Mapping[str, TopicShape] = field(default_factory=dict)
    publishes: Mapping[str, TopicShape] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    servicers: Callable[[Runtime], Mapping[str, Registered]] = lambda _runtime: {}
    access: Mapping[str, frozenset[str]] = field(default_factory=dict)
    effects: Mapping[type, Effect] = field(default_factory=dict)


class Health:
    """What works right now, by name ("database", "relay", …); a role is ready while nothing it needs fails."""

    def __init__(self) -> None:
        """Nothing has been tried yet."""
        self._failing: dict[str, str] = {}
        self._seen: dict[str, float] = {}

    def ok(self, name: str) -> None:
        """It worked just now."""
        self._failing.pop(name, None)
        self._seen[name] = time.monotonic()

    def failing(self, name: str, why: str) -> None:
        """It does not work, and why, for people."""
        self._failing[name] = why

    def problems(self) -> Mapping[str, str]:
        """Everything that fails, by name."""
        return dict(self._failing)

    def seconds_since_ok(self, name: str) -> float:
        """How long ago it last worked; infinite if it never did. A loop that stopped turning shows here."""
        return time.monotonic() - self._seen[name] if name in self._seen else float("inf")


@dataclass(slots=True, kw_only=True)
class Runtime:
    """A running service: what jobs, effects and servicers may use."""

    service: Service
    settings: Settings
    engine: AsyncEngine
    clock: Clock
    telemetry: Telemetry
    health: Health
    dispatcher: Dispatcher
    door: Door
    channels: Callable[[str], grpc.aio.Channel]

    def channel(self, peer: str) -> grpc.aio.Channel:
        """The channel to a peer service, e.g. "orders" (CHOPHIEN_TARGET_ORDERS)."""
        return self.channels(peer)

    async def dispatch(self, commands: Sequence[object]) -> list[object]:
        """Carry out commands in bulk, without inbox; answers their replies.

        One that fails does not keep the others back; the first failure is raised when all are done.
        """
        answers = await self.dispatcher.dispatch(commands, cause()) if commands else []
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers
