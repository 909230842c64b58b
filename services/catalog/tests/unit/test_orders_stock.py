"""An order's stock through its life: held, sold, lapsed, released; early, late and twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from catalog.app.commands import ReinstateSeller, SuspendSeller, WithdrawProduct
from catalog.app.handlers import HANDLERS
from catalog.domain.events import (
    Refusal,
    ReleaseReason,
    StockCommitted,
    StockRefused,
    StockReleased,
    StockReserved,
)
from catalog.domain.goods import Line, Size
from catalog.domain.holds import HoldState, StockHold
from chassis.kernel import Loaded, Moment
from chassis.testing import Memory

from .given import (
    HOUR,
    NOW,
    OFFER_PRICE,
    cancel,
    cancel_part,
    confirm,
    count,
    does,
    does_twice,
    end,
    lapse,
    last_fact,
    levels,
    line,
    offered,
    place,
    publish,
    shelve,
    shop,
)


def refusal(memory: Memory) -> Refusal:
    fact = last_fact(memory)
    assert isinstance(fact, StockRefused)
    return fact.refusal


def test_an_order_is_held_and_then_sold() -> None:
    memory = shop(10)
    does_twice(memory, place("o1", line(3)))
    assert last_fact(memory) == StockReserved("o1", (line(3),), NOW + 3 * HOUR)
    assert levels(memory) == (10, 3, 0)
    does_twice(memory, confirm("o1", line(3)))
    assert last_fact(memory) == StockCommitted("o1", NOW)
    assert levels(memory) == (7, 0, 3)


def test_one_short_line_refuses_all_lines() -> None:
    memory = shop(10)
    does(memory, publish("tea"))
    does_twice(memory, place("o1", line(3), line(1, "tea")))
    assert last_fact(memory) == StockRefused("o1", Refusal.SHORT, ("tea",))
    assert levels(memory) == (10, 0, 0)


def test_two_lines_of_one_product_share_its_pieces() -> None:
    memory = shop(5)
    does(memory, place("o1", line(3), line(3)))
    assert refusal(memory) is Refusal.SHORT


def test_the_price_must_be_the_one_in_force_when_the_order_was_placed() -> None:
    memory = shop(10)
    does(memory, place("o1", line(price=59_000)))
    assert refusal(memory) is Refusal.PRICE_MISMATCH


def test_an_unknown_and_a_withdrawn_product_are_not_for_sale() -> None:
    memory = shop(10)
    does(memory, place("o1", line(product_id="nothing")))
    assert refusal(memory) is Refusal.NOT_FOR_SALE
    does(memory, WithdrawProduct(acting_seller_id="", product_id="noodles"), NOW + HOUR)
    does(memory, place("o2", line(), place_time=NOW + HOUR), NOW + HOUR)
    assert refusal(memory) is Refusal.NOT_FOR_SALE


def test_an_order_placed_before_the_withdrawal_is_held_after_it() -> None:
    memory = shop(10)
    does(memory, WithdrawProduct(acting_seller_id="", product_id="noodles"), NOW + HOUR)
    does(memory, place("o1", line(), place_time=NOW + HOUR / 2), NOW + 2 * HOUR)
    assert isinstance(last_fact(memory), StockReserved)


def test_nothing_of_a_suspended_seller_is_held_until_it_may_sell_again() -> None:
    """Orders asks before, of what it has heard; here it is known."""
    memory = shop(10)
    does(memory, SuspendSeller(seller_id="seller-1", reason="PAPERS"), NOW + HOUR)
    does_twice(memory, place("o1", line(), place_time=NOW + HOUR), NOW + HOUR)
    assert last_fact(memory) == StockRefused("o1", Refusal.NOT_FOR_SALE, ("noodles",))
    does_twice(memory, place("o2", line(), place_time=NOW + HOUR / 2), NOW + HOUR)
    assert isinstance(last_fact(memory), StockReserved), "it was placed while the seller could sell"
    does(memory, ReinstateSeller(seller_id="seller-1", reason="PAPERS"), NOW + 2 * HOUR)
    does_twice(memory, place("o3", line(), place_time=NOW + 2 * HOUR), NOW + 2 * HOUR)
    assert isinstance(last_fact(memory), StockReserved)


def test_a_product_without_size_is_shown_but_not_ordered() -> None:
    """R31."""
    memory = shop(10)
    does(memory, publish("carving", size=Size(weight_g=3_000)))
    does(memory, count(1, product_id="carving"))
    does(memory, place("o1", line(product_id="carving")))
    assert refusal(memory) is Refusal.NOT_FOR_SALE


def test_the_offer_price_holds_while_the_session_is_live_and_not_after() -> None:
    """R25: an order placed 1 s after the end gets the list price."""
    memory = shop(10)
    does(memory, end(), NOW + HOUR)
    does(memory, place("o1", offered(), place_time=NOW + HOUR - timedelta(seconds=1)), NOW + 2 * HOUR)
    assert isinstance(last_fact(memory), StockReserved)
    does(memory, place("o2", offered(), place_time=NOW + HOUR + timedelta(seconds=1)), NOW + 2 * HOUR)
    assert refusal(memory) is Refusal.PRICE_MISMATCH
    does(memory, place("o3", line(), place_time=NOW + HOUR + timedelta(seconds=1)), NOW + 2 * HOUR)
    assert isinstance(last_fact(memory), StockReserved)


@pytest.mark.parametrize("wrong", [line(price=OFFER_PRICE), line(session_id="live-1"), line(session_id="live-9")])
def test_the_offer_price_needs_its_session_and_the_session_its_price(wrong: Line) -> None:
    memory = shop(10)
    does(memory, place("o1", wrong))
    assert refusal(memory) is Refusal.PRICE_MISMATCH


def test_a_quota_of_50_with_200_buyers_sells_exactly_50_at_the_offer_price() -> None:
    memory = shop(1_000, quota=50)
    for number in range(200):
        does(memory, place(f"o{number}", offered()))
    assert levels(memory) == (1_000, 50, 0)
    assert [type(fact) for fact in memory.facts].count(StockReserved) == 50
    assert refusal(memory) is Refusal.OFFER_SOLD_OUT


def test_a_bulk_order_and_retail_orders_share_one_stock() -> None:
    """R24, but for its price tiers, which are not built: 100 pieces, 80 in bulk and 30 single buyers."""
    memory = shop(100)
    does(memory, place("bulk", line(80)))
    for number in range(30):
        does(memory, place(f"o{number}", line()))
    assert [type(fact) for fact in memory.facts].count(StockReserved) == 1 + 20
    assert [type(fact) for fact in memory.facts].count(StockRefused) == 10
    assert levels(memory) == (100, 100, 0) and refusal(memory) is Refusal.SHORT


def test_a_released_piece_can_be_sold_at_the_offer_price_again() -> None:
    memory = shop(10, quota=1)
    does(memory, place("o1", offered()))
    does_twice(memory, cancel("o1"))
    shelve(memory)
    does(memory, place("o2", offered()))
    assert isinstance(last_fact(memory), StockReserved)


def test_a_cancelled_order_gives_back_what_it_held() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3)))
    does_twice(memory, cancel("o1"))
    assert last_fact(memory) == StockReleased("o1", ReleaseReason.ORDER_CANCELLED, (), (line(3),))
    shelve(memory)
    assert levels(memory) == (10, 0, 0)


def test_a_release_for_an_unknown_order_refuses_the_late_reserve() -> None:
    memory = shop(10)
    does_twice(memory, cancel("o1"))
    does_twice(memory, place("o1", line(3)))
    assert refusal(memory) is Refusal.ALREADY_RELEASED
    does_twice(memory, confirm("o1", line(3)))
    assert levels(memory) == (10, 0, 0)


def test_a_lapsed_hold_frees_its_pieces_and_says_so() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3)))
    does(memory, lapse(memory, "o1"), NOW + 3 * HOUR - timedelta(seconds=1))
    assert levels(memory) == (10, 3, 0)
    does_twice(memory, lapse(memory, "o1"), NOW + 3 * HOUR)
    assert last_fact(memory) == StockReleased("o1", ReleaseReason.HOLD_EXPIRED, (), (line(3),))
    assert levels(memory) == (10, 0, 0)


def test_a_confirmation_that_meets_a_lapsed_hold_reserves_again() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3)))
    does(memory, lapse(memory, "o1"), NOW + 3 * HOUR)
    does_twice(memory, confirm("o1", line(3)), NOW + 4 * HOUR)
    assert [type(fact) for fact in memory.facts[-2:]] == [StockReserved, StockCommitted]
    assert levels(memory) == (7, 0, 3)


def test_a_confirmation_that_meets_a_lapsed_hold_is_refused_when_others_got_the_pieces() -> None:
    memory = shop(3)
    does(memory, place("o1", line(3)))
    does(memory, lapse(memory, "o1"), NOW + 3 * HOUR)
    does(memory, place("o2", line(1)))
    does_twice(memory, confirm("o1", line(3)), NOW + 4 * HOUR)
    assert refusal(memory) is Refusal.SHORT
    does_twice(memory, cancel("o1"))
    shelve(memory)
    assert levels(memory) == (3, 1, 0)


def test_a_cancellation_after_the_lapse_gives_nothing_back_twice() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3)))
    does(memory, lapse(memory, "o1"), NOW + 3 * HOUR)
    does_twice(memory, cancel("o1"))
    shelve(memory)
    assert levels(memory) == (10, 0, 0)
    does_twice(memory, confirm("o1", line(3)))
    assert levels(memory) == (10, 0, 0)


def test_a_confirmation_before_its_placing_sells_at_once() -> None:
    memory = shop(10)
    does_twice(memory, confirm("o1", line(3)))
    does_twice(memory, place("o1", line(3)))
    assert levels(memory) == (7, 0, 3)


def test_a_cancelled_part_goes_back_and_the_others_stay_sold() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3), line(2)))
    does(memory, confirm("o1", line(3), line(2)))
    does_twice(memory, cancel_part("o1-1", line(3)))
    assert last_fact(memory) == StockReleased("o1", ReleaseReason.PART_CANCELLED, ("o1-1",), (line(3),))
    shelve(memory)
    assert levels(memory) == (8, 0, 2)


def test_open_parts_of_a_cancelled_order_are_settled_one_by_one_later() -> None:
    """A parcel that the courier already has comes back after the cancellation, or does not."""
    memory = shop(10)
    lines = line(1), line(2), line(4)
    does(memory, place("o1", *lines))
    does(memory, confirm("o1", *lines))
    does_twice(memory, cancel("o1", "o1-2", "o1-3"))
    shelve(memory)
    assert levels(memory) == (4, 0, 6)
    does_twice(memory, cancel_part("o1-2", line(2)))
    does_twice(memory, cancel_part("o1-3"))
    does_twice(memory, cancel_part("o1-1", line(1)))
    shelve(memory)
    assert levels(memory) == (6, 0, 4)


def test_never_more_goes_back_than_the_part_had() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3), line(2)))
    does(memory, confirm("o1", line(3), line(2)))
    does_twice(memory, cancel_part("o1-2", line(9), line(9, "tea")))
    shelve(memory)
    assert levels(memory) == (7, 0, 3)


def test_a_part_cancelled_before_its_order_is_heard_of_is_never_held() -> None:
    memory = shop(10)
    does_twice(memory, cancel_part("o1-1", line(3)))
    does_twice(memory, place("o1", line(3), line(2)))
    assert last_fact(memory) == StockReserved("o1", (line(2),), NOW + 3 * HOUR)
    does_twice(memory, confirm("o1", line(3), line(2)))
    shelve(memory)
    assert levels(memory) == (8, 0, 2)


def test_the_trace_of_the_order_is_kept_with_its_hold() -> None:
    memory, command = shop(10), place("o1", line())
    outcome = HANDLERS[type(command)].act(command, Loaded(memory.aggregates), Moment(NOW, "00-aa-bb-01"))
    assert outcome.changes[0].aggregate.trace == "00-aa-bb-01"
    assert isinstance(outcome.changes[0].aggregate, StockHold)
    assert outcome.changes[0].aggregate.state is HoldState.HELD
