"""The day of Bình Lư on the real stack, as `make demo` runs it, and what can be asked of the stack afterwards."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from laptop.layout import Layout

from tests.e2e.auditor.collect import collect
from tests.e2e.privacy import personal_data_in

ROOT = Path(__file__).parents[2]
RUN_DIR = ROOT / ".run" / "demo"
SECONDS_MAX = 420
ASKING_SECONDS_MAX = 90
DEMO = (sys.executable, "-m", "simulation", "demo", "--stay")
Summary = dict[str, Any]

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def day() -> Iterator[Summary]:
    """Plays the day once; the stack stays up for all tests of this file and leaves nothing behind."""
    demo = subprocess.Popen(DEMO, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told: list[str] = []
    try:
        assert demo.stdout is not None
        for line in demo.stdout:
            told.append(line)
            print(line, end="")
            if line.startswith("up until Ctrl-C"):
                break
        else:
            pytest.fail("the demo ended early:\n" + "".join(told[-30:]))
        summary = json.loads((RUN_DIR / "summary.json").read_text("utf-8"))
        yield summary
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)
    assert demo.returncode == (1 if summary["checks_failed"] else 0)
    assert not (RUN_DIR / "stack.json").exists()


def ask(*argv: str) -> str:
    """What a command of ours prints; it must succeed."""
    done = subprocess.run(
        (sys.executable, *argv), cwd=ROOT, capture_output=True, text=True, timeout=ASKING_SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.timeout(SECONDS_MAX)
def test_the_day_of_binh_lu_ends_with_every_check_holding(
    day: Summary, record_property: Callable[[str, object], None]
) -> None:
    record_property("seed", day["seed"])
    assert day["checks_failed"] == [], day["findings"][:20]
    assert (day["orders_placed"], day["promise_kept"], day["promise_due"]) == (120, 117, 120)
    spans = json.loads((RUN_DIR / "trace.json").read_text("utf-8"))
    assert {span["traceId"] for span in spans} == {day["trace_id"]}
    picture = (RUN_DIR / "runs.svg").read_text("utf-8")
    assert "Khu làng nghề miến dong Bình Lư" in picture


def test_status_shows_every_part_and_nothing_stuck(day: Summary) -> None:
    shown = ask("-m", "laptop", "status", "--run-dir", str(RUN_DIR))
    assert all(part in shown for part in ("kafka", "postgres", "zipkin", "catalog", "orders", "payments", "shipping"))


def test_a_code_tells_its_whole_story(day: Summary) -> None:
    """An order's, its parcel's and its run's, each in one step."""
    layout = Layout.attach(RUN_DIR)
    evidence = asyncio.run(collect(layout, RUN_DIR / "actors"))
    scan = next(fact for fact in evidence.of("parcel_picked_up") if fact.body.batch_id == day["runs"][0]["batch_id"])
    order_id = scan.key.rpartition("-")[0]
    for code, expected in (
        (order_id, ("OrderPlaced", "OrderConfirmed")),
        (scan.key, ("ParcelCreated", "ParcelDelivered")),
        (scan.body.batch_id, ("BatchClosed", "BatchMoved")),
    ):
        told = ask("-m", "laptop", "story", "--run-dir", str(RUN_DIR), "--code", code)
        assert all(word in told for word in expected), told


def test_buyers_stay_private(day: Summary) -> None:
    """No topic, log or span holds a buyer's name, phone or address; only orders' own table does."""
    layout = Layout.attach(RUN_DIR)
    assert asyncio.run(personal_data_in(layout, RUN_DIR)) == []


def test_the_sample_caller_places_an_order(day: Summary) -> None:
    layout = Layout.attach(RUN_DIR)
    told = ask("examples/place_order.py", layout.target("orders"), layout.tokens["buyer-channel"], "mien-soi-nho")
    assert "placed: DH" in told


def test_the_sample_partner_hears_its_feed_and_answers(day: Summary) -> None:
    """Long after the day every tender is answered already; the sample says so and misses none."""
    layout = Layout.attach(RUN_DIR)
    told = ask(
        "examples/courier_partner.py",
        *(layout.kafka_bootstrap, layout.target("shipping"), layout.tokens["partner-a"], "partner-a", "15"),
    )
    for run in day["runs"]:
        assert run["batch_id"] in told
