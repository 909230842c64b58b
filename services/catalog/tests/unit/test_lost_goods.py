"""Goods of a part that is off and did not come back, or came back later after all."""

from __future__ import annotations

import pytest

from .given import cancel, cancel_part, confirm, does, does_twice, levels, line, place, shelve, shop


def test_goods_that_did_not_come_back_stay_sold_even_when_the_whole_order_is_off_later() -> None:
    memory = shop(10)
    does(memory, place("o1", line(3), line(2)))
    does(memory, confirm("o1", line(3), line(2)))
    does_twice(memory, cancel_part("o1-1"))
    does_twice(memory, cancel("o1"))
    shelve(memory)
    assert levels(memory) == (7, 0, 3)


@pytest.mark.parametrize("off", [False, True])
def test_lost_goods_that_come_back_go_to_the_shelf_once(off: bool) -> None:
    memory = shop(10)
    does(memory, place("o1", line(3), line(2)))
    does(memory, confirm("o1", line(3), line(2)))
    does_twice(memory, cancel_part("o1-1"))
    if off:
        does(memory, cancel("o1", "o1-2"))
    for _ in range(2):
        does_twice(memory, cancel_part("o1-1", line(3)))
    does_twice(memory, cancel_part("o1-1"))
    shelve(memory)
    assert levels(memory) == (8, 0, 2)
