"""Which communes there are: a code means something only together with a date (R80)."""

from __future__ import annotations

from collections.abc import Iterable


class Communes:
    """Commune codes and the local dates on which they hold."""

    def __init__(self, periods: Iterable[tuple[str, str, str]]) -> None:
        """Code, first and last date ("YYYY-MM-DD", both inclusive; an empty last one is still in force)."""
        self._periods: dict[str, list[tuple[str, str]]] = {}
        for code, first, last in periods:
            self._periods.setdefault(code, []).append((first, last))

    def has(self, code: str, day: str) -> bool:
        """Whether the code is that of a commune on a local date "YYYY-MM-DD"."""
        return any(first <= day and (not last or day <= last) for first, last in self._periods.get(code, ()))
