"""What stands before every RPC: trace, identity, load, deadline, and refusals that say no more than they should.

It wraps each method once when the server is built; a chain of interceptors would cost every call several times as much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
import grpc.aio
from opentelemetry.trace import SpanKind

from chassis import access, calls, telemetry
from chassis.access import Caller, Tokens
from chassis.outages import is_outage
from chassis.status import DETAILS_KEY, Refusal, code_of, overloaded, refusal_of, status_of, too_late, unavailable
from chassis.telemetry import Span, Telemetry

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Method: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

CALL_SECONDS_MAX = 30.0
"""The longest a call may take; also what a call without a deadline gets."""

CALLS_MAX = 1000
"""Calls in progress at once; more are shed. Waiting for a group counts: this bounds memory, not parallel work."""

RETRY_AFTER_SECONDS = 0.25
"""What a shed caller is asked to wait at least."""

_SERVER_FAULTS = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
"""The codes that make a server span an error, by the RPC conventions; the rest are the caller's doing."""


@dataclass(slots=True)
class Guard:
    """Wraps methods; `rules` names the roles that may call a method. A method it does not name, nobody may call."""

    tokens: Tokens
    rules: Mapping[str, frozenset[str]]
    telemetry: Telemetry
    calls_max: int = CALLS_MAX
    call_seconds_max: float = CALL_SECONDS_MAX
    _open: int = 0

    def wrap(self, service: str, name: str, handler: Method) -> Method:
        """The same method, guarded. The body is parsed in here, so that only known callers cost parsing."""
        behaviour, parse = handler.unary_unary, handler.request_deserializer
        if behaviour is None or parse is None:
            raise TypeError(f"{service}/{name} is not unary; only unary methods are spoken here")
        method, roles = f"{service}/{name}", self.rules.get(name, frozenset())
        attributes = {"rpc.system.name": "grpc", "rpc.method": method}

        async def guarded(body: bytes, context: Context) -> Any:
            authorization, parent = _headers(context)
            span = self.telemetry.start(method, parent=parent, kind=SpanKind.SERVER, attributes=attributes)
            telemetry.current.set(span)
            try:
                caller = self._admit(authorization, roles)
                request = _parsed(parse, body)
                if span.recorded:
                    span.set({**telemetry.searchable(caller), **telemetry.searchable(request)})
                answer = await self._timed(method, span, behaviour, request, context)
            except (grpc.aio.AbortError, asyncio.CancelledError) as gone:
                aborted = isinstance(gone, grpc.aio.AbortError)
                _end(span, context.code() if aborted else grpc.StatusCode.CANCELLED)
                raise
            except Exception as error:
                await _refuse(context, span, unavailable() if is_outage(error) else error, method)
            _end(span, grpc.StatusCode.OK)
            return answer

        return grpc.unary_unary_rpc_method_handler(guarded, None, handler.response_serializer)

    def _admit(self, authorization: str, roles: frozenset[str]) -> Caller:
        scheme, _, token = authorization.partition(" ")
        caller = self.tokens.find(token) if scheme == "Bearer" else None
        if caller is None:
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", "A valid bearer token is needed.")
        if caller.role not in roles:
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED", "This role may not call this method.")
        if self._open >= self.calls_max:
            raise overloaded(RETRY_AFTER_SECONDS)
        access.CURRENT.set(caller)
        return caller

    async def _timed(self, method: str, span: Span, behaviour: Any, request: Any, context: Context) -> Any:
        """A deadline of the caller's is kept by grpc itself, which cancels us; a timer is needed only without one."""
        asked = context.time_remaining()
        seconds = self.call_seconds_max if asked is None else min(asked, self.call_seconds_max)
        calls.CURRENT.set(calls.Call(method, time.monotonic() + seconds, span))
        self._open += 1
        try:
            if seconds == asked:
                return await behaviour(request, context)
            async with asyncio.timeout(seconds) as limit:
                return await behaviour(request, context)
        except TimeoutError:
            if seconds != asked and limit.expired():
                raise too_late() from None
            raise
        finally:
            self._open -= 1


def _headers(context: Context) -> tuple[str, str]:
    """The authorization and the (well-formed) traceparent, each empty if missing."""
    authorization = traceparent = ""
    for key, value in context.invocation_metadata() or ():
        if key == "authorization" and isinstance(value, str):
            authorization = value
        elif key == "traceparent" and isinstance(value, str) and telemetry.valid(value):
            traceparent = value
    return authorization, traceparent


def _parsed(parse: Any, body: bytes) -> Any:
    try:
        return parse(body)
    except Exception:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED", "The request is not the message it should be."
        ) from None


def _end(span: Span, code: grpc.StatusCode) -> None:
    if span.recorded:
        span.set({"rpc.response.status_code": code.name})
        if code in _SERVER_FAULTS:
            span.fail(code.name)
        span.end()


async def _refuse(context: Context, span: Span, error: Exception, method: str) -> None:
    refused = refusal_of(error, method)
    code = code_of(refused)
    telemetry.count(f"rpc.refused.{code.name}")
    _end(span, code)
    await context.abort(code, refused.message, ((DETAILS_KEY, status_of(refused).SerializeToString()),))
