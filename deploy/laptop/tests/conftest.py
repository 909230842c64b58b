"""Fixtures: a run folder of its own, and a small launcher process that a test may kill."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from laptop import Stack
from laptop.__main__ import down


@pytest.fixture
def run_dir() -> Iterator[Path]:
    # Not pytest's tmp_path: that is closed to other users, and PostgreSQL then has to live elsewhere.
    # The letters are those of a home folder in Bình Lư; a comma means two folders to Kafka.
    home = Path(tempfile.mkdtemp(prefix="chophien chợ phiên, test-"))
    home.chmod(0o755)
    yield home / ".run"
    down(home / ".run")
    Stack(home / ".run").clean()
    shutil.rmtree(home)


@pytest.fixture
def launch(run_dir: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Runs `laptop up` for PostgreSQL, in the foreground of a process of its own."""
    argv = [sys.executable, "-m", "laptop", "up", "--parts", "postgres", "--run-dir", str(run_dir)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    yield [process]
    process.kill()
    process.communicate()
