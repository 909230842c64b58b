"""The chassis' own tables in every service's database: inbox, outbox, requests, dead letters, effects and ticks."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

TABLES_0001 = (
    """
    CREATE TABLE inbox (
        id text PRIMARY KEY,
        topic text NOT NULL,
        received_time timestamptz NOT NULL
    )""",
    "CREATE INDEX inbox_received ON inbox USING brin (received_time)",
    # Rows live for milliseconds: vacuum early, or the relay's scan wades through the dead.
    """
    CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        type text NOT NULL,
        occurred_time timestamptz NOT NULL,
        payload bytea NOT NULL,
        traceparent text NOT NULL,
        headers jsonb,
        shard integer NOT NULL
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)""",
    """
    CREATE TABLE requests (
        caller text NOT NULL,
        method text NOT NULL,
        request_id text NOT NULL,
        content_hash bytea NOT NULL,
        response bytea NOT NULL,
        received_time timestamptz NOT NULL,
        PRIMARY KEY (caller, method, request_id)
    )""",
    "CREATE INDEX requests_received ON requests USING brin (received_time)",
    """
    CREATE TABLE dead_letters (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        "offset" bigint NOT NULL,
        lane text NOT NULL,
        key bytea,
        payload bytea,
        headers jsonb NOT NULL,
        state text NOT NULL,
        reason text NOT NULL,
        attempts integer NOT NULL,
        note text NOT NULL,
        received_time timestamptz NOT NULL,
        settled_time timestamptz
    )""",
    "CREATE INDEX dead_letters_open ON dead_letters (topic, lane, id) WHERE state IN ('dead', 'parked')",
    """
    CREATE TABLE effects (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key text NOT NULL,
        aggregate_id text NOT NULL,
        kind text NOT NULL,
        wish jsonb NOT NULL,
        trace text NOT NULL,
        state text NOT NULL,
        attempts integer NOT NULL,
        next_try_time timestamptz NOT NULL,
        problem text NOT NULL,
        wished_time timestamptz NOT NULL
    )""",
    "CREATE INDEX effects_open ON effects (aggregate_id, seq) WHERE state IN ('wished', 'unknown')",
    # How far each job of the ticker has seen business time move; a simulation waits for it.
    """
    CREATE TABLE ticks (
        job text PRIMARY KEY,
        business_time timestamptz NOT NULL,
        ticked_time timestamptz NOT NULL
    )""",
)
"""What the first migration of every service makes; never changed after a release, followed by TABLES_0002."""


class Operations(Protocol):
    """The one thing needed of alembic's `op`."""

    def execute(self, sqltext: Any) -> None:
        """Run a statement."""


def create_tables_0001(op: Operations) -> None:
    """Make the chassis' tables; called by each service's first migration."""
    for statement in TABLES_0001:
        op.execute(statement)


def attach(metadata: MetaData) -> MetaData:
    """Declare the tables as they are now, so that `alembic check` compares them too."""
    _attach_ways(metadata)
    _attach_requests(metadata)
    _attach_exceptions(metadata)
    Table("ticks", metadata, Column("job", Text, primary_key=True), _time("business_time"), _time("ticked_time"))
    return metadata


def _time(name: str, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _needed(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _attach_ways(metadata: MetaData) -> None:
    inbox = Table(
        "inbox", metadata, Column("id", Text, primary_key=True), _needed("topic", Text), _time("received_time")
    )
    Index("inbox_received", inbox.c.received_time, postgresql_using="brin")
    Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        _needed("id", UUID),
        _needed("topic", Text),
        _needed("key", Text),
        _needed("type", Text),
        _time("occurred_time"),
        _needed("payload", LargeBinary),
        _needed("traceparent", Text),
        Column("headers", JSONB),
        _needed("shard", Integer),
    )


def _attach_requests(metadata: MetaData) -> None:
    requests = Table(
        "requests",
        metadata,
        Column("caller", Text, primary_key=True),
        Column("method", Text, primary_key=True),
        Column("request_id", Text, primary_key=True),
        _needed("content_hash", LargeBinary),
        _needed("response", LargeBinary),
        _time("received_time"),
    )
    Index("requests_received", requests.c.received_time, postgresql_using="brin")


def _attach_exceptions(metadata: MetaData) -> None:
    dead = Table(
        "dead_letters",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        *(_needed(name, Text) for name in ("event_id", "topic")),
        _needed("partition", Integer),
        _needed("offset", BigInteger),
        _needed("lane", Text),
        Column("key", LargeBinary),
        Column("payload", LargeBinary),
        _needed("headers", JSONB),
        *(_needed(name, Text) for name in ("state", "reason")),
        _needed("attempts", Integer),
        _needed("note", Text),
        _time("received_time"),
        _time("settled_time", nullable=True),
    )
    is_open = text("state IN ('dead', 'parked')")
    Index("dead_letters_open", dead.c.topic, dead.c.lane, dead.c.id, postgresql_where=is_open)
    effects = Table(
        "effects",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        *(_needed(name, Text) for name in ("key", "aggregate_id", "kind")),
        _needed("wish", JSONB),
        *(_needed(name, Text) for name in ("trace", "state")),
        _needed("attempts", Integer),
        _time("next_try_time"),
        _needed("problem", Text),
        _time("wished_time"),
    )
    is_wished = text("state IN ('wished', 'unknown')")
    Index("effects_open", effects.c.aggregate_id, effects.c.seq, postgresql_where=is_wished)
