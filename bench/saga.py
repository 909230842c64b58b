"""Sagas a second, PlaceOrder over gRPC until ParcelCreated is applied in orders, beside the reference and DBOS."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
import uvloop
from chassis.door import GROUP_MAX
from laptop.stack import Stack
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import contenders, measure
from bench.load import Market

SAMPLING = 0.1
"""Of our traces; the others have no spans."""

OURS = "chophien"
PRODUCTS = tuple(f"bench-{number}" for number in range(8))


def dbos(stack: Stack, count: int) -> measure.Round:
    """One round of four empty DBOS steps."""
    url = contenders.admin_url(stack).rsplit("/", 1)[0] + "/floor_dbos"
    argv = [sys.executable, "-m", "bench.durable", url, str(count), str(stack.children["postgres"].process.pid)]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    result = json.loads(printed.splitlines()[-1])
    return measure.Round(count, result["took_s"], result["latencies_s"], result["cpu_s"], result["transactions"])


async def one_round(stack: Stack, urls: dict[str, str], count: int, progress: Progress) -> dict[str, measure.Round]:
    """Every contender once, one after the other, the others stopped."""
    task = progress.add_task("a round", total=4)
    rounds, admin = {}, contenders.admin_url(stack)
    for started in (
        contenders.floor(stack, urls, GROUP_MAX, PRODUCTS),
        contenders.ours(stack, PRODUCTS),
        contenders.floor(stack, urls, 1, PRODUCTS),
    ):
        async with started as contender:
            progress.update(task, description=contender.name)
            rounds[contender.name] = await contender.run(count, admin)
        progress.advance(task)
    progress.update(task, description="DBOS, four empty steps")
    rounds["DBOS, four empty steps"] = await asyncio.to_thread(dbos, stack, max(50, count // 10))
    progress.remove_task(task)
    return rounds


async def run(stack: Stack, count: int, rounds: int) -> dict[str, list[measure.Round]]:
    """Alternating rounds of all contenders on one stack."""
    async with contenders.ours(stack, PRODUCTS):
        await Market(stack.target("catalog"), stack.tokens["operator"]).open(dict.fromkeys(PRODUCTS, 1_000_000))
        await asyncio.sleep(2)
    urls = await contenders.prepare_floor(stack)
    results: dict[str, list[measure.Round]] = defaultdict(list)
    with Progress(transient=True) as progress:
        whole = progress.add_task("rounds", total=rounds)
        for _ in range(rounds):
            for name, one in (await one_round(stack, urls, count, progress)).items():
                results[name].append(one)
            progress.advance(whole)
    return results


def middle(rounds: list[measure.Round]) -> dict[str, Any]:
    """The median of every figure over the rounds."""
    rows = [one.row() for one in rounds]
    processes = rows[0]["cpu_ms_per_saga"]
    return {
        **{name: median(row[name] for row in rows) for name in ("sagas_per_s", "p50_ms", "p99_ms", "tx_per_saga")},
        "cpu_ms_per_saga": {name: median(row["cpu_ms_per_saga"][name] for row in rows) for name in processes},
    }


def result_of(results: dict[str, list[measure.Round]]) -> dict[str, Any]:
    """The result file: a row a contender, and the ratios as medians over the rounds of one run."""

    def ratio(to: str) -> float:
        pairs = zip(results[OURS], results[to], strict=True)
        return round(median(ours.per_s / other.per_s for ours, other in pairs), 3)

    return {
        "rows": [
            {"contender": name, "sampling": SAMPLING if name == OURS else None, **middle(rounds)}
            for name, rounds in results.items()
        ],
        "ratio_to_floor": ratio("floor, grouped"),
        "ratio_to_single_floor": ratio("floor, single"),
        "ratio_to_dbos": ratio("DBOS, four empty steps"),
    }


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(
        title="Sagas, PlaceOrder over gRPC until the parcel is known to orders (medians of alternating rounds)"
    )
    for column in ("contender", "sagas/s", "p50 ms", "p99 ms", "tx/saga", "CPU ms/saga by process"):
        table.add_column(column, justify="left" if column == "contender" else "right")
    for row in result["rows"]:
        cpu = " ".join(f"{name} {value:.2f}" for name, value in row["cpu_ms_per_saga"].items())
        figures = (row[name] for name in ("sagas_per_s", "p50_ms", "p99_ms", "tx_per_saga"))
        table.add_row(row["contender"], *(f"{value:,.1f}" for value in figures), cpu)
    console = Console()
    console.print(table)
    console.print(
        f"chophien over the reference: {result['ratio_to_floor']:.2f} grouped (target 0.60), "
        f"{result['ratio_to_single_floor']:.2f} single; over DBOS: {result['ratio_to_dbos']:.0f}× (target 10×)"
    )


def main(
    count: Annotated[int, typer.Option(help="orders a round")] = 3000,
    rounds: Annotated[int, typer.Option(help="rounds of every contender")] = 3,
) -> None:
    """Run the saga bench and write .run/bench/saga.json."""
    home = Path(".run/bench-stack")
    Stack(home).clean()
    with Stack(home, sampling=SAMPLING) as stack:
        for service in contenders.SERVICES:
            stack.kill(service, "all", 15)
            stack.children[f"{service}.all"].process.wait(30)
        result = result_of(uvloop.run(run(stack, count, rounds)))
    show(result)
    print("written:", measure.write("saga", result))


if __name__ == "__main__":
    typer.run(main)
