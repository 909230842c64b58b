"""A buyer is forgotten as a person, whatever they ordered and however often; and not kept for ever unasked."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from typing import Any

import grpc
import pytest
from chassis.settings import SettingsError
from chassis.testing.house import refused
from chophien.orders.v1 import orders_service_pb2 as pb
from orders.bootstrap import SERVICE
from orders.settings import read_settings

# `house` is a fixture of conftest.py, as is the request it makes.
House = Any
PHONE, OTHER = "+84912345678", "+84987654321"


async def contact_of(house: House, request: pb.PlaceOrderRequest) -> str:
    """The contact of a new order."""
    placed = await house.stub("channel").PlaceOrder(request)
    return str((await house.get(placed.order_id)).contact_id)


async def known(house: House, *contact_ids: str) -> list[str]:
    """Those that still tell who it is."""
    answer = await house.stub().GetContacts(pb.GetContactsRequest(contact_ids=contact_ids))
    return [contact.contact_id for contact in answer.contacts if contact.HasField("buyer")]


async def erase(house: House, contact_id: str, request_id: str = "erase") -> None:
    await house.stub().EraseContact(pb.EraseContactRequest(request_id=request_id, contact_id=contact_id))


async def test_erasing_one_contact_erases_the_person(house: House, place: Any) -> None:
    """R131: who ordered twice is one person, by their phone, however they write it and their name."""
    first = await contact_of(house, place())
    second = await contact_of(house, place(buyer=pb.Buyer(name="Chị Sáng", phone="0912 345 678", address="Bản Bo")))
    other = await contact_of(house, place(buyer=pb.Buyer(name="Lò Thị Sáng", phone=OTHER, address="Bản Thẳm")))
    total = (await house.rows("SELECT sum(total_vnd) FROM orders"))[0]
    for request_id in ("one", "one", "two"):
        await erase(house, first, request_id)
    assert await known(house, first, second, other) == [other]
    kept = str(await house.rows(f"SELECT c::text FROM contacts c WHERE id <> '{other}'"))
    assert PHONE not in kept and "Sáng" not in kept and "Bản" not in kept
    assert (await house.rows("SELECT sum(total_vnd) FROM orders"))[0] == total
    third = await contact_of(house, place())
    await erase(house, first, "three")
    assert await known(house, third) == [third]


async def test_a_request_that_is_refused_erases_nobody(house: House, place: Any) -> None:
    first, second = [await contact_of(house, place()) for _ in range(2)]
    other = await contact_of(house, place(buyer=pb.Buyer(name="A", phone=OTHER)))
    await erase(house, other, "used")
    call = house.stub().EraseContact(pb.EraseContactRequest(request_id="used", contact_id=first))
    assert await refused(call) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH")
    call = house.stub().EraseContact(pb.EraseContactRequest(request_id="new", contact_id="nobody"))
    assert await refused(call) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    assert len(await known(house, first, second)) == 2


async def test_a_contact_is_forgotten_after_three_years_and_its_order_is_not(house: House, place: Any) -> None:
    """R130: a day before the end it is there, a day after it is gone."""
    old = await contact_of(house, place())
    await house.tick("erase_contacts", days=2)
    young = await contact_of(house, place())
    await house.tick("erase_contacts", days=3 * 365 - 3)
    assert len(await known(house, old, young)) == 2
    for _ in range(2):
        await house.tick("erase_contacts", days=1)
        assert await known(house, old, young) == [young]
    assert len(await house.rows("SELECT id FROM orders")) == 2


async def test_contacts_of_before_are_as_old_as_their_orders(house: House, place: Any) -> None:
    """The migrations' own statements, over contacts as they were kept before."""
    contact_id = await contact_of(house, place())
    for name in ("0007_forgetting.py", "0008_contacts_without_age.py"):
        spec = importlib.util.spec_from_file_location("migration", SERVICE.migrations / "versions" / name)
        assert spec is not None and spec.loader is not None
        migration = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(migration)
        async with house.served.runtime.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE contacts SET place_time = NULL")
            await connection.exec_driver_sql(migration.FILL)
        assert await house.rows("SELECT id, place_time FROM contacts") == [(contact_id, house.clock.now())]


def test_how_long_a_contact_is_kept_is_a_setting() -> None:
    assert read_settings({}).contact_time == timedelta(days=3 * 365)
    assert read_settings({"CHOPHIEN_CONTACT_DAYS": "400"}).contact_time == timedelta(days=400)
    for wrong in ("0", "59", "-1", "three", "1.5"):
        with pytest.raises(SettingsError, match="CHOPHIEN_CONTACT_DAYS must be a whole number of at least 60"):
            read_settings({"CHOPHIEN_CONTACT_DAYS": wrong})
