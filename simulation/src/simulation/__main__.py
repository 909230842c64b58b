"""`python -m simulation demo` runs the day of Bình Lư; `… actor NAME FOLDER` is one actor's process."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """An actor stays light: it loads nothing of the director's."""
    if sys.argv[1:2] == ["actor"]:
        from simulation.playing import run_actor

        run_actor(sys.argv[2], Path(sys.argv[3]))
        return
    from simulation.demo import app

    app()


if __name__ == "__main__":
    main()
