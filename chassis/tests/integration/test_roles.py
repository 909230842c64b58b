"""Whole processes: started as in production, asked for their health, stopped, orphaned, crashed, misconfigured."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import psutil
import pytest
from chassis.grpc_client import channel
from chassis.roles import main
from chassis.testing import eventually
from counters.bootstrap import service
from counters.speech import METHODS, SPOKEN, Stub, servicers
from counters.stack import Wire
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from sqlalchemy.ext.asyncio import AsyncEngine

HERE = Path(__file__).parents[1]
AWAY = "127.0.0.1:1"
COUNTERS = service(servicers=servicers, access={name: frozenset({"operator"}) for name in METHODS})
Process = asyncio.subprocess.Process


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def environ(port: int, tmp_path: Path, database: str) -> dict[str, str]:
    """No Kafka there; a test that needs it sets it."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"tokens": [{"token": "t", "identity": "o", "role": "operator"}]}))
    return {
        "PYTHONPATH": os.pathsep.join((str(HERE), os.environ.get("PYTHONPATH", ""))),
        "CHOPHIEN_DATABASE_URL": database,
        "CHOPHIEN_KAFKA_BOOTSTRAP": AWAY,
        "CHOPHIEN_GRPC_LISTEN": f"127.0.0.1:{port}",
        "CHOPHIEN_TOKENS_FILE": str(tokens),
    }


async def start(environ: Mapping[str, str], *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "counters",
        *arguments,
        env=os.environ | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def started(environ: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    process = await start(environ, *arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(environ: Mapping[str, str], *arguments: str) -> tuple[int | None, str]:
    process = await start(environ, *arguments)
    _stdout, stderr = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, stderr.decode()


def healthy(port: int, name: str, expected: bool = True) -> Callable[[], Any]:
    async def ask() -> bool:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as one:
            try:
                answer = await health_pb2_grpc.HealthStub(one).Check(
                    health_pb2.HealthCheckRequest(service=name), timeout=1
                )
            except grpc.aio.AioRpcError:
                return False
        return bool((answer.status == health_pb2.HealthCheckResponse.SERVING) == expected)

    return ask


async def count(port: int, request_id: str = "r") -> Any:
    async with channel(f"127.0.0.1:{port}", "t") as one:
        request = SPOKEN["CountRequest"](request_id=request_id, counter_id="c", amount=1)
        return await Stub(one).Count(request, timeout=5)


async def relayed(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return (await connection.exec_driver_sql("SELECT count(*) FROM outbox")).scalar() == 0


async def test_all_roles_in_one_process_migrate_serve_and_stop(
    environ: dict[str, str], port: int, kafka: str, engine: AsyncEngine
) -> None:
    environ["CHOPHIEN_KAFKA_BOOTSTRAP"] = kafka
    assert await ended(environ, "migrate") == (0, "")
    async with started(environ, "all") as process:
        for name in ("", "serve", "consume", "relay", "tick"):
            await eventually(healthy(port, name), seconds_max=90)
        assert (await count(port)).total == 1
        await eventually(lambda: relayed(engine))
        process.send_signal(signal.SIGTERM)
        stdout, stderr = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, stderr) == (0, b"")
    lines = [json.loads(line) for line in stdout.decode().splitlines()]
    assert {"started", "ready", "stopped"} <= {line["event"] for line in lines}


async def test_serve_is_ready_without_kafka_and_stops_at_once(environ: dict[str, str], port: int) -> None:
    async with started(environ, "serve") as process:
        await eventually(healthy(port, "serve"))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.parametrize("role", ["consume", "relay"])
async def test_a_role_without_its_broker_is_not_ready_and_waits(environ: dict[str, str], port: int, role: str) -> None:
    async with started(environ, role) as process:
        await eventually(healthy(port, role, expected=False))
        await asyncio.sleep(2)
        assert await healthy(port, "", expected=False)() and await healthy(port, "alive")()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0


@pytest.mark.parametrize("role", ["serve", "tick"])
async def test_a_role_without_its_database_is_not_ready_and_waits(
    environ: dict[str, str], port: int, role: str
) -> None:
    environ["CHOPHIEN_DATABASE_URL"] = f"postgresql+asyncpg://x@{AWAY}/x"
    async with started(environ, role) as process:
        await eventually(healthy(port, role, expected=False))
        await asyncio.sleep(2)
        assert await healthy(port, role, expected=False)() and await healthy(port, "alive")()
        assert process.returncode is None


async def test_every_role_is_not_ready_while_the_database_is_away_and_goes_on_afterwards(
    environ: dict[str, str], port: int, kafka: str, engine: AsyncEngine
) -> None:
    wire = Wire(engine.url.host or "", engine.url.port or 0)
    await wire.mend()
    by_wire = engine.url.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)
    environ |= {"CHOPHIEN_KAFKA_BOOTSTRAP": kafka, "CHOPHIEN_DATABASE_URL": by_wire}
    roles = ("serve", "consume", "relay", "tick")
    await ended(environ, "migrate")
    async with started(environ, "all") as process:
        for name in roles:
            await eventually(healthy(port, name), seconds_max=90)
        await wire.cut()
        for name in roles:
            await eventually(healthy(port, name, expected=False))
        assert await healthy(port, "alive")() and process.returncode is None
        await wire.mend()
        for name in roles:
            await eventually(healthy(port, name))
        assert (await count(port)).total == 1
        await eventually(lambda: relayed(engine))
    await wire.cut()


async def test_a_call_under_way_is_answered_before_the_process_stops(
    environ: dict[str, str], port: int, engine: AsyncEngine
) -> None:
    async def waiting() -> bool:
        async with engine.connect() as other:
            sql = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool((await other.exec_driver_sql(sql)).scalar())

    async with started(environ, "serve") as process:
        await eventually(healthy(port, "serve"))
        await count(port)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("SELECT FROM counters FOR UPDATE")
            call = asyncio.ensure_future(count(port, "r-2"))
            await eventually(waiting)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert not call.done() and process.returncode is None
        assert (await call).total == 2
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_process_whose_parent_is_gone_ends_at_once(environ: dict[str, str], port: int) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    async with started(environ | {"CHOPHIEN_PARENT_PID": str(parent.pid)}, "serve") as process:
        await eventually(healthy(port, "serve"))
        psutil.Process(parent.pid).kill()
        assert await asyncio.wait_for(process.wait(), 5) == 1
        await parent.wait()


async def test_a_crash_after_commit_loses_no_answer(environ: dict[str, str], port: int, engine: AsyncEngine) -> None:
    async with started(environ | {"CHOPHIEN_CRASH_POINT": "group.after_commit"}, "serve") as process:
        await eventually(healthy(port, "serve"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await count(port)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert await asyncio.wait_for(process.wait(), 5) == -signal.SIGKILL
    async with started(environ, "serve"):
        await eventually(healthy(port, "serve"))
        assert (await count(port)).total == 1


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str]]:
    """The command line in this process, which is much quicker: exit code and standard error."""

    def run(environ: Mapping[str, str], *arguments: str) -> tuple[Any, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["counters", *arguments])
        with pytest.raises(SystemExit) as ended:
            main(COUNTERS)
        return ended.value.code, capfd.readouterr().err

    return run


@pytest.mark.parametrize(
    ("change", "role", "line"),
    [
        ({"CHOPHIEN_DATABASE_URL": ""}, "serve", "CHOPHIEN_DATABASE_URL is not set"),
        ({"CHOPHIEN_TOKENS_FILE": "/none.json"}, "serve", "tokens file /none.json cannot be read"),
        ({"CHOPHIEN_CLOCK_FILE": "/none.json"}, "tick", "clock file /none.json cannot be used: FileNotFoundError"),
        ({"CHOPHIEN_CRASH_POINT": "moon"}, "serve", "there is no crash point 'moon'"),
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, "serve", "OTEL_TRACES_EXPORTER must be zipkin, otlp or none"),
        ({"CHOPHIEN_DATABASE_URL": f"postgresql+asyncpg://x@{AWAY}/x"}, "migrate", f"database {AWAY}/x cannot be"),
        ({}, "migrate", f"topics cannot be made on Kafka at {AWAY}"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    environ: dict[str, str], change: dict[str, str], role: str, line: str, cli: Callable[..., tuple[Any, str]]
) -> None:
    code, stderr = cli(environ | change, role)
    assert code == 2 and len(stderr.splitlines()) == 1, stderr
    assert stderr.startswith("counters: ") and line in stderr


def test_a_taken_port_is_told_in_one_line(
    environ: dict[str, str], port: int, cli: Callable[..., tuple[Any, str]]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        code, stderr = cli(environ, "serve")
    told = f"counters: cannot listen on 127.0.0.1:{port}: the port is in use or the address is not ours"
    assert code == 2 and stderr.splitlines()[-1] == told


def test_replay_lists_and_discards_with_a_reason_only(
    environ: dict[str, str], cli: Callable[..., tuple[Any, str]]
) -> None:
    assert cli(environ, "replay") == (0, "")
    code, stderr = cli(environ, "replay", "--discard", "1")
    assert code == 2 and "--reason" in stderr
    assert cli(environ, "replay", "--discard", "1", "--reason", "no such")[0] == 1
    assert cli(environ, "replay", "--all") == (0, "")
