"""A quoted basket: present prices, what is left, parts by pickup point."""

from __future__ import annotations

from dataclasses import replace

from catalog.domain.events import Refusal, SellerKind
from catalog.domain.goods import Line, Size
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.places import Place
from catalog.domain.points import KnownPoint
from catalog.domain.products import Product
from catalog.domain.quoting import Quote, Shop, quote_basket
from catalog.domain.sellers import Seller
from catalog.domain.stock import Stock
from chassis.testing import Memory

from .given import HOUR, NOW, OFFER_PRICE, POINT, PRICE, block, count, does, end, publish, register, shop


def market() -> Memory:
    """Noodles at the shared point, tiles at another."""
    memory = shop(10, quota=5)
    does(memory, register("seller-2", replace(POINT, pickup_point_id="pp-tiles")))
    does(memory, publish("tiles", "seller-2", size=Size(30_000, 60, 60, 4), list_price_vnd=250_000))
    does(memory, count(2, product_id="tiles"))
    return memory


def quoted(memory: Memory, *lines: Line, hours: int = 0) -> Quote:
    whole = Shop(
        *({one.id: one for one in memory.all(kind)} for kind in (Product, Stock, Seller, LivestreamSession, KnownPoint))  # type: ignore[arg-type]
    )
    return quote_basket(lines, whole, NOW + hours * HOUR)


def test_a_basket_splits_by_pickup_point() -> None:
    quote = quoted(market(), Line("noodles", 2, 0), Line("tiles", 1, 0), Line("noodles", 1, 0, "live-1"))
    assert quote.available and quote.total_vnd == 2 * PRICE + OFFER_PRICE + 250_000
    noodles, tiles = quote.parts
    assert noodles.pickup_point.pickup_point_id == POINT.pickup_point_id
    assert [one.line.unit_price_vnd for one in noodles.lines] == [PRICE, OFFER_PRICE]
    assert noodles.size == Size(1_650, 35, 30, 20)
    assert tiles.seller_ids == ("seller-2",) and tiles.goods_vnd == 250_000


def test_lines_of_one_product_share_what_is_left() -> None:
    quote = quoted(market(), Line("tiles", 2, 0), Line("tiles", 1, 0))
    assert [one.refusal for part in quote.parts for one in part.lines] == [None, Refusal.SHORT]
    assert not quote.available


def test_an_offer_that_is_over_or_sold_out_says_so() -> None:
    memory = market()
    over_quota = quoted(memory, Line("noodles", 6, 0, "live-1")).parts[0].lines[0]
    assert over_quota.refusal is Refusal.OFFER_SOLD_OUT
    does(memory, end(), NOW + HOUR)
    over = quoted(memory, Line("noodles", 1, 0, "live-1"), hours=1).parts[0].lines[0]
    assert (over.refusal, over.line.unit_price_vnd) == (Refusal.PRICE_MISMATCH, PRICE)


def test_what_is_unknown_stands_apart() -> None:
    quote = quoted(market(), Line("nothing", 1, 0), Line("tiles", 1, 0))
    assert [one.line.product_id for one in quote.unknown_lines] == ["nothing"]
    assert len(quote.parts) == 1 and not quote.available


def test_a_basket_of_three_of_a_cooperatives_thirty_members_is_three_pickups_in_two_communes() -> None:
    """R02: each member sells under the cooperative's kind from a gate of its own, half of them in another commune."""
    memory = Memory()
    for number in range(30):
        gate = replace(POINT, pickup_point_id=f"gate-{number}", place=Place("02251" if number % 2 else "02248"))
        member = register(f"member-{number}", gate)
        does(memory, replace(member, public_block=block(kind=SellerKind.COOPERATIVE)))
        does(memory, publish(f"scarf-{number}", f"member-{number}", list_price_vnd=200_000))
        does(memory, count(5, product_id=f"scarf-{number}"))
    quote = quoted(memory, *(Line(f"scarf-{number}", 1, 0) for number in (3, 8, 21)))
    assert quote.available and quote.total_vnd == 600_000
    assert [part.seller_ids for part in quote.parts] == [("member-3",), ("member-8",), ("member-21",)]
    assert [part.pickup_point.place.commune_code for part in quote.parts] == ["02251", "02248", "02251"]
