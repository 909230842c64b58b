"""A day in which something did not happen fails by name, and with that name the demo ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from simulation.conductor import PlayStopped
from simulation.expectations import DAY, NOTHING_WRONG, failed_of_the_day
from typer.testing import CliRunner

from simulation import demo

Summary = dict[str, Any]
Spoil = Callable[[Summary], object]


def put(**figures: Any) -> Spoil:
    return lambda summary: summary.update(figures)


def run(number: int, **figures: Any) -> Spoil:
    return lambda summary: summary["runs"][number].update(figures)


def control(**figures: Any) -> Spoil:
    return lambda summary: summary["control_runs"][0].update(figures)


def split(**figures: Any) -> Spoil:
    return lambda summary: summary["split_orders"][0].update(figures)


def reason(figure: str, name: str) -> Spoil:
    return lambda summary: summary[figure].pop(name)


SPOILS: dict[str, tuple[Spoil, ...]] = {
    "120 orders are placed": (put(orders_placed=119),),
    "no counted order is cancelled or lost, though payments is away": (put(counted_orders_cancelled=1),),
    "87 and 33 parcels are picked on two days": (run(0, parcels_picked=86),),
    "90 and 33 parcels are planned": (run(1, parcels_planned=32),),
    "three are missed on the first run, none on the second": (run(0, missed=2), run(1, missed=1)),
    "the runs are on Wednesday and Thursday": (run(1, date="2026-02-06"),),
    "both runs end at hub Lai Châu": (run(0, hub="hub-sa-pa"),),
    "the first is tendered over Sa Pa before the pass closes": (
        run(0, tendered_over_hub="hub-lai-chau"),
        run(0, tender_time="2026-02-04T15:00:00+07:00"),
        run(0, tender_time=""),
    ),
    "it is moved, with the id of the closure": (run(0, moved_by_closure=""), run(0, moved_by_closure="CL-2")),
    "the control run of Bản Bo stays as it is": (
        control(hub="hub-sa-pa"),
        control(tendered_over_hub="hub-sa-pa"),
        control(moved_by_closure="CL-1"),
        put(control_runs=[]),
    ),
    "partner A drives, partner B is never asked": (put(partner_b_tenders=1), run(1, partner="partner-b")),
    "117 of 120 promises are kept": (put(promise_kept=116),),
    "cash outstanding is the cash of delivered parcels": (
        put(cod_outstanding_vnd=1),
        put(cod_outstanding_vnd=0, cod_delivered_vnd=0),
        put(cod_parcels_that_differ=2),
    ),
    "all cash is remitted": (
        put(cod_outstanding_after_remittance_vnd=1),
        put(cod_parcels_outstanding_after_remittance=2),
    ),
    "the ledger balances": (put(ledger_balance_vnd=1),),
    "of the split basket one part is refused and refunded, the other arrives": (
        put(parcels_refused={}),
        put(split_orders=[]),
        split(parts_refused=2, parts_delivered=0),
        split(parts_delivered=0),
        split(refunded_vnd=0),
        split(refunded_vnd=430_000),
    ),
    "five buyers cancel, three codes lapse, two come too late for the last cakes": (
        reason("orders_cancelled", "BUYER_CANCELLED"),
        reason("orders_cancelled", "PAYMENT_EXPIRED"),
        reason("orders_cancelled", "STOCK_REFUSED"),
    ),
    "paid twice, too late, too little: each goes back, as does the money of parts called off": (
        reason("refunds", "PAID_TWICE"),
        reason("refunds", "PAID_LATE"),
        reason("refunds", "PAID_SHORT"),
        reason("refunds", "PART_CANCELLED"),
        put(refunded_vnd=720_000),
    ),
    "scans come twice, and out of order": (put(scans_repeated=0), put(scans_out_of_order=0)),
    "while payments is away calls find nobody and orders wait": (
        put(calls_that_found_nobody=0),
        put(orders_delayed=0),
    ),
    "one order's trace reaches from PlaceOrder to the first scan": (put(trace_id=""),),
    "under 2 GB": (put(memory_peak_mb=2_000),),
}
"""By sentence of the day, changes of a good summary that it must notice."""


def test_a_good_day_has_nothing_to_say_against_it(good_day: Summary) -> None:
    assert failed_of_the_day(good_day) == []


def test_every_sentence_of_the_day_is_tried() -> None:
    assert set(SPOILS) == set(DAY)


@pytest.mark.parametrize(
    ("sentence", "n"), [(sentence, n) for sentence in SPOILS for n in range(len(SPOILS[sentence]))]
)
def test_a_day_in_which_it_did_not_happen_fails_by_its_sentence(good_day: Summary, sentence: str, n: int) -> None:
    SPOILS[sentence][n](good_day)
    assert f"does not hold: {sentence}" in failed_of_the_day(good_day)


@pytest.mark.parametrize("name", NOTHING_WRONG)
def test_a_count_that_should_be_nothing_fails_by_its_name(good_day: Summary, name: str) -> None:
    good_day[name] = 2
    assert f"{name} is 2, not 0" in failed_of_the_day(good_day)


def test_a_figure_that_is_missing_fails_its_sentence(good_day: Summary) -> None:
    del good_day["orders_delayed"]
    (failed,) = failed_of_the_day(good_day)
    assert "payments is away" in failed
    assert "not even a figure" in failed


class Stack:
    """Stands where the stack stands, and starts nothing."""

    zipkin_url = "http://127.0.0.1:0"
    pss_peak_mb = 1_427.0

    def __init__(self, run_dir: Path, **_: Any) -> None:
        """Only the folder is real."""
        self.run_dir = run_dir

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing runs."""

    def clean(self) -> None:
        """Nothing is there."""

    def pss_mb(self) -> float:
        """Of nothing, but plausible."""
        return self.pss_peak_mb

    def trace_url(self, trace_id: str) -> str:
        """Nobody answers there."""
        return f"{self.zipkin_url}/{trace_id}"

    def check(self) -> None:
        """Asked only of a demo that stays; that is then stopped, as by a person."""
        raise KeyboardInterrupt


class Play:
    """A play in which nothing happens."""

    actors, effort = Path(), dict[str, float]()

    def __init__(self, *_: Any, **__: Any) -> None:
        """Whatever it is given."""

    async def perform(self) -> None:
        """At once."""


Ends = Callable[..., tuple[int, str]]


@pytest.fixture
def ends(good_day: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ends:
    """Runs the demo's command over the good day, without a stack; answers exit code and output."""
    stand_ins = {"RUN_DIR": tmp_path, "Stack": Stack, "Performance": Play, "audit": lambda *_: good_day}
    stand_ins |= {"make_stage": lambda *_: None, "interruption": SimpleNamespace(heed=lambda: None)}
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(demo, name, stand_in)

    def run_demo(*options: str) -> tuple[int, str]:
        with demo.console.capture() as told:
            done = CliRunner().invoke(demo.app, ["demo", *options])
        return done.exit_code, told.get()

    return run_demo


def test_a_good_day_ends_with_zero_and_does_not_stay_where_nobody_looks(ends: Ends, tmp_path: Path) -> None:
    code, told = ends()
    assert (code, "up until Ctrl-C" in told) == (0, False)
    assert "/zipkin/ (while the stack is up; in a terminal `make demo` stays)" in told
    assert str(tmp_path / "trace.json") in told.replace("\n", "")
    assert f"all {len(DAY) + len(NOTHING_WRONG)} checks of the day hold" in told
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["checks_failed"] == []


def test_a_good_day_that_stays_ends_with_zero_when_it_is_stopped(ends: Ends) -> None:
    code, told = ends("--stay")
    assert (code, "up until Ctrl-C" in told, "(while the stack is up" in told) == (0, True, False)


@pytest.mark.parametrize("options", [(), ("--stay",)])
def test_a_failed_check_is_named_and_ends_with_one(ends: Ends, good_day: Summary, options: tuple[str, ...]) -> None:
    good_day["orders_placed"] = 119
    code, told = ends(*options)
    assert code == 1
    assert "does not hold: 120 orders are placed" in told
    assert "checks of the day hold" not in told


def test_a_play_that_cannot_go_on_says_why_and_ends_with_two(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stopped(_: Play) -> None:
        raise PlayStopped("actor buyers died")

    monkeypatch.setattr(Play, "perform", stopped)
    code, told = ends()
    assert (code, "actor buyers died" in told) == (2, True)
