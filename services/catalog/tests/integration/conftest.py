"""A migrated database of catalog, a served service on it, and what orders says as records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from catalog.bootstrap import SERVICE
from chassis.testing.house import TRACE, housed, migrated
from chassis.testing.house import House as ServiceHouse
from chophien.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from chophien.catalog.v1.stock_event_pb2 import StockEvent

from .speech import NOW, open_shop


class House(ServiceHouse):
    """Catalog under test."""

    stubs = (CatalogServiceStub,)
    heard_times = 2

    async def levels(self, product_id: str = "noodles") -> tuple[Any, ...]:
        """On hand, held, sold."""
        columns = "on_hand_quantity, held_quantity, sold_quantity"
        (row,) = await self.rows(f"SELECT {columns} FROM stocks WHERE id = '{product_id}'")
        return row

    async def said(self, order_id: str) -> list[str]:
        """Kinds of what catalog said of an order, in order and numbered without gaps."""
        found = await self.rows(f"SELECT payload, traceparent FROM outbox WHERE key = '{order_id}' ORDER BY seq")
        events = [StockEvent.FromString(row[0]) for row in found]
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert {row[1][3:35] for row in found} <= {TRACE[3:35]}
        return [event.WhichOneof("fact") or "" for event in events]


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    async with migrated(postgres, SERVICE) as url:
        yield url


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """The service on empty tables, at 13:00 of the market day."""
    async with housed(House, SERVICE, database, NOW) as house:
        yield house


@pytest.fixture
async def shop(house: House) -> House:
    """Ten noodle bags of seller-1 on the shelf, offered live with a quota of 5."""
    await open_shop(house.stub())
    return house
