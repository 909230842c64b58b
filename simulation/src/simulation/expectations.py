"""What must hold at the end of the day of Bình Lư (domain.md A8), as a table over the auditor's report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Summary = Mapping[str, Any]
HUB_AFTER_CLOSURE = "hub-lai-chau"
HUB_BEFORE_CLOSURE = "hub-sa-pa"
MEMORY_MAX_MB = 2_000


def _each(summary: Summary, name: str) -> list[Any]:
    return [run[name] for run in summary["runs"]]


DAY: Mapping[str, Callable[[Summary], bool]] = {
    "120 orders are placed": lambda s: s["orders_placed"] == 120,
    "no counted order is cancelled, though payments is away": lambda s: s["counted_orders_cancelled"] == 0,
    "87 and 33 parcels are picked on two days": lambda s: _each(s, "parcels_picked") == [87, 33],
    "90 and 33 parcels are planned": lambda s: _each(s, "parcels_planned") == [90, 33],
    "three are missed on the first run, none on the second": lambda s: _each(s, "missed") == [3, 0],
    "the runs are on Wednesday and Thursday": lambda s: _each(s, "date") == ["2026-02-04", "2026-02-05"],
    "both runs end at hub Lai Châu": lambda s: set(_each(s, "hub")) == {HUB_AFTER_CLOSURE},
    "the first is tendered over Sa Pa and moved by the closure": lambda s: (
        s["runs"][0]["tendered_over_hub"] == HUB_BEFORE_CLOSURE and s["runs"][0]["moved_by_closure"] != ""
    ),
    "the control run of Bản Bo stays as it is": lambda s: s["control_runs"] != [] and s["control_batches_moved"] == 0,
    "partner A drives, partner B is never asked": lambda s: (
        set(_each(s, "partner")) == {"partner-a"} and s["partner_b_tenders"] == 0
    ),
    "117 of 120 promises are kept": lambda s: (s["promise_kept"], s["promise_due"]) == (117, 120),
    "cash outstanding is the cash of delivered parcels": lambda s: (
        s["cod_outstanding_vnd"] == s["cod_delivered_vnd"] > 0 and s["cod_parcels_that_differ"] == 0
    ),
    "all cash is remitted": lambda s: (
        s["cod_outstanding_after_remittance_vnd"] == 0 and s["cod_parcels_outstanding_after_remittance"] == 0
    ),
    "the ledger balances": lambda s: s["ledger_balance_vnd"] == 0,
    "the unlucky part is refused, the other arrives": lambda s: s["parcels_refused"] == {"OVER_PARTNER_LIMITS": 1},
    "one order's trace reaches from PlaceOrder to the first scan": lambda s: s["trace_id"] != "",
    "under 2 GB": lambda s: s["memory_peak_mb"] < MEMORY_MAX_MB,
}

NOTHING_WRONG = (
    "lost_facts",
    "duplicate_effects",
    "disordered_facts",
    "dead_letters",
    "oversold_units",
    "stock_differences",
    "cash_differences",
    "refund_differences",
    "lost_orders",
    "parcel_differences",
)
"""Counts that must be 0 after any play."""


def failed_of_any_play(summary: Summary) -> list[str]:
    """What is not in balance; empty when all is well."""
    failed = [f"{name} is {summary[name]}, not 0" for name in NOTHING_WRONG if summary[name]]
    if summary["ledger_balance_vnd"]:
        failed.append(f"ledger_balance_vnd is {summary['ledger_balance_vnd']}, not 0")
    return failed


def failed_of_the_day(summary: Summary) -> list[str]:
    """The day's checks that do not hold, as sentences; empty when all do."""
    failed = failed_of_any_play(summary)
    for sentence, holds in DAY.items():
        try:
            good = holds(summary)
        except (KeyError, IndexError) as missing:
            good, sentence = False, f"{sentence} (not even a figure: {missing!r})"
        if not good:
            failed.append(f"does not hold: {sentence}")
    return failed
