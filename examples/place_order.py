"""A sample caller: places one order over gRPC with a deadline and safe retries, then asks how it is.

usage: python examples/place_order.py HOST:PORT TOKEN PRODUCT_ID
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid

import grpc.aio
from chophien.common.v1.common_pb2 import PAYMENT_METHOD_COD, Line, Place
from chophien.orders.v1.orders_service_pb2 import Buyer, GetOrderRequest, PlaceOrderRequest
from chophien.orders.v1.orders_service_pb2_grpc import OrdersServiceStub
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]
from grpc_status import rpc_status  # type: ignore[import-untyped]

DEADLINE_SECONDS = 5.0
RETRIES = {
    "methodConfig": [
        {
            "name": [{"service": "chophien.orders.v1.OrdersService"}],
            # Safe for every call: a changing one carries a request_id, so a repetition gets the first answer.
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


def reason(error: grpc.aio.AioRpcError) -> str:
    """The machine-readable reason of a refusal, e.g. PRODUCT_NOT_FOR_SALE; empty if there is none."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""


async def main(target: str, token: str, product_id: str) -> None:
    """Place an order and print what became of it."""
    metadata = (("authorization", f"Bearer {token}"),)
    request = PlaceOrderRequest(
        request_id=uuid.uuid4().hex,
        channel="phone",
        buyer=Buyer(name="Trần Thị Hoa", phone="0912345678", address="15 Hàng Bún"),
        destination=Place(commune_code="00070"),
        payment_method=PAYMENT_METHOD_COD,
        lines=[Line(product_id=product_id, quantity=2)],
    )
    async with grpc.aio.insecure_channel(target, options=[("grpc.service_config", json.dumps(RETRIES))]) as channel:
        orders = OrdersServiceStub(channel)
        try:
            placed = await orders.PlaceOrder(request, timeout=DEADLINE_SECONDS, metadata=metadata)
            print("placed:", placed.order_id, f"{placed.total_vnd:,} đ")
            asking = GetOrderRequest(order_id=placed.order_id)
            print(await orders.GetOrder(asking, timeout=DEADLINE_SECONDS, metadata=metadata))
        except grpc.aio.AioRpcError as error:
            raise SystemExit(f"refused: {error.code().name} {reason(error)} ({error.details()})") from error


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
