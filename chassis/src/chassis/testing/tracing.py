"""Telemetry that keeps its spans in memory, so that tests can look at them."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased

from chassis.exporters import Decided
from chassis.telemetry import Telemetry


class Recording(Telemetry):
    """Samples as told (1.0 = everything) and remembers every ended span."""

    def __init__(self, ratio: float = 1.0) -> None:
        """Nothing recorded yet."""
        self._memory = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentBased(Decided()))
        provider.add_span_processor(SimpleSpanProcessor(self._memory))
        super().__init__(provider.get_tracer("test"), ratio)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Ended spans, in the order they ended."""
        return list(self._memory.get_finished_spans())

    def named(self, start: str) -> list[ReadableSpan]:
        """Those whose name starts so."""
        return [span for span in self.spans if span.name.startswith(start)]

    def clear(self) -> None:
        """Forget all."""
        self._memory.clear()
