"""Buyers who change their minds after the confirmation, and silence: what is undone at once, what later, what never."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from chassis.kernel import NotFound
from orders.domain.errors import AlreadyDelivered
from orders.domain.events import OrderCancelled, OrderPartCancelled
from orders.domain.goods import ParcelState
from orders.domain.order import OrderState, PaymentAnswer, StockAnswer

# `shop` is the fixture of conftest.py; its words carry out every command twice and fail if the second changes anything.
Shop = Any


def test_a_buyers_cancel_before_collection_is_undone_part_by_part(shop: Shop) -> None:
    shop.until("DELIVERY")
    assert shop.cancel().reply is OrderState.CANCELLING
    assert shop.last(OrderCancelled).open_part_ids == (f"{shop.order.id}-1", f"{shop.order.id}-2")
    shop.parcel(1, ParcelState.CANCELLED)
    shop.parcel(2, ParcelState.CANCELLED)
    parts = [fact for fact in shop.memory.facts if isinstance(fact, OrderPartCancelled)]
    assert [(fact.reason, bool(fact.restock_lines)) for fact in parts] == [("BUYER_CANCELLED", True)] * 2
    assert shop.said.count("OrderCancelled") == 1
    shop.assert_clean_slate("BUYER_CANCELLED")


def test_a_collected_parcel_comes_back_before_its_money_does(shop: Shop) -> None:
    shop.until("DELIVERY")
    shop.parcel(1, ParcelState.PICKED_UP)
    shop.cancel()
    shop.parcel(1, ParcelState.RETURNING)
    shop.parcel(2, ParcelState.CANCELLED)
    assert (shop.order.state, shop.said.count("OrderPartCancelled")) == (OrderState.CANCELLING, 1)
    shop.parcel(1, ParcelState.RETURNED)
    assert shop.last(OrderPartCancelled).reason == "PARCEL_RETURNED"
    shop.assert_clean_slate("BUYER_CANCELLED")


def test_undoing_a_cancelling_order_twice_is_fine(shop: Shop) -> None:
    shop.until("RETURN")
    assert shop.cancel().reply is OrderState.CANCELLING
    shop.parcel(1, ParcelState.CANCELLED)
    shop.parcel(2, ParcelState.CANCELLED)
    assert shop.cancel().reply is OrderState.CANCELLED
    assert shop.said.count("OrderCancelled") == 1


def test_a_parcel_delivered_in_spite_of_the_cancel_stays_delivered(shop: Shop) -> None:
    """The scan and the cancel crossed: the buyer has the goods and keeps having paid for them."""
    shop.until("RETURN")
    shop.parcel(1, ParcelState.DELIVERED)
    shop.parcel(2, ParcelState.CANCELLED)
    assert (shop.order.state, shop.order.cancel_reason) == (OrderState.COMPLETED, "")
    assert [fact.part_id[-1] for fact in shop.memory.facts if isinstance(fact, OrderPartCancelled)] == ["2"]


def test_a_delivered_order_is_never_cancelled(shop: Shop) -> None:
    shop.until("DELIVERY")
    shop.parcel(1, ParcelState.DELIVERED)
    with pytest.raises(AlreadyDelivered):
        shop.cancel()


def test_nobody_cancels_what_somebody_else_placed(shop: Shop) -> None:
    shop.until("STOCK")
    with pytest.raises(NotFound):
        shop.cancel(placed_by="channel-b")
    assert shop.cancel(placed_by="channel-a").reply is OrderState.CANCELLED


# Deadlines


@pytest.mark.parametrize("wait", ["STOCK", "PAYMENT"])
def test_silence_before_the_confirmation_cancels(shop: Shop, wait: str) -> None:
    shop.until(wait)
    shop.now = shop.order.deadline_time - timedelta(seconds=1)
    shop.give_up()
    assert not shop.order.is_over
    shop.later(seconds=1)
    shop.give_up()
    shop.assert_clean_slate(f"GAVE_UP_{wait}")


def test_silence_about_parcels_cancels_and_waits_for_them(shop: Shop) -> None:
    shop.until("PARCELS")
    shop.later(minutes=60)
    shop.give_up()
    assert (shop.order.state, shop.order.cancel_reason) == (OrderState.CANCELLING, "GAVE_UP_PARCELS")
    for late in (ParcelState.CREATED, ParcelState.CANCELLED):
        shop.parcel(1, late)
        shop.parcel(2, late)
    shop.assert_clean_slate("GAVE_UP_PARCELS")


def test_silence_about_one_parcel_does_not_cancel_another_on_the_road(shop: Shop) -> None:
    shop.until("PARCELS")
    shop.parcel(1, ParcelState.PICKED_UP)
    shop.later(minutes=60)
    shop.give_up()
    assert (shop.order.state, shop.order.overdue) == (OrderState.CONFIRMED, True)


@pytest.mark.parametrize("wait", ["DELIVERY", "RETURN"])
def test_silence_on_the_road_calls_for_people_and_still_listens(shop: Shop, wait: str) -> None:
    shop.until(wait)
    before = shop.order.state
    shop.later(days=21)
    shop.give_up()
    assert (shop.order.state, shop.order.overdue, shop.order.deadline_time) == (before, True, None)
    shop.parcel(1, ParcelState.DELIVERED)
    shop.parcel(2, ParcelState.DELIVERED)
    assert (shop.order.state, shop.order.overdue) == (OrderState.COMPLETED, False)


def test_answers_to_unknown_orders_and_parts_are_ignored(shop: Shop) -> None:
    shop.stock(StockAnswer.RESERVED)
    shop.payment(PaymentAnswer.AUTHORIZED)
    shop.parcel(1, ParcelState.CREATED)
    assert shop.said == []
    shop.until("DELIVERY")
    before = shop.order
    shop.parcel(9, ParcelState.LOST)
    assert shop.order == before
