"""Refusals on the wire: errors to google.rpc.Status and back, saying a reason and never an internal message."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import grpc
import grpc.aio
import structlog
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from chassis.kernel import Code, DomainError, Invalid
from chassis.telemetry import count

DOMAIN = "chophien"
"""ErrorInfo.domain of everything we refuse."""

DETAILS_KEY = "grpc-status-details-bin"

_log = structlog.get_logger(__name__)
M = TypeVar("M", bound=Message)


class IdempotencyMismatch(DomainError):
    """This request_id was used before with other content."""

    code = Code.ALREADY_EXISTS


@dataclass(eq=False)
class Refusal(Exception):
    """What the chassis itself refuses, for reasons that are no domain's: identity, load, time, outages."""

    code: grpc.StatusCode
    reason: str
    message: str
    retry_after_seconds: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def overloaded(retry_after_seconds: float) -> Refusal:
    """Too much at once; the caller shall come back after that long."""
    count("rpc.shed")
    return Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "Too many calls at once, try again.", retry_after_seconds
    )


def unavailable() -> Refusal:
    """It may or may not have happened; repeating with the same request_id is safe."""
    return Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", "Not available now, try again with the same id.", 0.2)


def too_late() -> Refusal:
    """The caller's deadline passed before the work was begun; nothing was done."""
    return Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The deadline has passed.")


def refusal_of(error: Exception, method: str) -> Refusal | DomainError:
    """The error as what the caller may know; anything unexpected is logged under an id, and only the id goes out."""
    if isinstance(error, (Refusal, DomainError)):
        return error
    error_id = secrets.token_hex(8)
    count("rpc.internal")
    _log.error("call failed", rpc_method=method, error_id=error_id, exc_info=error)
    return Refusal(grpc.StatusCode.INTERNAL, "INTERNAL", f"Internal error {error_id}.", metadata={"error_id": error_id})


def code_of(error: Refusal | DomainError) -> grpc.StatusCode:
    """The gRPC status code of an error."""
    return error.code if isinstance(error, Refusal) else grpc.StatusCode[error.code.value]


def status_of(error: Refusal | DomainError) -> Status:
    """The whole refusal: code, message, ErrorInfo and, where they apply, BadRequest and RetryInfo."""
    number: int = code_of(error).value[0]
    status = Status(code=number, message=error.message)
    metadata = error.details if isinstance(error, DomainError) else error.metadata
    status.details.add().Pack(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata))
    if isinstance(error, Invalid):
        violation = BadRequest.FieldViolation(field=error.details["field"], description=error.details["problem"])
        status.details.add().Pack(BadRequest(field_violations=[violation]))
    if isinstance(error, Refusal) and error.retry_after_seconds is not None:
        delay = Duration(nanos=int(error.retry_after_seconds % 1 * 1e9), seconds=int(error.retry_after_seconds))
        status.details.add().Pack(RetryInfo(retry_delay=delay))
    return status


def error_info(error: grpc.aio.AioRpcError) -> ErrorInfo | None:
    """The ErrorInfo a server sent along, if it did."""
    return _detail(error, ErrorInfo())


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Why a server refused, e.g. "STOCK_SHORT"; empty if it did not say."""
    found = error_info(error)
    return found.reason if found else ""


def retry_after_seconds(error: grpc.aio.AioRpcError) -> float | None:
    """How long the server asks to wait before trying again, if it does."""
    found = _detail(error, RetryInfo())
    return found.retry_delay.ToTimedelta().total_seconds() if found else None


def bad_fields(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """The fields a server found wrong, with what is wrong with each."""
    found = _detail(error, BadRequest())
    return {one.field: one.description for one in found.field_violations} if found else {}


def _detail(error: grpc.aio.AioRpcError, into: M) -> M | None:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return next((into for detail in Status.FromString(value).details if detail.Unpack(into)), None)
    return None
