"""The command line of every service: one role, or all of them, in one process; migrate and replay besides."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

import structlog
import typer
from aiokafka.errors import KafkaError

from chassis import crash, exporters, logs, migrate, replay
from chassis.access import TokensError
from chassis.clock import ClockError
from chassis.grpc_server import PortTaken
from chassis.kafka import create_topics
from chassis.outages import explain, is_outage
from chassis.process import ROLES, make_engine, running, serve_roles
from chassis.settings import Settings, SettingsError, quieten_libraries, read_settings
from chassis.wiring import Service

_log = structlog.get_logger(__name__)


def main(service: Service) -> None:
    """Run the role named on the command line; problems of the environment end in one clear line and exit code 2."""
    try:
        _application(service)()
    except (SettingsError, TokensError, ClockError, PortTaken) as error:
        _fatal(service, str(error))


def _application(service: Service) -> typer.Typer:
    app = typer.Typer(
        help=f"The {service.name} service of Chophien.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for role, does in (
        ("serve", "Answer RPCs."),
        ("consume", "Hear facts from Kafka."),
        ("relay", "Send the outbox to Kafka."),
        ("tick", "Run jobs by the clock, and effects."),
    ):
        app.command(role, help=does)(_runner(service, (role,)))
    app.command("all", help="All four roles in one process.")(_runner(service, ROLES))

    @app.command("migrate", help="Bring database and topics up to date; safe to repeat.")
    def migrate_command() -> None:
        _run(_migrate(service, _settings(service)))

    @app.command("replay", help="List what is set aside; carry it out again, or give one record up.")
    def replay_command(
        key: str = typer.Option("", help="Replay the records of this key only."),
        topic: str = typer.Option("", help="Only this topic."),
        everything: bool = typer.Option(False, "--all", help="Replay everything that waits."),
        discard: int = typer.Option(0, help="Give up the record with this number."),
        reason: str = typer.Option("", help="Why it is given up; kept with the record."),
    ) -> None:
        if discard and not reason.strip():
            raise typer.BadParameter("say why with --reason", param_hint="--discard")
        settings = _settings(service)
        if discard:
            _run(_discard(settings, discard, reason))
        elif key or everything:
            _run(_replay(service, settings, topic, key))
        else:
            _run(_list(settings, topic))

    return app


def _runner(service: Service, roles: tuple[str, ...]) -> Any:
    def command() -> None:
        settings = _settings(service)
        telemetry, flush = exporters.set_up(service.name)
        try:
            _run(serve_roles(service, settings, telemetry, roles))
        except RuntimeError as error:
            _log.critical("stopped by an error", exc_info=error.__cause__ or error)
            _fatal(service, str(error))
        finally:
            flush()

    return command


def _settings(service: Service) -> Settings:
    settings = read_settings(service.name)
    logs.set_up(service.name, settings.log_level)
    quieten_libraries()
    try:
        crash.arm(settings.crash_point)
    except ValueError as error:
        raise SettingsError(f"CHOPHIEN_CRASH_POINT: {error}") from None
    return settings


async def _migrate(service: Service, settings: Settings) -> None:
    engine = make_engine(settings, statement_seconds_max=None)
    try:
        await migrate.upgrade(engine, service.migrations)
    except Exception as error:
        if not is_outage(error):
            raise
        at = f"{engine.url.host}:{engine.url.port}/{engine.url.database}"
        _fatal(service, f"database {at} cannot be migrated: {explain(error)}")
    finally:
        await engine.dispose()
    try:
        await create_topics(settings.kafka_bootstrap, settings.kafka_replication, service)
    except (KafkaError, OSError) as error:
        _fatal(service, f"topics cannot be made on Kafka at {settings.kafka_bootstrap}: {explain(error)}")


async def _replay(service: Service, settings: Settings, topic: str, key: str) -> None:
    telemetry, flush = exporters.set_up(service.name)
    async with running(service, settings, telemetry) as runtime:
        typer.echo(str(await replay.replay(runtime.dispatcher, topic, key)))
    flush()


async def _discard(settings: Settings, number: int, reason: str) -> None:
    engine = make_engine(settings)
    async with engine.begin() as connection:
        found = await replay.discard(connection, number, reason)
    await engine.dispose()
    typer.echo("given up" if found else f"no record {number} waits")
    if not found:
        raise typer.Exit(1)


async def _list(settings: Settings, topic: str) -> None:
    engine = make_engine(settings)
    async with engine.connect() as connection:
        letters = await replay.open_letters(connection, topic)
    await engine.dispose()
    for one in letters:
        where = f"{one.topic}/{one.partition}/{one.offset}"
        typer.echo(f"{one.id}\t{one.state}\t{where}\tkey {one.lane}\ttries {one.attempts}\t{one.reason}")
    typer.echo(f"{len(letters)} waiting")


def _run(work: Coroutine[Any, Any, None]) -> None:
    if importlib.util.find_spec("uvloop"):
        import uvloop

        uvloop.run(work)
    else:
        asyncio.run(work)


def _fatal(service: Service, message: str) -> NoReturn:
    for line in message.splitlines():
        print(f"{service.name}: {line}", file=sys.stderr)
    raise SystemExit(2)
