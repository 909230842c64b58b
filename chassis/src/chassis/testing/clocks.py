"""A clock that shows what a test says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """Business time moved by hand; begins on the morning of a market day, Wed 4 Feb 2026, 13:00 in Bình Lư."""

    def __init__(self, now: datetime = datetime(2026, 2, 4, 6, tzinfo=UTC)) -> None:
        """Stand still at `now`."""
        self._now = now

    def now(self) -> datetime:
        """Where it was moved to."""
        return self._now

    def move(self, step: timedelta) -> None:
        """Forward only, as every clock."""
        if step < timedelta(0):
            raise ValueError("business time never goes back")
        self._now += step
