"""The summary of a good day, for tests of what is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from simulation.expectations import NOTHING_WRONG


def _run(batch_id: str, date: str, **more: Any) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "date": date,
        "partner": "partner-a",
        "tender_time": f"{date}T14:45:00+07:00",
        "tendered_over_hub": "hub-lai-chau",
        "hub": "hub-lai-chau",
        "moved_by_closure": "",
        "missed": 0,
        "state": "handed_over",
        "communes": ["03390"],
        "stops": ["pp-binh-lu-zone"],
        **more,
    }


@pytest.fixture
def good_day() -> dict[str, Any]:
    moved = {"tendered_over_hub": "hub-sa-pa", "moved_by_closure": "CL-1"}
    first = _run("PB260204-1", "2026-02-04", parcels_planned=90, parcels_picked=87, **{**moved, "missed": 3})
    second = _run("PB260205-1", "2026-02-05", parcels_planned=33, parcels_picked=33)
    control = _run("PB260204-2", "2026-02-04", parcels_planned=11, parcels_picked=11)
    return {
        "orders_placed": 120,
        "orders_further": 19,
        "runs": [first, second],
        "control_runs": [{**control, "communes": ["03424"], "stops": ["pp-ban-bo"]}],
        "control_batches_moved": 0,
        "closures": ["CL-1"],
        "promise_due": 120,
        "promise_kept": 117,
        "partner_b_tenders": 0,
        "cod_outstanding_vnd": 11_016_000,
        "cod_delivered_vnd": 11_016_000,
        "cod_parcels_that_differ": 0,
        "cod_outstanding_after_remittance_vnd": 0,
        "cod_parcels_outstanding_after_remittance": 0,
        "orders_cancelled": {"BUYER_CANCELLED": 5, "NO_PART_LEFT": 1, "PAYMENT_EXPIRED": 3, "STOCK_REFUSED": 2},
        "counted_orders_cancelled": 0,
        "parts_cancelled": {"BUYER_CANCELLED": 2, "PARCEL_REFUSED": 1, "PARCEL_RETURNED": 3},
        "parcels_refused": {"OVER_PARTNER_LIMITS": 1},
        "split_orders": [
            {"parts": 2, "parts_refused": 1, "parts_delivered": 1, "refused_vnd": 250_000, "refunded_vnd": 250_000}
        ],
        "pickups_failed": {"NOT_READY": 3},
        "deliveries_failed": {"BUYER_ABSENT": 3, "BUYER_REFUSED": 3},
        "refunds": {"PAID_LATE": 1, "PAID_SHORT": 1, "PAID_TWICE": 1, "PART_CANCELLED": 3},
        "refunded_vnd": 840_000,
        "scans_repeated": 36,
        "scans_out_of_order": 18,
        "calls_that_found_nobody": 18,
        "orders_delayed": 2,
        "facts": 2_092,
        "facts_said_again": 0,
        "ledger_balance_vnd": 0,
        "trace_id": "380855b44ea85e49af1e1202864420e1",
        "memory_peak_mb": 1_427,
        "findings": [],
        **dict.fromkeys(NOTHING_WRONG, 0),
    }
