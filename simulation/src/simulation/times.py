"""Local times of the play, and the business clock that is moved in steps."""

from __future__ import annotations

import time as real
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from chassis.clock import write_clock_file
from google.protobuf.timestamp_pb2 import Timestamp

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
THE_DAY = date(2026, 2, 4)
"""The Wednesday on which the play begins; `day` below counts from it."""

MINUTE = timedelta(minutes=1)


def at(clock: str, day: int = 0) -> datetime:
    """A moment of the play from local "HH:MM" and the number of days after THE_DAY."""
    return datetime.combine(THE_DAY + timedelta(days=day), time.fromisoformat(clock), VIETNAM)


def stamp(moment: datetime) -> Timestamp:
    """A moment as it travels in a message."""
    answer = Timestamp()
    answer.FromDatetime(moment.astimezone(UTC))
    return answer


def moment(stamped: Timestamp) -> datetime:
    """A moment from a message, in local time."""
    return stamped.ToDatetime(UTC).astimezone(VIETNAM)


class StepClock:
    """The business clock: stands still between steps and never goes back."""

    def __init__(self, path: Path) -> None:
        """Move the clock in this file; nothing is written before the first step."""
        self.path = path
        self.now = datetime.min.replace(tzinfo=UTC)

    def step(self, to: datetime) -> None:
        """Business time is now `to`."""
        if to < self.now:
            raise ValueError(f"business time never goes back: {self.now} to {to}")
        self.now = to
        write_clock_file(self.path, real.time(), to.timestamp(), 0.0)
