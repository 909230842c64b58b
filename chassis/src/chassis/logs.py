"""Logs: one JSON object a line on stdout, with trace ids, for our own and the libraries' loggers alike.

Events are fixed sentences; ids go in fields. Personal data is never logged.
"""

from __future__ import annotations

import logging
import sys
from traceback import extract_tb

import structlog
from structlog.typing import EventDict, WrappedLogger

from chassis.outages import explain
from chassis.telemetry import current

FRAMES_MAX = 12


def set_up(service: str, level: str = "INFO") -> None:
    """Send every log record of the process to stdout as JSON; libraries' records below WARNING are left out."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _adder(service),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _exception_adder(level),
                structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("chassis", service):
        logging.getLogger(ours).setLevel(level)


def _exception_adder(level: str) -> structlog.typing.Processor:
    def add_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Types and places only: a message may quote a row or a body, and those hold people. DEBUG shows it."""
        info = event.pop("exc_info", None)
        error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
        if isinstance(error, BaseException):
            event["error"] = explain(error)
            event["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in extract_tb(error.__traceback__)][
                -FRAMES_MAX:
            ]
            if level == "DEBUG":
                event["error_message"] = str(error)
        return event

    return add_exception


def _adder(service: str) -> structlog.typing.Processor:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add_service


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    span = current.get()
    if span is not None and span.traceparent:
        event["trace_id"], event["span_id"] = span.traceparent[3:35], span.traceparent[36:52]
    return event
