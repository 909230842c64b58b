"""One livestream at full speed: 4,000 orders, one product with 50 units; then the same front at 30 orders a second."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
import uvloop
from laptop.stack import Stack
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from bench import measure
from bench.contenders import plain
from bench.load import Load, Market, Placed
from tests.e2e.auditor.audit import report
from tests.e2e.auditor.collect import collect

LIMITED, LIMITED_UNITS, LIMITED_EVERY = "limited-edition", 50, 4
PLENTY = ("noodles", "tea", "honey")
STEADY_PER_S, STEADY_ORDERS = 30.0, 600
ANSWERED_SECONDS_MAX = 300.0
SETTLE_SECONDS = 3.0
ANSWERED = "SELECT count(*) FROM orders WHERE id = ANY($1) AND (state = 'CANCELLED' OR wait = 'DELIVERY')"
CONFIRMED = "SELECT count(*) FROM orders WHERE id = ANY($1) AND wait = 'DELIVERY' AND parts::text LIKE '%' || $2 || '%'"


async def answered(url: str, placed: list[Placed]) -> float:
    """Seconds from the first try until every order is confirmed with its parcel, or refused."""
    connection = await asyncpg.connect(url)
    ids, start = [one.order_id for one in placed], min(one.first_try for one in placed)
    try:
        while await connection.fetchval(ANSWERED, ids) < len(ids):
            if time.perf_counter() - start > ANSWERED_SECONDS_MAX:
                raise RuntimeError(f"not every order was answered within {ANSWERED_SECONDS_MAX} s")
            await asyncio.sleep(0.2)
        return time.perf_counter() - start
    finally:
        await connection.close()


async def confirmed_limited(url: str, placed: list[Placed]) -> int:
    """Orders of the limited product that were confirmed."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(CONFIRMED, [one.order_id for one in placed], LIMITED))
    finally:
        await connection.close()


def milliseconds(placed: list[Placed], percent: float) -> float:
    """A percentile of the time from the first try to the acceptance, in milliseconds."""
    return round(measure.percentile([one.answered - one.first_try for one in placed], percent) * 1000, 1)


async def run(stack: Stack, count: int) -> dict[str, Any]:
    """The burst, then the steady rate; every figure but the auditor's."""
    session = f"live-{uuid.uuid4().hex[:8]}"
    offers = {LIMITED: LIMITED_UNITS, **dict.fromkeys(PLENTY, 0)}
    market = Market(stack.target("catalog"), stack.tokens["operator"])
    await market.open({LIMITED: LIMITED_UNITS, **dict.fromkeys(PLENTY, 1_000_000)}, session, offers)
    journal = stack.run_dir / "actors" / "seller.jsonl"
    journal.parent.mkdir()
    journal.write_text("".join(json.dumps(entry) + "\n" for entry in market.journal))
    await asyncio.sleep(2)
    token, url = stack.tokens["buyer-channel"], plain(stack.database_url("orders"))
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), transient=True) as progress:
        progress.add_task(f"{count} orders at full speed")
        burst = Load(stack.target("orders"), token, (LIMITED, *PLENTY), session, at_once=256)
        placed = await burst.full_speed(count)
        accepted_s = max(one.answered for one in placed) - min(one.first_try for one in placed)
        all_answered_s = await answered(url, placed)
        progress.add_task(f"{STEADY_ORDERS} orders at {STEADY_PER_S:.0f}/s")
        steady = await Load(stack.target("orders"), token, PLENTY, session).steady(STEADY_ORDERS, STEADY_PER_S)
        await answered(url, steady)
    return {
        "placed": len(placed),
        "confirmed_limited": await confirmed_limited(url, placed),
        "shed": sum(one.sheds for one in placed),
        "accepted_per_s": round(len(placed) / accepted_s, 1),
        "accept_p50_ms": milliseconds(placed, 50),
        "accept_p99_ms": milliseconds(placed, 99),
        "accept_p50_ms_at_30_per_s": milliseconds(steady, 50),
        "accept_p99_ms_at_30_per_s": milliseconds(steady, 99),
        "all_answered_s": round(all_answered_s, 1),
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures."""
    table = Table(title=f"One livestream: {result['placed']:,} orders, {LIMITED_UNITS} units of one product")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in result.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)


def main(count: Annotated[int, typer.Option(help="orders of the burst")] = 4000) -> None:
    """Run the livestream bench and write .run/bench/livestream.json; exits 1 if stock or orders are out of balance."""
    home = Path(".run/bench-livestream-stack")
    Stack(home).clean()
    with Stack(home, sampling=0.1) as stack:
        result = uvloop.run(run(stack, count))
        time.sleep(SETTLE_SECONDS)
        audited = report(asyncio.run(collect(stack, home / "actors")))
    lost = audited["lost_facts"] + audited["lost_orders"] + count - result["placed"]
    result |= {"lost": lost, "doubled": audited["duplicate_effects"], "oversold": audited["oversold_units"]}
    show(result)
    print("written:", measure.write("livestream", result))
    if result["confirmed_limited"] != LIMITED_UNITS or lost or result["doubled"] or result["oversold"]:
        raise SystemExit("the livestream does not balance: " + "; ".join(audited["findings"][:5]))


if __name__ == "__main__":
    typer.run(main)
