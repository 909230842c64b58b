"""The one error the laptop stack raises: a sentence a person can act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path


class StackError(RuntimeError):
    """Something kept the stack from running; the message says what, and names the log file when there is one."""

    def __init__(self, message: str, log_file: Path | None = None) -> None:
        super().__init__(f"{message}\n  log: {log_file}" if log_file else message)
        self.log_file = log_file


@contextlib.contextmanager
def told(run_dir: Path) -> Iterator[None]:
    """Says an error of the system (no right, no room, a file in the way) as a StackError."""
    try:
        yield
    except OSError as error:
        raise StackError(f"cannot work in {run_dir}: {error.strerror or error} ({error.filename or '-'})") from error


def last_lines(path: Path, count: int = 5) -> str:
    """The last lines of a log, indented, for the end of a message; empty when there is no log."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(0, 2)
        log.seek(max(0, log.tell() - 8192))
        lines = log.read().decode(errors="replace").strip().splitlines()[-count:]
    return "".join(f"\n  | {line[:300]}" for line in lines)
