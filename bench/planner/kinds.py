"""Which kind of vehicle is meant, where `max_kind` or `min_kind` make it matter."""

from __future__ import annotations

import re
from typing import Any

from bench.planner.instance import KINDS
from bench.planner.refusal import BadInstance
from bench.planner.rows import Note

WORDS = {
    "motorbike": {"motorbike", "motorcycle", "motor", "moto", "bike", "scooter"},
    "van": {"van", "minivan", "car", "pickup"},
    "truck": {"truck", "lorry"},
}
ANY = ("any", "all", "none")
"""Words for no limit."""


def tell_kinds(plain: dict[str, Any], note: Note) -> None:
    """Fill in the kinds of vehicles, if any place or parcel asks for them; raises BadInstance for an unknown limit."""
    asked = False
    for field, name in (("places", "max_kind"), ("parcels", "min_kind")):
        for number, row in enumerate(plain.get(field, ())):
            if (said := row.get(name)) and str(said).strip().lower() in ANY:
                row[name] = None
            elif said:
                asked, row[name] = True, _kind(said)
                if not row[name]:
                    raise BadInstance(f"{field}[{number}].{name}: {said} is none of {', '.join(KINDS)}")
    for row in plain.get("vehicles", ()) if asked else ():
        told = next((kind for name in ("kind", "profile", "id") if (kind := _kind(row.get(name)))), None)
        if told:
            row["kind"] = told
        else:
            note(f"vehicles[{row['id']}].kind: none of {', '.join(KINDS)}; it is let in everywhere")


def _kind(said: object) -> str | None:
    """The kind that a word of the text names."""
    words = {word.removesuffix("s") for word in re.findall("[a-z]+", str(said or "").lower())}
    return next((kind for kind in KINDS if words & WORDS[kind]), None)
