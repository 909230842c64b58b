"""An actor's line to the services: gRPC with a token, a deadline and a journal of every call and its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import grpc
import grpc.aio
from chophien.catalog.v1 import catalog_service_pb2
from chophien.orders.v1 import orders_service_pb2
from chophien.payments.v1 import payments_service_pb2
from chophien.shipping.v1 import courier_service_pb2, shipping_service_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from simulation.spool import Spool

DEADLINE_SECONDS = 10.0
PAUSE_SECONDS_MAX = 1.0
TRY_AGAIN = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}
)
CONTRACTS = (
    catalog_service_pb2,
    orders_service_pb2,
    payments_service_pb2,
    shipping_service_pb2,
    courier_service_pb2,
)
CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # Or a new channel would share the connection of the one it replaces, and its pause between two tries.
    ("grpc.use_local_subchannel_pool", 1),
)


class NotNow(Exception):
    """The service cannot be reached, or the thing asked for is not there yet; try again later."""


class Refused(Exception):
    """The service says no; `reason` is its domain error."""

    def __init__(self, code: str, reason: str) -> None:
        """Keep the status code and the reason, e.g. FAILED_PRECONDITION and STOCK_SHORT."""
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Rpc:
    """Where a request goes and what comes back."""

    peer: str
    path: str
    name: str
    answer: type[Message]


def rpcs() -> dict[str, Rpc]:
    """Every RPC by the full name of its request, which no two RPCs share."""
    found = {}
    for contract in CONTRACTS:
        for service in contract.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                path = f"/{service.full_name}/{method.name}"
                peer = service.full_name.split(".")[1]
                found[method.input_type.full_name] = Rpc(peer, path, method.name, GetMessageClass(method.output_type))
    return found


@dataclass
class Line:
    """Calls as one of `tokens`' identities; `patience_seconds` of real time for a service that is away.

    A call is repeated with the same request, so its request_id makes repeating harmless.
    """

    targets: Mapping[str, str]
    tokens: Mapping[str, str]
    journal: Spool
    patience_seconds: float = 0.0
    now: datetime | None = None
    _channels: dict[str, grpc.aio.Channel] = field(default_factory=dict)
    _given_up: list[grpc.aio.Channel] = field(default_factory=list)
    _rpcs: dict[str, Rpc] = field(default_factory=rpcs)

    async def call(self, identity: str, request: Message) -> Any:
        """The answer; raises Refused when the service says no, NotNow when it cannot be reached."""
        rpc = self._rpcs[request.DESCRIPTOR.full_name]
        began, tries, pause = time.monotonic(), 0, 0.05
        while True:
            tries += 1
            try:
                answer = await self._try(rpc, identity, request)
            except grpc.aio.AioRpcError as error:
                over = time.monotonic() - began >= self.patience_seconds
                if error.code() in TRY_AGAIN and not over:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, PAUSE_SECONDS_MAX)
                    continue
                reason = reason_of(error)
                self._note(rpc, identity, request, tries, error.code().name, reason, None)
                if error.code() in TRY_AGAIN:
                    self._hang_up(rpc.peer)
                    raise NotNow(rpc.name) from None
                raise Refused(error.code().name, reason) from None
            self._note(rpc, identity, request, tries, "OK", "", answer)
            return answer

    async def _try(self, rpc: Rpc, identity: str, request: Message) -> Message:
        if rpc.peer not in self._channels:
            self._channels[rpc.peer] = grpc.aio.insecure_channel(self.targets[rpc.peer], options=CHANNEL_OPTIONS)
        method: Any = self._channels[rpc.peer].unary_unary(
            rpc.path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=rpc.answer.FromString,
        )
        metadata = (("authorization", f"Bearer {self.tokens[identity]}"),)
        answer: Message = await method(request, timeout=DEADLINE_SECONDS, metadata=metadata)
        return answer

    def _note(
        self, rpc: Rpc, identity: str, request: Message, tries: int, code: str, reason: str, answer: Message | None
    ) -> None:
        entry = {
            "rpc": rpc.name,
            "as": identity,
            "business_time": self.now.isoformat() if self.now else "",
            "request": MessageToDict(request, preserving_proto_field_name=True),
            "code": code,
            "reason": reason,
            "tries": tries,
        }
        if answer is not None:
            entry["answer"] = MessageToDict(answer, preserving_proto_field_name=True)
        self.journal.write(entry)

    def _hang_up(self, peer: str) -> None:
        """The next call dials anew, and so finds a service that is just back; calls under way keep their channel."""
        if channel := self._channels.pop(peer, None):
            self._given_up.append(channel)

    async def close(self) -> None:
        """Hang up."""
        for channel in (*self._channels.values(), *self._given_up):
            await channel.close()


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """ErrorInfo.reason of a refusal; the bare message where there is none."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value if isinstance(value, bytes) else value.encode())
            for detail in status.details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return str(info.reason)
    return error.details() or ""
