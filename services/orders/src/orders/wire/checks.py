"""Checks what comes from outside: bounded, normalised, and refused by the field's name, never quoting it."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

import phonenumbers
from chassis.kernel import Invalid
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import bounds

ID_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 200
CHANNEL_CHARACTERS_MAX = 40
CHANNEL_ORDER_ID_CHARACTERS_MAX = 100
PHONE_CHARACTERS_MAX = 40

_COMMUNE_CODE = re.compile(r"[0-9]{5}")
_CHANNEL = re.compile(rf"[a-z0-9_-]{{1,{CHANNEL_CHARACTERS_MAX}}}")
_E164_OF_VIETNAM = re.compile(r"\+84[0-9]{9}")


def text(field: str, value: str, characters_max: int = TEXT_CHARACTERS_MAX, required: bool = False) -> str:
    """The text in NFC without outer blanks; raises Invalid if it is too long, has control characters or is missing."""
    value = unicodedata.normalize("NFC", value).strip()
    if required and not value:
        raise Invalid(field, "must not be empty")
    if len(value) > characters_max:
        raise Invalid(field, f"must have at most {characters_max} characters")
    if not value.isprintable():
        raise Invalid(field, "must not contain control characters")
    return value


def identifier(field: str, value: str, required: bool = True) -> str:
    """An id as somebody else made it: at most 64 printable ASCII characters."""
    if not value.isascii():
        raise Invalid(field, "must be ASCII")
    return text(field, value, ID_CHARACTERS_MAX, required)


def channel_order_id(value: str) -> str:
    """A channel's own id of an order, as it writes it; may be empty."""
    return text("channel_order_id", value, CHANNEL_ORDER_ID_CHARACTERS_MAX)


def channel(value: str) -> str:
    """A sales channel's name."""
    if not _CHANNEL.fullmatch(value):
        raise Invalid("channel", f"must be 1 to {CHANNEL_CHARACTERS_MAX} of a-z, 0-9, - and _")
    return value


def commune_code(field: str, value: str) -> str:
    """Five digits."""
    if not _COMMUNE_CODE.fullmatch(value):
        raise Invalid(field, "must be five digits")
    return value


def iso_date(field: str, value: str) -> str:
    """A date "YYYY-MM-DD", or nothing."""
    try:
        return bounds.date_of(value).isoformat() if value else ""
    except ValueError:
        raise Invalid(field, "must be a date YYYY-MM-DD") from None


def phone(field: str, value: str) -> str:
    """A possible phone number in E.164; national numbers are read as Vietnamese."""
    if _E164_OF_VIETNAM.fullmatch(value):
        return value  # What the channels send; parsing costs as much as the rest of the request.
    try:
        number = phonenumbers.parse(value[: PHONE_CHARACTERS_MAX + 1], "VN")
    except phonenumbers.NumberParseException:
        raise Invalid(field, "must be a phone number") from None
    if len(value) > PHONE_CHARACTERS_MAX or not phonenumbers.is_possible_number(number):
        raise Invalid(field, "must be a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def time_or_none(field: str, message: Timestamp, is_set: bool) -> datetime | None:
    """A time in UTC; raises Invalid if there is no such time."""
    if not is_set:
        return None
    try:
        return bounds.time_of(message)
    except ValueError as problem:
        raise Invalid(field, str(problem)) from None
