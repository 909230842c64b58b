"""Finds the trace of one order that reaches from PlaceOrder over all four services to the first courier scan."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from tests.contract.topology import SERVICES
from tests.e2e.auditor.evidence import Evidence

TRIES_MAX = 40
FIRST, LAST = "PlaceOrder", "parcel_picked_up"
SECONDS_MAX = 10


def trace_of(evidence: Evidence, zipkin_url: str) -> str:
    """The trace id; empty when there is none such."""
    for order_id in _picked_up(evidence)[:TRIES_MAX]:
        trace_id = next(row["trace"] for row in evidence.rows("orders", "orders") if row["id"] == order_id).split("-")[
            1
        ]
        if reaches(_spans(zipkin_url, trace_id)):
            return str(trace_id)
    return ""


def _picked_up(evidence: Evidence) -> list[str]:
    """Counted orders whose courier has them, as they were collected."""
    orders = [fact.key.rpartition("-")[0] for fact in evidence.of(LAST)]
    return [order for order in orders if order in evidence.counted_orders]


def reaches(spans: Iterable[dict[str, Any]]) -> bool:
    """Whether the spans begin with PlaceOrder, cover all services and hold the courier's first scan."""
    spans = list(spans)
    names = " ".join(span.get("name", "") for span in spans).lower()
    services = {span.get("localEndpoint", {}).get("serviceName", "") for span in spans}
    scanned = "parcelpickedup" in names or "reportpickup" in names
    return set(SERVICES) <= services and FIRST.lower() in names and scanned


def _spans(zipkin_url: str, trace_id: str) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{zipkin_url}/api/v2/trace/{trace_id}", timeout=SECONDS_MAX) as answer:
            spans: list[dict[str, Any]] = json.load(answer)
            return spans
    except urllib.error.HTTPError:
        return []
