"""What goes wrong around the stack is told in a sentence, and nobody's processes are ended but the right ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from laptop import Stack, StackError, state
from laptop.interruption import heed, held
from laptop.layout import Layout
from laptop.process import MARK, marked, spawn, sweep


@pytest.fixture
def sleepers(run_dir: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A child of each of two launchers of one run folder, and one of a folder whose name begins alike."""
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    marks = (f"{run_dir}#1", f"{run_dir}#2", f"{run_dir}#2/other#1")
    sleepers = [subprocess.Popen(argv, env={**os.environ, MARK: mark}) for mark in marks]
    yield sleepers
    for each in sleepers:
        each.kill()
        each.wait()


def test_the_watcher_of_a_dead_launcher_leaves_the_next_one_alone(
    run_dir: Path, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    assert sweep(f"{run_dir}#1") == 1
    assert [each.poll() is None for each in sleepers] == [False, True, True]
    assert sweep(str(run_dir)) == 1
    assert [each.poll() is None for each in sleepers] == [False, False, True]


def test_a_second_interrupt_does_not_disturb_the_stopping(run_dir: Path) -> None:
    former = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
        heed()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with held():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        heed()
        signal.raise_signal(signal.SIGHUP)  # under nohup it stays ignored
    finally:
        for signum, handler in former.items():
            signal.signal(signum, handler)


@pytest.mark.parametrize("content", ['{"kafka": 15', "[15000]", ""])
def test_a_damaged_file_is_named_with_a_way_out(run_dir: Path, content: str) -> None:
    run_dir.mkdir()
    (run_dir / "passwords.json").write_text(content)
    with pytest.raises(StackError, match=r"passwords\.json is damaged(.|\n)*make clean"):
        Stack(run_dir, parts=["postgres"]).start()
    assert marked(str(run_dir)) == []


def test_ports_that_cannot_be_are_drawn_anew(run_dir: Path) -> None:
    run_dir.mkdir()
    state.write_json(run_dir / "ports.json", {"kafka": 99999, "zipkin": "x", "postgres": 15001})
    ports = state.reserve_ports(run_dir / "ports.json", ["kafka", "zipkin", "postgres"])
    assert ports["kafka"] in state.PORTS
    assert ports["zipkin"] in state.PORTS
    assert ports["postgres"] == 15001


def test_onlookers_write_nothing(tmp_path: Path) -> None:
    """They look while the disk is full, and beside a launcher that adds a token."""
    Layout(tmp_path, [], False, 1.0, {}).load()
    written = {each.name: each.stat().st_ino for each in tmp_path.iterdir()}
    Layout(tmp_path, [], False, 1.0, {}).load()
    assert {each.name: each.stat().st_ino for each in tmp_path.iterdir()} == written


def test_a_part_that_ends_on_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = spawn("kafka", [sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path / "kafka.log")
    child.process.wait()
    assert "disk" not in str(child.failure())
    monkeypatch.setattr("laptop.process.DISK_FULL_BYTES", 10**18)
    assert "kafka ended with code 3; the disk is full" in str(child.failure())


def test_a_run_folder_that_cannot_be_used_is_named(run_dir: Path) -> None:
    run_dir.write_text("not a folder")
    with pytest.raises(StackError, match="cannot work in"):
        Stack(run_dir).start()
    with pytest.raises(StackError, match="nothing runs"):
        Layout.attach(run_dir)
    run_dir.unlink()


def test_asking_who_owns_a_folder_does_not_keep_a_start_away(run_dir: Path) -> None:
    run_dir.mkdir()
    asking = state.Ownership(run_dir)
    asking.take()
    argv = [sys.executable, "-c", "import sys; from pathlib import Path; from laptop.state import Ownership;"]
    argv[-1] += "Ownership(Path(sys.argv[1])).take()"
    start = subprocess.Popen([*argv, str(run_dir)])
    with pytest.raises(subprocess.TimeoutExpired):
        start.wait(0.3)
    asking.leave()
    assert start.wait(20) == 0
