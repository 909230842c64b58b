"""Starts, stops and measures child processes, and finds those that a dead launcher left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from laptop.errors import StackError, last_lines

# Every child carries "<run folder>#<launcher's pid>" in this variable, so that whoever cleans up finds it without any
# bookkeeping, and the watcher of a dead launcher leaves the children of the next one alone.
MARK = "CHOPHIEN_STACK_MARK"
POLL_SECONDS = 0.05
DISK_FULL_BYTES = 10_000_000


@dataclass
class Child:
    """One running part of the stack, leader of its own session."""

    name: str
    process: subprocess.Popen[bytes]
    log_file: Path
    stop_signal: signal.Signals = signal.SIGTERM
    # True while somebody ends it on purpose: its death is then no failure.
    expected_dead: bool = False

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def failure(self) -> StackError:
        """Why this child is not there, with the end of its log."""
        code = self.process.poll()
        how = (
            f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with code {code}"
        )
        # Said here, because a full disk takes no line of a log either.
        full = shutil.disk_usage(self.log_file.parent).free < DISK_FULL_BYTES
        why = "; the disk is full" if full else ""
        return StackError(f"{self.name} {how}{why}{last_lines(self.log_file)}", self.log_file)

    def kill(self, signum: int) -> None:
        """Sends a signal to this process alone; after SIGKILL waits until it is gone."""
        self.expected_dead = True
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signum)
        if signum == signal.SIGKILL:
            self.process.wait()


BECOME = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
user, command = int(sys.argv[1]), sys.argv[2:]
os.setgroups([]), os.setgid(user), os.setuid(user)
os.execv(command[0], command)
"""


def as_user(user: int | None, argv: Sequence[str]) -> list[str]:
    """The command as another user; None = as we are.

    A small Python of its own changes identity. Were Popen to do it, Python would fork instead of vfork, and gRPC's
    threads in this process do not survive a fork: the child died by SIGSEGV now and then.
    """
    return list(argv) if user is None else [sys.executable, "-I", "-S", "-c", BECOME, str(user), *argv]


def spawn(
    name: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    log_file: Path,
    user: int | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    cwd: Path | None = None,
) -> Child:
    """Starts a child in its own session, its output appended to `log_file`; as user id `user` when given."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            as_user(user, argv),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=cwd,
        )
    return Child(name, process, log_file, stop_signal)


def wait_until(child: Child, ready: Callable[[], bool], timeout_seconds: float) -> None:
    """Waits until `ready`; raises StackError at once when the child ends first, or when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if not child.alive:
            raise child.failure()
        if time.monotonic() > deadline:
            raise StackError(
                f"{child.name} was not ready after {timeout_seconds:.0f} s{last_lines(child.log_file)}", child.log_file
            )
        time.sleep(POLL_SECONDS)


def wait_for_end(child: Child, timeout_seconds: float) -> None:
    """Waits until the child has done its work; raises StackError when it fails, or when the time is over."""
    try:
        if child.process.wait(timeout_seconds) == 0:
            return
    except subprocess.TimeoutExpired:
        late = f"{child.name} was not done after {timeout_seconds:.0f} s{last_lines(child.log_file)}"
        raise StackError(late, child.log_file) from None
    raise child.failure()


def stop(children: Iterable[Child], timeout_seconds: float) -> None:
    """Asks all to stop at once, waits for all, then kills what is left with its whole process group."""
    children = list(children)
    for child in children:
        child.expected_dead = True
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(child.stop_signal)
    deadline = time.monotonic() + timeout_seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
        # The leader may be gone while workers of its session are still there.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def marked(mark: str) -> list[psutil.Process]:
    """All processes of a run folder, or of one launcher's mark; not ourselves and those we may not look into."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            own = process.environ().get(MARK, "")
            if process.pid != os.getpid() and (own == mark or own.rpartition("#")[0] == mark):
                found.append(process)
    return found


def sweep(mark: str, grace_seconds: float = 8.0) -> int:
    """Ends every process that carries the mark, gracefully at first; answers how many there were."""
    processes = marked(mark)
    ids = {process.pid for process in processes}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            # Only the heads: PostgreSQL and process pools end their own workers. SIGINT is PostgreSQL's fast stop.
            if process.ppid() not in ids:
                process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    psutil.wait_procs(processes, timeout=grace_seconds)
    for process in marked(mark):
        with contextlib.suppress(psutil.Error):
            process.kill()
    return len(processes)


def pss_mb(heads: Iterable[psutil.Process]) -> float:
    """The memory in MB of these processes and all below them: PSS, shared pages counted once; else USS."""
    processes = set()
    for head in heads:
        with contextlib.suppress(psutil.Error):
            processes |= {head, *head.children(recursive=True)}
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            info = process.memory_full_info()
            total += getattr(info, "pss", info.uss)
    return total / 1e6
