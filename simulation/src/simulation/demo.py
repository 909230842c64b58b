"""`make demo`: the stack, the day of Bình Lư, the audit, and what a person wants to see of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from laptop import interruption
from laptop.errors import StackError
from laptop.stack import Stack
from rich.console import Console
from rich.markup import escape

from simulation import expectations, runs_map, tables
from simulation.conductor import PlayStopped
from simulation.performance import Performance, clock_env, make_stage
from simulation.quiet import NoRest
from simulation.script import binh_lu
from simulation.times import VIETNAM, at

SEED = 20260204
RUN_DIR = Path(".run/demo")
AUDIT_SECONDS_MAX = 120

BEATS = {
    at("08:00"): "20 sellers of Bình Lư register; 12 certified products, 8 of them on sale",
    at("13:00"): "the livestream is on: 90 orders come in by 13:59",
    at("14:00"): "payments is killed; orders go on coming in",
    at("14:10"): "payments is back; the sellers pack",
    at("14:45"): "the wave: one run of 90 parcels is offered to partner A, over hub Sa Pa",
    at("15:00"): "a landslide closes the Ô Quy Hồ pass; the run is moved to hub Lai Châu",
    at("09:30", 1): "Thursday: the 30 of the evening ride, and the three that were not at the gate",
    at("12:00", 2): "Friday: partner A delivers and takes the cash",
    at("12:00", 5): "Monday: the last deliveries",
    at("10:00", 6): "Tuesday: partner A remits the cash of the first days",
    at("17:00", 8): "Thursday: refunds are paid, cash is confirmed, all is settled",
}

app = typer.Typer(add_completion=False, help="Plays days of Chophien over the public wires.")
WIDTH = 120
"""Columns where there is no terminal to ask."""
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)


@app.callback()
def _main() -> None:
    """Several commands, though there is one so far."""


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Another seed is another day with the same outline.")] = SEED,
    stay: Annotated[
        bool | None, typer.Option(help="Stay up at the end. Default: when the terminal is interactive.")
    ] = None,
) -> None:
    """Run the day of Bình Lư on real Kafka, PostgreSQL, gRPC and traces; exits 1 and says which check failed."""
    interruption.heed()
    try:
        failed = _run(seed, sys.stdout.isatty() if stay is None else stay)
    except (StackError, PlayStopped, NoRest) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("stopped")
        raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)


def _run(seed: int, stay: bool) -> list[str]:
    """The whole evening; answers the checks that failed."""
    began = time.monotonic()
    Stack(RUN_DIR).clean()
    clock = make_stage(RUN_DIR, binh_lu(seed))
    console.print(f"[bold]The day of Bình Lư[/], Wednesday 4 February 2026, seed {seed}")
    with Stack(RUN_DIR, extra_env=clock_env(RUN_DIR), say=_say) as stack:
        console.print(f"  the stack is up after {time.monotonic() - began:.0f} s")
        play = Performance(stack, clock, "binh_lu", seed, watch=_tell)
        asyncio.run(play.perform())
        summary = audit(stack, play.actors)
        stack.pss_mb()
        summary |= {
            "seed": seed,
            "effort": play.effort,
            "memory_peak_mb": round(stack.pss_peak_mb),
            "duration_s": round(time.monotonic() - began, 1),
        }
        failed = expectations.failed_of_the_day(summary)
        _show(stack, play, summary, failed, stay)
        if stay:
            with contextlib.suppress(KeyboardInterrupt):
                _stay(stack)
            console.print(f"stopping; data is kept in {stack.run_dir} (`make clean` removes it)")
    return failed


def audit(stack: Stack, actors: Path) -> dict[str, Any]:
    """The auditor's report; it looks from outside, as a process of its own."""
    out = stack.run_dir / "audit.json"
    argv = [sys.executable, "-m", "tests.e2e.auditor", str(stack.run_dir), str(actors), str(out)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=AUDIT_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        raise PlayStopped(f"the auditor was not done after {AUDIT_SECONDS_MAX} s") from None
    if done.returncode:
        raise PlayStopped(f"the auditor could not work:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return report


def _show(stack: Stack, play: Performance, summary: dict[str, Any], failed: list[str], stay: bool) -> None:
    summary["checks_failed"] = failed
    picture = stack.run_dir / "runs.svg"
    picture.write_text(runs_map.draw([*summary["runs"], *summary["control_runs"]]), "utf-8")
    (stack.run_dir / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False), "utf-8")
    tables.show(console, summary)
    console.print(f"  summary   {stack.run_dir / 'summary.json'}")
    console.print(f"  map       {picture}")
    until = "" if stay else " (while the stack is up; in a terminal `make demo` stays)"
    console.print(f"  traces    {stack.zipkin_url}/zipkin/{until}")
    if summary["trace_id"]:
        console.print(f"  one order {stack.trace_url(summary['trace_id'])}{until}", soft_wrap=True)
        console.print(f"  its spans {stack.run_dir / 'trace.json'}")
    console.print(f"  memory    {summary['memory_peak_mb']:,} MB at most, {summary['duration_s']:.0f} s in all")
    for sentence in failed:
        console.print(f"[red]  ✗ {escape(sentence)}[/]")
    for text in summary["findings"][:20]:
        console.print(f"[red]    {escape(text)}[/]")
    if not failed:
        console.print(
            f"[green]  ✓ all {len(expectations.DAY) + len(expectations.NOTHING_WRONG)} checks of the day hold[/]"
        )


def _say(line: str) -> None:
    console.print(f"  [dim]{escape(line)}[/]")


def _tell(now: datetime) -> None:
    """One line for every turn of the story."""
    if beat := BEATS.get(now):
        console.print(f"  {now.astimezone(VIETNAM):%a %d %b %H:%M}  {beat}")


def _stay(stack: Stack) -> None:
    console.print("up until Ctrl-C or `make down`; look around with `make status` and `make story CODE=…`")
    while True:
        stack.check()
        time.sleep(0.5)
