"""Asks a service one question by name, as the operator, synchronously."""

from __future__ import annotations

import importlib
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass

from laptop.errors import StackError
from laptop.layout import Layout

TIMEOUT_SECONDS = 5.0


def ask(layout: Layout, service: str, method: str, **fields: Any) -> Any:
    """The answer of OrdersService.GetOrder to ask(layout, "orders", "GetOrder", order_id=…); None when NOT_FOUND.

    Any other failure raises StackError.
    """
    contract = importlib.import_module(f"chophien.{service}.v1.{service}_service_pb2").DESCRIPTOR
    descriptor = contract.services_by_name[f"{service.capitalize()}Service"].methods_by_name[method]
    request, response = GetMessageClass(descriptor.input_type), GetMessageClass(descriptor.output_type)
    with grpc.insecure_channel(layout.target(service)) as channel:
        call = channel.unary_unary(
            f"/{descriptor.containing_service.full_name}/{method}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return call(
                request(**fields),
                timeout=TIMEOUT_SECONDS,
                metadata=(("authorization", f"Bearer {layout.tokens['operator']}"),),
            )
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise StackError(
                f"{service} does not answer {method}: {error.code().name} {error.details()}",
                layout.log_file(f"{service}.{'serve' if layout.split else 'all'}"),
            ) from error
