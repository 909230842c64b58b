"""Timestamps to datetimes and back; None and absent are the same thing."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel import Invalid
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import bounds


def stamp(time: datetime | None) -> Timestamp | None:
    """A datetime as protobuf has it."""
    if time is None:
        return None
    made = Timestamp()
    made.FromDatetime(time)
    return made


def time_of(field: str, value: Timestamp) -> datetime:
    """A timestamp as UTC datetime; raises Invalid if it was not set or names no time."""
    if not value.seconds:
        raise Invalid(field, "must be set")
    try:
        return bounds.time_of(value)
    except ValueError as problem:
        raise Invalid(field, str(problem)) from None
