"""Channels to other services: a call carries a deadline, our identity and the trace, and is repeated only if safe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import grpc
import grpc.aio
from opentelemetry.trace import SpanKind

from chassis import calls, telemetry
from chassis.status import bad_fields, error_info, reason_of, retry_after_seconds
from chassis.telemetry import Telemetry

__all__ = ["Channels", "GuardedChannel", "bad_fields", "channel", "error_info", "reason_of", "retry_after_seconds"]

MARGIN_SECONDS = 0.05
"""What is kept of an inbound deadline to answer in, when calling onward."""

SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "loadBalancingConfig": [{"round_robin": {}}],
}

OPTIONS: list[tuple[str, str | int]] = [
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),  # Roles restart in seconds; a caller should not wait longer than they.
    ("grpc.use_local_subchannel_pool", 1),  # A new channel is a new connection, without another one's back-off.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", 4 << 20),
]


def channel(target: str, token: str, tracing: Telemetry | None = None) -> GuardedChannel:
    """A channel to host:port as the owner of `token`. Calls without `timeout=` are refused with a TypeError."""
    return GuardedChannel(grpc.aio.insecure_channel(target, options=OPTIONS), token, tracing or Telemetry())


class Channels:
    """One channel a peer, made when first asked for."""

    def __init__(self, targets: Mapping[str, str], token: str, tracing: Telemetry) -> None:
        """`targets` maps a peer's name to host:port."""
        self._targets, self._token, self._tracing = targets, token, tracing
        self._made: dict[str, GuardedChannel] = {}

    def __call__(self, peer: str) -> GuardedChannel:
        """The channel to a peer; raises LookupError naming the setting if its address is not known."""
        if peer not in self._made:
            if peer not in self._targets:
                raise LookupError(f"CHOPHIEN_TARGET_{peer.upper()} is not set")
            self._made[peer] = channel(self._targets[peer], self._token, self._tracing)
        return self._made[peer]

    async def close(self) -> None:
        """Close every channel."""
        for one in self._made.values():
            await one.close()


class GuardedChannel(grpc.aio.Channel):
    """A channel whose unary calls are guarded as they are made; interceptors would add a task to every call."""

    def __init__(self, inner: grpc.aio.Channel, token: str, tracing: Telemetry) -> None:
        """`token` may be empty for servers that ask for none."""
        self._inner, self._tracing = inner, tracing
        self._identity = (("authorization", f"Bearer {token}"),) if token else ()

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        """A method as a function of its request, `timeout=` in seconds and, if need be, `metadata=`."""
        call, name = self._inner.unary_unary(method, *arguments, **options), method.removeprefix("/")
        attributes = {"rpc.system.name": "grpc", "rpc.method": name}

        def guarded(
            request: Any, *, timeout: float | None = None, metadata: Iterable[tuple[str, str]] = (), **extra: Any
        ) -> Any:
            seconds = _seconds(name, timeout)
            cause = telemetry.cause()
            if not telemetry.sampled(cause):
                return call(request, timeout=seconds, metadata=self._metadata(cause, metadata), **extra)
            span = self._tracing.start(name, parent=cause, kind=SpanKind.CLIENT, attributes=attributes)
            made = call(request, timeout=seconds, metadata=self._metadata(span.traceparent, metadata), **extra)
            made.add_done_callback(_ender(span))
            return made

        return guarded

    def _metadata(self, traceparent: str, extra: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        trace = (("traceparent", traceparent),) if traceparent else ()
        return (*self._identity, *trace, *extra)

    def unary_stream(self, *arguments: Any, **options: Any) -> Any:
        """Unguarded, for health watches and reflection."""
        return self._inner.unary_stream(*arguments, **options)

    def stream_unary(self, *arguments: Any, **options: Any) -> Any:
        """Unguarded; none of ours."""
        return self._inner.stream_unary(*arguments, **options)

    def stream_stream(self, *arguments: Any, **options: Any) -> Any:
        """Unguarded, for reflection."""
        return self._inner.stream_stream(*arguments, **options)

    async def close(self, grace: float | None = None) -> None:
        """Close the connection; calls in progress get `grace` seconds."""
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """As the wrapped channel's."""
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """As the wrapped channel's."""
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Wait until connected."""
        await self._inner.channel_ready()

    async def __aenter__(self) -> GuardedChannel:
        """Close at the end of the block."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close it."""
        await self.close()


def _seconds(method: str, timeout: float | None) -> float:
    """The call's own limit or what remains of the call being served, whichever is less."""
    if timeout is None:
        raise TypeError(f"{method}: say timeout=, every call has a deadline")
    serving = calls.CURRENT.get()
    if serving is None:
        return timeout
    seconds = min(timeout, serving.remaining_seconds() - MARGIN_SECONDS)
    if seconds <= 0:
        nothing = grpc.aio.Metadata()
        raise grpc.aio.AioRpcError(
            grpc.StatusCode.DEADLINE_EXCEEDED, nothing, nothing, f"{method}: no time is left for this call"
        )
    return seconds


def _ender(span: telemetry.Span) -> Callable[[Any], None]:
    """Ends a client span; the code is read from the finished call without awaiting it."""

    def end(call: Any) -> None:
        code = grpc.StatusCode.CANCELLED if call.cancelled() else _code(call)
        span.set({"rpc.response.status_code": code.name})
        if code is not grpc.StatusCode.OK:
            span.fail(code.name)
        span.end()

    return end


def _code(call: Any) -> grpc.StatusCode:
    """The status of a call that is done: `code()` is a coroutine that answers without waiting then."""
    answer = call.code()
    try:
        answer.send(None)
    except StopIteration as done:
        return cast(grpc.StatusCode, done.value)
    answer.close()
    return grpc.StatusCode.UNKNOWN
