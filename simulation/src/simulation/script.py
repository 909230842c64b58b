"""What everybody will do, drawn from a seed: pure data, the same in every process that draws it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from simulation import cast
from simulation.times import MINUTE, at

QR, COD = "QR", "COD"
ONE_VEHICLE_G = 40_000
"""The story wants one run on the second day; heavier goods would go cheaper on two motorbikes than in a van."""
OUTAGE = (at("14:00"), at("14:10"))
"""Payments is away; some buyer who pays by QR must meet it, or nobody would notice."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One buyer's intention and luck.

    `pay`: once, twice, late (after the expiry), late_notice (in time, but the bank tells late), short, never.
    `door`: home, absent_once, refuses. `gate`: ready, or missing (marked ready, not there when the courier comes).
    `second_day`: the courier takes a working day longer, if there is time.
    `cancel_after` counts from placing; `ready_time` None = the seller never packs it.
    """

    ref: str
    place_time: datetime
    lines: tuple[tuple[str, int], ...]
    payment: str
    destination: str
    buyer: str
    phone: str
    ready_time: datetime | None
    counted: bool = False
    in_session: bool = True
    pay: str = "once"
    pay_after_minutes: int = 2
    cancel_after: timedelta | None = None
    door: str = "home"
    gate: str = "ready"
    second_day: bool = False
    repeats_scans: bool = False
    reorders_scans: bool = False


@dataclass(frozen=True, kw_only=True)
class Script:
    """A play: when it begins and ends, its orders, and what befalls it."""

    scenario: str
    seed: int
    opening: datetime
    end: datetime
    orders: tuple[Order, ...]
    session_id: str = "live-binh-lu-20260204"
    live: tuple[datetime, datetime] = (at("13:00"), at("16:05"))
    closure: tuple[datetime, datetime] | None = None
    payments_away: tuple[datetime, datetime] | None = None
    sellers: tuple[cast.Seller, ...] = (*cast.SELLERS, cast.CONTROL_SELLER)
    products: tuple[cast.Product, ...] = cast.PRODUCTS
    fine_days: int = 2
    by_ref: dict[str, Order] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Index the orders."""
        self.by_ref.update((order.ref, order) for order in self.orders)

    def product(self, product_id: str) -> cast.Product:
        """A product by its id; raises StopIteration for one that is not in the play."""
        return next(product for product in self.products if product.id == product_id)


def _buyer(rng: random.Random) -> dict[str, Any]:
    return {
        "destination": rng.choice(cast.DESTINATIONS),
        "buyer": f"{rng.choice(cast.SURNAMES)} {rng.choice(cast.SURNAMES)} {rng.choice(cast.GIVEN_NAMES)}",
        "phone": f"09{rng.randrange(10**8):08}",
    }


def _basket(rng: random.Random) -> tuple[tuple[str, int], ...]:
    """One to three products of one gate: mostly noodles of the craft zone, so that a basket makes one parcel."""
    on_sale = [product for product in (*cast.OCOP_PRODUCTS, *cast.PLAIN_PRODUCTS) if product.listed]
    zone = {maker.id for maker in cast.SELLERS[: cast.NOODLE_MAKERS]}
    if rng.random() < 0.7:
        chosen = rng.sample([product for product in on_sale if product.seller in zone], rng.choice((1, 1, 2)))
    else:
        chosen = [rng.choice([product for product in on_sale if product.seller not in zone])]
    return tuple((product.id, rng.choice((1, 1, 2, 3))) for product in chosen)


def _counted(
    rng: random.Random, count: int, minutes: Sequence[datetime], ready: Callable[[datetime], datetime], first: int
) -> list[Order]:
    """`count` ordinary orders at random minutes, exactly 60 % cash on delivery."""
    payments = [COD] * (count * 6 // 10) + [QR] * (count - count * 6 // 10)
    rng.shuffle(payments)
    times = sorted(rng.choices(minutes, k=count))
    orders = []
    for n, (place_time, payment) in enumerate(zip(times, payments, strict=True), first):
        scans = rng.random()
        orders.append(
            Order(
                ref=f"BL-{n:03}",
                counted=True,
                place_time=place_time,
                lines=_basket(rng),
                payment=payment,
                ready_time=ready(place_time),
                pay_after_minutes=rng.choice((1, 2, 3)),
                second_day=rng.random() < 0.3,
                repeats_scans=scans < 0.12,
                reorders_scans=0.12 <= scans < 0.24,
                **_buyer(rng),
            )
        )
    return orders


def _weight_g(orders: Sequence[Order]) -> int:
    weights = {product.id: product.weight_g for product in cast.PRODUCTS}
    return sum(weights[product] * quantity for order in orders for product, quantity in order.lines)


def _met_by(outage: tuple[datetime, datetime], orders: Sequence[Order]) -> bool:
    """Whether one of these asks for its QR while it lasts; buyers do so a minute after placing."""
    return any(order.payment == QR and outage[0] <= order.place_time < outage[1] - MINUTE for order in orders)


def _minutes(first: str, last: str) -> list[datetime]:
    count = int((at(last) - at(first)) / MINUTE) + 1
    return [at(first) + n * MINUTE for n in range(count)]


def _missing_and_absent(rng: random.Random, orders: list[Order]) -> list[Order]:
    """Three of the afternoon's parcels are not at the gate, three buyers are out at first."""
    lucky = rng.sample(range(len(orders)), 6)
    for n in lucky[:3]:
        orders[n] = replace(orders[n], gate="missing")
    for n in lucky[3:]:
        orders[n] = replace(orders[n], door="absent_once")
    return orders


def _further(rng: random.Random) -> list[Order]:
    """The failing cases, beside the counted orders; whatever of them rides, rides from Bản Bo."""
    tea, ready = ((cast.CONTROL_TEA.id, 2),), at("14:20")
    cases: list[tuple[str, str, str, dict[str, Any]]] = [
        ("tea-cod", "13:04", COD, {}),
        ("tea-qr", "13:06", QR, {}),
        ("paid-twice", "13:08", QR, {"pay": "twice"}),
        ("paid-late", "13:10", QR, {"pay": "late", "ready_time": None}),
        ("paid-short", "13:12", QR, {"pay": "short", "ready_time": None}),
        ("never-paid", "13:14", QR, {"pay": "never", "ready_time": None}),
        ("told-late", "13:16", QR, {"pay": "late_notice"}),
        ("cancels-at-once", "13:18", QR, {"pay": "never", "cancel_after": timedelta(0), "ready_time": None}),
        ("cancels-paid", "13:20", QR, {"cancel_after": timedelta(minutes=20), "ready_time": None}),
        ("cancels-cod", "13:22", COD, {"cancel_after": timedelta(minutes=15), "ready_time": None}),
        ("cancels-collected-cod", "13:24", COD, {"cancel_after": timedelta(hours=6), "door": "refuses"}),
        ("cancels-collected-qr", "13:26", QR, {"cancel_after": timedelta(hours=6), "door": "refuses"}),
        ("refuses-cod", "13:28", COD, {"door": "refuses"}),
    ]
    orders = []
    for name, clock, payment, luck in cases:
        plain = Order(
            ref=name,
            place_time=at(clock),
            lines=tea,
            payment=payment,
            ready_time=ready,
            in_session=False,
            **_buyer(rng),
        )
        orders.append(replace(plain, **luck))
    two_gates = ((cast.TILES.id, 1), (cast.CONTROL_TEA.id, 3))
    basket = replace(orders[1], ref="two-gates", place_time=at("13:30"), lines=two_gates)
    race = [
        replace(
            orders[0], ref=f"last-cakes-{n}", place_time=at("13:40"), lines=((cast.LAST_CAKES.id, 1),), **_buyer(rng)
        )
        for n in range(1, 6)
    ]
    return [*orders, basket, *race]


def binh_lu(seed: int) -> Script:
    """The day of Bình Lư (domain.md A8): 90 orders by 13:59, 30 after 14:00, and further buyers for what goes wrong."""
    rng = random.Random(seed)

    def same_afternoon(place_time: datetime) -> datetime:
        return max(at("14:05"), place_time + 10 * MINUTE) + rng.randrange(0, 29) * MINUTE

    def next_morning(_place_time: datetime) -> datetime:
        return at("07:30", 1) + rng.randrange(0, 15) * 5 * MINUTE

    afternoon = _missing_and_absent(rng, _counted(rng, 90, _minutes("13:02", "13:59"), same_afternoon, 1))
    missing = [order for order in afternoon if order.gate == "missing"]
    evening = _counted(rng, 30, _minutes("14:00", "16:00"), next_morning, 91)
    while _weight_g([*evening, *missing]) > ONE_VEHICLE_G or not _met_by(OUTAGE, evening):
        evening = _counted(rng, 30, _minutes("14:00", "16:00"), next_morning, 91)
    return Script(
        scenario="binh_lu",
        seed=seed,
        opening=at("08:00"),
        end=at("18:00", 8),
        orders=(*afternoon, *evening, *_further(rng)),
        closure=(at("15:00"), at("18:00", 2)),
        payments_away=OUTAGE,
    )


def rush(seed: int, count: int = 300) -> Script:
    """Many ordinary orders for a stack under fire: placed in bursts from 13:01, some never paid, packed at 14:00."""
    rng = random.Random(seed)
    orders = _counted(rng, count, _minutes("13:01", "13:20"), lambda _: at("14:00"), 1)
    off: dict[str, Any] = {"pay": "never", "ready_time": None, "payment": QR}
    orders = [replace(order, **off) if n % 40 == 0 else order for n, order in enumerate(orders)]
    opening, end = at("08:00"), at("18:00", 2)
    return Script(scenario="rush", seed=seed, opening=opening, end=end, orders=tuple(orders), fine_days=1)


SCENARIOS: dict[str, Callable[[int], Script]] = {"binh_lu": binh_lu, "rush": rush}
