"""The script keeps the numbers of the day, whatever the seed."""

from __future__ import annotations

import pytest
from simulation.script import COD, QR, Order, binh_lu, rush
from simulation.times import MINUTE, at

from simulation import cast

SEEDS = range(25)
VAN_G = 300_000


def counted(seed: int) -> list[Order]:
    return [order for order in binh_lu(seed).orders if order.counted]


@pytest.mark.parametrize("seed", SEEDS)
def test_ninety_orders_by_two_and_thirty_after(seed: int) -> None:
    orders = counted(seed)
    assert len(orders) == 120
    assert sum(order.place_time < at("14:00") for order in orders) == 90
    assert sum(order.payment == COD for order in orders) == 72, "60 % pay cash"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_ninety_are_packed_before_the_wave_and_fit_the_van(seed: int) -> None:
    script, orders = binh_lu(seed), counted(seed)
    first = [order for order in orders if order.place_time < at("14:00")]
    assert all(order.ready_time and order.ready_time < at("14:45") for order in first)
    assert all(order.ready_time and order.ready_time <= at("08:45", 1) for order in orders if order not in first)
    assert sum(script.product(product).weight_g * count for order in first for product, count in order.lines) < VAN_G


@pytest.mark.parametrize("seed", SEEDS)
def test_what_rides_on_the_second_day_fits_one_motorbike(seed: int) -> None:
    script = binh_lu(seed)
    rides = [order for order in counted(seed) if order.place_time >= at("14:00") or order.gate == "missing"]
    assert len(rides) == 33
    assert sum(script.product(product).weight_g * count for order in rides for product, count in order.lines) <= 40_000


@pytest.mark.parametrize("seed", SEEDS)
def test_a_counted_basket_has_one_gate_and_only_listed_goods(seed: int) -> None:
    script = binh_lu(seed)
    gates = {seller.id: seller.point.id for seller in script.sellers}
    for order in counted(seed):
        products = [script.product(product) for product, _ in order.lines]
        assert all(product.listed for product in products)
        assert len({gates[product.seller] for product in products}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_three_are_missing_at_the_gate_and_all_of_them_of_the_first_run(seed: int) -> None:
    missing = [order for order in binh_lu(seed).orders if order.gate == "missing"]
    assert len(missing) == 3
    assert all(order.counted and order.place_time < at("14:00") for order in missing)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_buyer_asks_for_the_code_while_payments_is_away(seed: int) -> None:
    first, last = binh_lu(seed).payments_away or (at("08:00"), at("08:00"))
    asking = [order for order in counted(seed) if order.payment == QR and order.place_time >= first]
    assert any(order.place_time + MINUTE < last for order in asking)


def test_the_same_seed_is_the_same_play_and_another_is_not() -> None:
    assert binh_lu(7) == binh_lu(7)
    assert binh_lu(7).orders != binh_lu(8).orders


def test_twenty_sellers_fourteen_at_one_gate_twelve_certified_products_eight_listed() -> None:
    assert len(cast.SELLERS) == 20
    assert sum(seller.point is cast.ZONE for seller in cast.SELLERS) == 14
    assert len({seller.point.id for seller in cast.SELLERS}) == 7
    assert len(cast.OCOP_PRODUCTS) == 12
    assert sum(product.listed for product in cast.OCOP_PRODUCTS) == 8
    selling = {product.seller for product in (*cast.OCOP_PRODUCTS, *cast.PLAIN_PRODUCTS) if product.listed}
    assert selling == {seller.id for seller in cast.SELLERS}


def test_the_rush_has_three_hundred_orders() -> None:
    assert len(rush(1).orders) == 300
