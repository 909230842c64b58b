"""Pieces on their way back to the shelf.

A cancellation names only the order. Its hold knows the products, but they cannot be locked before the hold is read.
So the release writes down what goes back, and the clock job carries it to the shelves in bulk a moment later.
Until then the pieces count as held or sold: never too many are sold, and a hot product is not locked for its losers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chassis.kernel import Aggregate

from catalog.domain.stock import Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Restock(Aggregate):
    """Moves owed to stock. Invariant: they are made once, in the transaction that sets `done`."""

    moves: tuple[Moved, ...]
    done: bool = False

    def finished(self) -> Restock:
        """After the moves were made."""
        return replace(self, done=True)
