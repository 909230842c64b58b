"""pytest plugin: one throwaway PostgreSQL a test run, shared by all xdist workers, and one real Kafka for each of them.

pytest finds it by itself where this package is installed. The session fixtures `postgres` and `kafka` are started when
the first test asks for them, each by a process of its own that ends with the test run, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from laptop import state
from laptop.errors import StackError, last_lines
from laptop.postgres import Postgres
from laptop.stack import START_SECONDS_MAX, Stack


@dataclass(frozen=True)
class ThrowawayPostgres:
    """A cluster without fsync, gone after the run."""

    cluster: Postgres

    def create_database(self, name: str, template: str | None = None) -> str:
        """A new database named after `name`, empty or a copy of `template`; answers its URL for SQLAlchemy."""
        own = f"{name.replace('-', '_').lower()[:40]}_{uuid.uuid4().hex[:8]}"
        self.cluster.sql(f'CREATE DATABASE "{own}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.cluster.url(own)

    def drop_database(self, url: str) -> None:
        """Drops a database made by create_database, even while somebody is connected."""
        self.cluster.sql(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres() -> ThrowawayPostgres:
    """The run's PostgreSQL; every test makes its own database."""
    run_dir = _shared("postgres")
    port = state.read_json(run_dir / "ports.json")["postgres"]
    passwords = state.read_json(run_dir / "passwords.json")
    return ThrowawayPostgres(Postgres(run_dir / "postgres", port, passwords, fsync=False))


@pytest.fixture(scope="session")
def kafka() -> str:
    """host:port of this worker's Kafka: a service that another worker tests would hear our facts and answer them."""
    run_dir = _shared("kafka", os.environ.get("PYTEST_XDIST_WORKER", ""))
    return f"127.0.0.1:{state.read_json(run_dir / 'ports.json')['kafka']}"


def _run_process() -> int:
    """The process that is the test run: pytest itself, or the one that started this xdist worker."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _run_home() -> Path:
    return Path(tempfile.gettempdir()) / f"chophien-tests-{os.getuid()}-{_run_process()}"


def _shared(part: str, worker: str = "") -> Path:
    """The run folder of the part, or of a worker's own, which is up when this returns; the first caller starts it."""
    home = _run_home()
    home.mkdir(mode=0o700, exist_ok=True)
    if home.stat().st_uid != os.getuid():
        raise StackError(f"{home} belongs to somebody else")
    run_dir = home / f"{part}{worker}"
    with state.locked(run_dir.with_suffix(".lock")):
        if not state.read_json(run_dir / "stack.json").get("ready"):
            _start(part, run_dir)
    return run_dir


def _start(part: str, run_dir: Path) -> None:
    log_file = run_dir.with_suffix(".log")
    with log_file.open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "laptop.testing", part, str(run_dir), str(_run_process())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 2 * START_SECONDS_MAX
    while not state.read_json(run_dir / "stack.json").get("ready"):
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"{part} for tests did not start{last_lines(log_file, 20)}", log_file)
        time.sleep(0.05)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Waits, at the end of the run, until the shared parts are stopped and their data is gone."""
    if "PYTEST_XDIST_WORKER" in os.environ or not _run_home().exists():
        return
    for stack_file in _run_home().glob("*/stack.json"):
        keeper = psutil.Process(state.read_json(stack_file)["pid"])
        keeper.terminate()
        psutil.wait_procs([keeper], timeout=30)
    shutil.rmtree(_run_home(), ignore_errors=True)


def _keep(part: str, run_dir: Path, run_process: int) -> None:
    """Runs the part until the test run is over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stack, run = Stack(run_dir, parts=[part], fsync=False), psutil.Process(run_process)
    with stack, contextlib.suppress(SystemExit):
        while run.is_running() and run.status() != psutil.STATUS_ZOMBIE:
            stack.check()
            time.sleep(0.5)
    stack.clean()
    if not any(each.is_dir() for each in run_dir.parent.iterdir()):
        shutil.rmtree(run_dir.parent)


if __name__ == "__main__":
    _keep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
