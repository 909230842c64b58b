"""A picture of the runs as SVG: on the left hubs and the closed road, on the right the gates and stops in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from simulation import cast

WIDTH, HEIGHT = 1320, 760
COLOURS = ("#c2410c", "#0f766e", "#6d28d9", "#1d4ed8")
DEGREE_RATIO = 0.925
"""Length of a degree of longitude here, in degrees of latitude."""
STYLE = """
text { font-family: "Noto Sans", "DejaVu Sans", "Segoe UI", sans-serif; font-size: 13px; fill: #1c1917; }
.title { font-size: 24px; font-weight: 700; } .sub { font-size: 14px; fill: #57534e; }
.hub { font-size: 15px; font-weight: 700; } .small { font-size: 12px; fill: #44403c; }
.order { font-size: 10px; font-weight: 700; fill: #fff; text-anchor: middle; }
.halo { stroke: #fff; stroke-width: 4px; stroke-linejoin: round; }
"""

Position = tuple[float, float]
Run = Mapping[str, Any]
GATES = {gate.id: gate for gate in (cast.ZONE, *cast.HAMLETS, cast.BAN_BO_GATE)}


class _Panel:
    """A frame in the picture with a map of its own: north up, one scale, all places inside."""

    def __init__(self, frame: tuple[float, float, float, float], places: Iterable[Position], margin: float) -> None:
        """`frame` is x, y, width, height; places are latitude and longitude."""
        latitudes, longitudes = zip(*places, strict=True)
        self.frame, (x, y, width, height) = frame, frame
        across, up = (max(longitudes) - min(longitudes)) * DEGREE_RATIO, max(latitudes) - min(latitudes)
        self._scale = min((width - 2 * margin) / across, (height - 2 * margin) / up)
        self._west, self._north = min(longitudes), max(latitudes)
        self._x = x + (width - across * self._scale) / 2
        self._y = y + (height - up * self._scale) / 2

    def at(self, latitude: float, longitude: float) -> Position:
        """Where a place is in the picture."""
        x = self._x + (longitude - self._west) * DEGREE_RATIO * self._scale
        return x, self._y + (self._north - latitude) * self._scale

    def background(self, title: str) -> str:
        """The frame itself."""
        x, y, width, height = self.frame
        box = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" fill="#fff" stroke="#e7e5e4"/>'
        return box + _text(x + 16, y + 26, title, "sub")


def draw(runs: Sequence[Run]) -> str:
    """The picture of these runs (as in summary.json), UTF-8 text."""
    hubs = {hub: cast.HUBS[hub] for hub in _hubs_of(runs)}
    gates = [(gate.latitude, gate.longitude) for gate in GATES.values()]
    far = [*gates, *((latitude, longitude) for _, latitude, longitude in hubs.values())]
    wide, near = _Panel((40, 100, 600, 480), far, 95), _Panel((660, 100, 620, 480), gates, 80)
    parts = [wide.background("Kho và đường đèo"), near.background("Điểm lấy hàng, theo thứ tự ghé"), *_road(wide)]
    for number, run in enumerate(runs):
        parts += _line(wide, run, number, run["hub"]) + _line(near, run, number)
    parts += [_label(near, gate) for gate in GATES.values()]
    parts += [_dot(panel, gate) for panel in (wide, near) for gate in GATES.values()]
    for number, run in enumerate(runs):
        parts += _orders(near, run, number)
    parts += [_hub(wide, *hub) for hub in hubs.values()]
    parts += _legend(runs)
    return _svg(parts)


def _svg(parts: Iterable[str]) -> str:
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    head = (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fafaf9"/>'
        '<text class="title" x="40" y="48">Các chuyến lấy hàng của Bình Lư</text>'
        '<text class="sub" x="40" y="74">Thứ Tư 4 và thứ Năm 5 tháng 2 năm 2026</text>'
    )
    body = "\n".join((head, *parts))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} lang="vi">\n<style>{STYLE}</style>\n{body}\n</svg>\n'


def _hubs_of(runs: Sequence[Run]) -> list[str]:
    """Hubs that were planned or reached; the two of the pass at least."""
    named = {run[name] for run in runs for name in ("hub", "tendered_over_hub") if run.get(name) in cast.HUBS}
    return sorted(named | {"hub-lai-chau", "hub-sa-pa"})


def _text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    placed = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'
    # Twice, since not every viewer knows paint-order: a white outline first, the letters over it.
    return f'<text class="{kind} halo" {placed}<text class="{kind}" {placed}'


def _road(panel: _Panel) -> list[str]:
    """The pass road to Sa Pa, with a cross where it is closed."""
    name, *top = cast.PASS_POSITION
    begin = (cast.HAMLETS[1].latitude, cast.HAMLETS[1].longitude)
    way = [panel.at(*place) for place in (begin, top, cast.HUBS["hub-sa-pa"][1:])]
    x, y = way[1]
    return [
        f'<polyline points="{_joined(way)}" fill="none" stroke="#dc2626" stroke-width="3" stroke-dasharray="9 7"/>',
        f'<path d="M{x - 8:.1f},{y - 8:.1f} l16,16 m0,-16 l-16,16" stroke="#dc2626" stroke-width="5"/>',
        _text(x, y + 30, f"{name}, đóng từ 15:00", "small", "middle"),
    ]


def _joined(way: Iterable[Position]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in way)


def _stops(panel: _Panel, run: Run) -> list[Position]:
    gates = [GATES[stop] for stop in run["stops"] if stop in GATES]
    return [panel.at(gate.latitude, gate.longitude) for gate in gates]


def _line(panel: _Panel, run: Run, number: int, hub: str = "") -> list[str]:
    """From the hub over the stops and back, a little beside the other runs."""
    ends = [panel.at(*cast.HUBS[hub][1:])] if hub in cast.HUBS else []
    aside = (number - 1) * 4.0
    way = [(x + aside, y + aside) for x, y in (*ends, *_stops(panel, run), *ends)]
    colour = COLOURS[number % len(COLOURS)]
    look = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-opacity="0.7" stroke-linejoin="round"'
    return [f'<polyline points="{_joined(way)}" {look}/>']


def _orders(panel: _Panel, run: Run, number: int) -> list[str]:
    """The number of each stop, each run in its own row above the gate."""
    drawn = []
    for order, (x, y) in enumerate(_stops(panel, run), 1):
        x, y = x + (number - 1) * 10, y - 17
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{COLOURS[number % len(COLOURS)]}"/>')
        drawn.append(f'<text class="order" x="{x:.1f}" y="{y + 3.5:.1f}">{order}</text>')
    return drawn


def _dot(panel: _Panel, gate: cast.Point) -> str:
    x, y = panel.at(gate.latitude, gate.longitude)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#1c1917" stroke="#fff" stroke-width="2"/>'


def _label(panel: _Panel, gate: cast.Point) -> str:
    """Beside the gate in the left half, where there is room, else below it."""
    x, y = panel.at(gate.latitude, gate.longitude)
    if x < panel.frame[0] + panel.frame[2] / 2:
        return _text(x + 12, y + 6, gate.name, "small")
    return _text(x, y + 21, gate.name, "small", "middle")


def _hub(panel: _Panel, name: str, latitude: float, longitude: float) -> str:
    x, y = panel.at(latitude, longitude)
    square = f'<rect x="{x - 9:.1f}" y="{y - 9:.1f}" width="18" height="18" rx="3" fill="#1c1917"/>'
    return square + _text(x, y - 18, name, "hub", "middle")


def _legend(runs: Sequence[Run]) -> list[str]:
    lines = []
    for number, run in enumerate(runs):
        y = 622 + 26 * number
        hub = cast.HUBS.get(run["hub"], (run["hub"],))[0]
        words = f"{run['date']} · {run['batch_id']} · {run['partner']} → {hub}: {run['parcels_picked']} kiện"
        if run["missed"]:
            words += f", {run['missed']} kiện chưa có ở điểm lấy"
        if run["moved_by_closure"]:
            words += ", chuyển kho vì đóng đèo"
        colour = COLOURS[number % len(COLOURS)]
        lines.append(f'<rect x="40" y="{y - 8}" width="24" height="5" rx="2" fill="{colour}"/>')
        lines.append(_text(76, y, words))
    return lines
