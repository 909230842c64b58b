"""The pytest plugin gives databases and a broker that work."""

from __future__ import annotations

import socket

import asyncpg
import pytest
from laptop.testing import ThrowawayPostgres


@pytest.mark.parametrize("number", [1, 2])
async def test_every_database_is_empty_and_its_own(postgres: ThrowawayPostgres, number: int) -> None:
    url = postgres.create_database("orders-test")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("CREATE TABLE own (id int)")
    assert await connection.fetchval("SELECT count(*) FROM own") == 0
    postgres.drop_database(url)


def test_the_broker_listens(kafka: str) -> None:
    host, port = kafka.split(":")
    with socket.create_connection((host, int(port)), timeout=2):
        pass
