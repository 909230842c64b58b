"""One process of a service: puts its parts together, runs its roles until SIGTERM, and takes them down in order."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psutil
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.access import load_tokens
from chassis.clock import make_clock
from chassis.dispatch import Dispatcher
from chassis.door import Door
from chassis.effects import Effects
from chassis.grpc_client import Channels
from chassis.grpc_server import GrpcServer
from chassis.guard import Guard
from chassis.housekeeping import keep_house
from chassis.kafka import Consumer
from chassis.readiness import Readiness
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.telemetry import Telemetry
from chassis.ticker import Ticker
from chassis.wiring import Health, Runtime, Service

PARENT_LOOK_SECONDS = 0.5
STATEMENT_SECONDS_MAX = 60.0
"""A statement without an answer for so long counts as an outage; a database that hangs must not hang us for ever."""

STOP_SECONDS_MAX = 25.0
"""How long roles may take to end their work once told to stop; then they are cancelled, which loses nothing."""

COLLECT_AFTER = (20_000, 50, 50)
"""Thresholds of the garbage collector. Batches make thousands of objects that die by themselves; Python's default
would look at them all the time (a quarter of the consumer's CPU, measured)."""

ROLES = ("serve", "consume", "relay", "tick")

_log = structlog.get_logger(__name__)


def make_engine(settings: Settings, statement_seconds_max: float | None = STATEMENT_SECONDS_MAX) -> AsyncEngine:
    """The process's connections. Parameters never show up in errors: they may hold personal data."""
    return create_async_engine(
        settings.database_url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "command_timeout": statement_seconds_max,
            "server_settings": {
                "application_name": f"{settings.service} {os.getpid()}",
                "jit": "off",
                "idle_in_transaction_session_timeout": "60000",
            },
        },
    )


@asynccontextmanager
async def running(service: Service, settings: Settings, telemetry: Telemetry) -> AsyncIterator[Runtime]:
    """A runtime with all its parts, closed at the end; nothing is connected before it is used."""
    engine, clock = make_engine(settings), make_clock(settings.clock_file)
    channels = Channels(settings.targets, settings.service_token, telemetry)
    dispatcher = Dispatcher(service, engine, clock, telemetry)
    runtime = Runtime(
        service=service,
        settings=settings,
        engine=engine,
        clock=clock,
        dispatcher=dispatcher,
        health=Health(),
        telemetry=telemetry,
        channels=channels,
        door=Door(dispatcher),
    )
    try:
        yield runtime
    finally:
        await runtime.door.close()
        await channels.close()
        await engine.dispose()


async def serve_roles(service: Service, settings: Settings, telemetry: Telemetry, roles: Sequence[str]) -> None:
    """Run roles until SIGTERM or SIGINT, then stop gracefully; raises if a role ends by itself."""
    if settings.parent_pid is not None:
        watch_parent(settings.parent_pid)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(service, settings, telemetry) as runtime:
        server = make_server(runtime, roles)
        await server.start()
        _log.info("started", roles=list(roles), port=server.port)
        # What lives now lives for ever; the collector need not look at it again and again.
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        await _until_stopped(runtime, server, roles, stop)
    _log.info("stopped", roles=list(roles))


def make_server(runtime: Runtime, roles: Sequence[str]) -> GrpcServer:
    """Health for every role; the RPCs, guarded, where `serve` is one of them."""
    settings = runtime.settings
    if "serve" not in roles:
        return GrpcServer(settings.grpc_listen, roles, None, {})
    guard = Guard(load_tokens(settings.tokens_file), runtime.service.access, runtime.telemetry)
    return GrpcServer(settings.grpc_listen, roles, guard, runtime.service.servicers(runtime))


async def _until_stopped(runtime: Runtime, server: GrpcServer, roles: Sequence[str], stop: asyncio.Event) -> None:
    settings = runtime.settings
    loops: dict[str, Callable[[], Sequence[Coroutine[Any, Any, None]]]] = {
        "serve": lambda: [],
        "consume": lambda: [Consumer(runtime.dispatcher, settings.kafka_bootstrap, runtime.health).run(stop)],
        "relay": lambda: [
            Relay(
                runtime.engine, settings.kafka_bootstrap, settings.service, runtime.dispatcher.said, runtime.health
            ).run(stop)
        ],
        "tick": lambda: [Ticker(runtime).run(stop), Effects(runtime).run(stop), keep_house(runtime, stop)],
    }
    readiness = Readiness(roles, runtime.health, runtime.engine, settings.kafka_bootstrap)
    tasks = [asyncio.create_task(each, name=role) for role in roles for each in loops[role]()]
    tasks.append(asyncio.create_task(readiness.run(server, stop), name="readiness"))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    early = [task for task in tasks if task.done() and not stop.is_set()]
    stop.set()
    await server.stop()
    _ended, late = await asyncio.wait(tasks, timeout=STOP_SECONDS_MAX)
    for task in late:
        _log.warning("cancelled, it took too long to stop", role=task.get_name())
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [result for result in results if isinstance(result, Exception)]
    if early or errors:
        names = ", ".join(task.get_name() for task in early)
        raise RuntimeError(f"ended by itself: {names or 'a role, while stopping'}") from next(iter(errors), None)


def watch_parent(pid: int) -> None:
    """Exit at once when that process is gone, even if the event loop hangs; work in progress is safe to lose."""
    try:
        parent = psutil.Process(pid)
    except psutil.NoSuchProcess:
        os._exit(1)

    def watch() -> None:
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            time.sleep(PARENT_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
