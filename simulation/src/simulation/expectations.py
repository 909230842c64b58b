"""What must hold at the end of the day of Bình Lư (domain.md A8), as a table over the auditor's report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulation import cast

Summary = Mapping[str, Any]
HUB_AFTER_CLOSURE = "hub-lai-chau"
HUB_BEFORE_CLOSURE = "hub-sa-pa"
CLOSED_FROM = "2026-02-04T15:00"
"""Local time at which the pass closes; times of the summary begin with it or sort before or after it."""
MEMORY_MAX_MB = 2_000

TEA_VND = 2 * cast.CONTROL_TEA.price_vnd
"""What most of the orders with bad luck cost."""
REFUNDED_VND = 4 * TEA_VND + (TEA_VND - 10_000) + cast.TILES.price_vnd
"""Cancelled at once paid and after the collection, paid late, paid twice; paid short; the tiles of the split basket."""


def _each(summary: Summary, name: str) -> list[Any]:
    return [run[name] for run in summary["runs"]]


def _split_fates(summary: Summary) -> list[tuple[int, int, int]]:
    orders = summary["split_orders"]
    return [(order["parts"], order["parts_refused"], order["parts_delivered"]) for order in orders]


def _refused_is_refunded(summary: Summary) -> bool:
    return all(order["refunded_vnd"] == order["refused_vnd"] > 0 for order in summary["split_orders"])


DAY: Mapping[str, Callable[[Summary], bool]] = {
    "120 orders are placed": lambda s: s["orders_placed"] == 120,
    "no counted order is cancelled or lost, though payments is away": lambda s: (
        s["counted_orders_cancelled"] == s["lost_orders"] == 0
    ),
    "87 and 33 parcels are picked on two days": lambda s: _each(s, "parcels_picked") == [87, 33],
    "90 and 33 parcels are planned": lambda s: _each(s, "parcels_planned") == [90, 33],
    "three are missed on the first run, none on the second": lambda s: _each(s, "missed") == [3, 0],
    "the runs are on Wednesday and Thursday": lambda s: _each(s, "date") == ["2026-02-04", "2026-02-05"],
    "both runs end at hub Lai Châu": lambda s: set(_each(s, "hub")) == {HUB_AFTER_CLOSURE},
    "the first is tendered over Sa Pa before the pass closes": lambda s: (
        s["runs"][0]["tendered_over_hub"] == HUB_BEFORE_CLOSURE
        and s["runs"][0]["date"] <= s["runs"][0]["tender_time"] < CLOSED_FROM
    ),
    "it is moved, with the id of the closure": lambda s: (
        [s["runs"][0]["moved_by_closure"]] == s["closures"] and s["runs"][1]["moved_by_closure"] == ""
    ),
    "the control run of Bản Bo stays as it is": lambda s: (
        {(run["tendered_over_hub"], run["hub"], run["moved_by_closure"]) for run in s["control_runs"]}
        == {(HUB_AFTER_CLOSURE, HUB_AFTER_CLOSURE, "")}
    ),
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
    "of the split basket one part is refused and refunded, the other arrives": lambda s: (
        s["parcels_refused"] == {"OVER_PARTNER_LIMITS": 1}
        and _split_fates(s) == [(2, 1, 1)]
        and _refused_is_refunded(s)
    ),
    "five buyers cancel, three codes lapse, two come too late for the last cakes": lambda s: (
        s["orders_cancelled"] == {"BUYER_CANCELLED": 5, "NO_PART_LEFT": 1, "PAYMENT_EXPIRED": 3, "STOCK_REFUSED": 2}
    ),
    "paid twice, too late, too little: each goes back, as does the money of parts called off": lambda s: (
        s["refunds"] == {"PAID_TWICE": 1, "PAID_LATE": 1, "PAID_SHORT": 1, "PART_CANCELLED": 3}
        and s["refunded_vnd"] == REFUNDED_VND
    ),
    "scans come twice, and out of order": lambda s: s["scans_repeated"] > 0 < s["scans_out_of_order"],
    "while payments is away calls find nobody and orders wait": lambda s: (
        s["calls_that_found_nobody"] > 0 < s["orders_delayed"]
    ),
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
