"""The command line stops cleanly, even when its process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from laptop import state
from laptop.process import marked


def _laptop(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "laptop", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)


def _wait_until_ready(run_dir: Path) -> None:
    deadline = time.monotonic() + 60
    while not state.read_json(run_dir / "stack.json").get("ready"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _wait_until_nothing_is_left(run_dir: Path) -> None:
    deadline = time.monotonic() + 20
    while marked(str(run_dir)):
        assert time.monotonic() < deadline, marked(str(run_dir))
        time.sleep(0.1)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_launcher_leaves_no_process_and_whole_data(
    run_dir: Path, launch: list[subprocess.Popen[str]], signum: signal.Signals
) -> None:
    _wait_until_ready(run_dir)
    assert marked(str(run_dir))
    launch[0].send_signal(signum)
    code = launch[0].wait(60)
    assert code == (-signal.SIGKILL if signum == signal.SIGKILL else 0)
    _wait_until_nothing_is_left(run_dir)
    assert "database system is shut down" in (run_dir / "logs" / "postgres.log").read_text()


def test_up_in_the_background_until_down(run_dir: Path) -> None:
    place = ("--run-dir", str(run_dir))
    assert "up" in _laptop("up", "--detach", "--parts", "postgres", *place).stdout
    assert "is in use by process" in _laptop("up", "--parts", "postgres", *place).stderr
    assert "postgres  serving" in _laptop("status", *place).stdout
    assert "stopped" in _laptop("down", *place).stdout
    assert marked(str(run_dir)) == []
    assert _laptop("status", *place).returncode == 1
    assert "nothing runs" in _laptop("down", *place).stdout
    _laptop("clean", *place)
    assert not run_dir.exists()


def test_the_demo_in_the_run_folder_is_found_stopped_and_removed_with_it(run_dir: Path) -> None:
    """`make demo` runs from .run/demo, and `make down` means it as well; what else runs in .run it does not."""
    other = ("--run-dir", str(run_dir / "bench"))
    assert "up" in _laptop("up", "--detach", "--parts", "postgres", *other).stdout
    outer, inner = ("--run-dir", str(run_dir)), ("--run-dir", str(run_dir / "demo"))
    assert "up" in _laptop("up", "--detach", "--parts", "postgres", *inner).stdout
    assert "demo/logs/postgres.log" in _laptop("status", *outer).stdout
    assert "stopped" in _laptop("down", *outer).stdout
    assert marked(str(run_dir / "demo")) == []
    assert "postgres  serving" in _laptop("status", *other).stdout
    assert _laptop("clean", *outer).returncode == 0
    assert marked(str(run_dir / "bench")) == []
    assert not run_dir.exists()


def test_a_failed_start_in_the_background_says_why(run_dir: Path) -> None:
    run_dir.mkdir()
    (run_dir / "postgres").write_text("not a folder")
    failed = _laptop("up", "--detach", "--parts", "postgres", "--run-dir", str(run_dir))
    assert failed.returncode == 1
    assert "did not start" in failed.stderr
    assert "up.log" in failed.stderr
    (run_dir / "postgres").unlink()


def test_a_program_that_cannot_be_fetched_is_named(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHOPHIEN_CACHE", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    failed = _laptop("up", "--parts", "kafka", "--run-dir", str(run_dir))
    assert failed.returncode == 1
    assert "org.apache.kafka:kafka_2.13:4.3.0" in failed.stderr.replace("\n", "")
    assert "CHOPHIEN_CACHE" in failed.stderr
