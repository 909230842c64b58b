"""Onward calls: deadlines that shrink, identity and trace that travel, repeats only where they are safe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from chassis.grpc_client import Channels, channel
from chassis.telemetry import Span, Telemetry
from chassis.testing.serving import Served, serving
from chassis.testing.tracing import Recording
from counters.bootstrap import service
from counters.speech import SERVICE, SPOKEN, Stub, servicers
from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import calls, telemetry

ALL = {name: frozenset({"operator"}) for name in ("Count", "GetTotal", "Misbehave")}


@pytest.fixture
async def served(engine: AsyncEngine, database: str) -> AsyncIterator[Served]:
    async with serving(service(servicers=servicers, access=ALL), database) as one:
        request = SPOKEN["CountRequest"](request_id="r", counter_id="c", amount=1)
        await Stub(one.channel()).Count(request, timeout=5)
        yield one


def total() -> Any:
    return SPOKEN["GetTotalRequest"](counter_id="c")


@contextmanager
def inbound(seconds: float) -> Iterator[None]:
    """As if a call with so many seconds left were being served."""
    token = calls.CURRENT.set(calls.Call("a/B", time.monotonic() + seconds, Span("")))
    yield
    calls.CURRENT.reset(token)


async def test_an_onward_call_gets_what_remains_less_a_margin(served: Served) -> None:
    with inbound(1.0):
        answer = await Stub(served.channel()).GetTotal(total(), timeout=30)
    assert 500 < answer.remaining_ms <= 990


async def test_its_own_shorter_limit_wins(served: Served) -> None:
    with inbound(10.0):
        assert (await Stub(served.channel()).GetTotal(total(), timeout=1)).remaining_ms < 1100


async def test_without_time_left_no_call_is_made(served: Served) -> None:
    with inbound(0.01), pytest.raises(grpc.aio.AioRpcError, match="no time is left") as caught:
        await Stub(served.channel()).GetTotal(total(), timeout=30)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_the_trace_travels_through_a_client_span(served: Served) -> None:
    tracing = Recording()
    parent = tracing.start("work")
    token = telemetry.current.set(parent)
    try:
        answer = await Stub(served.channel(tracing=tracing)).GetTotal(total(), timeout=5)
    finally:
        telemetry.current.reset(token)
    (span,) = tracing.named(f"{SERVICE}/GetTotal")
    assert answer.trace[:35] == parent.traceparent[:35]
    assert span.context is not None and answer.trace[36:52] == f"{span.context.span_id:016x}"
    assert span.kind is SpanKind.CLIENT and span.attributes is not None
    assert span.attributes["rpc.response.status_code"] == "OK"


async def test_a_failed_call_marks_its_client_span(served: Served) -> None:
    tracing = Recording()
    token = telemetry.current.set(tracing.start("work"))
    try:
        with pytest.raises(grpc.aio.AioRpcError):
            await Stub(served.channel(tracing=tracing)).GetTotal(SPOKEN["GetTotalRequest"](counter_id="?"), timeout=5)
    finally:
        telemetry.current.reset(token)
    (span,) = tracing.named(f"{SERVICE}/GetTotal")
    assert span.attributes is not None and span.attributes["rpc.response.status_code"] == "NOT_FOUND"
    assert not span.status.is_ok


@pytest.mark.parametrize(
    ("code", "tries"), [(grpc.StatusCode.UNAVAILABLE, 3), (grpc.StatusCode.INTERNAL, 1), (grpc.StatusCode.ABORTED, 1)]
)
async def test_only_unavailable_is_repeated(code: grpc.StatusCode, tries: int) -> None:
    seen: list[int] = []

    async def answer(_request: bytes, context: Any) -> bytes:
        seen.append(1)
        if len(seen) < 3:
            await context.abort(code)
        return b""

    server = grpc.aio.server()
    handlers: Any = {"B": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("a", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with channel(f"127.0.0.1:{port}", "t") as one:
        results = await asyncio.gather(one.unary_unary("/a/B")(b"", timeout=5), return_exceptions=True)
    await server.stop(0)
    assert len(seen) == tries and isinstance(results[0], bytes) == (tries == 3)


async def test_a_peer_that_is_not_configured_is_named() -> None:
    channels = Channels({}, "token", Telemetry())
    with pytest.raises(LookupError, match="CHOPHIEN_TARGET_ORDERS is not set"):
        channels("orders")


async def test_a_peer_has_one_channel(served: Served) -> None:
    channels = Channels({"counters": f"127.0.0.1:{served.port}"}, "operator", Telemetry())
    assert channels("counters") is channels("counters")
    assert (await Stub(channels("counters")).GetTotal(total(), timeout=5)).total == 1
    await channels.close()
