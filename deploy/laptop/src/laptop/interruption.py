"""Ctrl-C, `kill` and a closed terminal: one KeyboardInterrupt, wherever the launcher is, but none while it stops."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heed() -> None:
    """Makes each of the signals a KeyboardInterrupt."""
    for signum in SIGNALS:
        # SIGINT also where it is ignored: a shell that starts us in the background leaves it so. SIGHUP not: nohup.
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, _interrupt)


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def held() -> Iterator[None]:
    """In here the signals are not heard: a second Ctrl-C does not cut short what the first one asked for."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {signum: signal.signal(signum, signal.SIG_IGN) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in former.items():
            signal.signal(signum, handler or signal.SIG_DFL)
