"""Reads, writes and names replay files; forgiving about spellings, strict about what they mean."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.planner.checks import check
from bench.planner.doubts import doubts
from bench.planner.hours import daily
from bench.planner.instance import Instance, Profile
from bench.planner.refusal import BadInstance, in_words
from bench.planner.rounding import whole
from bench.planner.rows import Note
from bench.planner.spelling import plain

SCHEMA = Path(__file__).with_name("replay.schema.json")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
Read = TypeVar("Read", bound=msgspec.Struct)


def load_instance(path: Path, note: Note = lambda _: None) -> Instance:
    """Read one replay file; raises BadInstance with the field named, or OSError."""
    return parse(decode(path.read_bytes(), "file"), note)


def decode(text: bytes | str, called: str) -> Any:
    """What JSON says; raises BadInstance, with whatever the text is called as its field."""
    raw = text.encode() if isinstance(text, str) else text
    try:
        return msgspec.json.decode(raw.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInstance(f"{called}: is not JSON ({error})") from None


def parse(raw: Any, note: Note = lambda _: None) -> Instance:
    """An instance from decoded JSON; raises BadInstance. `note` hears of what was ignored or guessed."""
    heard = dict[str, None]()
    said = plain(raw, heard.setdefault)
    for one in heard:
        note(one)
    try:
        instance = msgspec.convert(said, Instance, strict=False)
    except msgspec.ValidationError:
        instance = _converted(whole(said))
    check(instance)
    read = daily(instance, note)
    for one in doubts(read):
        note(one)
    return read


def _converted(said: dict[str, Any]) -> Instance:
    """Profiles first, one by one: the whole instance would not say which of them is wrong."""
    for name, row in said.get("profiles", {}).items():
        _as(Profile, row, f"profiles[{name}].")
    return _as(Instance, said, "")


def _as(kind: type[Read], said: Any, where: str) -> Read:
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadInstance(where + in_words(error)) from None


def dump(instance: Instance) -> bytes:
    """The canonical JSON of an instance."""
    return msgspec.json.encode(instance)


def fingerprint(instance: Instance) -> str:
    """Names an instance by everything but its budget and seed of the search."""
    return hashlib.sha256(dump(msgspec.structs.replace(instance, budget=0, seed=0))).hexdigest()[:16]


def schema() -> bytes:
    """The JSON Schema of the format, as committed."""
    stated = msgspec.json.schema(Instance)
    stated["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return msgspec.json.format(msgspec.json.encode(stated), indent=1) + b"\n"
