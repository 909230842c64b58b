"""Business time: from a file when there is one, and never backwards."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from chassis.clock import ClockError, FileClock, SystemClock, make_clock, write_clock_file
from chassis.telemetry import counts

from chassis import clock as clock_module

NOON = datetime(2026, 2, 4, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "LOOK_EVERY_SECONDS", 0.0)


def write(path: Path, moment: datetime, speed: float = 0.0) -> None:
    write_clock_file(path, time.time(), moment.timestamp(), speed)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "clock.json", NOON)
    return tmp_path / "clock.json"


def test_without_a_file_business_time_is_the_systems() -> None:
    assert isinstance(make_clock(None), SystemClock)
    assert abs(make_clock(None).now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_it_stands_still_at_speed_zero_and_follows_steps(path: Path) -> None:
    clock = make_clock(path)
    assert clock.now() == clock.now() == NOON
    write(path, NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)


def test_it_runs_at_the_files_speed(path: Path) -> None:
    write_clock_file(path, time.time() - 10, NOON.timestamp(), 60.0)
    assert abs(FileClock(path).now() - (NOON + timedelta(minutes=10))) < timedelta(seconds=30)


def test_it_never_goes_backwards(path: Path) -> None:
    clock = FileClock(path)
    clock.now()
    write(path, NOON - timedelta(hours=1))
    assert clock.now() == NOON
    write(path, NOON + timedelta(seconds=1))
    assert clock.now() == NOON + timedelta(seconds=1)


MALFORMED = [
    *("", "{", "[]", "{}", '{"real_anchor": 0, "business_anchor": 0}', '{"real_anchor": 0, "business_anchor": "x"}'),
    *(f'{{"real_anchor": 0, "business_anchor": {b}, "speed": {s}}}' for b, s in ((0, -1), ("NaN", 1), (1e300, 1))),
]


@pytest.mark.parametrize("content", MALFORMED)
def test_a_process_does_not_start_on_a_clock_file_it_cannot_read(path: Path, content: str) -> None:
    """The system's time in its place would be said in facts, and facts are never taken back."""
    path.write_text(content)
    with pytest.raises(ClockError, match=f"clock file {path} "):
        make_clock(path)
    path.unlink()
    with pytest.raises(ClockError, match=f"clock file {path} "):
        make_clock(path)


@pytest.mark.parametrize("content", MALFORMED)
def test_a_malformed_file_keeps_the_last_reading_and_alarms_once(path: Path, content: str) -> None:
    clock = FileClock(path)
    clock.now()
    before = counts["clock.malformed"]
    path.write_text(content)
    assert clock.now() == clock.now() == NOON
    assert counts["clock.malformed"] == before + 1


def test_a_missing_file_keeps_the_last_reading(path: Path) -> None:
    clock = FileClock(path)
    clock.now()
    path.unlink()
    assert clock.now() == NOON
    write(path, NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_a_file_that_could_not_be_read_for_a_moment_is_read_again_and_alarms_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Say, when the process had too many files open; otherwise it would lag behind until the next step."""
    clock, before = FileClock(path), counts["clock.malformed"]
    write(path, NOON + timedelta(hours=1))
    with monkeypatch.context() as crowd:
        crowd.setattr(Path, "read_bytes", lambda _: os.open("", os.O_RDONLY))
        assert clock.now() == clock.now() == NOON
    assert clock.now() == NOON + timedelta(hours=1)
    assert counts["clock.malformed"] == before + 1


def test_the_file_is_looked_at_only_now_and_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "LOOK_EVERY_SECONDS", 60.0)
    clock, looked, real = FileClock(path), [], os.stat

    def stat(*arguments: Any, **options: Any) -> os.stat_result:
        looked.append(arguments[0])
        return real(*arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    for _ in range(100):
        clock.now()
    assert looked.count(path) == 1


def test_writing_leaves_no_other_file(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == ["clock.json"]


def test_only_the_dispatcher_and_the_ticker_ask_for_business_time() -> None:
    """So back-off, leases, polling, deadlines and readiness have real time."""
    home = Path(str(clock_module.__file__)).parent
    asking = {path.name for path in home.glob("*.py") if "clock.now()" in path.read_text()}
    assert asking == {"dispatch.py", "ticker.py"}
