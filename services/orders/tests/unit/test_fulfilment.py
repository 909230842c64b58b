"""Every row of the saga's table: twice changes nothing, failing leaves a clean slate, undoing twice is fine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from orders.domain.events import OrderCancelled, OrderConfirmed, OrderPartCancelled, PaymentDue
from orders.domain.fulfilment import TABLE
from orders.domain.goods import ParcelState
from orders.domain.order import OrderState, PaymentAnswer, StockAnswer, Wait

# `shop` is the fixture of conftest.py; its words carry out every command twice and fail if the second changes anything.
Shop = Any


def test_the_table_is_the_one_that_was_designed() -> None:
    rows = {
        wait: (step.asked_by.__name__ if step.asked_by else None, step.gives_up_after) for wait, step in TABLE.items()
    }
    assert rows == {
        Wait.STOCK: ("OrderPlaced", timedelta(minutes=30)),
        Wait.PAYMENT: ("PaymentDue", timedelta(minutes=60)),
        Wait.PARCELS: ("OrderConfirmed", timedelta(minutes=60)),
        Wait.DELIVERY: (None, timedelta(days=21)),
        Wait.RETURN: ("OrderCancelled", timedelta(days=21)),
    }


# Stock


def test_held_stock_asks_for_the_money_once(shop: Shop) -> None:
    shop.until("STOCK")
    shop.stock(StockAnswer.RESERVED)
    due = shop.last(PaymentDue)
    assert shop.said == ["OrderPlaced", "PaymentDue"]
    assert due.placed_by == shop.order.placed_by != ""
    assert (due.total_vnd, [amount for _, amount in due.part_amounts]) == (220_000, [100_000, 120_000])
    assert (shop.order.wait, shop.order.deadline_time) == (Wait.PAYMENT, shop.now + timedelta(minutes=60))


def test_refused_stock_leaves_a_clean_slate(shop: Shop) -> None:
    shop.until("STOCK")
    shop.stock(StockAnswer.REFUSED)
    assert shop.said == ["OrderPlaced", "OrderCancelled"]
    shop.assert_clean_slate("STOCK_REFUSED")


def test_undoing_a_wait_for_stock_twice_is_fine(shop: Shop) -> None:
    shop.until("STOCK")
    assert shop.cancel().reply is OrderState.CANCELLED
    assert shop.cancel().reply is OrderState.CANCELLED
    assert shop.said == ["OrderPlaced", "OrderCancelled"]


def test_a_late_reservation_is_remembered_and_asks_for_nothing(shop: Shop) -> None:
    shop.until("STOCK")
    shop.cancel()
    shop.stock(StockAnswer.RESERVED)
    assert shop.said == ["OrderPlaced", "OrderCancelled"]
    assert shop.order.history[-1].kind == "StockReserved"


# Payment


def test_an_authorized_payment_confirms_once(shop: Shop) -> None:
    shop.until("PAYMENT")
    shop.payment(PaymentAnswer.AUTHORIZED)
    assert shop.said == ["OrderPlaced", "PaymentDue", "OrderConfirmed"]
    assert [part.part_id for part in shop.last(OrderConfirmed).parts] == [f"{shop.order.id}-1", f"{shop.order.id}-2"]


@pytest.mark.parametrize("answer", [PaymentAnswer.DECLINED, PaymentAnswer.EXPIRED])
def test_a_failed_payment_leaves_a_clean_slate(shop: Shop, answer: PaymentAnswer) -> None:
    shop.until("PAYMENT")
    shop.payment(answer)
    assert shop.said == ["OrderPlaced", "PaymentDue", "OrderCancelled"]
    shop.assert_clean_slate(f"PAYMENT_{answer}")


def test_undoing_a_wait_for_payment_twice_is_fine(shop: Shop) -> None:
    shop.until("PAYMENT")
    shop.cancel()
    shop.cancel()
    assert shop.said == ["OrderPlaced", "PaymentDue", "OrderCancelled"]
    shop.assert_clean_slate("BUYER_CANCELLED")


def test_a_late_authorization_never_confirms(shop: Shop) -> None:
    """Payments has heard OrderCancelled and refunds; orders only remembers what it was told."""
    shop.until("PAYMENT")
    shop.payment(PaymentAnswer.EXPIRED)
    shop.payment(PaymentAnswer.AUTHORIZED)
    shop.payment(None, kind="RefundDue", detail="refund-1")
    assert shop.said == ["OrderPlaced", "PaymentDue", "OrderCancelled"]
    assert [step.kind for step in shop.order.history][-2:] == ["PaymentAuthorized", "RefundDue"]


def test_a_payment_heard_before_the_stock_confirms_when_the_stock_is_held(shop: Shop) -> None:
    shop.until("STOCK")
    shop.payment(PaymentAnswer.AUTHORIZED)
    assert shop.said == ["OrderPlaced"]
    shop.stock(StockAnswer.RESERVED)
    assert shop.said == ["OrderPlaced", "PaymentDue", "OrderConfirmed"]


def test_an_expiry_after_the_authorization_is_only_remembered(shop: Shop) -> None:
    shop.until("PARCELS")
    shop.payment(PaymentAnswer.EXPIRED)
    assert shop.order.state is OrderState.CONFIRMED


# Parcels


def test_all_parcels_made_means_waiting_for_delivery(shop: Shop) -> None:
    shop.until("PARCELS")
    waits = []
    for number in (2, 1):
        shop.parcel(number, ParcelState.CREATED)
        waits.append(shop.order.wait)
    assert waits == [Wait.PARCELS, Wait.DELIVERY]


def test_a_refused_parcel_undoes_its_part_alone(shop: Shop) -> None:
    shop.until("PARCELS")
    shop.parcel(1, ParcelState.REFUSED)
    shop.parcel(2, ParcelState.CREATED)
    fact = shop.last(OrderPartCancelled)
    assert (fact.part_id, fact.reason, fact.amount_vnd) == (f"{shop.order.id}-1", "PARCEL_REFUSED", 100_000)
    assert fact.restock_lines == shop.order.parts[0].lines
    assert (shop.order.state, shop.order.wait) == (OrderState.CONFIRMED, Wait.DELIVERY)
    shop.parcel(2, ParcelState.DELIVERED)
    assert shop.said[-2:] == ["OrderPartCancelled", "OrderCompleted"]


def test_the_last_part_gone_takes_the_order_with_it(shop: Shop) -> None:
    shop.until("PARCELS")
    shop.parcel(1, ParcelState.REFUSED)
    shop.parcel(2, ParcelState.REFUSED)
    assert shop.said[-3:] == ["OrderPartCancelled", "OrderPartCancelled", "OrderCancelled"]
    shop.assert_clean_slate("NO_PART_LEFT")


def test_a_confirm_that_met_an_expired_hold_is_cancelled_and_undone_part_by_part(shop: Shop) -> None:
    """Shipping is asked at the same time as catalog, so every parcel has first to be called off."""
    shop.until("PARCELS")
    shop.stock(StockAnswer.REFUSED)
    cancelled = shop.last(OrderCancelled)
    assert (cancelled.reason, len(cancelled.open_part_ids)) == ("STOCK_REFUSED", 2)
    assert (shop.order.state, shop.order.wait) == (OrderState.CANCELLING, Wait.RETURN)
    shop.parcel(1, ParcelState.CANCELLED)
    shop.parcel(2, ParcelState.REFUSED)
    assert [fact.restock_lines for fact in shop.memory.facts if isinstance(fact, OrderPartCancelled)] == [(), ()]
    assert shop.said.count("OrderCancelled") == 1
    shop.assert_clean_slate("STOCK_REFUSED")


# Delivery


def test_every_part_delivered_completes_once(shop: Shop) -> None:
    shop.until("DELIVERY")
    shop.parcel(1, ParcelState.DELIVERED)
    shop.parcel(2, ParcelState.DELIVERED)
    assert shop.said == ["OrderPlaced", "PaymentDue", "OrderConfirmed", "OrderCompleted"]
    assert (shop.order.state, shop.order.deadline_time) == (OrderState.COMPLETED, None)


@pytest.mark.parametrize(("fate", "comes_back"), [(ParcelState.RETURNED, True), (ParcelState.LOST, False)])
def test_a_part_that_is_not_delivered_is_undone_and_restocked_if_it_came_back(
    shop: Shop, fate: ParcelState, comes_back: bool
) -> None:
    shop.until("DELIVERY")
    shop.parcel(2, ParcelState.PICKED_UP)
    shop.parcel(2, fate)
    fact = shop.last(OrderPartCancelled)
    assert (fact.part_id, fact.reason, fact.amount_vnd) == (f"{shop.order.id}-2", f"PARCEL_{fate}", 120_000)
    assert bool(fact.restock_lines) is comes_back
    shop.parcel(1, ParcelState.DELIVERED)
    assert shop.order.state is OrderState.COMPLETED


@pytest.mark.parametrize("other", [ParcelState.IN_TRANSIT, ParcelState.DELIVERED, ParcelState.LOST])
def test_a_lost_part_that_comes_back_is_restocked_once_and_changes_nothing_else(shop: Shop, other: ParcelState) -> None:
    """It is found while the other part is on its way, after the order was completed, and after it was called off."""
    shop.until("DELIVERY")
    shop.parcel(2, ParcelState.LOST)
    shop.parcel(1, other)
    before = shop.order
    for fate in (ParcelState.RETURNED, ParcelState.RETURNED, ParcelState.LOST):
        shop.parcel(2, fate)
    told = [fact for fact in shop.memory.facts if isinstance(fact, OrderPartCancelled) and fact.part_id[-1] == "2"]
    assert [(fact.reason, bool(fact.restock_lines)) for fact in told] == [
        ("PARCEL_LOST", False),
        ("PARCEL_RETURNED", True),
    ]
    assert told[1].restock_lines == before.parts[1].lines and shop.said[-1] == "OrderPartCancelled"
    assert (shop.order.state, shop.order.wait, shop.order.deadline_time) == (
        before.state,
        before.wait,
        before.deadline_time,
    )


def test_nothing_delivered_is_no_part_left(shop: Shop) -> None:
    shop.until("DELIVERY")
    shop.parcel(1, ParcelState.LOST)
    shop.parcel(2, ParcelState.RETURNED)
    shop.assert_clean_slate("NO_PART_LEFT")


def test_a_parcel_called_off_by_others_undoes_its_part(shop: Shop) -> None:
    shop.until("DELIVERY")
    shop.parcel(1, ParcelState.CANCELLED)
    assert shop.last(OrderPartCancelled).reason == "PARCEL_CANCELLED"
    assert shop.order.state is OrderState.CONFIRMED


def test_old_scans_never_move_a_parcel_backwards(shop: Shop) -> None:
    shop.until("DELIVERY")
    shop.parcel(1, ParcelState.DELIVERED)
    shop.parcel(1, ParcelState.PICKED_UP)
    shop.parcel(1, ParcelState.RETURNED)
    assert shop.order.parts[0].parcel is ParcelState.DELIVERED
    assert "OrderPartCancelled" not in shop.said
