"""Crash points: places with a name where a test lets the process die as if the power went."""

from __future__ import annotations

import os
import signal

NAMES = frozenset(
    {
        "dispatch.before_commit",
        "dispatch.after_commit",
        "group.after_commit",
        "relay.before_send",
        "relay.after_send",
    }
)

_armed = ""


def arm(name: str) -> None:
    """Die at the first visit of this point; raises ValueError for a name there is not. Empty = never."""
    global _armed
    if name and name not in NAMES:
        raise ValueError(f"there is no crash point {name!r}; there are {', '.join(sorted(NAMES))}")
    _armed = name


def point(name: str) -> None:
    """Nothing, unless this point is armed; then SIGKILL to ourselves."""
    if _armed == name:
        os.kill(os.getpid(), signal.SIGKILL)
