"""Business time as a port: the system's clock, or a file that a simulation writes. Never for timeouts or back-off."""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from chassis.telemetry import count

LOOK_EVERY_SECONDS = 0.02
"""How often at most the clock file is looked at, in real seconds."""

_log = structlog.get_logger(__name__)


class Clock(Protocol):
    """Business time: UTC, never backwards within a process; calling it costs next to nothing and cannot fail."""

    def now(self) -> datetime:
        """The business time now."""
        ...


class SystemClock:
    """Business time is real time."""

    def now(self) -> datetime:
        """The system's time."""
        return datetime.now(UTC)


class ClockError(Exception):
    """The clock file is missing or malformed; the message names it."""


class FileClock:
    """Business time from a clock file; one that goes missing or bad keeps the last reading running and alarms."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ClockError: any other time would be wrong in facts, which nobody takes back."""
        self._path = path
        self._anchors = _read(path)
        self._looked = -math.inf
        self._seen = self._alarmed = (0, 0, 0)
        self._latest = -math.inf

    def now(self) -> datetime:
        """Business time by the newest good file; stands still rather than go back."""
        self._look()
        real_anchor, business_anchor, speed = self._anchors
        business = business_anchor + (time.time() - real_anchor) * speed
        self._latest = max(self._latest, business)
        return datetime.fromtimestamp(self._latest, UTC)

    def _look(self) -> None:
        moment = time.monotonic()
        if moment - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = moment
        try:
            found = os.stat(self._path)
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        except OSError:
            seen = (-1, 0, 0)
        if seen == self._seen:
            return
        try:
            self._anchors = _read(self._path)
            self._seen = self._alarmed = seen
        except ClockError as error:
            if seen != self._alarmed:
                self._alarmed = seen
                count("clock.malformed")
                _log.error("keeping the last reading", why=str(error))


def _read(path: Path) -> tuple[float, float, float]:
    """Real anchor, business anchor and speed; raises ClockError."""
    try:
        values = json.loads(path.read_bytes())
        real, business, speed = (float(values[name]) for name in ("real_anchor", "business_anchor", "speed"))
        if not (math.isfinite(real) and math.isfinite(business) and math.isfinite(speed) and speed >= 0):
            raise ValueError("anchors and speed must be finite, speed not negative")
        datetime.fromtimestamp(business, UTC)
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise ClockError(f"clock file {path} cannot be used: {error!r}") from error
    return real, business, speed


def make_clock(path: Path | None) -> Clock:
    """The clock for a process: the file's if one is named, else the system's; raises ClockError."""
    return FileClock(path) if path else SystemClock()


def write_clock_file(path: Path, real_anchor: float, business_anchor: float, speed: float) -> None:
    """Replace the clock file in one step; anchors in unix seconds, speed in business seconds a real second."""
    document = {"real_anchor": real_anchor, "business_anchor": business_anchor, "speed": speed}
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
