"""What the stack remembers between starts under its run folder: ports, tokens, passwords, who runs it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from laptop.errors import StackError

# Below the range from which Linux and macOS draw the ports of outgoing connections: a port of ours that is
# free for a moment, because its process is being restarted, is not taken by somebody's connection.
PORTS = range(15000, 32000)

# Whoever asks who owns a run folder holds its lock for a moment; a start waits that long.
ASKED_SECONDS_MAX = 1.0

# The commune whose officer is given a token: Bình Lư, where the demonstration plays.
OFFICER_COMMUNE_CODE = "03390"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a file lock among processes; waits for it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when the file is missing; raises StackError when it is damaged."""
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        advice = "`make clean` removes it with all data; ports.json, tokens.json and stack.json may be deleted alone"
        raise StackError(f"{path} is damaged ({error}); {advice}") from error


def write_json(path: Path, content: dict[str, Any], mode: int = 0o644) -> None:
    """Replaces a JSON file at once, so that a reader never sees half of it; `mode` holds from the first byte."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        json.dump(content, file, indent=1)
    new.replace(path)


def _keep_json(path: Path, content: dict[str, Any], mode: int = 0o644) -> None:
    """Writes what is new; onlookers find nothing new, and so can look while the disk is full."""
    if not path.exists() or read_json(path) != content:
        write_json(path, content, mode)


def is_free(port: int) -> bool:
    """Whether a process could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def reserve_ports(path: Path, names: Iterable[str]) -> dict[str, int]:
    """The port of each name, as of last time; others get free ones. The answer is written to `path`."""
    ports: dict[str, int] = {name: port for name, port in read_json(path).items() if port in PORTS}
    for name in names:
        while name not in ports:
            port = random.choice(PORTS)
            if port not in ports.values() and is_free(port):
                ports[name] = port
    _keep_json(path, ports)
    return ports


def check_free(part: str, port: int, ports_file: Path, log_file: Path) -> None:
    """Raises StackError when somebody else listens on the port of a part that is about to start."""
    if not is_free(port):
        raise StackError(
            f"{part}: port {port} on 127.0.0.1 is in use by another program; "
            f"stop that program, or delete {ports_file} to get new ports",
            log_file,
        )


def tokens(path: Path, services: Iterable[str]) -> list[dict[str, str]]:
    """The bearer tokens, one an identity, made once; the file is readable by its owner only."""
    wanted: list[dict[str, str]] = [
        {"identity": "buyer-channel", "role": "buyer_channel"},
        {"identity": "seller", "role": "seller", "seller_id": "seller"},
        {"identity": "operator", "role": "operator"},
        {"identity": "officer", "role": "officer", "commune_code": OFFICER_COMMUNE_CODE},
        {"identity": "partner-a", "role": "partner", "partner_id": "partner-a"},
        {"identity": "partner-b", "role": "partner", "partner_id": "partner-b"},
        {"identity": "bank", "role": "bank"},
        *({"identity": service, "role": "service"} for service in services),
    ]
    return add_tokens(path, wanted)


def add_tokens(path: Path, wanted: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Gives these callers (identity, role and its id) tokens unless they have one; others in the file stay."""
    known: dict[str, dict[str, str]] = {entry["identity"]: entry for entry in read_json(path).get("tokens", [])}
    for each in wanted:
        token = known.get(each["identity"], {}).get("token") or secrets.token_urlsafe(24)
        known[each["identity"]] = {"token": token, **each}
    _keep_json(path, {"tokens": list(known.values())}, mode=0o600)
    return list(known.values())


def passwords(path: Path, names: Iterable[str]) -> dict[str, str]:
    """The database passwords, made at the first start; the file is readable by its owner only."""
    known: dict[str, str] = read_json(path)
    known |= {name: secrets.token_urlsafe(18) for name in names if name not in known}
    _keep_json(path, known, mode=0o600)
    return known


class Ownership:
    """At most one launcher owns a run folder; the lock dies with its process, so there is nothing stale to clean."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / "lock"
        self._fd: int | None = None

    def take(self) -> None:
        """Takes the folder, or raises StackError naming the process that has it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + ASKED_SECONDS_MAX
        while not _lock(fd):
            if time.monotonic() > deadline:
                owner = os.read(fd, 32).decode().strip()
                os.close(fd)
                raise StackError(f"{self._path.parent} is in use by process {owner}; `make down` stops it")
            time.sleep(0.05)
        os.truncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd

    def leave(self) -> None:
        """Gives the folder back; harmless when it is not ours."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def owner(self) -> int | None:
        """The process id of the launcher that has the folder now, if any."""
        if not self._path.exists():
            return None
        with self._path.open() as file:
            return None if _lock(file.fileno()) else int(file.read().strip() or 0) or None


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def homes(run_dir: Path) -> list[Path]:
    """The run folders that `make` means: the demo's, which is in that of `make up`, and the folder itself."""
    return [run_dir / "demo", run_dir]


def all_homes(run_dir: Path) -> list[Path]:
    """These and every other right below, of a test or a bench: who removes the folder removes them all."""
    return [*sorted(lock.parent for lock in run_dir.glob("*/lock")), run_dir]
