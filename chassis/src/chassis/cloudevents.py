"""CloudEvents 1.0 in Kafka's binary mode: the headers a fact carries, and reading them without ever raising."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

CONTENT_TYPE = ("content-type", b"application/protobuf")
SPEC_VERSION = ("ce_specversion", b"1.0")
TEXT_CHARACTERS_MAX = 200
"""Longest id or key we take as it is; longer ones are not ours, and would not fit an index."""

Headers = list[tuple[str, bytes]]


def headers_of(source: bytes, id: str, type: str, subject: bytes, time: datetime, traceparent: str) -> Headers:
    """What a fact carries; `source` is /services/<name> and `time` business time."""
    headers = [
        SPEC_VERSION,
        ("ce_id", id.encode()),
        ("ce_source", source),
        ("ce_type", type.encode()),
        ("ce_subject", subject),
        ("ce_time", timestamp(time)),
        CONTENT_TYPE,
    ]
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def timestamp(time: datetime) -> bytes:
    """RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()


def readable(value: bytes | None) -> str:
    """Bytes from outside as text that any database takes: bad UTF-8 and NUL are shown, not lost."""
    return (value or b"").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def id_and_trace(headers: Iterable[tuple[str, bytes | None]]) -> tuple[str, str]:
    """The event's id and traceparent, each empty if missing."""
    id = trace = b""
    for name, value in headers:
        if name == "ce_id":
            id = value or b""
        elif name == "traceparent":
            trace = value or b""
    return readable(id), readable(trace)
