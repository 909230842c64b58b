"""Who may call, how long, how many at once, and how little a refusal says: against a real socket."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from chassis.grpc_client import bad_fields, error_info, reason_of, retry_after_seconds
from chassis.grpc_server import GrpcServer, PortTaken
from chassis.testing import eventually
from chassis.testing.serving import Served, serving
from chassis.testing.tracing import Recording
from counters.bootstrap import service
from counters.speech import METHODS, SERVICE, SPOKEN, Stub, servicers
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc  # type: ignore[import-untyped]
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import logs

ANYBODY = frozenset({"operator", "partner"})
RULES = {"Count": ANYBODY, "GetTotal": ANYBODY, "Misbehave": frozenset({"operator"})}
COUNTERS = service(servicers=servicers, access=RULES)
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def tracing() -> Recording:
    return Recording()


@pytest.fixture
async def served(engine: AsyncEngine, database: str, tracing: Recording) -> AsyncIterator[Served]:
    async with serving(COUNTERS, database, tracing=tracing, calls_max=20, call_seconds_max=1.0) as one:
        yield one


def count(counter_id: str = "c", amount: int = 1, request_id: str = "r-1", note: str = "") -> Any:
    return SPOKEN["CountRequest"](request_id=request_id, counter_id=counter_id, amount=amount, note=note)


def misbehave(how: str) -> Any:
    return SPOKEN["MisbehaveRequest"](how=how)


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("token", ["", "nobody"])
async def test_no_identity_no_answer(served: Served, token: str) -> None:
    error = await refusal(Stub(served.channel(token)).Count(count(), timeout=5))
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_a_token_without_its_scheme_is_none(served: Served) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        error = await refusal(Stub(channel).Count(count(), timeout=5, metadata=(("authorization", "operator"),)))
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED


async def test_a_role_calls_only_what_the_table_says(served: Served) -> None:
    stub = Stub(served.channel("partner-a"))
    assert (await stub.Count(count(), timeout=5)).total == 1
    error = await refusal(stub.Misbehave(misbehave(""), timeout=5))
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")


async def test_a_method_the_table_does_not_know_stops_the_start(database: str) -> None:
    with pytest.raises(ValueError, match="does not say who may call Misbehave"):
        async with serving(service(servicers=servicers, access={"Count": ANYBODY, "GetTotal": ANYBODY}), database):
            pass


async def test_the_caller_is_known_by_the_credential(served: Served) -> None:
    await Stub(served.channel()).Count(count(), timeout=5)
    for identity in ("partner-a", "partner-b"):
        answer = await Stub(served.channel(identity)).GetTotal(SPOKEN["GetTotalRequest"](counter_id="c"), timeout=5)
        assert answer.caller == identity


async def test_the_process_is_alive_whatever_its_roles_can_do(served: Served) -> None:
    await served.server.set_ready("serve", False)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
            request = health_pb2.HealthCheckRequest(service="alive")
            answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
    finally:
        await served.server.set_ready("serve", True)


async def test_a_service_is_asked_for_its_health_by_its_full_name_too(served: Served) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=10)
        for ready in (True, False, True):
            await served.server.set_ready("serve", ready)
            assert (await watch.read()).status == (1 if ready else 2)
        watch.cancel()


async def test_health_and_reflection_need_no_identity(served: Served) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service="serve"), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        listed = [one async for one in stub.ServerReflectionInfo(iter([request]))]
        assert SERVICE in {one.name for one in listed[0].list_services_response.service}


async def test_a_domain_error_arrives_with_code_reason_and_details(served: Served) -> None:
    error = await refusal(Stub(served.channel()).Count(count(amount=13), timeout=5))
    info = error_info(error)
    assert info is not None
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "Nobody counts thirteen.")
    assert (info.reason, info.domain, dict(info.metadata)) == ("UNLUCKY", "chophien", {"counter_id": "c"})


async def test_a_bad_field_is_named(served: Served) -> None:
    error = await refusal(Stub(served.channel()).Misbehave(misbehave("invalid"), timeout=5))
    assert (error.code(), bad_fields(error)) == (grpc.StatusCode.INVALID_ARGUMENT, {"how": "must be nice"})


async def test_an_unexpected_error_says_only_its_id_and_is_logged_without_its_message(served: Served) -> None:
    logs.set_up("counters")
    stream = io.StringIO()
    logging.getLogger().handlers[0].setStream(stream)  # type: ignore[attr-defined]
    error = await refusal(Stub(served.channel()).Misbehave(misbehave("raise"), timeout=5))
    info = error_info(error)
    assert info is not None and error.code() == grpc.StatusCode.INTERNAL
    assert info.metadata["error_id"] in stream.getvalue() and "speech.py" in stream.getvalue()
    for told in (str(error), stream.getvalue()):
        assert "0912345678" not in told and "A Páo" not in told


async def test_a_malformed_body_is_refused_as_such(served: Served) -> None:
    call = served.channel().unary_unary(f"/{SERVICE}/Count")
    error = await refusal(call(b"\xff\xff\xff", timeout=5))
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED")


async def test_an_oversized_request_is_refused(served: Served) -> None:
    error = await refusal(Stub(served.channel()).Count(count(note="x" * (1 << 20)), timeout=5))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_call_without_timeout_is_not_even_sent(served: Served) -> None:
    with pytest.raises(TypeError, match=r"Count: say timeout="):
        await Stub(served.channel()).Count(count())


async def test_a_deadline_reaches_the_server(served: Served) -> None:
    stub = Stub(served.channel())
    await stub.Count(count(), timeout=5)
    answer = await stub.GetTotal(SPOKEN["GetTotalRequest"](counter_id="c"), timeout=0.5)
    assert 100 < answer.remaining_ms <= 500


async def test_a_call_without_a_deadline_gets_the_longest_one(served: Served) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        metadata = (("authorization", "Bearer operator"),)
        error = await refusal(Stub(channel).Misbehave(misbehave("sleep"), metadata=metadata))
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert served.guard._open == 0


async def test_too_many_calls_are_shed_and_health_is_not(served: Served) -> None:
    stub = Stub(served.channel())
    sleeping = [asyncio.ensure_future(_outcome(stub.Misbehave(misbehave("sleep"), timeout=0.8))) for _ in range(20)]
    await eventually(lambda: served.guard._open == 20)
    error = await refusal(stub.Count(count(), timeout=5))
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert (retry_after_seconds(error) or 0) > 0
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
    assert {await one for one in sleeping} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    await eventually(lambda: served.guard._open == 0)
    assert (await stub.Count(count(), timeout=5)).total == 1


async def _outcome(call: Any) -> Any:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_an_outage_is_unavailable(database: str) -> None:
    away = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    async with serving(COUNTERS, away) as served:
        stub = Stub(served.channel())
        for call in (stub.Misbehave(misbehave("select"), timeout=5), stub.Count(count(), timeout=5)):
            error = await refusal(call)
            assert (error.code(), reason_of(error)) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")


async def test_a_stopping_server_says_so_first_and_lets_calls_end(served: Served) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service="serve"), timeout=10)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        slow = asyncio.ensure_future(_outcome(Stub(served.channel()).Misbehave(misbehave("sleep"), timeout=0.5)))
        await eventually(lambda: served.guard._open == 1)
        stopping = asyncio.ensure_future(served.server.stop(grace_seconds=2))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await slow == grpc.StatusCode.DEADLINE_EXCEEDED
        watch.cancel()
        await stopping


async def test_a_taken_port_is_told_in_one_sentence(served: Served) -> None:
    other = GrpcServer(f"127.0.0.1:{served.port}", (), None, {})
    with pytest.raises(PortTaken, match=f"cannot listen on 127.0.0.1:{served.port}"):
        await other.start()


async def test_a_call_continues_the_callers_trace_under_conventional_names(served: Served, tracing: Recording) -> None:
    call = Stub(served.channel("partner-a")).Count(count(), timeout=5, metadata=(("traceparent", PARENT),))
    await call
    span = tracing.named(f"{SERVICE}/Count")[0]
    assert span.context is not None and span.parent is not None and span.attributes is not None
    assert f"{span.context.trace_id:032x}" == PARENT[3:35] and f"{span.parent.span_id:016x}" == PARENT[36:52]
    assert {
        "rpc.system.name": "grpc",
        "rpc.method": f"{SERVICE}/Count",
        "rpc.response.status_code": "OK",
    }.items() <= dict(span.attributes).items()
    assert span.attributes["chophien.partner"] == "partner-a"
    assert span.attributes["chophien.transaction.id"]


@pytest.mark.parametrize(
    ("how", "code", "is_error"),
    [("raise", "INTERNAL", True), ("abort", "ABORTED", False), ("invalid", "INVALID_ARGUMENT", False)],
)
async def test_a_span_tells_how_the_call_ended(
    served: Served, tracing: Recording, how: str, code: str, is_error: bool
) -> None:
    await refusal(Stub(served.channel()).Misbehave(misbehave(how), timeout=5))
    # A caller hears of an abort before the server's handler is over.
    await eventually(lambda: bool(tracing.named(f"{SERVICE}/Misbehave")))
    (span,) = tracing.named(f"{SERVICE}/Misbehave")
    assert span.attributes is not None and span.attributes["rpc.response.status_code"] == code
    assert (not span.status.is_ok and span.status.status_code.name == "ERROR") == is_error


async def test_an_unsampled_callers_trace_is_passed_on_and_recorded_by_nobody(
    served: Served, tracing: Recording
) -> None:
    stub, unsampled = Stub(served.channel()), PARENT[:-1] + "0"
    await stub.Count(count(), timeout=5)
    tracing.clear()
    request = SPOKEN["GetTotalRequest"](counter_id="c")
    assert (await stub.GetTotal(request, timeout=5, metadata=(("traceparent", unsampled),))).trace == unsampled
    assert tracing.spans == []


def test_every_method_is_tried_here() -> None:
    assert set(METHODS) == set(RULES)
