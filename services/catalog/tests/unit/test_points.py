"""Pickup points of their own: sellers share one by saying the same of it; its first one or an operator moves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from catalog.app import commands
from catalog.domain.errors import PointTaken
from catalog.domain.events import PickupPointChanged
from catalog.domain.goods import Line
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.places import PickupPoint
from catalog.domain.points import KnownPoint
from catalog.domain.products import Product
from catalog.domain.quoting import Shop, quote_basket
from catalog.domain.sellers import Seller
from catalog.domain.stock import Stock
from chassis.testing import Memory

from .given import HOUR, NOW, POINT, does, last_fact, publish, register

ELSEWHERE = replace(POINT, name="Kho khác", latitude=22.285, contact_phone="+84900000000")


def move(seller_id: str, point: PickupPoint, acting: str = "", at: timedelta = HOUR) -> commands.MovePickupPoint:
    return commands.MovePickupPoint(
        acting_seller_id=acting, seller_id=seller_id, pickup_point=point, effective_time=NOW + at
    )


def shown(memory: Memory, product_id: str, now: datetime) -> PickupPoint:
    """Where a basket of one product is collected."""
    kinds = (Product, Stock, Seller, LivestreamSession, KnownPoint)
    whole = Shop(*({one.id: one for one in memory.all(kind)} for kind in kinds))  # type: ignore[arg-type]
    (part,) = quote_basket([Line(product_id, 1, 0)], whole, now).parts
    return part.pickup_point


def owner(memory: Memory) -> str:
    return memory.get(KnownPoint, POINT.pickup_point_id).owner_id


@pytest.mark.parametrize("acting", ["", "seller-2"])
def test_a_registration_never_moves_a_known_point(acting: str) -> None:
    memory = Memory()
    does(memory, register())
    with pytest.raises(PointTaken) as refused:
        does(memory, register("seller-2", ELSEWHERE, acting))
    assert (refused.value.reason, refused.value.code) == ("POINT_TAKEN", "ALREADY_EXISTS")
    assert refused.value.details == {"pickup_point_id": POINT.pickup_point_id}
    assert [seller.id for seller in memory.all(Seller)] == ["seller-1"] and owner(memory) == "seller-1"


def test_fourteen_noodle_makers_share_one_point_by_saying_the_same() -> None:
    """R30."""
    memory = Memory()
    for number in range(1, 15):
        does(memory, register(f"seller-{number}", acting=f"seller-{number}"), NOW + number * HOUR)
    assert len(list(memory.all(Seller))) == 14
    (known,) = memory.all(KnownPoint)
    assert (known.owner_id, [dated.pickup_point for dated in known.places]) == ("seller-1", [POINT])


@pytest.mark.parametrize("days", [("", "2026-02-05"), ("2026-02-05", ""), ("2026-02-04", "2026-02-05")])
def test_the_same_gate_is_shared_on_whatever_day_its_commune_code_is_meant(days: tuple[str, str]) -> None:
    memory = Memory()
    for number, day in enumerate(days, 1):
        stated = replace(POINT, place=replace(POINT.place, as_of_date=day))
        does(memory, register(f"seller-{number}", stated, f"seller-{number}"))
    (dated,) = memory.get(KnownPoint, POINT.pickup_point_id).places
    assert dated.pickup_point.place.as_of_date == days[0]


def test_a_point_of_ones_own_is_moved_by_its_seller() -> None:
    memory = Memory()
    does(memory, register())
    does(memory, publish())
    does(memory, move("seller-1", ELSEWHERE, "seller-1"))
    assert last_fact(memory) == PickupPointChanged("seller-1", ELSEWHERE, NOW + HOUR)
    assert shown(memory, "noodles", NOW) == POINT
    assert shown(memory, "noodles", NOW + HOUR) == ELSEWHERE


def test_a_shared_point_is_moved_by_the_seller_that_named_it_first_and_by_no_other() -> None:
    """What is shown of a point is public: who repeats it must not take it from its seller, nor carry it off."""
    memory = Memory()
    for number in (1, 2):
        does(memory, register(f"seller-{number}"))
        does(memory, publish(f"product-{number}", f"seller-{number}"))
    with pytest.raises(PointTaken):
        does(memory, move("seller-2", ELSEWHERE, "seller-2"))
    assert not isinstance(last_fact(memory), PickupPointChanged)
    does(memory, move("seller-1", ELSEWHERE, "seller-1"))
    assert shown(memory, "product-1", NOW + HOUR) == shown(memory, "product-2", NOW + HOUR) == ELSEWHERE
    assert owner(memory) == "seller-1"


@pytest.mark.parametrize("seller_id", ["seller-1", "seller-2"])
def test_a_point_without_a_first_seller_is_moved_by_none(seller_id: str) -> None:
    """Fourteen shared it before points were kept."""
    memory = Memory()
    for number in (1, 2):
        does(memory, register(f"seller-{number}"))
    memory.aggregates[KnownPoint, POINT.pickup_point_id] = replace(
        memory.get(KnownPoint, POINT.pickup_point_id), owner_id=""
    )
    with pytest.raises(PointTaken):
        does(memory, move(seller_id, ELSEWHERE, seller_id))


def test_a_shared_point_is_moved_by_an_operator_and_shown_so_for_all() -> None:
    memory = Memory()
    for number in (1, 2):
        does(memory, register(f"seller-{number}"))
        does(memory, publish(f"product-{number}", f"seller-{number}"))
    does(memory, move("seller-2", ELSEWHERE))
    for number in (1, 2):
        assert shown(memory, f"product-{number}", NOW) == POINT
        assert shown(memory, f"product-{number}", NOW + HOUR) == ELSEWHERE
    does(memory, register("seller-3", ELSEWHERE), NOW + HOUR)
    with pytest.raises(PointTaken):
        does(memory, register("seller-4", POINT), NOW + HOUR)


def test_moving_to_a_known_point_shares_it_and_changes_nothing_there() -> None:
    memory = Memory()
    does(memory, register())
    does(memory, register("seller-2", replace(POINT, pickup_point_id="pp-2")))
    with pytest.raises(PointTaken):
        does(memory, move("seller-2", ELSEWHERE, "seller-2"))
    does(memory, move("seller-2", POINT, "seller-2"))
    assert owner(memory) == "seller-1"
    seller = memory.get(Seller, "seller-2")
    assert seller.pickup_point_at(NOW + HOUR) == POINT


def test_what_is_said_of_a_coming_day_is_compared_with_that_day() -> None:
    memory = Memory()
    does(memory, register())
    does(memory, move("seller-1", ELSEWHERE, "seller-1"))
    does(memory, register("seller-2", replace(POINT, pickup_point_id="pp-2")))
    with pytest.raises(PointTaken):
        does(memory, move("seller-2", POINT, "seller-2", at=2 * HOUR))
    does(memory, move("seller-2", ELSEWHERE, "seller-2", at=2 * HOUR))


def test_states_of_the_past_are_forgotten() -> None:
    memory = Memory()
    does(memory, register())
    for number in range(40):
        does(memory, move("seller-1", replace(POINT, name=str(number)), at=number * HOUR), NOW + number * HOUR)
    known = memory.get(KnownPoint, POINT.pickup_point_id)
    assert len(known.places) <= 3 and known.at(NOW + 40 * HOUR).name == "39"
