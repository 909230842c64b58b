"""Outlives the launcher by a moment: when the launcher is gone, however it went, ends all that carries its mark.

The launcher holds the other end of this process's standard input and never writes to it; the system closes it when the
launcher dies, by SIGKILL too.
"""

from __future__ import annotations

import os
import select
import signal
import sys


def main() -> None:
    """Waits for the end of the launcher, then cleans up."""
    mark, parent = sys.argv[1], os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The parent is looked at as well: a worker forked by the launcher may keep a copy of the pipe open.
    while os.getppid() == parent:
        if select.select([sys.stdin], [], [], 1.0)[0]:
            break
    # Imported only now, so that the waiting process stays small.
    from laptop.process import sweep

    sweep(mark)


if __name__ == "__main__":
    main()
