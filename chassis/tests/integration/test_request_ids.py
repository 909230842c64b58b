"""One request_id, one execution, one answer: for a caller, over time and over processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import grpc.aio
import pytest
from chassis.dispatch import Item
from chassis.door import RequestGate
from chassis.grpc_client import bad_fields, reason_of
from chassis.testing.serving import Served, serving
from counters.asking import COUNTERS, count, outcome, scalar
from counters.speech import SPOKEN, Stub
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


@pytest.fixture
async def served(engine: AsyncEngine, database: str) -> AsyncIterator[Served]:
    async with serving(COUNTERS, database) as one:
        yield one


@pytest.fixture
async def stub(served: Served) -> Any:
    return Stub(served.channel())


async def test_the_same_request_again_gets_the_first_answer(stub: Any, engine: AsyncEngine) -> None:
    assert await outcome(stub.Count(count(), timeout=5)) == 1
    assert await outcome(stub.Count(count(request_id="r-2"), timeout=5)) == 2
    assert await outcome(stub.Count(count(), timeout=5)) == 1
    assert await scalar(engine, "SELECT count(*) FROM outbox") == 2


async def test_the_same_id_with_other_content_is_refused(stub: Any, engine: AsyncEngine) -> None:
    await stub.Count(count(), timeout=5)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Count(count(amount=2), timeout=5)
    assert (caught.value.code(), reason_of(caught.value)) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH")
    assert await scalar(engine, "SELECT total FROM counters") == 1


async def test_request_ids_belong_to_their_caller(served: Served) -> None:
    for expected, identity in enumerate(("operator", "partner-a", "partner-b"), 1):
        assert await outcome(Stub(served.channel(identity)).Count(count(), timeout=5)) == expected


@pytest.mark.parametrize("request_id", ["", "x" * 65, "a\x00b"])
async def test_a_request_id_is_needed_and_bounded(stub: Any, request_id: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Count(count(request_id=request_id), timeout=5)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT and "request_id" in bad_fields(caught.value)


async def test_two_processes_with_the_same_request_execute_it_once(
    served: Served, stub: Any, database: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look before either has written: the second finds the answer when it runs again."""
    both, seen = asyncio.Event(), []
    real = RequestGate.enter

    async def enter(gate: RequestGate, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
        fresh = await real(gate, connection, items)
        seen.append(len(fresh))
        if len(seen) == 2:
            both.set()
        await both.wait()
        return fresh

    monkeypatch.setattr(RequestGate, "enter", enter)
    async with serving(COUNTERS, database) as other:
        calls = (stub.Count(count(), timeout=5), Stub(other.channel()).Count(count(), timeout=5))
        assert await asyncio.gather(*map(outcome, calls)) == [1, 1]
    assert await scalar(engine, "SELECT total FROM counters") == 1
    assert seen == [1, 1, 0]


async def test_a_request_id_is_remembered_even_if_another_process_wins_the_insert(
    served: Served, stub: Any, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New aggregates share no row lock, so only the insert of the request tells that somebody was faster."""
    raced: list[bool] = []
    real = RequestGate.leave

    async def leave(gate: RequestGate, connection: AsyncConnection, items: Sequence[Item]) -> None:
        if not raced:
            raced.append(True)
            request = items[0].source
            values = (*request.key, request.content_hash, SPOKEN["CountResponse"](total=77).SerializeToString())
            async with engine.begin() as other:
                await other.exec_driver_sql("INSERT INTO requests VALUES ($1, $2, $3, $4, $5, now())", values)
        await real(gate, connection, items)

    monkeypatch.setattr(RequestGate, "leave", leave)
    assert await outcome(stub.Count(count(), timeout=5)) == 77
    assert await scalar(engine, "SELECT count(*) FROM counters") == 0
