"""The words that requests, answers and facts share, both ways, with the bounds of what is taken in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from chassis.kernel import Invalid
from chophien.common.v1 import common_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import bounds
from shipping.domain.goods import Handling, Place, Size
from shipping.domain.partners import VehicleKind

ID_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 64
WEIGHT_G_MAX = 1_000_000
SIDE_CM_MAX = 1_000
COD_VND_MAX = 1_000_000_000

_COMMUNE = re.compile(r"[0-9]{5}")
_CODE = re.compile(rf"[A-Z][A-Z0-9_]{{0,{CODE_CHARACTERS_MAX - 1}}}")

HANDLING: dict[int, Handling] = {
    number: Handling(name.removeprefix("HANDLING_")) for name, number in common_pb2.Handling.items() if number
}
HANDLING_NUMBERS = {need: common_pb2.Handling.Value(f"HANDLING_{need.name}") for need in Handling}
VEHICLE_NUMBERS = {kind: common_pb2.VehicleKind.Value(f"VEHICLE_KIND_{kind.name}") for kind in VehicleKind}
VEHICLES: dict[int, VehicleKind] = {number: kind for kind, number in VEHICLE_NUMBERS.items()}


def identifier(value: str, field: str) -> str:
    """An id: printable ASCII, without blanks, bounded; other services, which are asked with it, take no other."""
    if not value:
        raise Invalid(field, "must not be empty")
    if len(value) > ID_CHARACTERS_MAX:
        raise Invalid(field, f"must have at most {ID_CHARACTERS_MAX} characters")
    if not (value.isascii() and value.isprintable()) or " " in value or "/" in value:
        raise Invalid(field, "must be printable ASCII, without blanks and slashes")
    return value


def maybe_identifier(value: str, field: str) -> str:
    """An id, or empty."""
    return identifier(value, field) if value else ""


def text(value: str, field: str) -> str:
    """Text as people write it, NFC, bounded; may be empty."""
    normal = unicodedata.normalize("NFC", value).strip()
    if len(normal) > TEXT_CHARACTERS_MAX:
        raise Invalid(field, f"must have at most {TEXT_CHARACTERS_MAX} characters")
    if not normal.isprintable() and normal:
        raise Invalid(field, "must not contain control characters")
    return normal


def code(value: str, field: str, *, needed: bool = True) -> str:
    """A machine-readable word, UPPER_SNAKE_CASE."""
    if not value and not needed:
        return ""
    if not _CODE.fullmatch(value):
        raise Invalid(field, f"must be UPPER_SNAKE_CASE with at most {CODE_CHARACTERS_MAX} characters")
    return value


def between(value: int, field: str, low: int, high: int) -> int:
    """A number within bounds, both included."""
    if not low <= value <= high:
        raise Invalid(field, f"must be {low} to {high}")
    return value


def commune_code(value: str, field: str) -> str:
    """Five digits."""
    if not _COMMUNE.fullmatch(value):
        raise Invalid(field, "must be five digits")
    return value


def iso_date(value: str, field: str) -> str:
    """A local date, or empty."""
    if not value:
        return ""
    try:
        return bounds.date_of(value).isoformat()
    except ValueError:
        raise Invalid(field, "must be a date YYYY-MM-DD") from None


def time_from(message: Message, field: str) -> datetime | None:
    """A timestamp field in UTC, bounded; None if unset."""
    if not message.HasField(field):
        return None
    try:
        return bounds.time_of(getattr(message, field))
    except ValueError as problem:
        raise Invalid(field, str(problem)) from None


def needed_time(message: Message, field: str) -> datetime:
    """A timestamp field in UTC that must be set."""
    found = time_from(message, field)
    if found is None:
        raise Invalid(field, "must be set")
    return found


def timestamp(time: datetime) -> Timestamp:
    """A time for the wire."""
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def maybe_timestamp(time: datetime | None) -> Timestamp | None:
    """A time for the wire, or nothing."""
    return None if time is None else timestamp(time)


def place_heard(message: common_pb2.Place) -> Place:
    """A place from a fact, as it is but for its date; whether the commune exists is the domain's to say."""
    return Place(message.commune_code, iso_date(message.as_of_date, "as_of_date"), message.hamlet)


def place_from(message: common_pb2.Place, field: str) -> Place:
    """A place from a request."""
    return Place(
        commune_code(message.commune_code, f"{field}.commune_code"),
        iso_date(message.as_of_date, f"{field}.as_of_date"),
        text(message.hamlet, f"{field}.hamlet"),
    )


def place_to(place: Place) -> common_pb2.Place:
    """A place for the wire."""
    return common_pb2.Place(commune_code=place.commune_code, as_of_date=place.as_of_date, hamlet=place.hamlet)


def size_heard(message: common_pb2.Size) -> Size:
    """A size from a fact, as it is."""
    return Size(message.weight_g, message.length_cm, message.width_cm, message.height_cm)


def size_from(message: common_pb2.Size, field: str) -> Size:
    """A size from a request; a parcel without weight is not shippable."""
    return Size(
        between(message.weight_g, f"{field}.weight_g", 1, WEIGHT_G_MAX),
        between(message.length_cm, f"{field}.length_cm", 0, SIDE_CM_MAX),
        between(message.width_cm, f"{field}.width_cm", 0, SIDE_CM_MAX),
        between(message.height_cm, f"{field}.height_cm", 0, SIDE_CM_MAX),
    )


def size_to(size: Size) -> common_pb2.Size:
    """A size for the wire."""
    return common_pb2.Size(
        weight_g=size.weight_g, length_cm=size.length_cm, width_cm=size.width_cm, height_cm=size.height_cm
    )


def handling_from(values: Iterable[int]) -> tuple[Handling, ...]:
    """What a parcel needs, each once; unspecified and unknown needs are left out."""
    return tuple(dict.fromkeys(HANDLING[value] for value in values if value in HANDLING))


def handling_to(needs: Iterable[Handling]) -> list[common_pb2.Handling.ValueType]:
    """What a parcel needs, for the wire."""
    return [HANDLING_NUMBERS[need] for need in needs]
