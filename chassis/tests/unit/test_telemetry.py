"""Traces: one story, one trace; and what is not sampled costs no span."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from chassis.exporters import ratio_of, set_up
from chassis.settings import SettingsError
from chassis.telemetry import SEARCHABLE, TRANSACTION_ID, Telemetry, sampled, searchable, trace_id, valid
from chassis.testing.tracing import Recording
from opentelemetry.sdk.trace import ReadableSpan

ORDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SCAN = "00-11111111111111111111111111111111-2222222222222222-01"


@dataclass
class AcceptTender:
    batch_id: str = "b-1"
    partner_id: str = "partner-a"
    order_id: str = ""
    contact_phone: str = "0912345678"
    reason: str = "none"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.mark.parametrize("bad", ["", "00", ORDER[:-1], ORDER.upper(), "01" + ORDER[2:], ORDER.replace("0af", "xyz")])
def test_what_is_no_traceparent_is_known_as_such(bad: str) -> None:
    assert valid(ORDER) and not valid(bad)


def test_all_zero_ids_are_no_context() -> None:
    assert not valid("00-" + "0" * 32 + ORDER[35:]) and not valid(ORDER[:36] + "0" * 16 + "-01")


@pytest.mark.parametrize(("flags", "asked"), [("00", False), ("01", True), ("03", True), ("02", False)])
def test_the_lowest_bit_of_the_flags_asks_for_sampling(flags: str, asked: bool) -> None:
    assert sampled(ORDER[:-2] + flags) is asked


def test_an_unsampled_story_passes_its_context_on_and_makes_no_span() -> None:
    tracing, unsampled = Recording(), ORDER[:-1] + "0"
    span = tracing.process("t", unsampled, "", AcceptTender())
    assert span.traceparent == unsampled and not span.recorded
    assert tracing.fact_traceparent(unsampled, SCAN, "t") == unsampled
    assert tracing.spans == []


def test_a_new_story_is_sampled_at_the_given_ratio_and_has_a_context_either_way() -> None:
    tracing = Recording(ratio=0.3)
    spans = [tracing.start("root") for _ in range(2000)]
    recorded = [span for span in spans if span.recorded]
    assert 450 < len(recorded) < 750
    assert all(valid(span.traceparent) and sampled(span.traceparent) == span.recorded for span in spans)
    assert len({trace_id(span.traceparent) for span in spans}) == 2000


def test_without_an_exporter_contexts_still_travel() -> None:
    telemetry = Telemetry()
    assert telemetry.process("t", ORDER, "", AcceptTender()).traceparent == ORDER
    assert valid(telemetry.start("root").traceparent) and telemetry.transaction("orders", [ORDER], 1).id == ""


def test_a_record_is_processed_in_its_own_trace_with_a_link_and_the_transactions_id() -> None:
    tracing = Recording()
    transaction = tracing.transaction("orders", [ORDER, SCAN, ORDER[:-1] + "0"], 3)
    span = tracing.process(
        "orders.v1.OrderEvent", ORDER, transaction.id, AcceptTender(), partition=2, offset=7, group="g"
    )
    span.end()
    transaction.end()
    process, shared = tracing.spans
    assert process.context is not None and process.parent is not None
    assert f"{process.context.trace_id:032x}" == trace_id(ORDER) == f"{process.links[0].context.trace_id:032x}"
    assert attributes(process) == {
        "messaging.system": "kafka",
        "messaging.destination.name": "orders.v1.OrderEvent",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.partition.id": "2",
        "messaging.kafka.offset": 7,
        "messaging.consumer.group.name": "g",
        "chophien.batch.id": "b-1",
        "chophien.partner": "partner-a",
        "chophien.transaction.id": transaction.id,
    }
    assert shared.parent is None and len(shared.links) == 2
    assert attributes(shared)["chophien.transaction.id"] == transaction.id


def test_nobody_watching_means_no_transaction_span() -> None:
    tracing = Recording(ratio=0.0)
    assert tracing.transaction("orders", [ORDER[:-1] + "0", ""], 2).id == ""
    tracing.transaction("orders", [ORDER], 1).end()
    assert len(tracing.spans) == 1


def test_a_fact_stays_in_its_causes_span_while_that_is_the_same_story() -> None:
    tracing, same = Recording(), ORDER.replace("b7ad", "1234")
    assert tracing.fact_traceparent(ORDER, same, "t") == same
    assert tracing.fact_traceparent("", SCAN, "t") == SCAN
    assert tracing.spans == []


def test_a_fact_caused_elsewhere_stays_in_its_aggregates_trace_and_links_to_the_cause() -> None:
    tracing = Recording()
    carried = tracing.fact_traceparent(ORDER, SCAN, "orders.v1.OrderEvent", AcceptTender())
    (span,) = tracing.spans
    assert trace_id(carried) == trace_id(ORDER) and span.name == "create orders.v1.OrderEvent"
    assert f"{span.links[0].context.span_id:016x}" == SCAN[36:52]
    assert attributes(span)["chophien.batch.id"] == "b-1"


def test_only_declared_names_become_attributes() -> None:
    assert searchable(AcceptTender()) == {"chophien.batch.id": "b-1", "chophien.partner": "partner-a"}
    names = ("order.id", "parcel.code", "batch.id", "session.id", "partner", "commune.code", "transaction.id")
    assert {*SEARCHABLE.values(), TRANSACTION_ID} == {f"chophien.{name}" for name in names}


def test_a_failure_is_told_by_type_only() -> None:
    tracing = Recording()
    span = tracing.start("work")
    span.fail("Unlucky")
    span.end()
    assert attributes(tracing.spans[0]) == {"error.type": "Unlucky"} and not tracing.spans[0].status.is_ok


@pytest.mark.parametrize(
    ("environ", "ratio"),
    [
        ({}, 1.0),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}, 0.1),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, 0.0),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, 0.0),
    ],
)
def test_the_sampler_is_read_from_the_environment(environ: dict[str, str], ratio: float) -> None:
    assert ratio_of(environ) == ratio


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_TRACES_SAMPLER": "jaeger_remote"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "many"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
    ],
)
def test_an_unknown_sampler_stops_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        ratio_of(environ)


@pytest.mark.parametrize("exporter", ["zipkin", "otlp", "none"])
def test_every_exporter_can_be_set_up_and_stopped(exporter: str) -> None:
    _telemetry, stop = set_up("orders", {"OTEL_TRACES_EXPORTER": exporter})
    stop()


def test_an_unknown_exporter_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="zipkin, otlp or none"):
        set_up("orders", {"OTEL_TRACES_EXPORTER": "jaeger"})
