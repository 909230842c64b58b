"""Asks a process for its gRPC health."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]


def health(address: str, name: str = "", timeout_seconds: float = 1.0) -> str:
    """SERVING, NOT_SERVING, UNKNOWN, or the status code of the failure (UNAVAILABLE when nobody listens)."""
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=name), timeout=timeout_seconds
            )
        except grpc.RpcError as error:
            return str(error.code().name)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def serving(address: str) -> bool:
    """Whether all roles of the process at this address are ready."""
    return health(address) == "SERVING"
