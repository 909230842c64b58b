"""Finds the trace of one order that reaches from PlaceOrder over all four services to the first courier scan."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

from tests.contract.topology import SERVICES
from tests.e2e.auditor.evidence import Evidence, Fact

TRIES_MAX = 40
SECONDS_MAX = 10
Span = Mapping[str, Any]


def trace_of(evidence: Evidence, zipkin_url: str) -> tuple[str, list[Span]]:
    """The trace id and its spans; both empty when there is none such."""
    scans = [fact for fact in evidence.of("parcel_picked_up") if _order_of(fact) in evidence.counted_orders]
    traces = {row["id"]: row["trace"].split("-")[1] for row in evidence.rows("orders", "orders") if row["trace"]}
    for scan in scans[:TRIES_MAX]:
        trace_id: str = traces.get(_order_of(scan), "")
        if trace_id and reaches(spans := _spans(zipkin_url, trace_id), scan.trace):
            return trace_id, spans
    return "", []


def _order_of(fact: Fact) -> str:
    return fact.key.rpartition("-")[0]


def reaches(spans: Iterable[Span], scan: str) -> bool:
    """Whether the spans hold PlaceOrder, all four services, and the span in which the scan was told (traceparent)."""
    spans = list(spans)
    services = {span.get("localEndpoint", {}).get("serviceName", "") for span in spans}
    placed = any(span.get("name", "").lower().endswith("/placeorder") for span in spans)
    told = any((span["traceId"], span["id"]) == tuple(scan.split("-")[1:3]) for span in spans)
    return set(SERVICES) <= services and placed and told


def _spans(zipkin_url: str, trace_id: str) -> list[Span]:
    try:
        with urllib.request.urlopen(f"{zipkin_url}/api/v2/trace/{trace_id}", timeout=SECONDS_MAX) as answer:
            spans: list[Span] = json.load(answer)
            return spans
    except urllib.error.HTTPError:
        return []
