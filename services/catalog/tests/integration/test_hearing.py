"""What orders says, heard on the real database, each fact twice; and the clock's work after it."""

from __future__ import annotations

from catalog.bootstrap import SERVICE
from chassis.inbox import InboxGate, items_of
from chassis.testing.house import Record
from chophien.catalog.v1.catalog_service_pb2 import SuspendSellerRequest

from .conftest import House
from .speech import OFFER_PRICE, cancelled, confirmed, count, line, order_id, part_cancelled, placed


async def test_an_order_is_held_sold_and_partly_given_back(shop: House) -> None:
    order, lines = order_id(), (line(2), line(3))
    await shop.hear(placed(order, *lines))
    assert await shop.levels() == (10, 5, 0)
    await shop.hear(confirmed(order, *lines))
    assert await shop.levels() == (5, 0, 5)
    await shop.hear(part_cancelled(order, 1, line(2)))
    await shop.tick()
    assert await shop.levels() == (7, 0, 3)
    assert await shop.said(order) == ["stock_reserved", "stock_committed", "stock_released"]


async def test_many_orders_in_one_batch_share_a_hot_product_in_their_order(shop: House) -> None:
    """30 buyers of one piece each at a quota of 5, all in one transaction."""
    orders = [order_id() for _ in range(30)]
    await shop.hear(*(placed(order, line(1, OFFER_PRICE, "live-1")) for order in orders))
    assert await shop.levels() == (10, 5, 0)
    assert [await shop.said(order) for order in orders] == [["stock_reserved"]] * 5 + [["stock_refused"]] * 25
    await shop.hear(*(cancelled(order) for order in orders))
    await shop.tick()
    assert await shop.levels() == (10, 0, 0)
    await shop.hear(placed(order := order_id(), line(5, OFFER_PRICE, "live-1")))
    assert await shop.said(order) == ["stock_reserved"]


async def test_holds_lapse_by_the_clock_and_a_late_confirmation_makes_them_again(shop: House) -> None:
    orders = [order_id() for _ in range(4)]
    await shop.hear(*(placed(order, line(2)) for order in orders))
    await shop.tick(hours=2.9)
    assert await shop.levels() == (10, 8, 0)
    await shop.tick(hours=0.1)
    assert await shop.levels() == (10, 0, 0)
    await shop.hear(confirmed(orders[0], line(2)))
    assert await shop.levels() == (8, 0, 2)
    await shop.stub().SetStock(count(1, 2))
    await shop.hear(confirmed(orders[1], line(2)))
    assert (await shop.said(orders[0]))[1:] == ["stock_released", "stock_reserved", "stock_committed"]
    assert (await shop.said(orders[1]))[1:] == ["stock_released", "stock_refused"]


async def test_nothing_of_a_suspended_seller_is_held(shop: House) -> None:
    await shop.stub().SuspendSeller(SuspendSellerRequest(request_id="s1", seller_id="seller-1", reason="PAPERS"))
    await shop.hear(placed(order := order_id(), line(2)))
    assert await shop.said(order) == ["stock_refused"]
    assert await shop.levels() == (10, 0, 0)


async def test_an_order_cancelled_before_it_is_heard_of_is_never_held(shop: House) -> None:
    order = order_id()
    await shop.hear(cancelled(order))
    await shop.hear(placed(order, line(2)))
    await shop.hear(confirmed(order, line(2)))
    await shop.tick()
    assert await shop.levels() == (10, 0, 0)
    assert await shop.said(order) == ["stock_released", "stock_refused"]


async def test_open_parts_of_a_cancelled_order_come_back_later(shop: House) -> None:
    order, lines = order_id(), (line(2), line(3))
    await shop.hear(placed(order, *lines), confirmed(order, *lines), cancelled(order, 2))
    await shop.tick()
    assert await shop.levels() == (7, 0, 3)
    await shop.hear(part_cancelled(order, 2, line(3)))
    await shop.tick()
    await shop.tick()
    assert await shop.levels() == (10, 0, 0)


async def test_a_fact_without_pieces_is_set_aside_with_its_story(shop: House) -> None:
    """It would count nothing, or worse; its neighbours go on."""
    order, broken = order_id(), placed(order_id(), line(0))
    records = [Record(e.DESCRIPTOR.full_name, e.SerializeToString()) for e in (broken, placed(order, line(1)))]
    records[0].key, records[1].key = b"broken", order.encode()
    dispatcher = shop.served.runtime.dispatcher
    await dispatcher.carry_out(items_of(records, SERVICE.hears), InboxGate("catalog", dispatcher.telemetry))
    assert await shop.said(order) == ["stock_reserved"]
    assert await shop.rows("SELECT count(*) FROM dead_letters") == [(1,)]
