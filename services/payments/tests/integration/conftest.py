"""A migrated database of payments, a served service on it, and what the others say as records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from chassis.access import Caller
from chassis.testing.house import House as ServiceHouse
from chassis.testing.house import housed, migrated
from chassis.testing.serving import CALLERS
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from payments.bootstrap import SERVICE

from .speech import NOW


class House(ServiceHouse):
    """Payments under test."""

    stubs = (PaymentsServiceStub,)
    heard_times = 2

    async def said(self, order_id: str) -> list[str]:
        """Kinds of what payments said of an order, in order; versions must have no gap at the end."""
        found = await self.rows(f"SELECT payload FROM outbox WHERE key = '{order_id}' ORDER BY seq")
        events = [PaymentEvent.FromString(row[0]) for row in found]
        versions = [event.version for event in events]
        assert versions == sorted(set(versions))
        return [event.WhichOneof("fact") or "" for event in events]


@pytest.fixture(scope="module")
async def database(postgres: Any) -> AsyncIterator[str]:
    async with migrated(postgres, SERVICE) as url:
        yield url


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """The service on empty tables, at 13:30 of the market day."""
    other = Caller(identity="other-channel", role="buyer_channel")
    async with housed(House, SERVICE, database, NOW, (*CALLERS, other)) as house:
        yield house
