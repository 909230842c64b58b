"""The counters' RPCs, described here instead of in a .proto: Count changes, GetTotal reads, Misbehave fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
from chassis.access import caller
from chassis.kernel import Invalid, NotFound
from chassis.wiring import Registered, Runtime
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from chassis import calls, telemetry
from counters.domain import Count

SERVICE = "counters.v1.CountersService"
WHOLE, TEXT = 3, 9
MESSAGES = {
    "CountRequest": (("request_id", TEXT), ("counter_id", TEXT), ("amount", WHOLE), ("note", TEXT)),
    "CountResponse": (("total", WHOLE),),
    "GetTotalRequest": (("counter_id", TEXT),),
    "GetTotalResponse": (("total", WHOLE), ("caller", TEXT), ("remaining_ms", WHOLE), ("trace", TEXT)),
    "MisbehaveRequest": (("how", TEXT),),
    "MisbehaveResponse": (("total", WHOLE),),
}
METHODS = ("Count", "GetTotal", "Misbehave")


def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="counters_service.proto", package="counters.v1", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, 1):
            message.field.add(name=field, number=number, type=kind, label=1)
    service = file.service.add(name="CountersService")
    for name in METHODS:
        service.method.add(
            name=name, input_type=f".counters.v1.{name}Request", output_type=f".counters.v1.{name}Response"
        )
    pool = descriptor_pool.Default()
    pool.Add(file)
    found = (pool.FindMessageTypeByName(f"counters.v1.{name}") for name in MESSAGES)
    return {one.name: message_factory.GetMessageClass(one) for one in found}


SPOKEN = _messages()


class Speech:
    """As an entrypoint is written: translate, dispatch, answer."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def Count(self, request: Any, context: Any) -> Any:
        command = Count(request.counter_id, request.amount, request.note, telemetry.cause())
        return await self._runtime.door.execute(command, request, lambda total: SPOKEN["CountResponse"](total=total))

    async def GetTotal(self, request: Any, context: Any) -> Any:
        async with self._runtime.engine.connect() as connection:
            found = await connection.exec_driver_sql("SELECT total FROM counters WHERE id = $1", (request.counter_id,))
            total = found.scalar()
        if total is None:
            raise NotFound(kind="Counter", id=request.counter_id)
        call = calls.CURRENT.get()
        assert call is not None
        remaining_ms = round(call.remaining_seconds() * 1000)
        return SPOKEN["GetTotalResponse"](
            total=total, caller=caller().identity, remaining_ms=remaining_ms, trace=call.span.traceparent
        )

    async def Misbehave(self, request: Any, context: Any) -> Any:
        match request.how:
            case "raise":
                raise ValueError("Vàng A Páo 0912345678")
            case "invalid":
                raise Invalid("how", "must be nice")
            case "abort":
                await context.abort(grpc.StatusCode.ABORTED, "as it wishes")
            case "sleep":
                await asyncio.sleep(60)
            case "select":
                async with self._runtime.engine.connect() as connection:
                    await connection.exec_driver_sql("SELECT 1")
        return SPOKEN["MisbehaveResponse"]()


def servicers(runtime: Runtime) -> Mapping[str, Registered]:
    return {SERVICE: (_register, Speech(runtime))}


def _register(servicer: Any, server: Any) -> None:
    """What grpc's generated code does."""
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            getattr(servicer, name), SPOKEN[f"{name}Request"].FromString, SPOKEN[f"{name}Response"].SerializeToString
        )
        for name in METHODS
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_registered_method_handlers(SERVICE, handlers)


class Stub:
    """What grpc's generated stub is."""

    def __init__(self, channel: Any) -> None:
        for name in METHODS:
            call = channel.unary_unary(
                f"/{SERVICE}/{name}", SPOKEN[f"{name}Request"].SerializeToString, SPOKEN[f"{name}Response"].FromString
            )
            setattr(self, name, call)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)
