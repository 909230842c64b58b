"""A channel's own order id answers for one content only: what is sent again must be what was sent (R50, R09)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from orders.domain.errors import ChannelOrderChanged, ChannelOrderTaken
from orders.domain.goods import Line, PaymentMethod
from orders.domain.placing import ChannelOrder

Shop = Any
KEY = "livestream:FB 1"
LINES = (Line("noodles", 2, 0), Line("tea", 1, 0))


def again(shop: Shop, **changes: Any) -> Any:
    """The same channel order once more, as another request."""
    return shop.place(**{"order_id": "DH2", "contact_id": "c2", "channel_order_id": "FB 1", **changes}).reply


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (Line("noodles", 50, 0), Line("tea", 1, 0))},
        {"lines": (Line("noodles", 2, 0),)},
        {"lines": (Line("noodles", 2, 50_000), Line("tea", 1, 0))},
        {"commune_code": "00070"},
        {"as_of_date": "2026-02-05"},
        {"hamlet": "Nà Đon"},
        {"payment_method": PaymentMethod.COD},
    ],
)
def test_other_content_under_the_same_id_is_refused(shop: Shop, changes: dict[str, Any]) -> None:
    shop.place(channel_order_id="FB 1")
    with pytest.raises(ChannelOrderChanged) as refused:
        again(shop, **changes)
    assert (refused.value.reason, refused.value.code) == ("CHANNEL_ORDER_CHANGED", "ALREADY_EXISTS")
    assert shop.said == ["OrderPlaced"]
    assert again(shop)[1] is True


@pytest.mark.parametrize(
    "changes", [{}, {"lines": LINES[::-1]}, {"client_time": None}, {"name": "Chị Sáng", "address": "Bản Thẳm"}]
)
def test_the_same_content_is_answered_again(shop: Shop, changes: dict[str, Any]) -> None:
    """Lines in any order; who writes a name otherwise has not ordered anything else."""
    first = shop.place(channel_order_id="FB 1").reply[0]
    shop.later(days=1)
    shop.now += timedelta(hours=20)
    answer, is_replay = again(shop, **changes)
    assert is_replay and answer.order_id == first.order_id


def test_an_answer_of_before_contents_were_kept_is_given_as_before(shop: Shop) -> None:
    shop.place(channel_order_id="FB 1")
    shop.memory.put(replace(shop.memory.get(ChannelOrder, KEY), content=""))
    assert again(shop, lines=(Line("noodles", 50, 0),))[1] is True


def test_another_caller_learns_nothing_of_the_content(shop: Shop) -> None:
    shop.place(channel_order_id="FB 1")
    for lines in (LINES, (Line("noodles", 50, 0),)):
        with pytest.raises(ChannelOrderTaken):
            again(shop, lines=lines, placed_by="channel-b")
