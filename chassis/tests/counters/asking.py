"""Asking the counters over gRPC, and looking into their tables, in few words."""

from __future__ import annotations

from typing import Any

import grpc.aio
from chassis.grpc_client import reason_of
from sqlalchemy.ext.asyncio import AsyncEngine

from counters.bootstrap import service
from counters.speech import METHODS, SPOKEN, servicers

COUNTERS = service(servicers=servicers, access={name: frozenset({"operator", "partner"}) for name in METHODS})


def count(counter_id: str = "c", amount: int = 1, request_id: str = "r-1") -> Any:
    return SPOKEN["CountRequest"](request_id=request_id, counter_id=counter_id, amount=amount)


async def outcome(call: Any) -> Any:
    """The total, or the reason of the refusal."""
    try:
        return (await call).total
    except grpc.aio.AioRpcError as error:
        return reason_of(error) or error.code().name


async def scalar(engine: AsyncEngine, sql: str) -> Any:
    async with engine.connect() as connection:
        return (await connection.exec_driver_sql(sql)).scalar()
