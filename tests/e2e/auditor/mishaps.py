"""The figures of what went wrong in the world and was dealt with."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from tests.e2e.auditor.evidence import Evidence
from tests.e2e.auditor.money import delivered

A_WHILE = timedelta(minutes=1)
"""When nothing is away, an order hears of its payment in the minute in which it is placed."""


def figures(evidence: Evidence) -> dict[str, Any]:
    """Counts by reason, and what is told of it outside."""
    cancelled = evidence.of("order_cancelled")
    scans = Counter(call["answer"].get("outcome", "") for call in evidence.calls("ReportScan"))
    return {
        "orders_cancelled": _by_reason(evidence, "order_cancelled"),
        "counted_orders_cancelled": sum(fact.key in evidence.counted_orders for fact in cancelled),
        "parts_cancelled": _by_reason(evidence, "order_part_cancelled"),
        "parcels_refused": _by_reason(evidence, "parcel_refused"),
        "split_orders": split_orders(evidence),
        "pickups_failed": _by_reason(evidence, "pickup_failed"),
        "deliveries_failed": _by_reason(evidence, "delivery_failed"),
        "refunds": _by_reason(evidence, "refund_due"),
        "refunded_vnd": sum(fact.body.amount_vnd for fact in evidence.of("payment_refunded")),
        "scans_repeated": scans["SCAN_OUTCOME_REPEATED"],
        "scans_out_of_order": scans["SCAN_OUTCOME_OLD_NEWS"],
        "calls_that_found_nobody": sum(
            entry.get("code") == "UNAVAILABLE" for journal in evidence.journals.values() for entry in journal
        ),
        "orders_delayed": len(delayed(evidence)),
        "closures": [call["answer"]["closure_id"] for call in evidence.calls("DeclareClosure")],
    }


def _by_reason(evidence: Evidence, kind: str) -> dict[str, int]:
    return dict(sorted(Counter(fact.body.reason for fact in evidence.of(kind)).items()))


def split_orders(evidence: Evidence) -> list[dict[str, Any]]:
    """Baskets of several pickup points: what became of their parts, and the money of those that were refused."""
    refused = {fact.key for fact in evidence.of("parcel_refused")}
    arrived = set(delivered(evidence)) & {fact.key for fact in evidence.of("parcel_delivered")}
    found = []
    for order in evidence.of("order_placed"):
        parts = {part.part_id: part.goods_vnd for part in order.body.parts}
        if len(parts) > 1:
            paid = [fact.body.amount_vnd for fact in evidence.of("payment_refunded") if fact.key == order.key]
            found.append(
                {
                    "order_id": order.key,
                    "parts": len(parts),
                    "parts_refused": len(parts.keys() & refused),
                    "parts_delivered": len(parts.keys() & arrived),
                    "refused_vnd": sum(amount for part, amount in parts.items() if part in refused),
                    "refunded_vnd": sum(paid),
                }
            )
    return found


def delayed(evidence: Evidence) -> set[str]:
    """Orders that heard of their payment only a while after they were placed: payments was away."""
    heard: dict[str, datetime] = {}
    for kind in ("payment_requested", "payment_authorized", "payment_declined"):
        for fact in evidence.of(kind):
            heard[fact.key] = min(fact.time, heard.get(fact.key, fact.time))
    return {fact.key for fact in evidence.of("order_placed") if heard.get(fact.key, fact.time) - fact.time >= A_WHILE}
