"""The stock of one order: expected, held, committed, lapsed, released or refused, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.kernel import NOTHING, Aggregate, Outcome, said

from catalog.domain.events import (
    Refusal,
    ReleaseReason,
    StockCommitted,
    StockRefused,
    StockReleased,
    StockReserved,
)
from catalog.domain.goods import Line
from catalog.domain.stock import Move, Moved


class HoldState(StrEnum):
    """How far the stock of an order has come."""

    EXPECTED = "EXPECTED"
    """Only parts that were cancelled in advance are known."""
    HELD = "HELD"
    COMMITTED = "COMMITTED"
    EXPIRED = "EXPIRED"
    """The hold lapsed; a confirmation may still make it again."""
    RELEASED = "RELEASED"
    """The order is off; sold lines that are left belong to parts still open, or did not come back. Final."""
    REFUSED = "REFUSED"
    """Nothing is held, and nothing will be. Final."""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line and the part of the order it belongs to."""

    part_id: str
    line: Line


@dataclass(frozen=True, slots=True)
class SettledPart:
    """A part that was cancelled, and what went back of it."""

    part_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StockHold(Aggregate):
    """Invariant: `lines` are exactly what stock counts as held (HELD) or sold (COMMITTED, RELEASED) for the order.

    A release may come before its reserve: it leaves a RELEASED hold without `expire_time`, a tombstone.
    """

    state: HoldState = HoldState.EXPECTED
    lines: tuple[HeldLine, ...] = ()
    settled: tuple[SettledPart, ...] = ()
    expire_time: datetime | None = None
    commit_time: datetime | None = None

    @property
    def is_tombstone(self) -> bool:
        """Whether it was released before it was ever reserved."""
        return self.state is HoldState.RELEASED and self.expire_time is None

    def wanted(self, lines: tuple[HeldLine, ...]) -> tuple[HeldLine, ...]:
        """The order's lines without what was cancelled in advance."""
        for part in self.settled:
            lines, _ = _taken_out(lines, part.part_id, part.lines)
        return lines

    def reserve(self, lines: tuple[HeldLine, ...], expire_time: datetime) -> Outcome:
        """Hold these lines."""
        held = replace(self, state=HoldState.HELD, lines=lines, expire_time=expire_time)
        return said(held, StockReserved(self.id, _plain(lines), expire_time))

    def refuse(self, refusal: Refusal, product_ids: tuple[str, ...] = ()) -> Outcome:
        """Hold nothing, for good."""
        return said(replace(self, state=HoldState.REFUSED, lines=()), StockRefused(self.id, refusal, product_ids))

    def commit(self, now: datetime) -> Outcome:
        """The held lines are sold."""
        return said(replace(self, state=HoldState.COMMITTED, commit_time=now), StockCommitted(self.id, now))

    def commit_anew(self, lines: tuple[HeldLine, ...], now: datetime) -> Outcome:
        """Sell these lines though they were not held any more, or not yet."""
        sold = replace(self, state=HoldState.COMMITTED, lines=lines, expire_time=now, commit_time=now)
        return said(sold, StockReserved(self.id, _plain(lines), now), StockCommitted(self.id, now))

    def expire(self) -> Outcome:
        """The hold lapses; its lines are remembered for a late confirmation."""
        released = StockReleased(self.id, ReleaseReason.HOLD_EXPIRED, lines=_plain(self.lines))
        return said(replace(self, state=HoldState.EXPIRED), released)

    def release(self, open_part_ids: frozenset[str]) -> tuple[Outcome, tuple[Moved, ...]]:
        """The order is off: all goes back but open parts, settled one by one later, and what was settled before.

        Answers what is said and how pieces move; releasing again is nothing.
        """
        if self.state in (HoldState.RELEASED, HoldState.REFUSED):
            return NOTHING, ()
        kept_parts = open_part_ids | {part.part_id for part in self.settled}
        on_shelf_again = self.state in (HoldState.EXPECTED, HoldState.EXPIRED)
        kept = () if on_shelf_again else tuple(held for held in self.lines if held.part_id in kept_parts)
        back = () if on_shelf_again else tuple(held for held in self.lines if held.part_id not in kept_parts)
        moves = (*self._moves(back), *self._sells(kept))
        released = StockReleased(self.id, ReleaseReason.ORDER_CANCELLED, lines=_plain(back))
        return said(replace(self, state=HoldState.RELEASED, lines=kept), released), moves

    def release_part(self, part_id: str, restock: tuple[Line, ...]) -> tuple[Outcome, tuple[Moved, ...]]:
        """One part is off and so much of it goes back; the rest of it did not come back and stays sold.

        Answers what is said and how pieces move; releasing again is nothing, unless nothing had come back before.
        """
        left, out = _taken_out(self.lines, part_id, restock)
        over = self.state is HoldState.REFUSED or self.is_tombstone
        if over or any(part.part_id == part_id and (part.lines or not out) for part in self.settled):
            return NOTHING, ()
        on_shelf_again = self.state in (HoldState.EXPECTED, HoldState.EXPIRED)
        back = () if on_shelf_again else out
        if self.state is HoldState.RELEASED and not any(held.part_id == part_id for held in self.lines):
            return NOTHING, ()
        # In advance nobody knows the part's lines yet, so what shall not be held is remembered as it was told.
        settled = SettledPart(part_id, restock if self.state is HoldState.EXPECTED else _plain(out))
        released = StockReleased(self.id, ReleaseReason.PART_CANCELLED, (part_id,), _plain(back))
        return said(replace(self, lines=left, settled=(*self.settled, settled)), released), self._moves(back)

    def _moves(self, lines: Iterable[HeldLine]) -> tuple[Moved, ...]:
        move = Move.HELD_TO_FREE if self.state is HoldState.HELD else Move.SOLD_TO_FREE
        return tuple(Moved(move, held.line) for held in lines)

    def _sells(self, lines: Iterable[HeldLine]) -> tuple[Moved, ...]:
        """Lines that are gone although their order was never confirmed here."""
        if self.state is not HoldState.HELD:
            return ()
        return tuple(Moved(Move.HELD_TO_SOLD, held.line) for held in lines)


def _plain(lines: Iterable[HeldLine]) -> tuple[Line, ...]:
    return tuple(held.line for held in lines)


def _taken_out(
    lines: tuple[HeldLine, ...], part_id: str, restock: tuple[Line, ...]
) -> tuple[tuple[HeldLine, ...], tuple[HeldLine, ...]]:
    """Lines without, and only with, the pieces of a part that go back; never more than the part has."""
    wished = Counter[tuple[str, str]]()
    for line in restock:
        wished[line.product_id, line.session_id] += line.quantity
    left: list[HeldLine] = []
    out: list[HeldLine] = []
    for held in lines:
        line = held.line
        key = line.product_id, line.session_id
        count = min(wished[key], line.quantity) if held.part_id == part_id else 0
        if count:
            wished[key] -= count
            out.append(HeldLine(part_id, replace(line, quantity=count)))
        if count < line.quantity:
            left.append(HeldLine(held.part_id, replace(line, quantity=line.quantity - count)) if count else held)
    return tuple(left), tuple(out)
