"""Placing an order: prices, parts, the channel's own order ids, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chassis.kernel import DomainError, Invalid
from hypothesis import given
from hypothesis import strategies as st
from orders.app import commands
from orders.domain.contact import Contact
from orders.domain.errors import (
    ChannelOrderTaken,
    PriceChanged,
    ProductNotForSale,
    ProductWithoutSize,
    SellerNotSelling,
    UnknownProduct,
)
from orders.domain.events import OrderPlaced
from orders.domain.goods import Handling, Line, Size, packed
from orders.domain.order import Order
from orders.domain.placing import ChannelOrder, split
from orders.domain.views import ForSale, PickupFrom

# `shop` is the fixture of conftest.py.
Shop = Any


SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def collected_at(product_id: str, pickup_point_id: str) -> ForSale:
    return ForSale(
        id=product_id,
        published=1,
        withdrawn=0,
        seller_id="seller-a",
        prices=(),
        size=Size(500, 30, 20, 5),
        handling=(),
        seller_is_suspended=False,
        pickup_points=(PickupFrom(SINCE, 1, pickup_point_id),),
    )


@pytest.mark.parametrize(("quantity", "is_taken"), [(999, True), (1_000, False)])
def test_a_total_has_at_most_13_digits(shop: Shop, quantity: int, is_taken: bool) -> None:
    """R65, and as many as the amount of a QR code has room for (R60)."""
    shop.publish("gold", "seller-a", price=10_000_000_000)
    lines = (Line("gold", quantity, 0), Line("noodles", 1, 0))
    if is_taken:
        shop.place(lines=lines)
        assert shop.order.total_vnd == 9_990_000_050_000
        return
    with pytest.raises(Invalid) as refused:
        shop.place(lines=lines)
    assert refused.value.details["field"] == "lines"
    assert shop.said == []


def test_lines_of_three_members_of_a_cooperative_are_one_order_of_three_parts(shop: Shop) -> None:
    """R02; whether the buyer gets them as one parcel is not decided here: each part is a parcel."""
    for number in range(30):
        shop.seller(f"member-{number}", f"gate-{number}")
        shop.publish(f"scarf-{number}", f"member-{number}", price=200_000)
    shop.place(lines=tuple(Line(f"scarf-{number}", 1, 0) for number in (3, 8, 21)))
    assert shop.said == ["OrderPlaced"]
    assert [part.pickup_point_id for part in shop.order.parts] == ["gate-3", "gate-8", "gate-21"]
    assert shop.order.total_vnd == 600_000


def test_a_basket_is_split_by_pickup_point_in_the_order_of_its_lines(shop: Shop) -> None:
    shop.publish("flour", "seller-a", price=30_000, handling=(Handling.UPRIGHT,))
    shop.place(lines=(Line("tea", 1, 0), Line("noodles", 2, 0), Line("flour", 1, 0)))
    hill, zone = shop.last(OrderPlaced).parts
    assert (hill.part_id, hill.pickup_point_id, hill.seller_ids, hill.goods_vnd) == (
        f"{shop.order.id}-1",
        "pp-hill",
        ("seller-b",),
        120_000,
    )
    assert (zone.part_id, zone.pickup_point_id, zone.goods_vnd) == (f"{shop.order.id}-2", "pp-zone", 130_000)
    assert [line.product_id for line in zone.lines] == ["noodles", "flour"]
    assert zone.handling == (Handling.DRY_FOOD, Handling.UPRIGHT)
    assert zone.size == Size(1_500, 30, 20, 15)
    assert shop.last(OrderPlaced).total_vnd == 250_000


def test_sellers_that_share_a_pickup_point_share_a_parcel(shop: Shop) -> None:
    shop.seller("seller-c", "pp-zone")
    shop.publish("honey", "seller-c")
    reply = shop.place(lines=(Line("noodles", 1, 0), Line("honey", 1, 0))).reply[0]
    assert len(reply.parts) == 1
    assert shop.order.parts[0].seller_ids == ("seller-a", "seller-c")


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 1_000), st.integers(1, 10**9)), min_size=1, max_size=50))
def test_the_parts_of_any_basket_hold_every_line_once_and_sum_to_its_total(basket: list[tuple[int, int, int]]) -> None:
    """R65: nothing is rounded or left over where an order is split."""
    products = {f"p{n}": collected_at(f"p{n}", f"gate-{gate}") for n, (gate, _, _) in enumerate(basket)}
    lines = [Line(f"p{n}", quantity, price) for n, (_, quantity, price) in enumerate(basket)]
    parts = split("DH1", lines, products, SINCE)
    assert {line for part in parts for line in part.lines} == set(lines)
    assert sum(len(part.lines) for part in parts) == len(lines)
    assert sum(part.goods_vnd for part in parts) == sum(quantity * price for _, quantity, price in basket)
    assert len({part.pickup_point_id for part in parts}) == len(parts)


def test_a_packed_box_holds_what_is_in_it() -> None:
    long, flat = Size(100, 60, 10, 10), Size(200, 20, 30, 2)
    box = packed([(long, 2), (flat, 3)])
    assert (box.weight_g, box.length_cm, box.width_cm) == (800, 60, 30)
    assert box.length_cm * box.width_cm * box.height_cm >= 2 * 6_000 + 3 * 1_200


def test_the_list_price_in_force_counts(shop: Shop) -> None:
    for version, price, after in ((2, 60_000, timedelta(hours=1)), (3, 70_000, timedelta(hours=2))):
        shop.twice(
            commands.NotePriceChanged(
                product_id="tea", fact_version=version, list_price_vnd=price, effective_time=shop.now + after
            )
        )
    shop.later(minutes=61)
    assert shop.place(lines=(Line("tea", 1, 0),)).reply[0].total_vnd == 60_000


def test_an_open_offer_gives_the_price_and_is_named_in_the_line(shop: Shop) -> None:
    shop.live(("tea", 99_000))
    shop.place(session_id="live-1", lines=(Line("tea", 1, 99_000, "live-1"), Line("noodles", 1, 0, "live-1")))
    lines = {line.product_id: line for part in shop.order.parts for line in part.lines}
    assert lines["tea"] == Line("tea", 1, 99_000, "live-1")
    assert lines["noodles"] == Line("noodles", 1, 50_000, "")
    assert shop.order.session_id == "live-1"


def test_an_offer_that_has_not_begun_gives_no_price(shop: Shop) -> None:
    shop.live()
    shop.twice(
        commands.NoteOfferOpened(
            session_id="live-1",
            fact_version=2,
            product_id="tea",
            offer_price_vnd=1,
            from_time=shop.now + timedelta(minutes=1),
        )
    )
    assert shop.place(lines=(Line("tea", 1, 0, "live-1"),)).reply[0].total_vnd == 120_000


def test_a_price_that_changed_is_refused_with_both_prices(shop: Shop) -> None:
    with pytest.raises(PriceChanged) as refused:
        shop.place(lines=(Line("tea", 1, 119_000),))
    assert refused.value.details == {"product_id": "tea", "expected_vnd": "119000", "current_vnd": "120000"}
    assert refused.value.reason == "PRICE_CHANGED"


def withdrawn(shop: Shop) -> None:
    shop.twice(commands.NoteProductWithdrawn(product_id="tea", fact_version=2))


def not_yet_published(shop: Shop) -> None:
    shop.publish("tea", "seller-b", version=2, publish_time=shop.now + timedelta(hours=1))
    shop.now -= timedelta(days=5)


def without_size(shop: Shop) -> None:
    shop.publish("tea", "seller-b", version=2, size=Size(0, 10, 10, 10))


def suspended(shop: Shop) -> None:
    shop.twice(commands.NoteSellerSuspended(seller_id="seller-b", fact_version=3))
    shop.twice(commands.NoteSellerReinstated(seller_id="seller-b", fact_version=2))


def of_an_unknown_seller(shop: Shop) -> None:
    shop.publish("tea", "seller-z", version=2)


@pytest.mark.parametrize(
    ("arrange", "refusal"),
    [
        (withdrawn, ProductNotForSale),
        (not_yet_published, ProductNotForSale),
        (without_size, ProductWithoutSize),
        (suspended, SellerNotSelling),
        (of_an_unknown_seller, SellerNotSelling),
    ],
)
def test_what_cannot_be_sold_is_refused_and_leaves_nothing(
    shop: Shop, arrange: Any, refusal: type[DomainError]
) -> None:
    arrange(shop)
    with pytest.raises(refusal):
        shop.place(
            lines=(Line("noodles", 1, 0), Line("tea", 1, 0)) if arrange is not_yet_published else (Line("tea", 1, 0),)
        )
    assert shop.said == []
    assert list(shop.memory.all(Order)) == list(shop.memory.all(Contact)) == []


def test_an_unknown_product_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownProduct) as refused:
        shop.place(lines=(Line("gold", 1, 0),))
    assert refused.value.code == "NOT_FOUND"


def test_a_moved_seller_is_collected_at_the_new_point_from_its_day(shop: Shop) -> None:
    shop.seller("seller-b", "pp-valley", version=2, at=shop.now + timedelta(days=1))
    assert shop.place(lines=(Line("tea", 1, 0),)).reply[0].parts[0].pickup_point_id == "pp-hill"
    shop.later(days=1)
    reply = shop.place(order_id="DH2", contact_id="c2", lines=(Line("tea", 1, 0),)).reply[0]
    assert reply.parts[0].pickup_point_id == "pp-valley"


def test_a_channel_order_sent_five_times_is_one_order(shop: Shop) -> None:
    first = shop.place(channel_order_id="tiktok-7")
    replies = [shop.place(order_id=f"DH{n}", contact_id=f"c{n}", channel_order_id="tiktok-7").reply for n in range(4)]
    assert [(replace(answer, version=0), again) for answer, again in replies] == [(first.reply[0], True)] * 4
    assert first.reply[1] is False
    assert shop.said == ["OrderPlaced"]
    assert len(list(shop.memory.all(Order))) == len(list(shop.memory.all(Contact))) == 1


def test_a_channel_order_of_one_caller_is_not_told_to_another(shop: Shop) -> None:
    """A channel's name is only a word of the request; whoever guesses an id must not learn of the order under it."""
    shop.place(channel_order_id="tiktok-7")
    with pytest.raises(ChannelOrderTaken):
        shop.place(order_id="DH2", contact_id="c2", channel_order_id="tiktok-7", placed_by="channel-b")
    assert shop.said == ["OrderPlaced"]


def test_the_same_id_of_another_channel_is_another_order(shop: Shop) -> None:
    shop.place(channel_order_id="7")
    shop.place(order_id="DH2", contact_id="c2", channel="phone", channel_order_id="7")
    assert shop.said == ["OrderPlaced", "OrderPlaced"]


def test_without_a_channel_order_id_nothing_is_remembered_for_the_channel(shop: Shop) -> None:
    shop.place()
    assert list(shop.memory.all(ChannelOrder)) == []


def test_an_empty_date_of_the_destination_becomes_the_local_date(shop: Shop) -> None:
    shop.now = datetime(2026, 2, 4, 18, 30, tzinfo=UTC)
    shop.place()
    assert shop.order.destination.as_of_date == "2026-02-05"


def test_facts_hold_no_personal_data(shop: Shop) -> None:
    shop.until("RETURN")
    for told in [repr(fact) for fact in shop.memory.facts] + [
        repr(shop.order),
        repr(shop.memory.get(Contact, "contact-1")),
    ]:
        assert "Sáng" not in told and "912345678" not in told and "Số 1" not in told


def test_an_erased_contact_is_forgotten_for_good(shop: Shop) -> None:
    shop.place()
    shop.twice(commands.EraseContact(contact_id="contact-1"))
    contact = shop.memory.get(Contact, "contact-1")
    assert (contact.name, contact.phone, contact.address, contact.erase_time) == ("", "", "", shop.now)
    shop.later(days=1)
    assert contact.erase(shop.now) is contact


def test_views_end_the_same_in_whatever_order_news_comes(shop: Shop) -> None:
    """News is in order per key, but a parked record may be replayed late."""
    from orders.domain.views import ProductView

    published = commands.NoteProductPublished(
        product_id="late",
        fact_version=1,
        seller_id="seller-a",
        list_price_vnd=1_000,
        size=Size(1, 1, 1, 1),
        handling=(),
        publish_time=shop.now,
    )
    dearer = commands.NotePriceChanged(product_id="late", fact_version=2, list_price_vnd=2_000, effective_time=shop.now)
    withdrawn = commands.NoteProductWithdrawn(product_id="late", fact_version=3)
    again = replace(published, fact_version=4, list_price_vnd=3_000, publish_time=shop.now + timedelta(hours=1))
    for news in (again, withdrawn, published, dearer, published):
        shop.do(news)
    backwards = shop.memory.get(ProductView, "late")
    other = type(shop)()
    for news in (published, dearer, withdrawn, again):
        other.do(news)
    assert replace(backwards, version=0) == replace(other.memory.get(ProductView, "late"), version=0)
