"""Connects telemetry to the OpenTelemetry SDK: resource, sampler, exporter, all from the OTEL_* environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from chassis.settings import SettingsError
from chassis.telemetry import FORCED, Telemetry, counts

_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"


def set_up(service: str, environ: Mapping[str, str] = os.environ) -> tuple[Telemetry, Callable[[], None]]:
    """Telemetry for a process and the function that flushes it at the end (which may take a second)."""
    exporter = _exporter(environ)
    stop_metrics = _set_up_metrics(service, environ)
    if exporter is None:
        return Telemetry(), stop_metrics
    ratio = ratio_of(environ)
    provider = TracerProvider(sampler=ParentBased(Decided()), resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(exporter))

    def stop() -> None:
        provider.shutdown()
        stop_metrics()

    return Telemetry(provider.get_tracer("chassis", schema_url=_SCHEMA), ratio), stop


class Decided(Sampler):
    """Samples a root exactly if `Telemetry` decided so before it made a span object at all."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Follow the decision in the context."""
        forced = parent_context is not None and parent_context.get(FORCED) is True
        return SamplingResult(Decision.RECORD_AND_SAMPLE if forced else Decision.DROP, attributes)

    def get_description(self) -> str:
        """For the SDK's own messages."""
        return "Decided"


def ratio_of(environ: Mapping[str, str]) -> float:
    """The share of new traces to sample, from OTEL_TRACES_SAMPLER and its argument."""
    name = environ.get("OTEL_TRACES_SAMPLER") or "parentbased_always_on"
    kind = name.removeprefix("parentbased_")
    if kind in ("always_on", "always_off"):
        return 1.0 if kind == "always_on" else 0.0
    argument = environ.get("OTEL_TRACES_SAMPLER_ARG") or "1"
    try:
        ratio = float(argument)
    except ValueError:
        ratio = -1.0
    if kind != "traceidratio" or not 0 <= ratio <= 1:
        raise SettingsError(f"OTEL_TRACES_SAMPLER={name} with OTEL_TRACES_SAMPLER_ARG={argument} is not known")
    return ratio


def _exporter(environ: Mapping[str, str]) -> SpanExporter | None:
    """Imports only what is asked for: each exporter brings an HTTP stack along."""
    name = environ.get("OTEL_TRACES_EXPORTER") or "none"
    if name == "none" or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    if name == "zipkin":
        from opentelemetry.exporter.zipkin.json import ZipkinExporter

        return ZipkinExporter()
    if name == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()
    raise SettingsError(f"OTEL_TRACES_EXPORTER must be zipkin, otlp or none, not {name!r}")


def _set_up_metrics(service: str, environ: Mapping[str, str]) -> Callable[[], None]:
    if environ.get("OTEL_METRICS_EXPORTER", "none") != "otlp":
        return lambda: None
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = MeterProvider([reader], Resource.create({"service.name": service}))

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(amount, {"chophien.event": name}) for name, amount in sorted(counts.items())]

    provider.get_meter("chassis").create_observable_counter(
        "chophien.events", [observe], "{event}", "Occurrences counted by the chassis, by name"
    )
    return provider.shutdown
