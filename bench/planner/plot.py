"""Draws gap against CPU budget as a small SVG, one line a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 640, 360, 56
COLOURS = ("#0b6e4f", "#c84630", "#3066be", "#8f6593", "#b08900", "#4a4a4a", "#00798c", "#d1495b")


def plot_gaps(path: Path, title: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """`lines`: by policy (CPU seconds a wave, gap in percent over best known); budgets on a logarithmic axis."""
    budgets = sorted({budget for points in lines.values() for budget, _ in points})
    top = max((gap for points in lines.values() for _, gap in points), default=1.0) * 1.1 or 1.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>',
        _text(WIDTH / 2, 20, title, "middle"),
        _text(WIDTH / 2, HEIGHT - 8, "CPU seconds a wave", "middle"),
        _text(8, 38, "gap over best known, %", "start"),
    ]
    for budget in budgets:
        parts.append(_text(_x(budget, budgets), HEIGHT - MARGIN + 16, f"{budget:g}", "middle"))
    for step in range(5):
        gap, y = top * step / 4, _y(top * step / 4, top)
        parts.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - 150}" stroke="#ddd"/>')
        parts.append(_text(MARGIN - 6, y + 4, f"{gap:.1f}", "end"))
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = " ".join(f"{_x(b, budgets):.1f},{_y(g, top):.1f}" for b, g in sorted(points))
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{_x(b, budgets):.1f}" cy="{_y(g, top):.1f}" r="3" fill="{colour}"/>' for b, g in points]
        parts.append(_text(WIDTH - 140, 60 + 18 * number, name, "start", colour))
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", "utf-8")


def _x(budget: float, budgets: Sequence[float]) -> float:
    place = budgets.index(budget) / max(1, len(budgets) - 1)
    return MARGIN + place * (WIDTH - 150 - MARGIN)


def _y(gap: float, top: float) -> float:
    return HEIGHT - MARGIN - max(0.0, gap) / top * (HEIGHT - 2 * MARGIN)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
