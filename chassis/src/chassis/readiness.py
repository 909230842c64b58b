"""Answers health checks truthfully: once a second each role is asked whether it can do its work right now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import inf

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.grpc_server import GrpcServer
from chassis.outages import explain
from chassis.wiring import Health

NEEDS: Mapping[str, tuple[str, ...]] = {
    "serve": ("database",),
    "consume": ("database", "consume"),
    "relay": ("database", "broker", "relay"),
    "tick": ("database", "tick"),
}
"""Role -> what must work, by the names in `Health`."""

LOOK_SECONDS = 1.0
PROBE_SECONDS_MAX = 3.0

STALE_SECONDS = 15.0
"""A part that has not worked for so long does not work, whatever it says itself."""

_log = structlog.get_logger(__name__)


class Readiness:
    """Keeps the health service of a process up to date."""

    def __init__(self, roles: Iterable[str], health: Health, engine: AsyncEngine, bootstrap: str) -> None:
        """`bootstrap` is host:port of a broker, or several, comma-separated."""
        self._roles, self._health, self._engine = tuple(roles), health, engine
        self._brokers = bootstrap.split(",")
        self._said: dict[str, str] = {}

    async def run(self, server: GrpcServer, stop: asyncio.Event) -> None:
        """Look, tell, and look again until told to stop."""
        while not stop.is_set():
            await asyncio.gather(self._probe_database(), self._probe_broker())
            for role in self._roles:
                await self._tell(server, role, "; ".join(self.problems(role)))
            every = [problem for role in self._roles for problem in self.problems(role)]
            await server.set_ready("", not every)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    def problems(self, role: str) -> list[str]:
        """What keeps a role from working; empty = ready."""
        failing = self._health.problems()
        found = [f"{name}: {failing[name]}" for name in NEEDS[role] if name in failing]
        for name in NEEDS[role]:
            silent = self._health.seconds_since_ok(name)
            if name not in failing and silent > STALE_SECONDS:
                found.append(f"{name}: starting" if silent == inf else f"{name}: silent for {silent:.0f} s")
        return found

    async def _tell(self, server: GrpcServer, role: str, problem: str) -> None:
        await server.set_ready(role, not problem)
        if self._said.get(role) != problem:
            self._said[role] = problem
            if problem:
                _log.warning("not ready", role=role, why=problem)
            else:
                _log.info("ready", role=role)

    async def _probe_database(self) -> None:
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX), self._engine.connect() as connection:
                await connection.exec_driver_sql("SELECT 1")
        except Exception as error:
            self._health.failing("database", explain(error))
        else:
            self._health.ok("database")

    async def _probe_broker(self) -> None:
        """A relay with nothing to send would not notice that the broker is gone; a connection tells."""
        if "relay" not in self._roles:
            return
        problem = "no address"
        for broker in self._brokers:
            host, _, port = broker.strip().rpartition(":")
            try:
                async with asyncio.timeout(PROBE_SECONDS_MAX):
                    _reader, writer = await asyncio.open_connection(host, int(port))
            except (OSError, ValueError) as error:
                problem = explain(error)
            else:
                writer.close()
                self._health.ok("broker")
                return
        self._health.failing("broker", problem)
