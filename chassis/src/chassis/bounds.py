"""What may come in at all: times, dates and facts that somebody can mean and every database can hold.

Contracts say more of each field; this holds for all of them, so that no odd fact is stored and breaks later readers:
numbers that are none, the ends of time (PostgreSQL's infinities), money below zero, endless texts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.outages import Showable

YEARS = range(1970, 2100)
"""From where clocks start that were never set, to beyond all that is planned."""

VND_MAX = 10**13 - 1
"""13 digits, the room there is for the amount of a QR code."""

NUMBER_MAX = 10**12
"""Of all other numbers: a thousand of such pieces still fit a column."""

ID_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 2_000
_MEASURES = {Field.CPPTYPE_DOUBLE, Field.CPPTYPE_FLOAT}
_NUMBERS = _MEASURES | {Field.CPPTYPE_INT32, Field.CPPTYPE_INT64, Field.CPPTYPE_UINT32, Field.CPPTYPE_UINT64}
_DEGREES_MAX = {"latitude": 90.0, "longitude": 180.0}

_FIRST_SECOND, _PAST_SECOND = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (YEARS.start, YEARS.stop))

Rule = Callable[[Any], str]
"""What is wrong with a value; empty = nothing."""


class Implausible(Showable):
    """A fact says what nobody can mean; names the field, never its value."""


def time_of(stamp: Timestamp) -> datetime:
    """A time in UTC; raises ValueError for one that nobody can mean."""
    if problem := _wrong_time(stamp):
        raise ValueError(problem)
    return stamp.ToDatetime(UTC)


def date_of(text: str) -> date:
    """A date written YYYY-MM-DD; raises ValueError for one that nobody can mean."""
    day = date.fromisoformat(text)
    if day.year not in YEARS or day.isoformat() != text:
        raise ValueError("is no date of ours")
    return day


def check(fact: Message) -> None:
    """Raises Implausible if a field of the fact, or of a message in it, is out of bounds, or its key is empty."""
    key = _key(fact.DESCRIPTOR)
    if key and not getattr(fact, key):
        raise Implausible(f"{key} must not be empty")
    if problem := _wrong(fact):
        raise Implausible(problem)


@cache
def _key(kind: Descriptor) -> str:
    """The first field of a fact, if that is an id: whose fact it is."""
    first = kind.fields[0].name
    return first if first.endswith("_id") else ""


def _wrong(message: Any) -> str:
    return _rules(message.DESCRIPTOR)(message)


def _wrong_time(stamp: Timestamp) -> str:
    if _FIRST_SECOND <= stamp.seconds < _PAST_SECOND and 0 <= stamp.nanos < 10**9:
        return ""
    return f"must be a time of the years {YEARS.start} to {YEARS.stop - 1}"


@cache
def _rules(kind: Descriptor) -> Rule:
    """The rule of a kind of message. Every fact heard passes here, so what its fields allow is looked up once."""
    fields = kind.fields
    plain = [field for field in fields if not field.is_repeated]
    texts = [(field.name, _characters_max(field)) for field in plain if field.type == Field.TYPE_STRING]
    numbers = [(field.name, *_span(field)) for field in plain if field.cpp_type in _NUMBERS]
    inner = [(field.name, _rule(field)) for field in plain if field.message_type is not None]
    lists = [(field.name, _rule(field)) for field in fields if field.is_repeated and _is_ruled(field)]

    def wrong(message: Any) -> str:
        for name, most in texts:
            if len(text := getattr(message, name)) > most or "\x00" in text:
                return f"{name} must have at most {most} characters and no NUL"
        for name, low, high in numbers:
            if not low <= getattr(message, name) <= high:
                return f"{name} must be {low} to {high}"
        for name, rule in inner:
            if message.HasField(name) and (problem := rule(getattr(message, name))):
                return f"{name}.{problem}" if rule is _wrong else f"{name} {problem}"
        for name, rule in lists:
            if problem := next(filter(None, map(rule, getattr(message, name))), ""):
                return f"{name}: {problem}"
        return ""

    return wrong


def _is_ruled(field: Any) -> bool:
    return field.type == Field.TYPE_STRING or field.cpp_type in _NUMBERS or field.message_type is not None


def _rule(field: Any) -> Rule:
    """What holds for one value of a field."""
    if field.message_type is not None:
        is_time = field.message_type.full_name == Timestamp.DESCRIPTOR.full_name
        return _wrong_time if is_time else _wrong
    if field.type == Field.TYPE_STRING:
        most = _characters_max(field)
        return lambda text: (
            f"must have at most {most} characters and no NUL" if len(text) > most or "\x00" in text else ""
        )
    low, high = _span(field)
    return lambda number: "" if low <= number <= high else f"must be {low} to {high}"


def _characters_max(field: Any) -> int:
    return ID_CHARACTERS_MAX if field.name.endswith(("_id", "_ids")) else TEXT_CHARACTERS_MAX


def _span(field: Any) -> tuple[float, float]:
    """Least and most, both included; NaN is in no span."""
    if field.cpp_type in _MEASURES:
        most = _DEGREES_MAX.get(field.name, float(NUMBER_MAX))
        return -most, most
    return 0, VND_MAX if field.name.endswith("_vnd") else NUMBER_MAX
