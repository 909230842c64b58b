"""The short way to the database driver for statements that run with every batch.

SQLAlchemy keeps the pool, the transactions and every statement that is not hot; its layers cost about 100 µs of CPU a
statement, the driver itself 30 µs, and a batch has half a dozen of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Any
"""By position only, for the first statement's rows are SQLAlchemy's and the others the driver's own."""


class ConnectionLost(ConnectionError):
    """The connection is gone, and with it the transaction."""


async def fetch(connection: AsyncConnection, sql: str, *arguments: Any) -> Sequence[Row]:
    """The rows of a statement with $1 … placeholders; SQLAlchemy takes the first of a transaction, and begins it."""
    driver = _driver(connection)
    if driver.is_in_transaction() or driver.is_closed():
        return await _fetch(connection, driver, sql, arguments)
    result = await connection.exec_driver_sql(sql, arguments)
    return result.all() if result.returns_rows else ()


async def fetch_autocommit(connection: AsyncConnection, sql: str, *arguments: Any) -> Sequence[Row]:
    """The same on a connection in AUTOCOMMIT."""
    return await _fetch(connection, _driver(connection), sql, arguments)


def _driver(connection: AsyncConnection) -> Any:
    sync = connection.sync_connection
    if sync is None:
        raise ConnectionLost("the connection was never opened")
    return sync.connection.driver_connection


async def _fetch(connection: AsyncConnection, driver: Any, sql: str, arguments: Sequence[Any]) -> Sequence[Row]:
    try:
        rows: Sequence[Row] = await driver.fetch(sql, *arguments)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        # A server that shuts down says so first and closes the connection a moment later.
        if driver.is_closed() or (getattr(error, "sqlstate", None) or "").startswith(("57P", "08")):
            # The pool would hand it out again, for it did not see what happened.
            await connection.invalidate()
            raise ConnectionLost("the connection was lost") from error
        raise
    return rows
