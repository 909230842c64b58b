"""The gRPC server of a process: guarded services, health by role, reflection, bounds, and a graceful end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection  # type: ignore[import-untyped]

from chassis.guard import Guard
from chassis.wiring import Registered

REQUEST_BYTES_MAX = 1 << 20
RESPONSE_BYTES_MAX = 4 << 20
GRACE_SECONDS = 10.0
"""How long calls in progress may still take once the server stops."""

OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_receive_message_length", REQUEST_BYTES_MAX),
    ("grpc.max_send_message_length", RESPONSE_BYTES_MAX),
    ("grpc.max_metadata_size", 16 << 10),
    ("grpc.so_reuseport", 0),  # Two processes on one port is a mistake to be told about.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.max_connection_age_ms", 300_000),  # Clients look up addresses again and notice new replicas.
    ("grpc.max_connection_age_grace_ms", 30_000),
]

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


SERVE = "serve"
"""The role that answers RPCs; they are as ready as it is."""

ALIVE = "alive"
"""The health name of the process itself, for liveness probes: an outage outside must not restart it."""


class PortTaken(Exception):
    """The address to listen on is not free, or not ours."""


class GrpcServer:
    """Serves health for the named roles and, if given, RPC services behind a guard. Not ready until told so."""

    def __init__(
        self, listen: str, roles: Iterable[str], guard: Guard | None, services: Mapping[str, Registered]
    ) -> None:
        """`listen` is host:port (port 0 = any free one); `services` by full name, as `Service.servicers` gives them."""
        self.listen = listen
        self.port = 0
        self._health = health.aio.HealthServicer()
        self._roles, self._services = ("", *roles), tuple(services)
        self._server = grpc.aio.server(options=OPTIONS)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name, (register, servicer) in services.items():
            if guard is None:
                raise ValueError(f"{name} would be served without a guard")
            collected = _Collected(guard, name)
            register(servicer, collected)
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, collected.methods),))
        names = (*services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self) -> int:
        """Listen, with every role NOT_SERVING and the process itself ALIVE; the port. Raises PortTaken."""
        for role in self._roles:
            await self.set_ready(role, False)
        await self.set_ready(ALIVE, True)
        try:
            self.port = self._server.add_insecure_port(self.listen)
        except RuntimeError:
            raise PortTaken(f"cannot listen on {self.listen}: the port is in use or the address is not ours") from None
        await self._server.start()
        return self.port

    async def set_ready(self, role: str, ready: bool) -> None:
        """What health checks answer for a role, and for services with the role that serves them; "" = the process."""
        for name in (role, *(self._services if role == SERVE else ())):
            await self._health.set(name, _SERVING if ready else _NOT_SERVING)

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Say NOT_SERVING first, then take no new calls and let those in progress end."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)


class _Collected:
    """Stands in for the server while generated code registers a servicer, and guards each of its methods."""

    def __init__(self, guard: Guard, service: str) -> None:
        self.methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._guard, self._service = guard, service

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """The same methods come by name as well; those are taken."""

    def add_registered_method_handlers(
        self, service: str, methods: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Guard every method; one that the access table does not know stops the start instead of failing later."""
        if service != self._service:
            raise ValueError(f"{self._service} is registered as {service}")
        unruled = sorted(methods.keys() - self._guard.rules.keys())
        if unruled:
            raise ValueError(f"{service}: the access table does not say who may call {', '.join(unruled)}")
        for name, handler in methods.items():
            self.methods[name] = self._guard.wrap(service, name, handler)
