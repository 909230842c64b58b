"""Rows as they are written: objects with known fields, null for "as usual", and a word about every field too many."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from bench.planner.refusal import BadInstance

Note = Callable[[str], object]
"""Hears what was ignored or guessed."""
LIKENESS, SHOWN = 0.8, 40
"""How alike a misspelt field is to the one that is meant, and how many characters of a wrong value are shown."""


def fields_of(
    row: Any, kind: type[msgspec.Struct], where: str, note: Note, more: Collection[str] = ()
) -> dict[str, Any]:
    """The fields of a row that say anything; raises BadInstance where one looks like a misspelt field."""
    names = set(kind.__struct_fields__)
    out = {}
    for name, value in obliged(row, Mapping, where, "an object").items():
        if name in names:
            out[name] = value
        elif name not in more and value is not None:
            strange(f"{where}.{name}".lstrip("."), name, names - set(row), note)
    return {name: value for name, value in out.items() if value is not None}


def strange(where: str, name: str, names: Collection[str], note: Note) -> None:
    """Refuse a field that is unknown if a known one must be meant; otherwise say once that it is ignored."""
    if meant := get_close_matches(str(name), sorted(names), 1, LIKENESS):
        raise BadInstance(f"{where}: is unknown; {meant[0]} is meant?")
    first, bracket, last = where.partition("[")
    note(
        f"{first}[]{last.rpartition(']')[2]}: is unknown and ignored" if bracket else f"{where}: is unknown and ignored"
    )


def obliged(value: Any, kind: type[Any], where: str, called: str) -> Any:
    """The value if it is of this kind; raises BadInstance."""
    if not isinstance(value, kind) or isinstance(value, str):
        raise BadInstance(f"{where or 'instance'}: must be {called}, found {shown(value)}")
    return value


def shown(value: Any) -> str:
    """The beginning of a value, for a message."""
    said = json.dumps(value, default=str)
    return said if len(said) <= SHOWN else said[:SHOWN] + "…"


def rows_of(value: Any, where: str) -> list[Any]:
    """A list of rows, or an object of rows by id."""
    if isinstance(value, Mapping):
        return [{"id": name, **obliged(row, Mapping, f"{where}[{name}]", "an object")} for name, row in value.items()]
    return list(obliged(value, list, where, "a list"))


def is_number(value: Any) -> bool:
    """Whether JSON has a number here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Any) -> Any:
    """Ids may be numbers."""
    return str(int(value) if value == value // 1 else value) if is_number(value) else value


def as_span(value: Any) -> Any:
    """From and to: a pair, or an object of two numbers."""
    return list(value.values()) if isinstance(value, Mapping) and len(value) == 2 else value


def as_spans(value: Any) -> Any:
    """One span stands for a list of one."""
    value = as_span(value)
    if isinstance(value, list) and len(value) == 2 and all(map(is_number, value)):
        return [value]
    return [as_span(one) for one in value] if isinstance(value, list) else value
