"""Who is in the next group, and who has been answered before it begins."""

from __future__ import annotations

import asyncio
import time
from collections import deque

import pytest
from chassis.calls import Call
from chassis.door import Request, _gather
from chassis.status import IdempotencyMismatch, Refusal
from chassis.telemetry import Span
from google.protobuf.wrappers_pb2 import Int64Value


def request(id: str, content: bytes = b"", seconds: float = 9.0) -> Request:
    call = Call("p.S/M", time.monotonic() + seconds, Span(""))
    waiting = [asyncio.get_running_loop().create_future()]
    return Request(("me", "p.S/M", id), content, object(), lambda _reply: Int64Value(), call, waiting)


async def test_a_call_whose_time_is_over_is_answered_and_left_out() -> None:
    late, good = request("late", seconds=-0.1), request("good")
    assert _gather(deque([late, good]), 10) == [good]
    with pytest.raises(Refusal, match="DEADLINE_EXCEEDED"):
        await late.waiting[0]


async def test_a_call_nobody_waits_for_is_left_out() -> None:
    gone = request("gone")
    gone.waiting[0].cancel()
    assert _gather(deque([gone]), 10) == []


async def test_an_expired_repetition_does_not_throw_out_the_first() -> None:
    first, late = request("same"), request("same", seconds=-0.1)
    assert _gather(deque([first, late]), 10) == [first]
    with pytest.raises(Refusal):
        await late.waiting[0]


async def test_repetitions_wait_for_the_first_and_other_content_is_refused() -> None:
    first, same, other = request("same", b"a"), request("same", b"a"), request("same", b"b")
    assert _gather(deque([first, same, other]), 10) == [first]
    first.response = Int64Value(value=7)
    first.settle()
    assert [await one for one in (first.waiting[0], same.waiting[0])] == [first.response] * 2
    with pytest.raises(IdempotencyMismatch):
        await other.waiting[0]


async def test_the_bound_counts_request_ids_and_leaves_the_rest_in_order() -> None:
    queue = deque(request(str(number)) for number in range(5))
    assert [one.key[2] for one in _gather(queue, 2)] == ["0", "1"]
    assert [one.key[2] for one in queue] == ["2", "3", "4"]
