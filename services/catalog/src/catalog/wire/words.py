"""The words that requests, answers and facts share, both ways, with the bounds of what is taken in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

import phonenumbers
from chassis.kernel import Invalid
from chophien.catalog.v1 import product_event_pb2, seller_event_pb2
from chophien.common.v1 import common_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from catalog.domain.goods import OCOP_GROUPS, OCOP_STARS, Handling, Line, Ocop, Size
from catalog.domain.places import PickupPoint, Place, VehicleKind
from chassis import bounds

ID_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 200
LINES_MAX = 50
QUANTITY_MAX = 1_000
PRICE_VND_MAX = 1_000_000_000
WEIGHT_G_MAX = 1_000_000
SIDE_CM_MAX = 1_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_COMMUNE = re.compile(r"[0-9]{5}")


def text(value: str, field: str, characters_max: int = TEXT_CHARACTERS_MAX, *, needed: bool = True) -> str:
    """Text as people write it, NFC, without surrounding blanks and control characters."""
    normal = unicodedata.normalize("NFC", value).strip()
    if needed and not normal:
        raise Invalid(field, "must not be empty")
    if len(normal) > characters_max:
        raise Invalid(field, f"must have at most {characters_max} characters")
    if any(unicodedata.category(character) == "Cc" for character in normal):
        raise Invalid(field, "must not contain control characters")
    return normal


def identifier(value: str, field: str) -> str:
    """An id."""
    if not _ID.fullmatch(value):
        raise Invalid(field, f"must be 1 to {ID_CHARACTERS_MAX} letters, digits, - or _")
    return value


def code(value: str, field: str) -> str:
    """A machine-readable word."""
    if not _CODE.fullmatch(value):
        raise Invalid(field, "must be UPPER_SNAKE_CASE with at most 60 characters")
    return value


def between(value: int, field: str, low: int, high: int) -> int:
    """A number within bounds, both included."""
    if not low <= value <= high:
        raise Invalid(field, f"must be {low} to {high}")
    return value


def phone(value: str, field: str) -> str:
    """A phone number in any Vietnamese notation, as E.164."""
    try:
        number = phonenumbers.parse(text(value, field, 40), "VN")
    except phonenumbers.NumberParseException:
        raise Invalid(field, "is not a phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise Invalid(field, "is not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def local_date(value: str, field: str) -> date:
    """A local date written YYYY-MM-DD."""
    try:
        return bounds.date_of(value)
    except ValueError:
        raise Invalid(field, "must be a date YYYY-MM-DD") from None


def time_from(message: Message, field: str) -> datetime | None:
    """A timestamp field in UTC; None if unset."""
    if not message.HasField(field):
        return None
    try:
        return bounds.time_of(getattr(message, field))
    except ValueError as problem:
        raise Invalid(field, str(problem)) from None


def timestamp(time: datetime) -> Timestamp:
    """A time for the wire."""
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def commune_code(value: str, field: str) -> str:
    """Five digits."""
    if not _COMMUNE.fullmatch(value):
        raise Invalid(field, "must be five digits")
    return value


def place_from(message: common_pb2.Place, field: str) -> Place:
    """A place."""
    commune_code(message.commune_code, f"{field}.commune_code")
    if message.as_of_date:
        local_date(message.as_of_date, f"{field}.as_of_date")
    hamlet = text(message.hamlet, f"{field}.hamlet", needed=False)
    return Place(message.commune_code, message.as_of_date, hamlet)


def place_to(place: Place) -> common_pb2.Place:
    """A place for the wire."""
    return common_pb2.Place(commune_code=place.commune_code, as_of_date=place.as_of_date, hamlet=place.hamlet)


def pickup_point_from(message: seller_event_pb2.PickupPoint, field: str) -> PickupPoint:
    """A pickup point."""
    where = message.location
    if not message.HasField("location") or not (-90 <= where.latitude <= 90 and -180 <= where.longitude <= 180):
        raise Invalid(f"{field}.location", "must be degrees WGS 84")
    return PickupPoint(
        pickup_point_id=identifier(message.pickup_point_id, f"{field}.pickup_point_id"),
        name=text(message.name, f"{field}.name"),
        place=place_from(message.place, f"{field}.place"),
        latitude=where.latitude,
        longitude=where.longitude,
        contact_name=text(message.contact_name, f"{field}.contact_name"),
        contact_phone=phone(message.contact_phone, f"{field}.contact_phone"),
        instructions=text(message.instructions, f"{field}.instructions", needed=False),
        largest_vehicle=VehicleKind(enum_name(common_pb2.VehicleKind, message.largest_vehicle, "largest_vehicle")),
    )


def pickup_point_to(point: PickupPoint) -> seller_event_pb2.PickupPoint:
    """A pickup point for the wire."""
    return seller_event_pb2.PickupPoint(
        pickup_point_id=point.pickup_point_id,
        name=point.name,
        place=place_to(point.place),
        location=common_pb2.GeoPoint(latitude=point.latitude, longitude=point.longitude),
        contact_name=point.contact_name,
        contact_phone=point.contact_phone,
        instructions=point.instructions,
        largest_vehicle=common_pb2.VehicleKind.Value(f"VEHICLE_KIND_{point.largest_vehicle.value}"),
    )


def size_from(message: common_pb2.Size, field: str) -> Size:
    """A size; zeros mean not known."""
    return Size(
        between(message.weight_g, f"{field}.weight_g", 0, WEIGHT_G_MAX),
        between(message.length_cm, f"{field}.length_cm", 0, SIDE_CM_MAX),
        between(message.width_cm, f"{field}.width_cm", 0, SIDE_CM_MAX),
        between(message.height_cm, f"{field}.height_cm", 0, SIDE_CM_MAX),
    )


def size_to(size: Size) -> common_pb2.Size:
    """A size for the wire."""
    return common_pb2.Size(
        weight_g=size.weight_g, length_cm=size.length_cm, width_cm=size.width_cm, height_cm=size.height_cm
    )


def handling_from(values: Iterable[int], field: str) -> tuple[Handling, ...]:
    """What a product needs, each once; unspecified is left out."""
    names = (enum_name(common_pb2.Handling, value, field) for value in values)
    return tuple(dict.fromkeys(Handling(name) for name in names if name != "UNSPECIFIED"))


def handling_to(handling: Iterable[Handling]) -> list[common_pb2.Handling.ValueType]:
    """What a product needs, for the wire."""
    return [common_pb2.Handling.Value(f"HANDLING_{need.value}") for need in handling]


def ocop_from(message: product_event_pb2.Ocop, field: str) -> Ocop:
    """An OCOP certificate; stars 1 and 2 are refused (R22)."""
    return Ocop(
        between(message.stars, f"{field}.stars", OCOP_STARS.start, OCOP_STARS.stop - 1),
        between(message.group, f"{field}.group", OCOP_GROUPS.start, OCOP_GROUPS.stop - 1),
        text(message.decision_number, f"{field}.decision_number", 60, needed=False),
        local_date(message.issue_date, f"{field}.issue_date"),
    )


def ocop_to(ocop: Ocop) -> product_event_pb2.Ocop:
    """An OCOP certificate for the wire."""
    return product_event_pb2.Ocop(
        stars=ocop.stars,
        group=ocop.group,
        decision_number=ocop.decision_number,
        issue_date=ocop.issue_date.isoformat(),
    )


def line_from(message: common_pb2.Line) -> Line:
    """A line as another service or the caller states it."""
    return Line(message.product_id, message.quantity, message.unit_price_vnd, message.session_id)


def line_to(line: Line) -> common_pb2.Line:
    """A line for the wire."""
    return common_pb2.Line(
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price_vnd=line.unit_price_vnd,
        session_id=line.session_id,
    )


def enum_name(enum: object, value: int, field: str) -> str:
    """The name of an enum's value without the enum's own prefix; raises Invalid if we do not know it."""
    described = enum.DESCRIPTOR  # type: ignore[attr-defined]
    found = described.values_by_number.get(value)
    if found is None:
        raise Invalid(field, "is not a known value")
    zero = described.values_by_number[0].name
    return str(found.name.removeprefix(zero.removesuffix("UNSPECIFIED")))
