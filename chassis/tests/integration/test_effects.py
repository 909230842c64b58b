"""Wishes are carried out outside any transaction, in order per aggregate; asked about when in doubt; never lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from chassis.effects import Effects, Unknown
from chassis.wiring import Effect, Health, Runtime
from counters.domain import BellWished, Count, RingFor
from counters.given import dispatcher, rows, totals
from counters.stack import until
from sqlalchemy.ext.asyncio import AsyncEngine

AHEAD = "SELECT state, abs(extract(epoch FROM next_try_time - now())) < 3600 FROM effects"


@dataclass
class Bell:
    """The world outside: remembers who rang; `moods` say how the next tries end."""

    moods: list[str] = field(default_factory=list)
    rung: list[tuple[str, int, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    open_transactions: list[int] = field(default_factory=list)
    seconds: float = 0.0

    async def do(self, runtime: Runtime, wish: BellWished, key: str) -> object:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        self.open_transactions.append((await rows(runtime.engine, sql))[0][0])
        mood = self.moods.pop(0) if self.moods else "good"
        if mood == "refused":
            raise ConnectionResetError("no bell")
        await asyncio.sleep(self.seconds)
        if mood != "lost request":
            self.rung.append((wish.counter_id, wish.total, key))
        if mood.startswith("lost"):
            raise Unknown("no answer")
        return Count(wish.counter_id, 100 if mood == "good" else 13)

    async def ask(self, runtime: Runtime, wish: BellWished, key: str) -> object | None:
        self.asked.append(key)
        return Count(wish.counter_id, 100) if any(one[2] == key for one in self.rung) else None


def effects(engine: AsyncEngine, bell: Bell, **limits: Any) -> Effects:
    effect = Effect(bell.do, bell.ask, lambda wish, why: Count(wish.counter_id, 1000, why), **limits)
    one = dispatcher(engine, effects={BellWished: effect})
    others: Any = None
    return Effects(
        Runtime(
            service=one.service,
            settings=others,
            engine=engine,
            clock=one.clock,
            telemetry=one.telemetry,
            health=Health(),
            dispatcher=one,
            door=others,
            channels=others,
        )
    )


async def wish(effects: Effects, *counter_ids: str) -> None:
    commands = [command for id in counter_ids for command in (Count(id, 1), RingFor(id))]
    answers = await cast(Any, effects)._runtime.dispatcher.dispatch(commands)
    assert not [answer for answer in answers if isinstance(answer, Exception)]


async def run_until_settled(effects: Effects, engine: AsyncEngine) -> None:
    async with asyncio.timeout(20):
        while (await rows(engine, "SELECT count(*) FROM effects WHERE state IN ('wished', 'unknown')")) != [(0,)]:
            await effects.step()
            await asyncio.sleep(0.02)


async def states(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    return await rows(engine, "SELECT aggregate_id, state, attempts FROM effects ORDER BY seq")


async def test_a_wish_is_carried_out_once_and_its_result_is_a_command(engine: AsyncEngine) -> None:
    bell = Bell()
    running = effects(engine, bell)
    await wish(running, "a", "b")
    await run_until_settled(running, engine)
    await running.step()
    assert sorted(one[:2] for one in bell.rung) == [("a", 1), ("b", 1)]
    assert await totals(engine) == {"a": 101, "b": 101}
    assert await states(engine) == [("a", "done", 1), ("b", "done", 1)]
    assert bell.asked == []


async def test_no_transaction_is_open_while_reaching_out(engine: AsyncEngine) -> None:
    bell = Bell(seconds=0.05)
    running = effects(engine, bell)
    await wish(running, "a")
    await run_until_settled(running, engine)
    assert bell.open_transactions == [0]


async def test_wishes_of_one_aggregate_keep_their_order_and_others_do_not_wait(engine: AsyncEngine) -> None:
    bell = Bell(moods=["refused", "good", "good", "good"])
    running = effects(engine, bell)
    await wish(running, "a", "b", "a")
    await running.step()
    assert [one[:2] for one in bell.rung] == [("b", 1)]
    await run_until_settled(running, engine)
    assert [one[:2] for one in bell.rung if one[0] == "a"] == [("a", 1), ("a", 2)]


async def test_an_unknown_outcome_is_asked_about_and_not_repeated_if_it_was_done(engine: AsyncEngine) -> None:
    bell = Bell(moods=["lost answer"])
    running = effects(engine, bell)
    await wish(running, "a")
    await run_until_settled(running, engine)
    assert len(bell.rung) == 1
    assert len(bell.asked) == 1
    assert await totals(engine) == {"a": 101}


async def test_an_unknown_outcome_that_was_not_done_is_repeated_under_the_same_key(engine: AsyncEngine) -> None:
    bell = Bell(moods=["lost request"])
    running = effects(engine, bell)
    await wish(running, "a")
    await run_until_settled(running, engine)
    assert bell.asked == [bell.rung[0][2]]
    assert await states(engine) == [("a", "done", 2)]


async def test_taking_longer_than_the_lease_is_an_unknown_outcome(engine: AsyncEngine) -> None:
    bell = Bell(seconds=0.3)
    running = effects(engine, bell, lease_seconds=0.1)
    await wish(running, "a")
    await running.step()
    bell.seconds = 0.0
    await run_until_settled(running, engine)
    assert len(bell.asked) == 1


async def test_leases_and_back_off_have_real_time_wherever_business_time_stands(engine: AsyncEngine) -> None:
    """The clock of these tests stands months away from the real one."""
    ahead: list[tuple[Any, ...]] = []

    class Watched(Bell):
        async def do(self, runtime: Runtime, wish: BellWished, key: str) -> object:
            ahead.extend(await rows(runtime.engine, AHEAD))
            return await super().do(runtime, wish, key)

    running = effects(engine, Watched(moods=["refused"]), lease_seconds=600.0)
    await wish(running, "a")
    await running.step()
    ahead += await rows(engine, AHEAD)
    assert ahead == [("unknown", True), ("wished", True)]
    await run_until_settled(running, engine)
    assert await totals(engine) == {"a": 101}


async def test_a_process_that_died_while_reaching_out_leaves_a_question_not_a_repetition(engine: AsyncEngine) -> None:
    dying = Bell(seconds=30)
    running = effects(engine, dying, lease_seconds=0.3)
    await wish(running, "a")
    task = asyncio.ensure_future(running.step())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    bell = Bell()
    await run_until_settled(effects(engine, bell, lease_seconds=0.3), engine)
    assert len(bell.asked) == 1
    assert await totals(engine) == {"a": 101}


async def test_exhausted_effects_stay_visible_with_their_problem_and_are_reported(engine: AsyncEngine) -> None:
    bell = Bell(moods=["refused"] * 3)
    running = effects(engine, bell, attempts_max=3)
    await wish(running, "a")
    await run_until_settled(running, engine)
    [(state, problem)] = await rows(engine, "SELECT state, problem FROM effects")
    assert state == "exhausted"
    assert problem.startswith("ConnectionResetError")
    assert await totals(engine) == {"a": 1001}


async def test_a_result_nobody_can_take_is_tried_again_and_then_shown(engine: AsyncEngine) -> None:
    bell = Bell(moods=["strange"] * 9)
    running = effects(engine, bell, attempts_max=2)
    await wish(running, "a")
    await asyncio.wait_for(run_until_settled(running, engine), 10)
    assert await states(engine) == [("a", "done", 2)]
    assert await totals(engine) == {"a": 101}


async def test_a_wish_that_cannot_be_read_is_shown_and_holds_up_nobody(engine: AsyncEngine) -> None:
    bell = Bell()
    running = effects(engine, bell)
    await wish(running, "a", "a")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE effects SET wish = '{\"rang\": 1}' WHERE seq = 1")
    await run_until_settled(running, engine)
    assert await states(engine) == [("a", "exhausted", 1), ("a", "done", 1)]


async def test_a_wish_of_a_later_version_waits_for_it(engine: AsyncEngine) -> None:
    bell = Bell()
    running = effects(engine, bell)
    await wish(running, "a", "a", "b")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE effects SET kind = 'HornWished' WHERE seq = 1")
    for _ in range(3):
        await running.step()
    assert await states(engine) == [("a", "wished", 0), ("a", "wished", 0), ("b", "done", 1)]


async def test_two_runners_never_have_the_same_wish(engine: AsyncEngine) -> None:
    bell = Bell(seconds=0.02)
    both = effects(engine, bell), effects(engine, bell)
    await wish(both[0], *(f"c{n}" for n in range(40)))
    await asyncio.gather(*(run_until_settled(one, engine) for one in both))
    assert len(bell.rung) == len({one[2] for one in bell.rung}) == 40


async def test_the_runner_is_woken_by_a_commit_and_survives_outages(engine: AsyncEngine) -> None:
    bell, stop = Bell(), asyncio.Event()
    running = effects(engine, bell)
    task = asyncio.ensure_future(running.run(stop))
    await wish(running, "a")
    await until(lambda: _rung(bell), 5)
    stop.set()
    await asyncio.wait_for(task, 5)


async def _rung(bell: Bell) -> bool:
    return bool(bell.rung)
