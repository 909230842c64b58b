"""Pickup points over the wire and in the database: whose they are, who moves them, where the old ones came from."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from typing import Any

from catalog.adapters.tables import POINTS
from catalog.bootstrap import SERVICE
from chassis.testing.house import refused
from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1.seller_event_pb2 import PickupPoint
from chophien.common.v1.common_pb2 import Line
from grpc import StatusCode

from .conftest import House
from .speech import NOW, point, registration

TAKEN = (StatusCode.ALREADY_EXISTS, "POINT_TAKEN")


def elsewhere() -> PickupPoint:
    """The shared point's id, at another gate."""
    moved = point()
    moved.location.latitude, moved.contact_phone = 22.285, "+84900000000"
    return moved


async def shown(house: House) -> tuple[PickupPoint, PickupPoint]:
    """Where the noodles are collected, as the product's page and a basket say."""
    stub = house.stub("channel")
    seen = await stub.GetProduct(pb.GetProductRequest(product_id="noodles"))
    quote = await stub.QuoteBasket(pb.QuoteBasketRequest(lines=[Line(product_id="noodles", quantity=1)]))
    return seen.seller.pickup_point, quote.parts[0].pickup_point


def move(seller_id: str, to: PickupPoint, request_id: str = "move") -> pb.MovePickupPointRequest:
    return pb.MovePickupPointRequest(request_id=request_id, seller_id=seller_id, pickup_point=to)


async def test_a_seller_cannot_carry_off_the_point_of_another(house: House) -> None:
    await house.stub().RegisterSeller(registration("seller-9"))
    own = house.stub("seller-1")
    assert await refused(own.RegisterSeller(registration(pickup_point=elsewhere()))) == TAKEN
    await own.RegisterSeller(registration(pickup_point=point("pp-own")))
    assert await refused(own.MovePickupPoint(move("seller-1", elsewhere()))) == TAKEN
    said = await house.rows("SELECT type FROM outbox")
    assert [row[0].rsplit(".", 1)[1] for row in said] == ["SellerRegistered", "SellerRegistered"]


async def test_of_two_in_one_batch_that_name_one_point_differently_one_is_refused(house: House) -> None:
    stub = house.stub()
    wished = [registration("seller-1"), registration("seller-2", pickup_point=elsewhere()), registration("seller-3")]
    answers = await asyncio.gather(*map(stub.RegisterSeller, wished), return_exceptions=True)
    assert sorted(isinstance(answer, Exception) for answer in answers) in ([False, False, True], [False, True, True])
    [(owner_id, places)] = await house.rows("SELECT owner_id, jsonb_array_length(places) FROM pickup_points")
    sellers = [row[0] for row in await house.rows("SELECT id FROM sellers")]
    assert places == 1 and owner_id in sellers


async def test_an_operator_moves_a_shared_point_and_every_page_shows_it(shop: House) -> None:
    await shop.stub().RegisterSeller(registration("seller-2"))
    await shop.stub().MovePickupPoint(move("seller-2", elsewhere(), "by-operator"))
    assert await shown(shop) == (elsewhere(), elsewhere())


async def test_a_shared_point_is_still_its_first_sellers_to_move(shop: House) -> None:
    await shop.stub().RegisterSeller(registration("seller-2"))
    await shop.stub("seller-1").MovePickupPoint(move("seller-1", elsewhere()))
    assert await shown(shop) == (elsewhere(), elsewhere())


def statements(file_name: str) -> Any:
    """A migration, for its own statements."""
    spec = importlib.util.spec_from_file_location("migration", SERVICE.migrations / "versions" / file_name)
    assert spec is not None and spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    return migration


def stated(point_id: str, name: str, hours: int) -> dict[str, Any]:
    """A dated point as kept of a seller."""
    place = {"commune_code": "03390", "as_of_date": "", "hamlet": ""}
    texts = {"contact_name": "A", "contact_phone": "+84912345678", "instructions": "", "largest_vehicle": "VAN"}
    where = {"latitude": 22.3, "longitude": 103.6, "place": place}
    known = {"pickup_point_id": point_id, "name": name, **where, **texts}
    return {"pickup_point": known, "from_time": f"2026-02-04T{hours:02}:00:00Z"}


async def keep(connection: Any, sellers: dict[str, list[dict[str, Any]]]) -> None:
    """Sellers as processes kept them that knew no points."""
    for seller_id, points in sellers.items():
        insert = "INSERT INTO sellers VALUES ($1, 1, '', '{}', '03390', '', '', $2::text::jsonb, NULL, '')"
        await connection.exec_driver_sql(insert, (seller_id, json.dumps(points)))


async def test_points_of_before_are_taken_from_what_sellers_stated(house: House) -> None:
    """The third migration's own statement, over sellers as they were kept before it."""
    sellers = {
        "a": [stated("shared", "old", 1), stated("own", "own", 9)],
        "b": [stated("shared", "old", 2)],
        "c": [stated("shared", "new", 3)],
    }
    async with house.served.runtime.engine.begin() as connection:
        await keep(connection, sellers)
        await connection.exec_driver_sql(statements("0003_pickup_points.py").FILL)
        own, shared = sorted(await POINTS.load(connection, ["shared", "own"], lock=False), key=lambda one: one.id)
    assert (own.owner_id, own.at(NOW).name) == ("a", "own")
    assert shared.owner_id == "" and [dated.pickup_point.name for dated in shared.places] == ["old", "new"]


async def test_points_stated_to_old_processes_meanwhile_are_kept_later(house: House) -> None:
    """The fourth migration's own statements, twice: a new point of two, one that went on, one that did not."""
    async with house.served.runtime.engine.begin() as connection:
        await keep(connection, {"a": [stated("moved", "1", 1)], "b": [stated("stayed", "1", 1)]})
        await connection.exec_driver_sql(statements("0003_pickup_points.py").FILL)
        await connection.exec_driver_sql("DELETE FROM sellers")
        await keep(connection, {"a": [stated("moved", "1", 1), stated("moved", "2", 2)]})
        await keep(connection, {"b": [stated("stayed", "1", 1)], "c": [stated("moved", "not mine", 3)]})
        await keep(connection, {"e": [stated("new", "1", 5)], "d": [stated("new", "1", 6)]})
        for _ in range(2):
            await connection.exec_driver_sql(statements("0004_points_stated_meanwhile.py").MISSING)
            await connection.exec_driver_sql(statements("0004_points_stated_meanwhile.py").MOVED)
        points = await POINTS.load(connection, ["moved", "new", "stayed"], lock=False)
    named = {one.id: (one.owner_id, [dated.pickup_point.name for dated in one.places]) for one in points}
    assert named == {"moved": ("a", ["1", "2"]), "new": ("e", ["1"]), "stayed": ("b", ["1"])}
