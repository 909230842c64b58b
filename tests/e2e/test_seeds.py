"""The seed of a journey is told whether it went well or not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

JOURNEYS = """
def test_a_good_one(record_property):
    record_property("seed", 7)


def test_a_bad_one(record_property):
    record_property("seed", 8)
    assert False


def test_something_else():
    pass
"""
ROOT = Path(__file__).parents[2]


def test_a_quiet_run_tells_the_seed_of_every_journey(tmp_path: Path) -> None:
    (tmp_path / "test_journeys.py").write_text(JOURNEYS)
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "tests.e2e.conftest", "--rootdir", str(tmp_path), str(tmp_path))
    told = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    seeds = [line for line in told.splitlines() if line.startswith("seed ")]
    assert sorted(seeds) == [
        "seed 7: test_journeys.py::test_a_good_one passed",
        "seed 8: test_journeys.py::test_a_bad_one failed",
    ]
