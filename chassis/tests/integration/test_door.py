"""The front door, against real sockets and a real PostgreSQL: groups, request ids, load, lost answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import grpc.aio
import pytest
from chassis.dispatch import Item
from chassis.door import RETRY_AFTER_SECONDS, Door, RequestGate
from chassis.grpc_client import reason_of, retry_after_seconds
from chassis.testing import eventually
from chassis.testing.serving import Served, serving
from counters.asking import COUNTERS, count, outcome, scalar
from counters.speech import Stub
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


@pytest.fixture
async def served(engine: AsyncEngine, database: str) -> AsyncIterator[Served]:
    async with serving(COUNTERS, database) as one:
        yield one


@pytest.fixture
async def stub(served: Served) -> Any:
    return Stub(served.channel())


class Held:
    """Holds every transaction of the counters at its first statement, until let go; counts commits."""

    def __init__(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered: list[int] = []
        self.commits = 0
        self.go = asyncio.Event()
        real = RequestGate.enter

        async def enter(gate: RequestGate, connection: AsyncConnection, items: Sequence[Item]) -> Sequence[Item]:
            self.entered.append(len(items))
            await self.go.wait()
            return await real(gate, connection, items)

        monkeypatch.setattr(RequestGate, "enter", enter)
        event.listen(served.runtime.engine.sync_engine, "commit", self._count)

    def _count(self, _connection: Any) -> None:
        self.commits += 1


@pytest.fixture
def held(served: Served, monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(served, monkeypatch)


def waiting(served: Served) -> int:
    return sum(map(len, served.runtime.door._queues.values()))


async def gathered(served: Served, held: Held, *requests: Any, seconds: float = 5) -> list[asyncio.Future[Any]]:
    """Start one call, wait until its transaction is under way, and start the others behind it, in order."""
    stub = Stub(served.channel())
    started: list[asyncio.Future[Any]] = []
    for number, request in enumerate(requests):
        started.append(asyncio.ensure_future(outcome(stub.Count(request, timeout=seconds))))
        await eventually(lambda number=number: waiting(served) == number and len(held.entered) == 1)  # type: ignore[misc]
    return started


async def test_a_lone_call_is_carried_out_at_once(stub: Any, engine: AsyncEngine) -> None:
    assert await outcome(stub.Count(count(), timeout=5)) == 1
    assert await scalar(engine, "SELECT count(*) FROM outbox") == 1


async def test_calls_that_come_while_a_group_commits_share_the_next_transaction(served: Served, held: Held) -> None:
    calls = await gathered(served, held, *(count(request_id=f"r-{n}") for n in range(6)))
    held.go.set()
    assert await asyncio.gather(*calls) == [1, 2, 3, 4, 5, 6]
    assert held.entered == [1, 5] and held.commits == 2


async def test_a_group_has_at_most_so_many_calls(served: Served, held: Held) -> None:
    served.runtime.door._group_max = 2
    calls = await gathered(served, held, *(count(request_id=f"r-{n}") for n in range(6)))
    held.go.set()
    await asyncio.gather(*calls)
    assert held.entered == [1, 2, 2, 1]


async def test_one_callers_cancel_never_cancels_the_others(
    served: Served, stub: Any, held: Held, engine: AsyncEngine
) -> None:
    calls = await gathered(served, held, count("leader"), count("other", request_id="r-2"))
    calls[0].cancel()
    await asyncio.sleep(0.1)
    held.go.set()
    assert await calls[1] == 1
    # The leader's transaction was under way; it is carried out, and asking again tells so.
    assert await outcome(stub.Count(count("leader"), timeout=5)) == 1
    assert await scalar(engine, "SELECT total FROM counters WHERE id = 'leader'") == 1


async def test_cancelled_and_expired_calls_are_dropped_before_the_group_begins(
    served: Served, stub: Any, held: Held, engine: AsyncEngine
) -> None:
    calls = await gathered(served, held, count("first"), count("cancelled", request_id="r-2"))
    calls[1].cancel()
    expired = outcome(stub.Count(count("expired", request_id="r-3"), timeout=0.3))
    last = asyncio.ensure_future(outcome(stub.Count(count("last", request_id="r-4"), timeout=5)))
    assert await expired == "DEADLINE_EXCEEDED"
    await asyncio.sleep(0.1)
    held.go.set()
    assert list(await asyncio.gather(calls[0], last)) == [1, 1]
    assert held.entered == [1, 1]
    assert await scalar(engine, "SELECT string_agg(id, ',' ORDER BY id) FROM counters") == "first,last"


async def test_one_request_id_twice_in_a_group_is_one_execution(
    served: Served, held: Held, engine: AsyncEngine
) -> None:
    twin, changed = count(request_id="twin", amount=5), count(request_id="twin", amount=6)
    calls = await gathered(served, held, count(), twin, twin, changed)
    held.go.set()
    assert await asyncio.gather(*calls) == [1, 6, 6, "IDEMPOTENCY_MISMATCH"]
    assert await scalar(engine, "SELECT total FROM counters") == 6


async def test_a_refusal_is_that_calls_own_answer_and_leaves_no_trace(
    served: Served, held: Held, engine: AsyncEngine
) -> None:
    calls = await gathered(served, held, *(count(request_id=f"r-{n}", amount=n) for n in (1, 2, 13, 666, 3)))
    held.go.set()
    assert await asyncio.gather(*calls) == [1, 3, "UNLUCKY", "INTERNAL", 6]
    assert held.commits == 2
    assert await scalar(engine, "SELECT string_agg(request_id, ',' ORDER BY request_id) FROM requests") == "r-1,r-2,r-3"


async def test_a_call_the_database_refuses_is_found_and_the_others_go_on(
    served: Served, held: Held, engine: AsyncEngine
) -> None:
    amounts = (1, 2, 2_000_000, 4, 5)
    calls = await gathered(served, held, *(count(f"c-{n}", n, f"r-{n}") for n in amounts))
    held.go.set()
    assert await asyncio.gather(*calls) == [1, 2, "INTERNAL", 4, 5]
    assert await scalar(engine, "SELECT count(*) FROM requests") == 4


async def test_answers_leave_only_after_commit(served: Served, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    committing, go = asyncio.Event(), asyncio.Event()
    real = AsyncConnection.commit

    async def commit(connection: AsyncConnection) -> None:
        committing.set()
        await go.wait()
        await real(connection)

    monkeypatch.setattr(AsyncConnection, "commit", commit)
    call = asyncio.ensure_future(outcome(stub.Count(count(), timeout=5)))
    await committing.wait()
    await asyncio.sleep(0.1)
    assert not call.done()
    go.set()
    assert await call == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_unknown_outcome_of_commit_is_unavailable_and_asking_again_is_safe(
    served: Served, stub: Any, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    real = AsyncConnection.commit

    async def commit(connection: AsyncConnection) -> None:
        if arrived:
            await real(connection)
        raise ConnectionResetError("the answer to COMMIT got lost")

    with monkeypatch.context() as broken:
        broken.setattr(AsyncConnection, "commit", commit)
        # Without the channel's own retries, which would hide it.
        async with grpc.aio.insecure_channel(f"127.0.0.1:{served.port}", [("grpc.enable_retries", 0)]) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await Stub(channel).Count(count(), timeout=5, metadata=(("authorization", "Bearer operator"),))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert await outcome(stub.Count(count(), timeout=5)) == 1
    assert await scalar(engine, "SELECT total FROM counters") == 1


async def test_a_full_queue_sheds_with_a_time_to_come_back(served: Served, stub: Any, held: Held) -> None:
    served.runtime.door._queue_max = 2
    calls = await gathered(served, held, *(count(request_id=f"r-{n}") for n in range(3)))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Count(count(request_id="r-4"), timeout=5)
    assert (caught.value.code(), reason_of(caught.value)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert retry_after_seconds(caught.value) == RETRY_AFTER_SECONDS
    held.go.set()
    assert await asyncio.gather(*calls) == [1, 2, 3]


async def test_the_door_opens_for_rpcs_only(served: Served) -> None:
    door: Door = served.runtime.door
    with pytest.raises(LookupError, match="opens for RPCs only"):
        await door.execute(object(), count(), lambda reply: reply)


async def test_an_idle_door_keeps_no_task(served: Served, stub: Any) -> None:
    await stub.Count(count(), timeout=5)
    await eventually(lambda: not served.runtime.door._tasks)
