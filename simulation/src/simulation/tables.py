"""The tables of the day: runs, promises, money, and the failures that were dealt with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

HUBS = {"hub-lai-chau": "Lai Châu", "hub-sa-pa": "Sa Pa", "hub-lao-cai": "Lào Cai"}


def vnd(amount: int) -> str:
    """An amount as people write it: 1.234.000 ₫."""
    return f"{amount:,}".replace(",", ".") + " ₫"


def show(console: Console, summary: Mapping[str, Any]) -> None:
    """All tables."""
    for table in (_runs(summary), _figures(summary), _failures(summary)):
        console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _runs(summary: Mapping[str, Any]) -> Table:
    table = _table("Runs", "batch", "date", "partner", "hub", "planned", "picked", "missed", "stops", "state")
    for run in [*summary["runs"], *summary["control_runs"]]:
        hub = HUBS.get(run["hub"], run["hub"])
        if run["moved_by_closure"]:
            hub += f" (was {HUBS.get(run['tendered_over_hub'], run['tendered_over_hub'])})"
        counts = (str(run[name]) for name in ("parcels_planned", "parcels_picked", "missed"))
        name = run["batch_id"] + (" (Bản Bo)" if run in summary["control_runs"] else "")
        table.add_row(name, run["date"], run["partner"], hub, *counts, str(len(run["stops"])), run["state"].lower())
    return table


def _figures(summary: Mapping[str, Any]) -> Table:
    table = _table("Promises and money", "what", "figure")
    table.add_row(
        "orders placed, and further ones for what goes wrong",
        f"{summary['orders_placed']} + {summary['orders_further']}",
    )
    table.add_row("hand-over promises kept", f"{summary['promise_kept']} of {summary['promise_due']}")
    table.add_row("tenders to partner B", str(summary["partner_b_tenders"]))
    table.add_row(
        f"cash at couriers, night of {summary.get('last_delivery_date', '–')}", vnd(summary["cod_outstanding_vnd"])
    )
    table.add_row("cash taken at the doors", vnd(summary["cod_delivered_vnd"]))
    table.add_row("cash at couriers in the end", vnd(summary["cod_outstanding_after_remittance_vnd"]))
    table.add_row("refunded to buyers", vnd(summary["refunded_vnd"]))
    table.add_row("trial balance of the ledger", vnd(summary["ledger_balance_vnd"]))
    table.add_row("facts said, of them again after a failure", f"{summary['facts']} + {summary['facts_said_again']}")
    return table


def _failures(summary: Mapping[str, Any]) -> Table:
    table = _table("What went wrong, and was dealt with", "what", "how often")
    rows = {
        "orders cancelled": summary["orders_cancelled"],
        "parts cancelled": summary["parts_cancelled"],
        "parcels refused": summary["parcels_refused"],
        "not at the gate": summary["pickups_failed"],
        "not at the door": summary["deliveries_failed"],
        "refunds": summary["refunds"],
    }
    for what, reasons in rows.items():
        for reason, count in reasons.items():
            table.add_row(f"{what}: {reason.lower().replace('_', ' ')}", str(count))
    table.add_row("scans told twice", str(summary["scans_repeated"]))
    table.add_row("scans told out of order", str(summary["scans_out_of_order"]))
    table.add_row("calls that found nobody", str(summary["calls_that_found_nobody"]))
    table.add_row("orders that waited for payments", str(summary["orders_delayed"]))
    lost = ("lost_facts", "duplicate_effects", "oversold_units", "dead_letters")
    table.add_row(
        "lost facts, duplicate effects, oversold units, dead letters", " · ".join(str(summary[name]) for name in lost)
    )
    return table
