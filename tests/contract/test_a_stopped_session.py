"""R42 over the bytes of catalog's fact: once an authority stopped a session, nothing of it is sold any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog.app import commands as catalog
from catalog.app.handlers import HANDLERS as CATALOG
from catalog.domain.events import EndReason, StockRefused
from catalog.domain.goods import Line as CatalogLine
from catalog.domain.goods import Size as CatalogSize
from catalog.domain.holds import HeldLine
from catalog.domain.livestreams import HostVerification, LivestreamSession
from catalog.domain.products import Description, Price, Product
from catalog.domain.stock import Stock
from catalog.wire.facts import encode
from chassis.testing import Memory, carry_out
from chophien.catalog.v1.livestream_event_pb2 import LivestreamEvent
from orders.app import commands as orders
from orders.app.handlers import HANDLERS as ORDERS
from orders.domain.errors import SessionNotLive
from orders.domain.goods import Line, PaymentMethod
from orders.domain.order import Order
from orders.wire.hearing import LIVESTREAM

from tests.contract.test_money_follows_goods import for_sale

NOON = datetime(2026, 2, 4, 5, 0, tzinfo=UTC)
OFFER_VND = 80_000


def shop_of_catalog() -> Memory:
    """A session that offers ten pieces of product-1."""
    memory = Memory()
    memory.put(
        Product(
            id="product-1",
            seller_id="seller-1",
            description=Description("Miến dong", CatalogSize(500, 30, 20, 5), (), None),
            prices=(Price(100_000, NOON),),
            publish_time=NOON,
        ),
        Stock(id="product-1", on_hand_quantity=10),
        LivestreamSession(
            id="live-1",
            host_id="host-1",
            host_verification=HostVerification("VNEID", "ref-1"),
            seller_ids=("seller-1",),
            start_time=NOON,
        ),
    )
    offer = catalog.OpenOffer(
        acting_seller_id="", session_id="live-1", product_id="product-1", offer_price_vnd=OFFER_VND, quota=0
    )
    carry_out(CATALOG, memory, offer, NOON)
    return memory


def shop_of_orders() -> Memory:
    """The same as orders knows it."""
    memory = Memory()
    memory.put(for_sale(1, 100_000))
    carry_out(ORDERS, memory, orders.NoteLivestreamStarted(session_id="live-1", start_time=NOON), NOON)
    offer = orders.NoteOfferOpened(
        session_id="live-1", fact_version=2, product_id="product-1", offer_price_vnd=OFFER_VND, from_time=NOON
    )
    carry_out(ORDERS, memory, offer, NOON)
    return memory


def place(number: int) -> orders.PlaceOrder:
    texts = dict.fromkeys(("channel", "channel_order_id", "placed_by", "name", "phone", "address", "as_of_date"), "")
    return orders.PlaceOrder(
        **texts,
        order_id=f"DH{number}",
        contact_id=f"contact-{number}",
        session_id="live-1",
        commune_code="00004",
        hamlet="",
        payment_method=PaymentMethod.QR,
        lines=(Line("product-1", 1, OFFER_VND, "live-1"),),
        client_time=None,
    )


def stop(memory: Memory, now: datetime) -> Any:
    """An authority stops the session; what orders hears of it."""
    command = catalog.EndLivestream(
        acting_seller_id="",
        session_id="live-1",
        reason=EndReason.STOPPED_BY_AUTHORITY,
        authority_reference="CV 12/2026",
    )
    carry_out(CATALOG, memory, command, now)
    event = LivestreamEvent.FromString(encode(memory.said[-1].fact, memory.said[-1].version).payload)
    return LIVESTREAM["livestream_ended"](event)


def test_orders_takes_none_as_soon_as_it_has_heard() -> None:
    memory = shop_of_orders()
    carry_out(ORDERS, memory, place(1), NOON + timedelta(minutes=1))
    carry_out(ORDERS, memory, stop(shop_of_catalog(), NOON + timedelta(minutes=2)), NOON + timedelta(minutes=2))
    with pytest.raises(SessionNotLive):
        carry_out(ORDERS, memory, place(2), NOON + timedelta(minutes=2))
    assert [order.id for order in memory.all(Order)] == ["DH1"]


def test_what_slips_in_before_orders_has_heard_gets_no_stock() -> None:
    """So the five seconds do not hang on Kafka: catalog knows at once, and refuses by when the order was placed."""
    memory, stopped = shop_of_catalog(), NOON + timedelta(minutes=2)
    stop(memory, stopped)
    line = CatalogLine("product-1", 1, OFFER_VND, "live-1")
    for number, place_time in enumerate((stopped, stopped - timedelta(seconds=1)), 1):
        reserve = catalog.ReserveStock(
            order_id=f"DH{number}",
            lines=(HeldLine(f"DH{number}-1", line),),
            seller_ids=("seller-1",),
            place_time=place_time,
            expire_time=place_time + timedelta(hours=3),
        )
        carry_out(CATALOG, memory, reserve, stopped + timedelta(seconds=3))
        assert isinstance(memory.facts[-1], StockRefused) is (number == 1)
