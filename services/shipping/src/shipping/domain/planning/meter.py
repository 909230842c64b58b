"""Counts CPU seconds into steps, and steps back into the same search, so that a plan can be made again exactly."""

from __future__ import annotations

import time

from shipping.domain.planning.model import Budget


class Meter:
    """Hands out what is left of a budget. Every answer that depends on the machine's speed is noted in `trace`."""

    def __init__(self, budget: Budget) -> None:
        """Replays `budget.trace` if there is one."""
        self._start = time.process_time()
        self._seconds = budget.cpu_seconds
        self._replay = list(reversed(budget.trace)) if budget.trace is not None else None
        self.trace: list[int] = []

    @property
    def spent_seconds(self) -> float:
        """CPU seconds since the start; for decisions use `allows`."""
        return time.process_time() - self._start

    @property
    def used_share(self) -> float:
        """Which part of the budget is used; only to be handed on to `search` or `allows`, which note their answers."""
        return self.spent_seconds / self._seconds if self._seconds > 0 else 1.0

    def allows(self, share: float) -> bool:
        """Whether less than this share of the budget is used; noted as a step of 0 or 1."""
        if self._replay is not None:
            answer = self._replay.pop() if self._replay else 0
        else:
            answer = int(self.spent_seconds < share * self._seconds)
        self.trace.append(answer)
        return bool(answer)

    def scaled(self, base: int, per_second: float, most: int) -> int:
        """A size that grows with the budget's seconds; noted, so that a replay does not need to know them."""
        if self._replay is not None:
            size = self._replay.pop() if self._replay else base
        else:
            size = min(most, base + int(per_second * self._seconds))
        self.trace.append(size)
        return size

    def search(self, until_share: float, steps_max: int) -> Steps:
        """A stopping rule that lets a search run until this share of the whole budget is used."""
        if self._replay is not None:
            return Steps(self, None, self._replay.pop() if self._replay else 0)
        return Steps(self, self._start + until_share * self._seconds, steps_max)

    def nodes(self, nodes: int) -> None:
        """Remember the nodes of the integer solver; they do not depend on the machine's speed."""
        if self._replay:
            self._replay.pop()
        self.trace.append(max(0, nodes))

    def note(self, steps: int) -> None:
        """Remember the steps of a finished search."""
        self.trace.append(steps)


class Steps:
    """PyVRP's stopping criterion: CPU seconds of this process, or an exact number of iterations."""

    def __init__(self, meter: Meter, until: float | None, steps_max: int) -> None:
        """`until` is an instant of `time.process_time`; None = only the number of steps counts."""
        self._meter, self._until, self._steps_max, self.done = meter, until, steps_max, 0

    def __call__(self, best_cost: float) -> bool:
        """Whether to stop before the next iteration."""
        if self.done >= self._steps_max:
            return True
        if self._until is not None and self.done % 8 == 0 and self.done and time.process_time() >= self._until:
            return True
        self.done += 1
        return False

    def close(self) -> None:
        """Note how many iterations were allowed."""
        self._meter.note(self.done)
