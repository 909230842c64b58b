"""Serves a service's RPCs on a real socket over a real database, for integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from chassis.access import Caller, Tokens
from chassis.clock import Clock
from chassis.grpc_client import GuardedChannel, channel
from chassis.grpc_server import GrpcServer
from chassis.guard import Guard
from chassis.process import running
from chassis.settings import Settings
from chassis.telemetry import Telemetry
from chassis.testing.clocks import HandClock
from chassis.wiring import Runtime, Service

CALLERS = (
    Caller(identity="channel", role="buyer_channel"),
    Caller(identity="seller-1", role="seller", seller_id="seller-1"),
    Caller(identity="operator", role="operator"),
    Caller(identity="officer", role="officer", commune_code="03390"),
    Caller(identity="partner-a", role="partner", partner_id="partner-a"),
    Caller(identity="partner-b", role="partner", partner_id="partner-b"),
    Caller(identity="bank", role="bank"),
    Caller(identity="orders", role="service"),
)
"""One caller a role; a token is the identity itself."""


@dataclass
class Served:
    """A service that answers on 127.0.0.1:`port`."""

    runtime: Runtime
    server: GrpcServer
    guard: Guard
    port: int
    _channels: list[GuardedChannel] = field(default_factory=list)

    def channel(self, token: str = "operator", tracing: Telemetry | None = None) -> GuardedChannel:
        """A channel as the owner of a token (an identity of the callers), closed with the server."""
        self._channels.append(channel(f"127.0.0.1:{self.port}", token, tracing))
        return self._channels[-1]

    async def close(self) -> None:
        """Close channels first, then the server."""
        for one in self._channels:
            await one.close()
        await self.server.stop(grace_seconds=0)


@asynccontextmanager
async def serving(
    service: Service,
    database_url: str,
    *,
    callers: Sequence[Caller] = CALLERS,
    clock: Clock | None = None,
    tracing: Telemetry | None = None,
    **bounds: Any,
) -> AsyncIterator[Served]:
    """Serve the RPCs of a service whose database is migrated; no Kafka is needed. `bounds` are those of `Guard`."""
    settings = Settings(service=service.name, database_url=database_url, kafka_bootstrap="127.0.0.1:1")
    telemetry = tracing or Telemetry()
    async with running(service, settings, telemetry) as runtime:
        runtime.clock = runtime.dispatcher.clock = clock or HandClock()
        guard = Guard(Tokens({one.identity: one for one in callers}), service.access, telemetry, **bounds)
        server = GrpcServer("127.0.0.1:0", ("serve",), guard, service.servicers(runtime))
        served = Served(runtime, server, guard, await server.start())
        await server.set_ready("serve", True)
        try:
            yield served
        finally:
            await served.close()
