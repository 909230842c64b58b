"""The RPCs' way in: concurrent calls of one verb share one transaction, and every request_id is answered once."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access, calls, crash
from chassis.calls import Call
from chassis.dispatch import Dispatcher, Item
from chassis.kernel import Invalid
from chassis.outages import is_outage
from chassis.status import IdempotencyMismatch, overloaded, too_late, unavailable
from chassis.store import Conflict
from chassis.telemetry import TRANSACTION_ID, Span, count, searchable

R = TypeVar("R", bound=Message)

GROUP_MAX = 100
"""Calls in one transaction."""

QUEUE_MAX = 400
"""Calls of one verb that wait for their group; more are shed, so that nobody waits long for nothing."""

RETRY_AFTER_SECONDS = 0.25
"""What a shed caller is asked to wait at least; a full queue is worked off in about this time."""

REQUEST_ID_CHARACTERS_MAX = 64

SELECT = """
    SELECT caller, method, request_id, content_hash, response FROM requests
    WHERE (caller, method, request_id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))"""

INSERT = """
    INSERT INTO requests (caller, method, request_id, content_hash, response, received_time)
    SELECT r.*, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) AS r
    ON CONFLICT DO NOTHING RETURNING 1"""

Key = tuple[str, str, str]
"""Who asked, "package.Service/Method", their request_id."""


@dataclass(slots=True, eq=False)
class Request:
    """One request_id on its way: asked once, by as many calls as repeated it meanwhile."""

    key: Key
    content_hash: bytes
    command: object
    answer: Callable[[Any], Message]
    call: Call
    waiting: list[asyncio.Future[Message]] = field(default_factory=list)
    response: Message | None = None
    error: Exception | None = None

    def wanted(self) -> bool:
        """Whether anybody still waits and has time left."""
        return any(not one.done() for one in self.waiting)

    def settle(self, error: Exception | None = None) -> None:
        """Hand out the answer or the error to all who still wait."""
        for one in self.waiting:
            if one.done():
                continue
            if self.response is not None and error is None:
                one.set_result(self.response)
            else:
                one.set_exception(error or self.error or LookupError("no answer"))


class Door:
    """Groups calls by command class. One group of a class commits at a time, while the next one gathers."""

    def __init__(self, dispatcher: Dispatcher, group_max: int = GROUP_MAX, queue_max: int = QUEUE_MAX) -> None:
        """The bounds are arguments for tests and benches."""
        self._dispatcher = dispatcher
        self._group_max, self._queue_max = group_max, queue_max
        self._queues: dict[type, deque[Request]] = {}
        self._tasks: dict[type, asyncio.Task[None]] = {}

    async def execute(self, command: object, request: Any, answer: Callable[[Any], R]) -> R:
        """Carry out a command for the RPC being served; after COMMIT, its reply as `answer` makes it a message.

        Raises the handler's DomainError, Invalid for a bad request_id, IdempotencyMismatch, or a Refusal (overload,
        deadline, outage).
        """
        call = calls.CURRENT.get()
        if call is None:
            raise LookupError("no call: the door opens for RPCs only; jobs and effects use Runtime.dispatch")
        key = (access.caller().identity, call.method, _request_id(request.request_id))
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._join(Request(key, digest, command, answer, call, [future]))
        answered: R = await future
        return answered

    async def close(self) -> None:
        """Wait for the groups under way; the server has stopped taking calls before."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _join(self, request: Request) -> None:
        kind = type(request.command)
        queue = self._queues.setdefault(kind, deque())
        if len(queue) >= self._queue_max:
            raise overloaded(RETRY_AFTER_SECONDS)
        queue.append(request)
        if kind not in self._tasks:
            # An empty context: the task outlives the call that started it and must not speak in its name.
            task = asyncio.create_task(self._work(kind, queue), context=contextvars.Context(), name=kind.__name__)
            self._tasks[kind] = task

    async def _work(self, kind: type, queue: deque[Request]) -> None:
        """Group after group until nobody waits; while one commits, the next gathers in the queue."""
        try:
            while queue:
                group = _gather(queue, self._group_max)
                if group:
                    await self._answer(group)
        finally:
            del self._tasks[kind]

    async def _answer(self, group: Sequence[Request]) -> None:
        """Carry out a group and answer it; whatever happens, everybody in it gets an answer."""
        items = [Item(one.command, one.call.span.traceparent, source=one) for one in group]
        try:
            await self._dispatcher.carry_out(items, RequestGate())
        except Exception as error:
            count("door.failed")
            for one in group:
                one.settle(unavailable() if is_outage(error) else error)
            return
        except BaseException:
            for one in group:
                one.settle(unavailable())
            raise
        crash.point("group.after_commit")
        for item in items:
            item.source.settle(item.error)


class RequestGate:
    """Answers from `requests` what was asked before, and remembers in the same transaction what is answered now."""

    async def enter(self, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        """Those that were not answered before."""
        for item in items:
            item.source.response = item.source.error = None
        keys = [item.source.key for item in items]
        result = await connection.exec_driver_sql(SELECT, tuple(map(list, zip(*keys, strict=True))))
        rows: Sequence[Any] = result.all()
        known = {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}
        return [item for item in items if not _known(item.source, known.get(item.source.key))]

    def begin(self, item: Item, transaction: str) -> Span | None:
        """No span of its own: the server's span of the call is it."""
        span: Span = item.source.call.span
        if span.recorded:
            span.set({TRANSACTION_ID: transaction, **searchable(item.command)})
        return None

    async def leave(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        """Remember the answers. A request_id that another process answered meanwhile makes the group run again."""
        done = [item for item in items if item.outcome is not None]
        for item in done:
            item.source.response = item.source.answer(item.outcome.reply if item.outcome else None)
        if done:
            # Sorted, so that two processes that got the same requests wait for each other instead of locking up.
            answered = sorted((item.source for item in done), key=attrgetter("key"))
            rows = [(*one.key, one.content_hash, one.response.SerializeToString()) for one in answered]
            columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
            result = await connection.exec_driver_sql(INSERT, (*columns, datetime.now(UTC)))
            if len(result.all()) != len(done):
                raise Conflict("requests answered by another process meanwhile")


def _gather(queue: deque[Request], limit: int) -> list[Request]:
    """The next group: nobody who gave up, nobody whose time is over, and each request_id once."""
    group: dict[Key, Request] = {}
    while queue and len(group) < limit:
        request = queue.popleft()
        if not request.wanted():
            continue
        first = group.get(request.key)
        if request.call.remaining_seconds() <= 0:
            request.settle(too_late())
        elif first is None:
            group[request.key] = request
        elif first.content_hash == request.content_hash:
            first.waiting += request.waiting
        else:
            request.settle(IdempotencyMismatch())
    return list(group.values())


def _known(request: Request, stored: tuple[bytes, bytes] | None) -> bool:
    """Whether it was answered before; then the same answer, or a refusal if it asked for something else."""
    if stored is None:
        return False
    if stored[0] != request.content_hash:
        request.error = IdempotencyMismatch()
    else:
        request.response = _response_class(request.key[1]).FromString(stored[1])
    return True


def _response_class(method: str) -> type[Message]:
    described = descriptor_pool.Default().FindMethodByName(method.replace("/", "."))
    return message_factory.GetMessageClass(described.output_type)


def _request_id(value: str) -> str:
    if not value:
        raise Invalid("request_id", "must not be empty")
    if len(value) > REQUEST_ID_CHARACTERS_MAX:
        raise Invalid("request_id", f"must have at most {REQUEST_ID_CHARACTERS_MAX} characters")
    if "\x00" in value:
        raise Invalid("request_id", "must not contain NUL")
    return value
