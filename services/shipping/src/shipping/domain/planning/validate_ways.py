"""What is wrong with matrices and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shipping.domain.planning.faults import moments
from shipping.domain.planning.model import Table, Wave

SECONDS_MAX = 10_000_000
"""A longer way is taken for a mistake (it is how the search writes "cannot be driven")."""


def way_faults(wave: Wave) -> Iterator[str]:
    """Tables, or the matrix where there are none."""
    places: dict[str, tuple[str, ...]] = {}
    for table in wave.tables:
        yield from _table(table)
        if places.setdefault(table.profile, table.place_ids) != table.place_ids:
            yield f"tables[{table.profile}].place_ids: differ between periods"
    if wave.tables:
        return
    for name, ways in (("metres", wave.matrix.metres), ("seconds", wave.matrix.seconds)):
        yield from _cells(f"matrix.{name}", ways)
    missing = next((way for way in wave.matrix.seconds if way not in wave.matrix.metres), None)
    if missing:
        yield f"matrix.metres: no value from {missing[0]!r} to {missing[1]!r}"


def _cells(name: str, ways: Mapping[tuple[str, str], int]) -> Iterator[str]:
    if not set(map(type, ways.values())) <= {int}:
        yield f"{name}: a value is no whole number"
        return
    bad = next((way for way, value in ways.items() if not 0 <= value < SECONDS_MAX), None)
    if bad:
        yield f"{name}: {ways[bad]} from {bad[0]!r} to {bad[1]!r}"


def _table(table: Table) -> Iterator[str]:
    size, where = len(table.place_ids), f"tables[{table.profile}]."
    yield from moments(table, where, ("from_time",))
    if len(set(table.place_ids)) < size:
        yield f"{where}place_ids: a place is there twice"
    for name in ("metres", "seconds"):
        values = getattr(table, name)
        if getattr(values, "shape", None) != (size, size):
            yield f"{where}{name}: shape {getattr(values, 'shape', None)} is not {(size, size)}"
        elif values.dtype.kind not in "iu":
            yield f"{where}{name}: {values.dtype} is no integer type"
        elif size and (values.max() >= SECONDS_MAX or values.min() < -1):
            yield f"{where}{name}: a value is out of range"
    if ((table.metres < 0) & (table.seconds >= 0)).any():
        yield f"{where}metres: a way that can be driven is shorter than nothing"
