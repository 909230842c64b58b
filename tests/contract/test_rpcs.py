"""Every RPC answers on a real socket, only to whom it may; every domain error arrives with its code and reason."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest
from chassis.access import Caller, Tokens
from chassis.guard import Guard
from chassis.kernel import DomainError, Invalid, NotFound
from chassis.status import IdempotencyMismatch
from chassis.telemetry import Telemetry
from chassis.testing.serving import CALLERS, Served, serving
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import Default as pool
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]
from grpc_status import rpc_status  # type: ignore[import-untyped]
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import access, migrate
from tests.contract.test_errors import refusals
from tests.contract.test_hearing import service
from tests.contract.topology import SERVICES

NAMES = {
    "catalog": ("catalog.v1.CatalogService",),
    "orders": ("orders.v1.OrdersService",),
    "payments": ("payments.v1.PaymentsService",),
    "shipping": ("shipping.v1.ShippingService", "shipping.v1.CourierService"),
}
MODULES = ("catalog_service", "orders_service", "payments_service", "shipping_service", "courier_service")
EXPECTED = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "ALREADY_EXISTS", "PERMISSION_DENIED"}
"""What a caller may hear who asks for nothing in particular; UNKNOWN, INTERNAL or UNIMPLEMENTED would be a defect."""


def methods(name: str) -> list[MethodDescriptor]:
    """The RPCs of a service, as its contracts list them."""
    for full in NAMES[name]:
        package, module = full.rsplit(".", 1)
        file = next(m for m in MODULES if m.replace("_", "") == module.lower())
        importlib.import_module(f"chophien.{package}.{file}_pb2")
    return [method for full in NAMES[name] for method in pool().FindServiceByName(f"chophien.{full}").methods]


@dataclass
class Answers:
    """The four services, each served over a database of its own, for the length of this file."""

    served: dict[str, Served] = field(default_factory=dict)

    async def ask(self, name: str, method: MethodDescriptor, token: str) -> tuple[str, str]:
        """Status code and reason of a call with an empty request that has only a request_id."""
        request: Any = GetMessageClass(method.input_type)()
        if "request_id" in method.input_type.fields_by_name:
            request.request_id = f"{method.name}-{token}"
        return await self.call(name, method, token, request)

    async def call(self, name: str, method: MethodDescriptor, token: str, request: Any) -> tuple[str, str]:
        """Status code and reason of a call."""
        path = f"/{method.containing_service.full_name}/{method.name}"
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.served[name].port}") as channel:
            call: Any = channel.unary_unary(
                path,
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=GetMessageClass(method.output_type).FromString,
            )
            try:
                await call(request, timeout=10, metadata=(("authorization", f"Bearer {token}"),) if token else ())
            except grpc.aio.AioRpcError as error:
                return error.code().name, reason(error)
        return "OK", ""


def reason(error: grpc.aio.AioRpcError) -> str:
    """ErrorInfo.reason of a refusal."""
    status: Any = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""


@pytest.fixture(scope="module")
async def answers(postgres: Any) -> AsyncIterator[Answers]:
    found = Answers()
    stack = []
    for name in SERVICES:
        url = postgres.create_database(f"contract_{name}")
        engine = create_async_engine(url)
        await migrate.upgrade(engine, service(name).migrations)
        await engine.dispose()
        stack.append(serving(service(name), url))
        found.served[name] = await stack[-1].__aenter__()
    yield found
    for context in reversed(stack):
        await context.__aexit__(None, None, None)


@pytest.mark.parametrize("name", SERVICES)
async def test_every_rpc_answers_those_who_may_and_nobody_else(answers: Answers, name: str) -> None:
    """Exactly the roles of the access table get in; an empty request ends in an expected answer with a reason."""
    for method in methods(name):
        allowed = service(name).access[method.name]
        for caller in CALLERS:
            code, why = await answers.ask(name, method, caller.identity)
            if caller.role in allowed:
                assert code in EXPECTED, (method.name, caller.role, code)
                assert code == "OK" or why, (method.name, caller.role, code)
            else:
                assert code == "PERMISSION_DENIED", (method.name, caller.role, code)


@pytest.mark.parametrize("name", SERVICES)
async def test_no_rpc_answers_a_stranger(answers: Answers, name: str) -> None:
    for method in methods(name):
        for token in ("", "not-a-token"):
            assert (await answers.ask(name, method, token))[0] == "UNAUTHENTICATED", method.name


@pytest.mark.parametrize("name", SERVICES)
async def test_every_changing_rpc_wants_a_request_id(answers: Answers, name: str) -> None:
    """Reading ones have none; everything that changes anything can be repeated safely."""
    for method in methods(name):
        reads = method.name.startswith(("Get", "List", "Quote", "Explain"))
        assert ("request_id" in method.input_type.fields_by_name) != reads, method.name


@pytest.mark.parametrize("name", SERVICES)
async def test_every_domain_error_arrives_with_its_code_and_reason(name: str) -> None:
    """Raised behind the guard that stands before every RPC, and read by a caller from the socket."""
    errors: dict[str, type[DomainError]] = {
        error.__name__: error for error in (*refusals(name), NotFound, Invalid, IdempotencyMismatch)
    }

    async def fail(which: bytes, _context: Any) -> bytes:
        raise made(errors[which.decode()])

    tokens = Tokens({"operator": Caller(identity="operator", role="operator")})
    guard = Guard(tokens, {"Fail": frozenset({"operator"})}, Telemetry())
    handler = guard.wrap("test.Errors", "Fail", grpc.unary_unary_rpc_method_handler(fail, bytes))
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Errors", {"Fail": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for which, error in errors.items():
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                metadata = (("authorization", "Bearer operator"),)
                call: Any = channel.unary_unary("/test.Errors/Fail")
                await call(which.encode(), timeout=5, metadata=metadata)
            assert refused.value.code().name == error.code.value, which
            assert reason(refused.value) == made(error).reason
    await server.stop(0)


def made(error: type[DomainError]) -> DomainError:
    """An instance, whatever its constructor wants to know."""
    fresh = error.__new__(error)
    DomainError.__init__(fresh, **({"field": "lines", "problem": "x"} if error is Invalid else {}))
    return fresh


def test_the_callers_of_these_tests_have_roles_that_exist() -> None:
    assert {caller.role for caller in CALLERS} <= access.ROLES
