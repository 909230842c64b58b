"""Runs all checks over the evidence and makes the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.e2e.auditor import facts, figures, money, parcels, prepaid, stock
from tests.e2e.auditor.evidence import Evidence, Finding

CHECKS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    facts.lost,
    facts.duplicates,
    facts.disorder,
    facts.dead_letters,
    stock.oversold,
    stock.unbalanced,
    money.unbalanced,
    money.doubled,
    money.cash_differences,
    money.refund_differences,
    prepaid.kept_too_long,
    parcels.orders,
    parcels.parcels,
    parcels.runs,
    parcels.reports,
)

COUNTS = (
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
"""Names of the counts in the report, each 0 when all is well; in pieces, facts or cases."""


def findings(evidence: Evidence) -> list[Finding]:
    """Everything that should not be."""
    return [finding for check in CHECKS for finding in check(evidence)]


def report(evidence: Evidence) -> dict[str, Any]:
    """Figures, counts of findings by check, and their texts."""
    found = findings(evidence)
    counts: Mapping[str, int] = Counter()
    for finding in found:
        counts[finding.check] += finding.count  # type: ignore[index]
    return {
        **figures.figures(evidence),
        **{name: counts[name] for name in COUNTS},
        "ledger_balance_vnd": money.ledger_balance_vnd(evidence),
        "findings": [f"{finding.check}: {finding.text}" for finding in found],
    }
