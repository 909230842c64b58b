"""A picture of the runs: pickup points, hubs, the closed road, and the stops of each run in their order, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simulation import cast

WIDTH, HEIGHT = 1200, 720
MARGIN = 90
COLOURS = ("#c2410c", "#0f766e", "#6d28d9", "#1d4ed8")
STYLE = """
text { font-family: "Noto Sans", "DejaVu Sans", "Segoe UI", sans-serif; font-size: 13px; fill: #1c1917; }
.title { font-size: 24px; font-weight: 700; } .sub { font-size: 14px; fill: #57534e; }
.hub { font-size: 15px; font-weight: 700; } .small { font-size: 11px; fill: #57534e; }
.order { font-size: 10px; font-weight: 700; fill: #fff; text-anchor: middle; }
.halo { paint-order: stroke; stroke: #fafaf9; stroke-width: 4px; stroke-linejoin: round; }
"""

Position = tuple[float, float]


def _points() -> dict[str, tuple[str, float, float]]:
    gates = (cast.ZONE, *cast.HAMLETS, cast.BAN_BO_GATE)
    return {gate.id: (gate.name, gate.latitude, gate.longitude) for gate in gates}


class _Canvas:
    """Turns degrees into picture coordinates, north up, one scale for both axes."""

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        latitudes, longitudes = [place[0] for place in places], [place[1] for place in places]
        self._south, self._north = min(latitudes), max(latitudes)
        self._west, east = min(longitudes), max(longitudes)
        across, up = (east - self._west) * 0.925, self._north - self._south
        self._scale = min((WIDTH - 2 * MARGIN) / across, (HEIGHT - 2.4 * MARGIN) / up)

    def at(self, latitude: float, longitude: float) -> Position:
        x = MARGIN + (longitude - self._west) * 0.925 * self._scale
        return x, 1.5 * MARGIN + (self._north - latitude) * self._scale


def draw(runs: Sequence[Mapping[str, Any]]) -> str:
    """The picture of these runs (as in summary.json), UTF-8 text."""
    points, hubs = _points(), cast.HUBS
    road = cast.PASS_POSITION
    places = [(latitude, longitude) for _, latitude, longitude in (*points.values(), *hubs.values(), road)]
    canvas = _Canvas(places)
    parts = [_frame(), *_road(canvas)]
    for number, run in enumerate(runs):
        parts += _run(canvas, run, COLOURS[number % len(COLOURS)], number)
    parts += [_gate(canvas, name, latitude, longitude) for name, latitude, longitude in points.values()]
    parts += [_hub(canvas, name, latitude, longitude) for name, latitude, longitude in hubs.values()]
    parts += _legend(runs)
    body = "\n".join(parts)
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} lang="vi">\n<style>{STYLE}</style>\n{body}\n</svg>\n'


def _frame() -> str:
    return (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fafaf9"/>'
        f'<text class="title" x="{MARGIN}" y="48">Các chuyến lấy hàng của Bình Lư</text>'
        f'<text class="sub" x="{MARGIN}" y="72">4–5 tháng 2 năm 2026 · vòng số là thứ tự điểm lấy hàng</text>'
    )


def _text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind} halo" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'


def _road(canvas: _Canvas) -> list[str]:
    """The pass road to Sa Pa, with a cross where it is closed."""
    name, latitude, longitude = cast.PASS_POSITION
    start, top = canvas.at(cast.HAMLETS[1].latitude, cast.HAMLETS[1].longitude), canvas.at(latitude, longitude)
    end = canvas.at(*cast.HUBS["hub-sa-pa"][1:])
    path = f"M{start[0]:.1f},{start[1]:.1f} L{top[0]:.1f},{top[1]:.1f} L{end[0]:.1f},{end[1]:.1f}"
    x, y = top
    return [
        f'<path d="{path}" fill="none" stroke="#dc2626" stroke-width="3" stroke-dasharray="9 7"/>',
        f'<path d="M{x - 9:.1f},{y - 9:.1f} l18,18 m0,-18 l-18,18" stroke="#dc2626" stroke-width="5"/>',
        _text(x, y - 18, f"{name}: đóng từ 15:00", anchor="middle"),
    ]


def _gate(canvas: _Canvas, name: str, latitude: float, longitude: float) -> str:
    x, y = canvas.at(latitude, longitude)
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#1c1917" stroke="#fafaf9" stroke-width="2"/>'
    return dot + _text(x + 10, y + 18, name, "small")


def _hub(canvas: _Canvas, name: str, latitude: float, longitude: float) -> str:
    x, y = canvas.at(latitude, longitude)
    square = f'<rect x="{x - 9:.1f}" y="{y - 9:.1f}" width="18" height="18" rx="3" fill="#1c1917"/>'
    return square + _text(x, y - 16, name, "hub", "middle")


def _run(canvas: _Canvas, run: Mapping[str, Any], colour: str, number: int) -> list[str]:
    """From the hub over the stops and back, slightly beside other runs; each stop with its number."""
    points, aside = _points(), (number - 1) * 5.0
    stops = [canvas.at(*points[stop][1:]) for stop in run["stops"] if stop in points]
    hub = canvas.at(*cast.HUBS[run["hub"]][1:]) if run["hub"] in cast.HUBS else None
    way = [(x + aside, y + aside) for x, y in ([hub, *stops, hub] if hub else stops)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in way)
    drawn = [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-opacity="0.75"/>']
    for order, (x, y) in enumerate(stops, 1):
        cx, cy = x + aside * 2.6, y - 13
        drawn.append(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="8" fill="{colour}"/>')
        drawn.append(f'<text class="order" x="{cx:.1f}" y="{cy + 3.5:.1f}">{order}</text>')
    return drawn


def _legend(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for number, run in enumerate(runs):
        y = HEIGHT - 24 - 22 * (len(runs) - 1 - number)
        colour = COLOURS[number % len(COLOURS)]
        hub = cast.HUBS.get(run["hub"], (run["hub"],))[0]
        words = f"{run['date']} · {run['batch_id']} · {run['partner']} → {hub}: {run['parcels_picked']} kiện"
        if run["missed"]:
            words += f", {run['missed']} kiện chưa có ở điểm lấy"
        if run["moved_by_closure"]:
            words += ", chuyển kho vì đóng đèo"
        lines.append(f'<rect x="{MARGIN}" y="{y - 11}" width="22" height="5" fill="{colour}"/>')
        lines.append(_text(MARGIN + 32, y - 4, words))
    return lines
