"""Traces and counts: one story, one trace; the nine stories in ten that are not sampled cost one string.

A trace context travels everywhere as its W3C `traceparent` string. Only sampled ones ever become span objects.
Names follow OpenTelemetry semantic conventions 1.44 (messaging, RPC). Attributes never hold personal data.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

SEARCHABLE: Mapping[str, str] = {
    "order_id": "chophien.order.id",
    "parcel_id": "chophien.parcel.code",
    "batch_id": "chophien.batch.id",
    "session_id": "chophien.session.id",
    "partner_id": "chophien.partner",
    "commune_code": "chophien.commune.code",
}
"""Field of a command or fact -> the attribute operators search by. A new searchable name starts here."""

TRANSACTION_ID = "chophien.transaction.id"
"""On process and transaction spans alike, because some viewers drop links."""

FORCED = "chophien-sampled"
"""Context key with which `Telemetry` tells its sampler that the decision was made."""

Attributes = Mapping[str, "str | int"]
counts: Counter[str] = Counter()
"""What happened how often in this process, by name; exported as one metric where metrics are."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_LINKS = 128


def count(name: str, amount: int = 1) -> None:
    """Count an occurrence under a dotted name, e.g. "dispatch.parked"."""
    counts[name] += amount


def valid(traceparent: str) -> bool:
    """Whether a string from outside is a W3C traceparent of version 00."""
    return len(traceparent) == 55 and _TRACEPARENT.fullmatch(traceparent) is not None


def sampled(traceparent: str) -> bool:
    """Whether a traceparent asks for its trace to be recorded (lowest bit of the flags)."""
    return len(traceparent) == 55 and traceparent[54] in "13579bdf"


def trace_id(traceparent: str) -> str:
    """The 32 hex digits that name the trace; empty if there is none."""
    return traceparent[3:35]


class Span:
    """A piece of work in a trace; for unsampled traces only the traceparent that is passed on."""

    __slots__ = ("_span", "traceparent", "used")

    def __init__(self, traceparent: str, span: SdkSpan | None = None) -> None:
        """`traceparent` is what children and messages carry; `used` turns true when something was done in its name."""
        self.traceparent = traceparent
        self.used = False
        self._span = span

    @property
    def recorded(self) -> bool:
        """Whether attributes are worth collecting."""
        return self._span is not None

    def set(self, attributes: Attributes) -> None:
        """Add attributes; names come from the conventions or from SEARCHABLE."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def fail(self, error_type: str) -> None:
        """Mark as failed; `error_type` is a class name, SQLSTATE or status code, never a message with content."""
        if self._span is not None:
            self._span.set_attribute("error.type", error_type)
            self._span.set_status(Status(StatusCode.ERROR, error_type))

    def end(self) -> None:
        """The work is over."""
        if self._span is not None:
            self._span.end()


current: ContextVar[Span | None] = ContextVar("chophien_span", default=None)
"""What this task is doing. Logs and outgoing calls read it."""


def cause() -> str:
    """The traceparent in whose name something is done now; empty if there is none."""
    span = current.get()
    if span is None:
        return ""
    span.used = True
    return span.traceparent


class Transaction(Span):
    """The span of a database transaction shared by many records; `id` is empty when nobody watches."""

    __slots__ = ("id",)

    def __init__(self, traceparent: str, span: SdkSpan | None, id: str) -> None:
        """`id` goes on the process spans of the records too."""
        super().__init__(traceparent, span)
        self.id = id


class Telemetry:
    """Starts spans for one service. With no tracer nothing is recorded, and contexts still travel."""

    def __init__(self, tracer: Tracer | None = None, ratio: float = 0.0) -> None:
        """`ratio` of stories that begin here are sampled; those begun elsewhere keep their decision."""
        self._tracer = tracer
        self._ratio = ratio if tracer else 0.0

    def start(
        self,
        name: str,
        *,
        parent: str = "",
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
        links: Sequence[str] = (),
    ) -> Span:
        """A span under `parent` (a traceparent) or, without one, the root of a new trace (sampled if a link is)."""
        if self._tracer is None or (parent and not sampled(parent)):
            return Span(parent or _fresh())
        linked = [Link(_context(link)) for link in links if sampled(link)]
        if not parent and not linked and random.random() >= self._ratio:
            return Span(_fresh())
        span = self._tracer.start_span(name, _under(parent), kind, attributes, linked[:_MAX_LINKS])
        return Span(_string(span.get_span_context()), span)

    def process(self, topic: str, traceparent: str, transaction: str, command: object, **where: str | int) -> Span:
        """The span of handling one record: child of its context and linked to it; `where`: partition, offset, group."""
        if self._tracer is None or not sampled(traceparent):
            return Span(traceparent or _fresh())
        attributes = {**messaging(topic, "process", where), **searchable(command), TRANSACTION_ID: transaction}
        return self.start(
            f"process {topic}", parent=traceparent, kind=SpanKind.CONSUMER, attributes=attributes, links=(traceparent,)
        )

    def transaction(self, name: str, causes: Iterable[str], size: int) -> Transaction:
        """The span of one shared transaction, a trace of its own linked to the sampled causes; recorded if any is."""
        links = [cause for cause in causes if sampled(cause)] if self._tracer else []
        if not links:
            return Transaction("", None, "")
        id = f"{random.getrandbits(64):016x}"
        attributes: Attributes = {TRANSACTION_ID: id, "messaging.batch.message_count": size}
        span = self.start(f"transaction {name}", attributes=attributes, links=links)
        return Transaction(span.traceparent, span._span, id)

    def fact_traceparent(self, aggregate_trace: str, cause: str, topic: str, fact: object = None) -> str:
        """What a fact carries: its aggregate's trace, with a link to a cause (tick, scan, bank notice) elsewhere."""
        if not aggregate_trace or trace_id(aggregate_trace) == trace_id(cause):
            return cause
        if self._tracer is None or not sampled(aggregate_trace):
            return aggregate_trace
        span = self.start(
            f"create {topic}",
            parent=aggregate_trace,
            kind=SpanKind.PRODUCER,
            attributes={**messaging(topic, "create", {}), **searchable(fact)},
            links=(cause,),
        )
        span.end()
        return span.traceparent


def messaging(topic: str, operation: str, where: Mapping[str, str | int]) -> dict[str, str | int]:
    """Attributes of a messaging span; `where` may name partition, offset and group."""
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
    }
    if "partition" in where:
        attributes["messaging.destination.partition.id"] = str(where["partition"])
    if "offset" in where:
        attributes["messaging.kafka.offset"] = where["offset"]
    if "group" in where:
        attributes["messaging.consumer.group.name"] = where["group"]
    return attributes


def searchable(thing: object) -> dict[str, str]:
    """The searchable attributes of a command, fact or message, by its field names; empty values are left out."""
    found = ((attribute, getattr(thing, name, None)) for name, attribute in SEARCHABLE.items())
    return {attribute: value for attribute, value in found if value and isinstance(value, str)}


def _fresh() -> str:
    return f"00-{random.getrandbits(128) or 1:032x}-{random.getrandbits(64) or 1:016x}-00"


def _string(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _context(traceparent: str) -> SpanContext:
    return SpanContext(
        int(traceparent[3:35], 16), int(traceparent[36:52], 16), True, TraceFlags(int(traceparent[53:55], 16))
    )


def _under(parent: str) -> Context:
    if parent:
        return set_span_in_context(NonRecordingSpan(_context(parent)), Context())
    return Context({FORCED: True})
