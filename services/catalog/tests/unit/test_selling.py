"""Sellers, products, prices, counts, sessions and offers, as their commands are carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from catalog.app import commands
from catalog.domain import errors
from catalog.domain.events import (
    LivestreamEnded,
    LivestreamStarted,
    OfferOpened,
    PickupPointChanged,
    PriceChanged,
    ProductPublished,
    ProductWithdrawn,
    SellerRegistered,
    SellerReinstated,
    SellerSuspended,
    StockReserved,
)
from catalog.domain.goods import Ocop, Size, packed
from catalog.domain.livestreams import HostVerification
from catalog.domain.products import PRICES_MAX, Product
from catalog.domain.sellers import Seller
from catalog.domain.stock import OFFERS_MAX
from chassis.kernel import Invalid, NotFound
from chassis.testing import Memory

from .given import (
    HOUR,
    NOW,
    OCOP,
    POINT,
    PRICE,
    confirm,
    count,
    does,
    end,
    last_fact,
    levels,
    line,
    offer,
    place,
    publish,
    register,
    shop,
    start,
)


def change_price(price: int, at: timedelta = timedelta(0), acting: str = "") -> commands.ChangePrice:
    return commands.ChangePrice(
        acting_seller_id=acting, product_id="noodles", list_price_vnd=price, effective_time=NOW + at
    )


def withdraw(acting: str = "") -> commands.WithdrawProduct:
    return commands.WithdrawProduct(acting_seller_id=acting, product_id="noodles")


def move(point_id: str, at: timedelta) -> commands.MovePickupPoint:
    return commands.MovePickupPoint(
        acting_seller_id="",
        seller_id="seller-1",
        pickup_point=replace(POINT, pickup_point_id=point_id),
        effective_time=NOW + at,
    )


def test_a_seller_is_registered_once() -> None:
    memory = Memory()
    does(memory, register())
    assert isinstance(last_fact(memory), SellerRegistered)
    with pytest.raises(errors.SellerExists):
        does(memory, register())


def test_parcels_are_collected_at_the_old_point_until_the_day_of_the_move() -> None:
    """R30."""
    memory = Memory()
    does(memory, register())
    does(memory, move("new-zone", 24 * HOUR))
    assert last_fact(memory) == PickupPointChanged(
        "seller-1", replace(POINT, pickup_point_id="new-zone"), NOW + 24 * HOUR
    )
    seller = memory.get(Seller, "seller-1")
    assert seller.pickup_point_at(NOW + 23 * HOUR).pickup_point_id == POINT.pickup_point_id
    assert seller.pickup_point_at(NOW + 24 * HOUR).pickup_point_id == "new-zone"


def test_a_move_in_the_past_happens_now_and_one_too_far_ahead_is_refused() -> None:
    memory = Memory()
    does(memory, register())
    assert does(memory, move("new-zone", -HOUR)).reply == NOW
    assert memory.get(Seller, "seller-1").pickup_point_at(NOW).pickup_point_id == "new-zone"
    with pytest.raises(Invalid):
        does(memory, move("later", timedelta(days=91)))


def test_a_suspended_seller_publishes_nothing_and_goes_live_with_nothing() -> None:
    memory = Memory()
    does(memory, register())
    does(memory, commands.SuspendSeller(seller_id="seller-1", reason="COMPLAINTS"))
    assert last_fact(memory) == SellerSuspended("seller-1", "COMPLAINTS", NOW)
    for command in (publish(), start(), commands.SuspendSeller(seller_id="seller-1", reason="AGAIN")):
        with pytest.raises(errors.SellerNotActive):
            does(memory, command)


def test_a_reinstated_seller_sells_as_before() -> None:
    memory = Memory()
    does(memory, register())
    back = commands.ReinstateSeller(seller_id="seller-1", reason="PAPERS")
    with pytest.raises(errors.SellerNotSuspended):
        does(memory, back)
    does(memory, commands.SuspendSeller(seller_id="seller-1", reason="COMPLAINTS"))
    assert does(memory, back).reply == NOW and last_fact(memory) == SellerReinstated("seller-1", "PAPERS", NOW)
    does(memory, publish())
    assert memory.get(Seller, "seller-1").suspend_reason == ""


def test_a_seller_acts_for_itself_only() -> None:
    memory = shop()
    commands_of_another = (
        register("seller-9", acting="seller-2"),
        publish("tea", acting="seller-2"),
        withdraw(acting="seller-2"),
        change_price(1, acting="seller-2"),
        count(1, 1, acting="seller-2"),
        start("live-2", acting="seller-2"),
        offer(acting="seller-2"),
        end(acting="seller-2"),
    )
    for command in commands_of_another:
        with pytest.raises(errors.NotYourSeller):
            does(memory, command)
    does(memory, count(7, 1, acting="seller-1"))
    assert levels(memory) == (7, 0, 0)


def test_a_product_needs_its_seller_and_is_published_once() -> None:
    memory = Memory()
    with pytest.raises(NotFound):
        does(memory, publish())
    does(memory, register())
    does(memory, publish())
    assert last_fact(memory) == ProductPublished(
        "noodles",
        "seller-1",
        "Miến dong 500 g",
        PRICE,
        Size(550, 35, 20, 10),
        memory.get(Product, "noodles").description.handling,
        OCOP,
        NOW,
    )
    with pytest.raises(errors.ProductExists):
        does(memory, publish())


def test_a_withdrawn_product_is_published_anew_with_its_stock_by_its_own_seller() -> None:
    memory = shop(10)
    does(memory, withdraw(), NOW + HOUR)
    assert last_fact(memory) == ProductWithdrawn("noodles", NOW + HOUR)
    with pytest.raises(errors.NotForSale):
        does(memory, withdraw(), NOW + HOUR)
    does(memory, register("seller-2"))
    with pytest.raises(errors.ProductExists):
        does(memory, publish(seller_id="seller-2"), NOW + HOUR)
    does(memory, publish(list_price_vnd=70_000), NOW + 2 * HOUR)
    assert levels(memory) == (10, 0, 0)
    product = memory.get(Product, "noodles")
    assert product.on_sale_at(NOW + 2 * HOUR) and product.list_price_vnd_at(NOW + 2 * HOUR) == 70_000


def test_price_changes_planned_before_a_withdrawal_are_taken_back_for_readers_too() -> None:
    memory = shop()
    does(memory, change_price(65_000, 3 * HOUR))
    does(memory, withdraw(), NOW + HOUR)
    does(memory, publish(list_price_vnd=70_000), NOW + 2 * HOUR)
    assert memory.get(Product, "noodles").list_price_vnd_at(NOW + 4 * HOUR) == 70_000
    assert last_fact(memory) == PriceChanged("noodles", 70_000, NOW + 3 * HOUR)


def test_an_order_pays_the_price_of_its_own_moment() -> None:
    memory = shop(10)
    does(memory, change_price(65_000, HOUR))
    assert last_fact(memory) == PriceChanged("noodles", 65_000, NOW + HOUR)
    late = NOW + 3 * HOUR
    does(memory, place("o1", line(price=PRICE), place_time=NOW + HOUR - timedelta(microseconds=1)), late)
    assert isinstance(last_fact(memory), StockReserved)
    does(memory, place("o2", line(price=65_000), place_time=NOW + HOUR), late)
    assert isinstance(last_fact(memory), StockReserved)


def test_prices_out_of_force_are_forgotten_and_too_many_changes_refused() -> None:
    memory = shop()
    for day in range(100):
        command = change_price(PRICE + day, timedelta(days=day))
        does(memory, command, NOW + timedelta(days=day))
    assert len(memory.get(Product, "noodles").prices) <= 4
    with pytest.raises(errors.TooManyPriceChanges):
        for second in range(PRICES_MAX + 1):
            at = timedelta(days=100, seconds=second)
            does(memory, change_price(PRICE, at), NOW + at)


def test_a_count_made_before_a_sale_is_refused() -> None:
    memory = shop(10)
    does(memory, place("o1", line(2)))
    does(memory, count(12, 1))
    does(memory, confirm("o1", line(2)))
    with pytest.raises(errors.StockVersionMismatch) as refused:
        does(memory, count(20, 2))
    assert refused.value.details["stock_version"] == "3"
    does(memory, count(20, 3))
    assert levels(memory) == (20, 0, 2)


def test_fewer_than_are_held_cannot_be_counted() -> None:
    memory = shop(10)
    does(memory, place("o1", line(4)))
    with pytest.raises(errors.CountedBelowHeld):
        does(memory, count(3, 1))
    does(memory, count(4, 1))
    assert levels(memory) == (4, 4, 0)


@pytest.mark.parametrize(
    "verification", [HostVerification("", ""), HostVerification("VNEID", ""), HostVerification("VNEID", "r", NOW)]
)
def test_an_unverified_host_does_not_go_live(verification: HostVerification) -> None:
    """R05."""
    memory = shop()
    with pytest.raises(errors.HostNotVerified):
        does(memory, start("live-2", host_verification=verification))


def test_a_session_has_a_start_offers_and_an_end_with_a_reason() -> None:
    memory = shop(10, quota=5)
    kinds = [type(fact) for fact in memory.facts[-2:]]
    assert kinds == [LivestreamStarted, OfferOpened]
    does(memory, end(), NOW + HOUR)
    assert isinstance(last_fact(memory), LivestreamEnded)
    for command in (end(), offer()):
        with pytest.raises(errors.SessionEnded):
            does(memory, command, NOW + HOUR)
    with pytest.raises(errors.SessionExists):
        does(memory, start())


def test_only_products_of_the_sessions_sellers_are_offered_and_only_once() -> None:
    memory = shop()
    does(memory, register("seller-2"))
    does(memory, publish("tea", "seller-2"))
    with pytest.raises(errors.SellerNotInSession):
        does(memory, offer(product_id="tea"))
    with pytest.raises(errors.OfferExists):
        does(memory, offer())
    with pytest.raises(NotFound):
        does(memory, offer(session_id="live-9"))


def test_a_withdrawn_product_is_not_offered() -> None:
    memory = shop()
    does(memory, start("live-2"))
    does(memory, withdraw())
    with pytest.raises(errors.NotForSale):
        does(memory, offer(session_id="live-2"))


def test_offers_of_long_ago_are_forgotten_and_too_many_at_once_refused() -> None:
    memory = shop()
    for number in range(2, OFFERS_MAX + 1):
        does(memory, start(f"s{number}"))
        does(memory, offer(session_id=f"s{number}"))
    does(memory, start("one-more"))
    with pytest.raises(errors.TooManyOffers):
        does(memory, offer(session_id="one-more"))
    does(memory, offer(session_id="one-more"), NOW + timedelta(days=4))


def test_the_ocop_badge_disappears_the_day_after_month_36() -> None:
    """R22."""
    ocop = Ocop(4, 1, "123/QĐ-UBND", date(2024, 2, 29))
    assert ocop.badge_shown_on(date(2027, 2, 28))
    assert not ocop.badge_shown_on(date(2027, 3, 1))
    assert not ocop.badge_shown_on(date(2024, 2, 28))
    assert not replace(ocop, decision_number="").badge_shown_on(date(2024, 3, 1))


def test_five_bags_are_stacked_into_one_parcel() -> None:
    assert packed([(Size(550, 35, 20, 10), 5)]) == Size(2_750, 50, 35, 20)
    assert packed([(Size(550, 35, 20, 10), 1), (Size(weight_g=1), 1)]) == Size()
