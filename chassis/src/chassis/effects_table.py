"""Writes wishes down, in the transaction that wished them; `effects` carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.store import columns_of

INSERT = """
    INSERT INTO effects (key, aggregate_id, kind, wish, trace, state, attempts, next_try_time, problem, wished_time)
    SELECT uuidv7()::text, r.aggregate_id, r.kind, r.wish::jsonb, r.trace, 'wished', 0, now(), '', now()
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r(aggregate_id, kind, wish, trace)"""


class Wish(NamedTuple):
    """Something to do outside, for one aggregate; `kind` is the class of the wish, `wish` its fields as JSON."""

    aggregate_id: str
    kind: str
    wish: str
    trace: str


def wish(aggregate_id: str, thing: object, trace: str) -> Wish:
    """A wish as a row."""
    return Wish(aggregate_id, type(thing).__name__, msgspec.json.encode(thing).decode(), trace)


async def write(connection: AsyncConnection, wishes: Sequence[Wish]) -> None:
    """Insert wishes in their order, in one statement."""
    if wishes:
        await connection.exec_driver_sql(INSERT, columns_of(wishes))
