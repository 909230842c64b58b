"""The stack: starts, watches, kills, restarts and stops every part; used by the command line, tests and benches."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from laptop import environment, process, state, watcher
from laptop.environment import SERVICES
from laptop.errors import StackError, told
from laptop.health import serving
from laptop.interruption import held
from laptop.java import Kafka, Zipkin
from laptop.layout import PARTS, Layout
from laptop.memory import MemorySampler
from laptop.postgres import remove as remove_cluster
from laptop.process import Child

START_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 20.0
DISK_FREE_MB_MIN = 300


class Stack(Layout):
    """All parts on 127.0.0.1 under one run folder. A context manager: starts on entry, leaves nothing behind on exit.

    `split` gives every role its own process; `sampling` is the share of traces kept, 0 to 1; `fsync` off is only for
    throwaway data; `extra_env` goes to every process of a service; `say` hears one line a step.
    """

    def __init__(
        self,
        run_dir: Path | str = ".run",
        *,
        split: bool = False,
        parts: Iterable[str] = PARTS,
        zipkin: bool = True,
        sampling: float = 1.0,
        fsync: bool = True,
        extra_env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
        memory_sample_seconds: float = 5.0,
    ) -> None:
        chosen = [part for part in PARTS if part in set(parts) and (zipkin or part != "zipkin")]
        super().__init__(Path(run_dir).resolve(), chosen, split, sampling, dict(extra_env or {}))
        self.children: dict[str, Child] = {}
        self._fsync, self._say = fsync, say
        self._memory_sample_seconds = memory_sample_seconds
        self._memory = MemorySampler(memory_sample_seconds)
        self._ownership = state.Ownership(self.run_dir)
        self._watcher: subprocess.Popen[bytes] | None = None

    # Life

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Starts every part and waits until all answer; on any failure stops everything and raises StackError."""
        with told(self.run_dir):
            self._start()
        return self

    def _start(self) -> None:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self._ownership.take()
        try:
            self._prepare()
            self._start_backends()
            if "services" in self.parts:
                self._start_services()
            if "zipkin" in self.parts:
                process.wait_until(self.children["zipkin"], self.zipkin.ready, START_SECONDS_MAX)
            self._write_stack_file(ready=True)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops services, then Zipkin and Kafka, then PostgreSQL; harmless when nothing runs."""
        with held():
            if self._watcher:
                self._stop(self._watcher)
            self._watcher = None
            self._ownership.leave()

    def _stop(self, watcher: subprocess.Popen[bytes]) -> None:
        self._memory.stop()
        for names in (self._apps(), ["zipkin", "kafka"], ["postgres"]):
            process.stop([self.children.pop(name) for name in names if name in self.children], STOP_SECONDS_MAX)
        self.stack_file.unlink(missing_ok=True)
        # The watcher now ends whatever is still there, then itself.
        watcher.communicate()

    def clean(self) -> None:
        """Deletes the run folder with all data; raises StackError while it is in use."""
        if not self.run_dir.exists():
            return
        with told(self.run_dir):
            self._ownership.take()
            process.sweep(str(self.run_dir))
            remove_cluster(self.run_dir / "postgres")
            shutil.rmtree(self.run_dir)
            self._ownership.leave()

    def check(self) -> None:
        """Raises StackError when a part has died that nobody killed on purpose; a dead watcher is replaced."""
        if self._watcher and self._watcher.poll() is not None:
            self._watch()
        for child in list(self.children.values()):
            if not child.alive and not child.expected_dead:
                raise child.failure()

    def _prepare(self) -> None:
        free_mb = shutil.disk_usage(self.run_dir).free / 1e6
        if free_mb < DISK_FREE_MB_MIN:
            raise StackError(f"disk full: {free_mb:.0f} MB free under {self.run_dir}, {DISK_FREE_MB_MIN} MB are needed")
        left_over = process.sweep(str(self.run_dir))
        if left_over:
            self._say(f"ended {left_over} processes of an earlier run")
        self.load()
        self.kafka = Kafka(self.run_dir / "kafka", self.ports["kafka"], self.ports["kafka.controller"], self._say)
        self.zipkin = Zipkin(self.ports["zipkin"], self._say)
        self._watch()
        self._write_stack_file(ready=False)
        self._memory = MemorySampler(self._memory_sample_seconds)
        self._memory.start()

    @property
    def _marks(self) -> dict[str, str]:
        return {process.MARK: f"{self.run_dir}#{os.getpid()}"}

    def _watch(self) -> None:
        argv = [sys.executable, "-P", watcher.__file__, self._marks[process.MARK]]
        self._watcher = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True, cwd="/")

    def _write_stack_file(self, ready: bool) -> None:
        content = {"pid": os.getpid(), "ready": ready, "split": self.split, "parts": self.parts}
        state.write_json(self.stack_file, content)

    # Backends

    def _start_backends(self) -> None:
        if "zipkin" in self.parts:
            self._spawn("zipkin", self.zipkin.argv(), self.zipkin.env(), ports=["zipkin"])
        if "postgres" in self.parts:
            self.postgres.prepare(self._marks)
            self._spawn_postgres()
        if "kafka" in self.parts:
            self.kafka.prepare(self._marks)
            self._spawn_kafka()
            process.wait_until(self.children["kafka"], self.kafka.ready, START_SECONDS_MAX)
        if "postgres" in self.parts:
            process.wait_until(self.children["postgres"], self.postgres.ready, START_SECONDS_MAX)
            for service in SERVICES:
                self.postgres.ensure_database(service)

    def _spawn_kafka(self) -> None:
        self._spawn("kafka", self.kafka.argv(), self.kafka.env(), ports=["kafka", "kafka.controller"])

    def _spawn_postgres(self) -> None:
        self._spawn(
            "postgres",
            self.postgres.argv(),
            {},
            ports=["postgres"],
            user=self.postgres.user,
            stop_signal=signal.SIGINT,
        )

    def kill_kafka(self) -> None:
        """SIGKILLs the broker."""
        self.children["kafka"].kill(signal.SIGKILL)

    def start_kafka(self) -> None:
        """Starts the broker again after kill_kafka and waits until it answers."""
        self._spawn_kafka()
        process.wait_until(self.children["kafka"], self.kafka.ready, START_SECONDS_MAX)

    def kill_postgres(self) -> None:
        """SIGKILLs the database server with all its backends, as if the machine had lost power."""
        child = self.children["postgres"]
        backends = psutil.Process(child.process.pid).children(recursive=True)
        child.kill(signal.SIGKILL)
        for backend in backends:
            if backend.is_running():
                backend.kill()
        psutil.wait_procs(backends, timeout=STOP_SECONDS_MAX)

    def start_postgres(self) -> None:
        """Starts the database server again after kill_postgres and waits until it has recovered."""
        self._spawn_postgres()
        process.wait_until(self.children["postgres"], self.postgres.ready, START_SECONDS_MAX)

    # Services

    def _apps(self) -> list[str]:
        return [name for name in self.children if name not in PARTS]

    def _start_services(self) -> None:
        self._say("migrating databases and topics")
        migrations = [self._spawn_role(service, "migrate", {}) for service in SERVICES]
        for migration in migrations:
            process.wait_for_end(migration, START_SECONDS_MAX)
            del self.children[migration.name]
        started = [(self._spawn_role(service, role, {}), service, role) for service, role in self.roles()]
        for child, service, role in started:
            process.wait_until(child, lambda s=service, r=role: serving(self.address(s, r)), START_SECONDS_MAX)  # type: ignore[misc]
            self._say(f"{child.name} is serving on {self.address(service, role)}")

    def start_role(
        self, service: str, role: str, extra_env: Mapping[str, str] | None = None, wait: bool = True
    ) -> Child:
        """Starts one role (again); `extra_env` is for this start only; waits until it is SERVING unless told not to."""
        child = self._spawn_role(service, role, extra_env or {})
        if wait:
            process.wait_until(child, lambda: serving(self.address(service, role)), START_SECONDS_MAX)
        return child

    def kill(self, service: str, role: str, signum: int = signal.SIGKILL) -> None:
        """Sends a signal to one role; after SIGKILL returns when it is gone."""
        self.children[f"{service}.{role}"].kill(signum)

    def _spawn_role(self, service: str, role: str, extra_env: Mapping[str, str]) -> Child:
        env = {**self.env(service, role), **extra_env}
        ports = [] if role == "migrate" else [environment.port_name(service, role)]
        return self._spawn(f"{service}.{role}", [sys.executable, "-m", service, role], env, ports=ports)

    def spawn(self, name: str, argv: Sequence[str], extra_env: Mapping[str, str] | None = None) -> Child:
        """Starts any other process (an actor of a simulation) that is to end with the stack."""
        return self._spawn(name, argv, extra_env or {}, ports=[])

    def _spawn(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        ports: Sequence[str],
        user: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> Child:
        log_file, former = self.log_file(name), self.children.get(name)
        if former:
            former.process.wait(STOP_SECONDS_MAX)  # it was told to stop and may still be at it
        for port in ports:
            state.check_free(name, self.ports[port], self.ports_file, log_file)
        if not former:
            log_file.unlink(missing_ok=True)
        whole_env = {**os.environ, **self._marks, "CHOPHIEN_PARENT_PID": str(os.getpid()), **env}
        self._say(f"starting {name}")
        child = process.spawn(name, argv, whole_env, log_file, user, stop_signal, self.run_dir)
        self.children[name] = child
        return child

    # Memory

    def pss_mb(self) -> float:
        """Memory in MB now: the sum of PSS over this process and all below it, simulation included."""
        return self._memory.sample()

    @property
    def pss_peak_mb(self) -> float:
        """The highest memory seen so far, in MB."""
        return self._memory.peak_mb
