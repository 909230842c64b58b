"""The day of Bình Lư on the real stack, as `make demo` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS_MAX = 400
DEMO = (sys.executable, "-m", "simulation", "demo", "--no-stay")


@pytest.mark.e2e
def test_the_day_of_binh_lu_ends_with_every_check_holding() -> None:
    done = subprocess.run(DEMO, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    print(done.stdout[-6000:])
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    summary = json.loads(Path(".run/demo/summary.json").read_text("utf-8"))
    assert summary["checks_failed"] == []
    assert (summary["orders_placed"], summary["promise_kept"], summary["promise_due"]) == (120, 117, 120)
    picture = Path(".run/demo/runs.svg").read_text("utf-8")
    assert "Khu làng nghề miến dong Bình Lư" in picture
