"""Why an instance is refused: one sentence, the field first."""

from __future__ import annotations

import re

import msgspec

MISSING = re.compile(r"Object missing required field `(.+)`")


class BadInstance(Exception):
    """The instance cannot be meant; the message is "field: what is wrong with it"."""


def in_words(error: msgspec.ValidationError) -> str:
    """What is wrong with a type or a bound, as "field: what is wrong with it"."""
    said, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if missing := MISSING.fullmatch(said):
        return f"{path}.{missing[1]}".lstrip(".") + ": is missing"
    return f"{path or 'instance'}: {said[:1].lower()}{said[1:]}"
