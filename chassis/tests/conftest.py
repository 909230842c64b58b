"""Makes the counters importable and gives every test a migrated, empty database of its own where it asks for one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

sys.path.insert(0, str(Path(__file__).parent))

TABLES = "inbox, outbox, requests, dead_letters, effects, counters, limits"


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    """The address of a migrated database, one a module."""
    from counters.bootstrap import service

    from chassis import migrate

    url = postgres.create_database("chassis")
    engine = create_async_engine(url)
    await migrate.upgrade(engine, service().migrations)
    await engine.dispose()
    yield url
    postgres.drop_database(url)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """An engine on empty tables."""
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"TRUNCATE {TABLES} RESTART IDENTITY")
    yield engine
    await engine.dispose()
