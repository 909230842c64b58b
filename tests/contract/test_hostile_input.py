"""No input whatever breaks a service: odd calls and odd facts, in a world where good ones get far.

Every call ends in an answer that its caller can use; every odd fact is set aside with its story or refused, alone; then
the service still works, what it keeps adds up, and what it said can be heard. `HOSTILE_ROUNDS=50` looks further.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import grpc
import grpc.aio
import pytest
from chassis.inbox import InboxGate, items_of
from chassis.kernel import DomainError
from chassis.outages import explain
from chassis.status import reason_of
from chassis.testing import Memory, carry_out
from chassis.testing.house import Record, migrated
from google.protobuf.message import Message

from tests.contract.good import NOW, fact, facts_heard
from tests.contract.odd import garbled, spoiled
from tests.contract.test_hearing import service
from tests.contract.topology import SERVICES, TOPICS
from tests.contract.worlds import TOKENS, USUAL, World, facts_of, rpcs, settled

ROUNDS = int(os.environ.get("HOSTILE_ROUNDS", "1"))
CALLS, FACTS, TOGETHER = 150, 150, 30
"""In a round, and of those at once: one door's groups, one consumer's batch."""

USABLE = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "ALREADY_EXISTS", "PERMISSION_DENIED"}
INSIDE = re.compile(r"Traceback|asyncpg|sqlalchemy|protobuf|SELECT |INSERT |UPDATE |\.py\b|[a-z]Error\b|<class| at 0x")
"""What a caller should never read."""

GARBLED = 0.03
"""How many bodies are cut or turned."""

REQUEST_BYTES_MAX = 1 << 20

HOLDS: Mapping[str, Sequence[str]] = {
    "catalog": (
        "SELECT id FROM stocks WHERE NOT (held_quantity BETWEEN 0 AND on_hand_quantity AND sold_quantity >= 0)",
        """SELECT s.id FROM stocks s LEFT JOIN (
            SELECT l->'line'->>'product_id' AS id, sum((l->'line'->>'quantity')::bigint) AS held
            FROM stock_holds, jsonb_array_elements(lines) AS l WHERE state = 'HELD' GROUP BY 1) AS h USING (id)
            WHERE coalesce(h.held, 0) <> s.held_quantity AND NOT EXISTS (SELECT FROM restocks WHERE NOT done)""",
    ),
    "orders": (
        "SELECT id FROM orders WHERE total_vnd NOT BETWEEN 1 AND 9999999999999 OR (wait = 'NOTHING') <> (state IN "
        "('CANCELLED', 'COMPLETED'))",
        "SELECT id FROM product_views, jsonb_array_elements(prices) AS price WHERE (price->>2)::numeric < 1",
    ),
    "payments": (
        "SELECT id FROM payments WHERE NOT (0 <= refund_paid_vnd AND refund_paid_vnd <= refund_due_vnd "
        "AND refund_due_vnd <= received_vnd) OR total_vnd < 0",
        "SELECT id FROM cod_parcels WHERE outstanding_vnd + disputed_vnd + remitted_vnd <> expected_vnd",
        """SELECT sum((l->>'amount_vnd')::numeric) FROM ledger_entries, jsonb_array_elements(lines) AS l
            HAVING sum((l->>'amount_vnd')::numeric) <> 0""",
    ),
    "shipping": (
        "SELECT id FROM parcels WHERE (shipment->'size'->>'weight_g')::numeric < 0 "
        "OR (shipment->>'cod_vnd')::numeric NOT BETWEEN 0 AND 9999999999999",
    ),
}
"""What no row may be, whatever came in."""


@pytest.fixture(params=SERVICES)
async def world(request: Any, postgres: Any) -> Any:
    name = request.param
    async with migrated(postgres, service(name)) as url, settled(name, url) as made:
        yield made


async def test_no_input_breaks_a_service(world: World) -> None:
    random = Random(world.name)
    for _ in range(ROUNDS):
        await calls(world, random)
        await facts(world, random)
    for hours in (0, 1, 30):
        await world.tick(hours=hours)
    for statement in HOLDS[world.name]:
        assert await world.rows(statement) == [], statement
    for topic, body in await world.rows("SELECT topic, payload FROM outbox WHERE headers IS NULL"):
        assert culprits(topic, body) == []
    await USUAL[world.name](world)


@pytest.mark.parametrize("name", SERVICES)
def test_what_odd_facts_leave_can_be_read_and_heard(name: str) -> None:
    """Many more, in memory: every row they leave comes back as it was, every fact they cause is one to its hearers."""
    stores = {store.kind: store for store in service(name).stores}
    goods = [fact(topic, kind) for topic, kind in facts_heard(name)]
    for seed in range(200 * ROUNDS):
        random, memory, now = Random(seed), Memory(), NOW
        for _ in range(12):
            good = random.choice(goods)
            odd = spoiled(random, good, [], 2) if random.random() < 0.6 else good
            now += timedelta(minutes=random.choice((0, 1, 40)))
            before = dict(memory.aggregates)
            said = heard_in(memory, name, odd, now)
            for key, one in memory.aggregates.items():
                if before.get(key) is not one:
                    assert_keeps(stores[key[0]], one)
            for one in said:
                assert culprits(one.topic, one.payload) == []


def heard_in(memory: Memory, name: str, event: Message, now: Any) -> list[Any]:
    """What is said when the event is heard; what is set aside or refused says nothing."""
    hearer, before = service(name), len(memory.said)
    for item in items_of([Record(event.DESCRIPTOR.full_name, event.SerializeToString())], hearer.hears):
        if item.culprit is None and item.command is not None:
            try:
                carry_out(hearer.handlers, memory, item.command, now)
            except DomainError:
                return []
    return [hearer.encode(at.fact, at.version) for at in memory.said[before:]]


def assert_keeps(store: Any, aggregate: Any) -> None:
    """Each column takes its value, and gives the same back."""
    for field in store._fields:
        value = getattr(aggregate, field.name)
        if field.encode is not None and value is not None:
            assert field.decode is None or field.decode(field.encode(value)) == value, (aggregate, field.name)
        if field.sql_type == "bigint" and value is not None:
            assert abs(value) < 2**63, (aggregate, field.name)


def culprits(topic: str, body: bytes) -> list[Any]:
    """What those who hear a topic could not hear of a fact that was said."""
    heard = [items_of([Record(topic, body)], service(name).hears) for name in TOPICS[topic].heard_by]
    return [item.culprit for items in heard for item in items if item.culprit is not None]


async def calls(world: World, random: Random) -> None:
    """Odd calls, some at once; one that is answered is answered the same again."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.served.port}") as channel:
        for _ in range(CALLS // TOGETHER):
            await asyncio.gather(*(call(world, random, channel) for _ in range(TOGETHER)))


async def call(world: World, random: Random, channel: grpc.aio.Channel) -> None:
    method = random.choice(rpcs(world.name))
    roles = service(world.name).access[method.name]
    token = random.choice([caller.identity for caller in TOKENS if caller.role in roles])
    good = world.good(method.name)
    body = (good if random.random() < 0.1 else spoiled(random, good, world.ids)).SerializeToString()
    body = garbled(random, body) if random.random() < GARBLED else body
    if method.name == "PlanWave" and random.random() < 0.9:
        return  # Plans for a second or two.
    code, answer = await asked(channel, method, token, body)
    if code == "OK" and "request_id" in method.input_type.fields_by_name:
        assert await asked(channel, method, token, body) == (code, answer), (method.name, body[:500])


async def asked(channel: grpc.aio.Channel, method: Any, token: str, body: bytes) -> tuple[str, bytes]:
    """The code and the bytes of an answer that a caller can use."""
    ask: Any = channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}")
    try:
        return "OK", await ask(body, timeout=60, metadata=(("authorization", f"Bearer {token}"),))
    except grpc.aio.AioRpcError as error:
        code, why, said = error.code().name, reason_of(error), error.details() or ""
    if len(body) > REQUEST_BYTES_MAX:
        assert code == "RESOURCE_EXHAUSTED"
    else:
        assert code in USABLE and why and not INSIDE.search(said), (method.name, code, said, body[:500])
    return code, b""


async def facts(world: World, random: Random) -> None:
    """Odd facts in batches, some twice, among good ones of other keys, which are taken."""
    goods = facts_of(world)
    for batch in range(FACTS // TOGETHER):
        odd = [
            record(spoiled(random, random.choice(goods), world.ids), random, f"odd-{batch}-{n}")
            for n in range(TOGETHER)
        ]
        good = [record(one, random, f"good-{batch}-{n}") for n, one in enumerate(random.sample(goods, 3))]
        records = [*odd, *random.sample(odd, 3), *good]
        random.shuffle(records)
        for item in await heard(world, records):
            is_good = item.source.record.key.startswith(b"good")
            assert not is_good or item.error is None, (item.command, item.error)
            assert item.error is None or explain(item.error)


def record(event: Message, random: Random, key: str) -> Record:
    """Of an event under a key; now and then its body or its id is odd too."""
    body = event.SerializeToString()
    if key.startswith("good"):
        return Record(event.DESCRIPTOR.full_name, body, key.encode())
    made = Record(
        event.DESCRIPTOR.full_name, garbled(random, body) if random.random() < GARBLED else body, key.encode()
    )
    if random.random() < GARBLED:
        made.headers = [("ce_id", random.choice((None, b"", b"\xff", b"x" * 10_000, b"\x00"))), ("traceparent", b"zz")]
    return made


async def heard(world: World, records: Iterable[Record]) -> list[Any]:
    """The records as the consumer carries them out, in one batch; all that failed are written down."""
    runtime = world.served.runtime
    items = items_of(records, runtime.service.hears)
    (before,) = await world.rows("SELECT count(*) FROM dead_letters WHERE state = 'dead'")
    await runtime.dispatcher.carry_out(items, InboxGate(world.name, runtime.dispatcher.telemetry))
    (after,) = await world.rows("SELECT count(*) FROM dead_letters WHERE state = 'dead'")
    assert after[0] - before[0] == sum(item.error is not None for item in items)
    return items
