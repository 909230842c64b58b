"""Who was not there a moment ago is found at once when it is back."""

from __future__ import annotations

import socket
from pathlib import Path

import grpc
import grpc.aio
import pytest
from chophien.payments.v1 import payments_service_pb2 as payments
from simulation.line import Line, NotNow
from simulation.spool import Spool

TRIES = 12
"""In vain, so that a channel would wait the longest between two tries."""


async def here(request: payments.GetPaymentQrRequest, context: object) -> payments.GetPaymentQrResponse:
    return payments.GetPaymentQrResponse(qr_payload="here")


def back_again(address: str) -> grpc.aio.Server:
    """Payments, as far as this test needs it."""
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        here,
        request_deserializer=payments.GetPaymentQrRequest.FromString,
        response_serializer=payments.GetPaymentQrResponse.SerializeToString,
    )
    service = "chophien.payments.v1.PaymentsService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"GetPaymentQr": handler}),))
    server.add_insecure_port(address)
    return server


async def test_a_service_that_is_back_is_found_by_the_first_call(tmp_path: Path) -> None:
    """A channel that is still waiting for its next try would not even look, and a buyer's code runs out meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
    line = Line({"payments": address}, {"buyer": "token"}, Spool(tmp_path / "journal.jsonl"))
    request = payments.GetPaymentQrRequest(order_id="DH1")
    for _ in range(TRIES):
        with pytest.raises(NotNow):
            await line.call("buyer", request)
    server = back_again(address)
    await server.start()
    try:
        assert (await line.call("buyer", request)).qr_payload == "here"
    finally:
        await line.close()
        await server.stop(None)
