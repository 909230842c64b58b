"""Makes odd messages of good ones, from their descriptors alone: most fields stay good, so that they get far."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\n",
    "🐃🧺",
    unicodedata.normalize("NFD", "Lò Thị Sáng"),  # As some phones write it: letters and their marks apart.
    "\u202eمرحبا",
    "x" * 100_000,
    "é" * 201,
    "a" * 65,
    "'; DROP TABLE orders; --",
    '{"a": [1',
    "%s%(x)s{0}",
    "../../etc",
    "9999-12-31",
    "0001-01-01",
    "20260204",
    "2026-02-30",
    "2026-W06-3",
    "00000",
    "99999",
    "0339٠",
    "+84912345678",
    "REASON",
    "AAAA",
    "bm9vZGxlcw==",
    "\ufeff",
    "\u0085",
    "DH260204ZZZZZZZZZZZZ",
    "DH260204ZZZZZZZZZZZZ-1",
)
NUMBERS = (0, 1, -1, 2, 50, 1_000, 1_001, 10**6, 10**9, 2**31 - 1, -(2**31), 10**10)
LARGE = (2**31, 10**12, 10**13 - 1, 10**13, 2**53 + 1, 2**63 - 1, -(2**63), -(10**13))
FLOATS = (0.0, -0.0, math.nan, math.inf, -math.inf, 1e308, 5e-324, 90.0, 90.0001, -180.0, 180.5)
DAY = 86_400
NEAR = 1_770_186_600
"""Wed 4 Feb 2026 13:30 in Vietnam."""

SECONDS = (
    *(NEAR + days * DAY for days in (-365, -30, -1, 0, 1, 30, 89, 91, 365)),
    *(0, 1, -1, -62_135_596_800, -62_135_596_801, 253_402_300_799, 253_402_300_800, 2**63 - 1, -(2**63)),
)
NANOS = (0, 0, 0, 1, 999_999_999, 1_000_000_000, -1, 2**31 - 1)
WIDE = {Field.CPPTYPE_INT64, Field.CPPTYPE_UINT64}
UNSIGNED = {Field.CPPTYPE_UINT32, Field.CPPTYPE_UINT64}


class Slot(NamedTuple):
    """A field of a message, or of one in it."""

    message: Any
    field: Any


def spoiled(random: Random, message: M, ids: Sequence[str], times_max: int = 3) -> M:
    """A copy with one to `times_max` fields odd; `ids` are those of things that exist, here or elsewhere."""
    copy = type(message)()
    copy.CopyFrom(message)
    for _ in range(random.randint(1, times_max)):
        slots = [slot for slot in _slots(copy) if slot.field.name != "request_id" or random.random() < 0.05]
        if slots:
            _spoil(random, *random.choice(slots), ids)
    return copy


def garbled(random: Random, body: bytes) -> bytes:
    """Bytes cut, turned or longer than they should be."""
    if not body or random.random() < 0.1:
        return random.randbytes(random.randint(0, 40))
    at = random.randrange(len(body))
    match random.randint(0, 3):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + bytes((body[at] ^ 1 << random.randint(0, 7),)) + body[at + 1 :]
        case 2:
            return body + random.randbytes(random.randint(1, 8))
        case _:
            return body[:at] + random.randbytes(2) + body[at:]


def _slots(message: Any) -> Iterator[Slot]:
    """Every field, set or not, of a message and of those set in it."""
    for field in message.DESCRIPTOR.fields:
        yield Slot(message, field)
        if field.message_type is not None and field.message_type.full_name != "google.protobuf.Timestamp":
            values = getattr(message, field.name)
            if field.is_repeated:
                for value in values:
                    yield from _slots(value)
            elif message.HasField(field.name):
                yield from _slots(values)


def _spoil(random: Random, message: Any, field: Any, ids: Sequence[str]) -> None:
    if random.random() < 0.1:
        message.ClearField(field.name)
    elif field.is_repeated:
        _spoil_list(random, message, field, ids)
    elif field.message_type is None:
        setattr(message, field.name, odd_value(random, field, ids))
    elif field.message_type.full_name == "google.protobuf.Timestamp":
        stamp = getattr(message, field.name)
        stamp.seconds, stamp.nanos = random.choice(SECONDS), random.choice(NANOS)
    else:
        message.ClearField(field.name)
        getattr(message, field.name).SetInParent()


def _spoil_list(random: Random, message: Any, field: Any, ids: Sequence[str]) -> None:
    values = getattr(message, field.name)
    kept, how = list(values), random.randint(0, 4)
    del values[:]
    match how:
        case 0:
            values.extend(kept * random.choice((2, 3, 60, 300)))
        case 1:
            random.shuffle(kept)
            values.extend(kept[1:])
        case _ if field.message_type is not None:
            values.extend(kept)
            values.add()
        case _:
            values.extend([*kept, odd_value(random, field, ids)])


def odd_value(random: Random, field: Any, ids: Sequence[str]) -> Any:
    """A value that a field of this type can hold and nobody expects there."""
    match field.cpp_type:
        case Field.CPPTYPE_STRING if field.type == Field.TYPE_BYTES:
            return random.randbytes(random.choice((0, 1, 40, 5_000)))
        case Field.CPPTYPE_STRING:
            return random.choice(ids if ids and random.random() < 0.3 else TEXTS)
        case Field.CPPTYPE_BOOL:
            return random.random() < 0.5
        case Field.CPPTYPE_ENUM:
            return random.choice([value.number for value in field.enum_type.values] + [99, -1, 2**31 - 1])
        case Field.CPPTYPE_FLOAT | Field.CPPTYPE_DOUBLE:
            return random.choice(FLOATS)
        case kind:
            number = random.choice((*NUMBERS, *LARGE) if kind in WIDE else NUMBERS)
            least, most = (0 if kind in UNSIGNED else -(2**63)), 2**63 - 1 if kind in WIDE else 2**31 - 1
            return min(max(number, least), most)
