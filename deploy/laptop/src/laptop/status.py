"""Shows what runs and what is stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from laptop.ask import ask
from laptop.backlog import Backlog, backlog, lags
from laptop.environment import SERVICES
from laptop.errors import StackError
from laptop.health import health
from laptop.java import Kafka, Zipkin
from laptop.layout import Layout
from laptop.process import marked, pss_mb
from laptop.table import plain

# An outbox row older than this, or a group further behind than this, wants a look.
OUTBOX_AGE_SECONDS_MAX = 10.0
LAG_MAX = 1000
# Of what waits, so many are counted, and so many named.
ASKED_MAX = 200
SHOWN_MAX = 10

Found = tuple[list[tuple[str, str]], bool]
"""Codes with a line each, and whether there are more."""


def show(layout: Layout, console: Console) -> bool:
    """Prints the tables; answers whether all is well."""
    well = _show_parts(layout, console)
    if "services" in layout.parts:
        well &= _show_backlogs(layout, console)
        well &= show_waiting(layout, console)
    used_mb = pss_mb(marked(str(layout.run_dir)))
    traces = f", traces {layout.zipkin_url}/zipkin/" if well and "zipkin" in layout.parts else ""
    console.print(f"memory {used_mb:,.0f} MB (PSS){traces}")
    return well


def part_states(layout: Layout) -> list[tuple[str, str, str]]:
    """Name, state (SERVING when well) and address of every part of the stack."""
    checks = {
        "kafka": Kafka(layout.run_dir / "kafka", layout.ports["kafka"], layout.ports["kafka.controller"], print).ready,
        "postgres": layout.postgres.ready,
        "zipkin": Zipkin(layout.ports["zipkin"], print).ready,
    }
    states = [
        (name, "SERVING" if ready() else "DOWN", f"127.0.0.1:{layout.ports[name]}")
        for name, ready in checks.items()
        if name in layout.parts
    ]
    if "services" in layout.parts:
        for service, role in layout.roles():
            address = layout.address(service, role)
            states.append((f"{service}.{role}", health(address), address))
    return states


def _show_parts(layout: Layout, console: Console) -> bool:
    table = plain("part", "state", "address", "log")
    states = part_states(layout)
    for name, condition, address in states:
        colour = "green" if condition == "SERVING" else "red"
        log_file = layout.log_file(name)
        shown = log_file.relative_to(layout.run_dir.parent)
        table.add_row(name, f"[{colour}]{condition.lower()}[/]", address, str(shown))
    console.print(table)
    return all(condition == "SERVING" for _, condition, _ in states)


def _show_backlogs(layout: Layout, console: Console) -> bool:
    table = plain("service", "outbox", "oldest", "lag", "dead letters", "parked", "effects", "exhausted")
    behind = lags(layout.kafka_bootstrap, SERVICES)
    well = True
    for service in SERVICES:
        found, lag = backlog(layout, service), behind.get(service)
        fine = found is not None and lag is not None and _fine(found, lag)
        table.add_row(service, *_cells(found, lag), style=None if fine else "red")
        well &= fine
    console.print(table)
    return well


def _fine(found: Backlog, lag: Counter[str]) -> bool:
    stuck = found.dead_letters + found.parked + found.effects_exhausted
    return stuck == 0 and found.outbox_age_seconds <= OUTBOX_AGE_SECONDS_MAX and lag.total() <= LAG_MAX


def _cells(found: Backlog | None, lag: Counter[str] | None) -> list[str]:
    behind = "?" if lag is None else str(lag.total())
    if lag and lag.total():
        topic, count = lag.most_common(1)[0]
        behind += f" (most: {topic} {count})"
    if found is None:
        return ["?", "?", behind, "?", "?", "?", "?"]
    numbers = [found.dead_letters, found.parked, found.effects_open, found.effects_exhausted]
    return [str(found.outbox_rows), f"{found.outbox_age_seconds:.1f} s", behind, *(str(each) for each in numbers)]


def show_waiting(layout: Layout, console: Console) -> bool:
    """Prints what waits for somebody, with the first codes; answers whether nothing does."""
    well = True
    for title, find in WAITING.items():
        try:
            lines, more = find(layout)
        except StackError as error:
            console.print(f"{title}: [red]{escape(str(error))}[/]")
            well = False
            continue
        console.print(f"{title}: {len(lines)}{' or more' if more else ''}")
        for code, line in lines[:SHOWN_MAX]:
            console.print(f"  [red]{code}[/] {line}")
        well &= not lines
    return well


def _stuck_sagas(layout: Layout) -> Found:
    """They wait longer than their deadline, as orders tells them."""
    answer = ask(layout, "orders", "ListOrders", overdue_only=True, page_size=ASKED_MAX)
    late = [(one.order_id, f"should have gone on by {one.deadline_time.ToJsonString()}") for one in answer.orders]
    return late, bool(answer.next_page_token)


def _parcels_on_hold(layout: Layout) -> Found:
    """An operator's MarkReady lets them go on; no RPC lists them, so the table is read."""
    sql = f"SELECT id, reason FROM parcels WHERE state = 'on_hold' ORDER BY id LIMIT {ASKED_MAX + 1}"
    rows = [row.split("|") for row in layout.postgres.sql(sql, "shipping").splitlines()]
    held = [(id, f"was missed too often, last for {reason}") for id, reason in rows]
    return held[:ASKED_MAX], len(held) > ASKED_MAX


def _runs_nobody_took(layout: Layout) -> Found:
    """No partner is left to ask; the next wave of their area plans their parcels anew."""
    answer = ask(layout, "shipping", "ListBatches", state="BATCH_STATE_OPEN", page_size=ASKED_MAX)
    runs = [(one.batch_id, f"should leave at {one.leave_time.ToJsonString()}") for one in answer.batches]
    return runs, bool(answer.next_page_token)


# What wants somebody's look, and who knows it.
WAITING: dict[str, Callable[[Layout], Found]] = {
    "stuck sagas": _stuck_sagas,
    "parcels on hold": _parcels_on_hold,
    "runs nobody took": _runs_nobody_took,
}
