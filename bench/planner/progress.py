"""A bar on the terminal with what is left and how long it may take; silent where nobody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType

WIDTH = 30


class Progress:
    """Counts steps; `done` of them were done before."""

    def __init__(self, total: int, done: int = 0) -> None:
        self.total, self.before, self.done = total, done, done
        self.began = time.monotonic()
        self.watched = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.watched:
            sys.stderr.write("\n")

    def step(self, words: str) -> None:
        """One more is done; `words` say which."""
        self.done += 1
        if not self.watched:
            return
        each = (time.monotonic() - self.began) / max(1, self.done - self.before)
        filled = WIDTH * self.done // max(1, self.total)
        left = each * (self.total - self.done) / 60
        bar = "█" * filled + "·" * (WIDTH - filled)
        sys.stderr.write(f"\r{bar} {self.done}/{self.total} about {left:.0f} min left  {words:<48}")
        sys.stderr.flush()
