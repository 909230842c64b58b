"""Logs: JSON with trace ids, ours and the libraries', and nothing quoted from a body."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from chassis.telemetry import Span

from chassis import logs, telemetry

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def written() -> Iterator[Any]:
    """What was logged since, as JSON objects."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.set_up("orders", "INFO")
    stream = io.StringIO()
    root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers = handlers
    root.setLevel(level)


def test_a_line_is_json_with_service_level_time_and_trace(written: Any) -> None:
    token = telemetry.current.set(Span(TRACE))
    structlog.get_logger("orders.app").info("order placed", order_id="o-1")
    telemetry.current.reset(token)
    (line,) = written()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "order placed",
        "order_id": "o-1",
        "level": "info",
        "logger": "orders.app",
        "service": "orders",
        "trace_id": TRACE[3:35],
        "span_id": TRACE[36:52],
    }


def test_libraries_log_the_same_way_but_only_what_matters(written: Any) -> None:
    logging.getLogger("aiokafka").info("chatter")
    logging.getLogger("aiokafka").warning("trouble in %s", "paradise")
    (line,) = written()
    assert (line["event"], line["logger"], line["service"]) == ("trouble in paradise", "aiokafka", "orders")


def test_an_exception_is_told_by_type_and_place_never_by_its_message(written: Any) -> None:
    try:
        raise ValueError("Vàng A Páo 0912345678")
    except ValueError:
        structlog.get_logger("chassis").exception("call failed")
        logging.getLogger("aiokafka").exception("it broke")
    for line in written():
        assert "0912345678" not in json.dumps(line)
        assert line["error"].startswith("ValueError") and "test_logs.py" in line["frames"][-1]
