"""One livestream at full speed: 4,000 orders, one product with 50 units; and once more at 30 orders a second."""

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

LIMITED, LIMITED_UNITS = "limited-edition", 50
PLENTY = ("noodles", "tea", "honey")
STEADY_PER_S = 30.0
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


async def confirmed(url: str, placed: list[Placed], product: str) -> int:
    """Orders of a product that were confirmed."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(CONFIRMED, [one.order_id for one in placed], product))
    finally:
        await connection.close()


def milliseconds(placed: list[Placed], percent: float) -> float:
    """A percentile of the time from the first try to the acceptance, in milliseconds."""
    return round(measure.percentile([one.answered - one.first_try for one in placed], percent) * 1000, 1)


async def run(stack: Stack, count: int) -> dict[str, Any]:
    """A livestream at full speed, then one at the steady rate; every figure but the auditor's."""
    market, url = Market(stack.target("catalog"), stack.tokens["operator"]), plain(stack.database_url("orders"))
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), transient=True) as progress:
        progress.add_task(f"{count} orders at full speed")
        burst = await sell(stack, market, LIMITED, count, None)
        all_answered_s = await answered(url, burst)
        progress.add_task(f"{count} orders at {STEADY_PER_S:.0f}/s")
        steady = await sell(stack, market, f"{LIMITED}-again", count, STEADY_PER_S)
        await answered(url, steady)
    accepted_s = max(one.answered for one in burst) - min(one.first_try for one in burst)
    journal(stack, market, [*burst, *steady])
    return {
        "placed": len(burst),
        "placed_at_30_per_s": len(steady),
        "confirmed_limited": await confirmed(url, burst, LIMITED),
        "confirmed_limited_at_30_per_s": await confirmed(url, steady, f"{LIMITED}-again"),
        "shed": sum(one.sheds for one in burst),
        "accepted_per_s": round(len(burst) / accepted_s, 1),
        "accept_p50_ms": milliseconds(burst, 50),
        "accept_p99_ms": milliseconds(burst, 99),
        "accept_p50_ms_at_30_per_s": milliseconds(steady, 50),
        "accept_p99_ms_at_30_per_s": milliseconds(steady, 99),
        "all_answered_s": round(all_answered_s, 1),
    }


async def sell(stack: Stack, market: Market, limited: str, count: int, per_second: float | None) -> list[Placed]:
    """One session: its limited product and three others, `count` orders as fast as allowed or so many a second."""
    session, products = f"live-{uuid.uuid4().hex[:8]}", (limited, *PLENTY)
    offers = {limited: LIMITED_UNITS, **dict.fromkeys(PLENTY, 0)}
    await market.open({limited: LIMITED_UNITS, **dict.fromkeys(PLENTY, 1_000_000)}, session, offers)
    await asyncio.sleep(2)
    load = Load(stack.target("orders"), stack.tokens["buyer-channel"], products, session, at_once=256)
    return await (load.full_speed(count) if per_second is None else load.steady(count, per_second))


def journal(stack: Stack, market: Market, placed: list[Placed]) -> None:
    """What was asked and answered outside, as the auditor reads it."""
    calls = [
        {
            "as": "buyer",
            "rpc": "PlaceOrder",
            "code": "OK",
            "request": {"request_id": one.request_id},
            "answer": {"order_id": one.order_id},
        }
        for one in placed
    ]
    folder = stack.run_dir / "actors"
    folder.mkdir()
    for actor, entries in (("seller", market.journal), ("buyer", calls)):
        (folder / f"{actor}.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))


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
    lost = audited["lost_facts"] + audited["lost_orders"]
    lost += 2 * count - result["placed"] - result["placed_at_30_per_s"]
    result |= {"lost": lost, "doubled": audited["duplicate_effects"], "oversold": audited["oversold_units"]}
    show(result)
    print("written:", measure.write("livestream", result))
    limited = {result["confirmed_limited"], result["confirmed_limited_at_30_per_s"]}
    if limited != {LIMITED_UNITS} or lost or result["doubled"] or result["oversold"]:
        raise SystemExit("the livestream does not balance: " + "; ".join(audited["findings"][:5]))


if __name__ == "__main__":
    typer.run(main)
