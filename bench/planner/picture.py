"""Draws one day of one replay beside the best plan known for it: where the runs went, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from bench.planner.contest import ground_of
from bench.planner.instance import DAY_S
from bench.planner.ladder import make_policy
from bench.planner.plot import COLOURS
from bench.planner.roads import Ground, Sent
from bench.planner.simulate import Outcome, replay
from bench.planner.store import Store

PANEL, MAP, GAP, ROW, TOP = 560, 420, 40, 22, 70
"""Width of a panel, height of its map, room between panels, height of a run's row, room for the title; pixels."""
STYLE = 'font-family="Noto Sans, DejaVu Sans, sans-serif" font-size="12" fill="#222"'
EAST = 0.925
"""Length of a degree of longitude in degrees of latitude, about 22° north."""
HOURS = (6, 21)
"""The clock under the map, local hours."""


def draw(ground: Ground, day: int, plans: Sequence[tuple[str, Outcome]]) -> str:
    """SVG text: a panel for each named outcome with its runs that leave on that day (0 is the first)."""
    shown = [(name, outcome, runs_of(outcome, day)) for name, outcome in plans]
    rows = max(len(runs) for *_, runs in shown)
    width, height = len(shown) * (PANEL + GAP) + GAP, TOP + MAP + 50 + ROW * (rows + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {STYLE}>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        _text(GAP, 30, f"{ground.instance.name}, day {day + 1}: runs from the hub (square) over the gates (dots)", 18),
    ]
    for number, (name, outcome, runs) in enumerate(shown):
        x = GAP + number * (PANEL + GAP)
        parcels, bill = sum(len(run.parcels) for run in runs), sum(run.bill for run in runs)
        title = f"{name}: {len(runs)} runs, {parcels} parcels, {bill:,.0f} đ"
        whole = f"all days: {outcome.money:,.0f} đ, {outcome.late} late"
        parts += [_text(x, 54, f"{title} ({whole})", 13), *_map(ground, runs, x), *_clock(ground, runs, x)]
    return "\n".join([*parts, "</svg>", ""])


def runs_of(outcome: Outcome, day: int) -> list[Sent]:
    """The runs that leave on a day, in the order of their departure."""
    return sorted((run for run in outcome.sent if run.leave // DAY_S == day), key=lambda run: (run.leave, run.vehicle))


def _map(ground: Ground, runs: Sequence[Sent], left: float) -> list[str]:
    spots = {place.id: place.position for place in ground.instance.places if place.position}
    north, west = max(p[0] for p in spots.values()), min(p[1] for p in spots.values())
    across = max(max(p[1] for p in spots.values()) - west, 1e-6) * EAST
    down = max(north - min(p[0] for p in spots.values()), 1e-6)
    scale = min((PANEL - 40) / across, (MAP - 40) / down)
    x0, y0 = left + (PANEL - across * scale) / 2, TOP + (MAP - down * scale) / 2
    at = {key: (x0 + (lon - west) * EAST * scale, y0 + (north - lat) * scale) for key, (lat, lon) in spots.items()}
    parts = [f'<rect x="{left}" y="{TOP}" width="{PANEL}" height="{MAP}" fill="#fafaf9" stroke="#ddd"/>']
    for number, run in enumerate(runs):
        vehicle = ground.vehicles[run.vehicle]
        stops = dict.fromkeys(ground.parcels[one].place for one in run.parcels)
        way = [vehicle.start, *stops, ground.hubs[vehicle.end].place]
        shift = (number - len(runs) / 2) * 1.5
        points = " ".join(f"{at[one][0] + shift:.1f},{at[one][1] + shift:.1f}" for one in way if one in at)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_colour(number)}" stroke-width="2"/>')
    hubs = {hub.place for hub in ground.instance.hubs}
    for key, (x, y) in at.items():
        if key in hubs:
            parts.append(f'<rect x="{x - 7:.1f}" y="{y - 7:.1f}" width="14" height="14" fill="#222"/>')
        else:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#444"/>')
    return parts


def _clock(ground: Ground, runs: Sequence[Sent], left: float) -> list[str]:
    """When each run was under way, with its vehicle and its parcels; grey lines are the hubs' cut-offs."""
    top, begin, end = TOP + MAP + 30, HOURS[0] * 3600, HOURS[1] * 3600

    def across(second: float) -> float:
        return left + PANEL * (min(max(second, begin), end) - begin) / (end - begin)

    bottom = top + ROW * (len(runs) + 1)
    parts = [_text(across(hour * 3600), top - 6, f"{hour}:00", 10, "middle") for hour in range(*HOURS, 3)]
    for cutoff in sorted({one % DAY_S for hub in ground.instance.hubs for one in hub.cutoffs}):
        parts.append(f'<path d="M{across(cutoff):.1f} {top}V{bottom}" stroke="#999" stroke-dasharray="3 3"/>')
    for number, run in enumerate(runs):
        y, x, until = top + ROW * number, across(run.leave % DAY_S), across(run.home - run.leave // DAY_S * DAY_S)
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{until - x:.1f}" height="8" fill="{_colour(number)}"/>')
        parts.append(_text(x, y + 18, f"{run.vehicle}, {run.stops} stops, {len(run.parcels)} parcels", 10))
    return parts


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _text(x: float, y: float, words: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def beside(family: str, seed: int, budget: float, policies: Iterable[str]) -> tuple[Ground, list[tuple[str, Outcome]]]:
    """Replays of these policies, and the best known plan if the store holds one that still stands."""
    ground = ground_of(family, seed, budget)
    plans = [(name, replay(ground, make_policy(name, ground))) for name in policies]
    best = Store().best(ground)
    return ground, [*plans, ("hindsight, best known", best)] if best else plans


def main(
    family: Annotated[str, typer.Option(help="family of instances")] = "A",
    seed: Annotated[int, typer.Option(help="its seed")] = 0,
    day: Annotated[int, typer.Option(min=1, help="day of the instance, from 1")] = 2,
    budget: Annotated[float, typer.Option(help="CPU seconds a wave")] = 0.5,
    policy: Annotated[list[str] | None, typer.Option(help="policies to draw; default ours")] = None,
    out: Annotated[Path, typer.Option(help="where the picture goes")] = Path(".run/bench/planner-day.svg"),
) -> None:
    """Draw one day of a replay beside hindsight's plan of the same day."""
    ground, plans = beside(family, seed, budget, policy or ["ours"])
    if not any(runs_of(outcome, day - 1) for _, outcome in plans):
        raise typer.BadParameter(f"no run leaves on day {day}", param_hint="--day")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(draw(ground, day - 1, plans), "utf-8")
    print(f"written: {out}")


if __name__ == "__main__":
    typer.run(main)
