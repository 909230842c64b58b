"""Orders of a livestream session: before it, in it, after it, and after an authority stopped it."""

from __future__ import annotations

from typing import Any

import pytest
from orders.domain.errors import PriceChanged, SessionNotLive
from orders.domain.events import OrderPlaced
from orders.domain.goods import Line

# `shop` is the fixture of conftest.py.
Shop = Any

ANY_PRICE = Line("tea", 1, 0, "live-1")
OFFERED = Line("tea", 1, 99_000, "live-1")


def test_before_it_starts_no_order_of_it_is_taken(shop: Shop) -> None:
    with pytest.raises(SessionNotLive):
        shop.place(lines=(ANY_PRICE,))


def test_one_second_after_its_end_the_list_price_holds(shop: Shop) -> None:
    """R25; and the line names no session any more, so catalog holds it at the list price too."""
    shop.live(("tea", 99_000))
    shop.end_session("FINISHED")
    shop.later(seconds=1)
    shop.place(lines=(ANY_PRICE,))
    [line] = shop.last(OrderPlaced).parts[0].lines
    assert (line.unit_price_vnd, line.session_id) == (120_000, "")


def test_nobody_pays_more_than_they_were_shown_because_a_session_ended(shop: Shop) -> None:
    shop.live(("tea", 99_000))
    shop.end_session("FINISHED")
    with pytest.raises(PriceChanged) as refused:
        shop.place(lines=(OFFERED,))
    assert refused.value.details["current_vnd"] == "120000"


@pytest.mark.parametrize("reason", ["STOPPED_BY_AUTHORITY", "SOMETHING_NEW", ""])
def test_once_an_authority_stopped_it_no_order_of_it_is_taken(shop: Shop, reason: str) -> None:
    """R42; the same after an end for a reason that nobody knows here, or that an older release did not keep."""
    shop.live(("tea", 99_000))
    shop.place(lines=(OFFERED,))
    shop.end_session(reason)
    for line in (ANY_PRICE, OFFERED):
        with pytest.raises(SessionNotLive):
            shop.place(lines=(line,))
