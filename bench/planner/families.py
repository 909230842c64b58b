"""The instance families A to E, each from one seed; the nation (F) and epochs (G) have files of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from msgspec import structs

from bench.planner.draws import HOUR, Terms, draw_sellers, draw_terms
from bench.planner.epochs import family_g, family_h
from bench.planner.geography import DETOUR_DELTA, DETOUR_MOUNTAINS, Commune, communes, in_province
from bench.planner.instance import Forecast, Instance
from bench.planner.region import MOTORBIKE, TRUCK, Ground, Region, build, draw_cards, lay_out

BINH_LU, TAN_PHONG, THAN_UYEN, MUONG_TE = "03390", "03408", "03595", "03445"
VALLEY = ("03390", "03424", "03405", "03430", "03388", "03408")
LAI_CHAU, DELTA_HUB, DELTA_WARD = "12", "10273", "01"
HOURLY = tuple(hour * HOUR for hour in range(8, 17))
SPARSE = tuple(int(hour * HOUR) for hour in (8, 9.5, 11, 12.5, 14, 15.5))
FIXED_CUTOFFS = [13 * HOUR, 19 * HOUR + 1800]


def family_a(seed: int) -> Instance:
    """Bình Lư: 20 sellers, five of them large, one hub, five days, six waves a day."""
    draw = _draw(1, seed)
    ground = _commune_ground(draw, BINH_LU, 20)
    terms = draw_terms(draw, ground.hubs, SPARSE)
    sellers = draw_sellers(draw, ground.names[1:], big=5, steep=0.0)
    return build(f"A/{seed}", draw, Region(ground, terms, sellers, draw_cards(draw, (3, 6), (1, 2))))


def family_a_fixed(seed: int) -> Instance:
    """Bình Lư with fixed cut-offs 13:00 and 19:30, nine hourly waves, one day, as many vehicles as wanted, no lead."""
    draw = _draw(2, seed)
    ground = _commune_ground(draw, BINH_LU, 20)
    terms = Terms(HOURLY, {ground.hubs[0]: FIXED_CUTOFFS}, 3.0, 0, (6 * HOUR, 22 * HOUR), days=1, slack_spread=0.0)
    sellers = draw_sellers(draw, ground.names[1:], big=5, steep=0.0)
    return build(f"A-fixed/{seed}", draw, Region(ground, terms, sellers, [MOTORBIKE, TRUCK], wait_price=0))


def family_b(seed: int) -> Instance:
    """A valley: four to six communes about one hub, 48 to 72 sellers, vehicles that come back for a second run."""
    draw = _draw(3, seed)
    chosen = VALLEY[: int(draw.integers(4, 7))]
    everything = communes()
    gates = dict.fromkeys(chosen, 12)
    ground = lay_out(draw, [everything[TAN_PHONG]], gates, DETOUR_MOUNTAINS, [everything[code] for code in chosen])
    terms = draw_terms(draw, ground.hubs, SPARSE)
    sellers = draw_sellers(draw, ground.names[1:], big=10, steep=0.1, scale=0.6)
    cards = draw_cards(draw, (8, 12), (3, 4))
    return build(f"B/{seed}", draw, Region(ground, terms, sellers, cards, scope="in_use"))


def family_c(seed: int) -> Instance:
    """Lai Châu: 38 communes, three hubs, 703 sellers; a promise may be kept over each of the hubs."""
    draw = _draw(4, seed)
    everything = communes()
    hubs = [everything[code] for code in (TAN_PHONG, THAN_UYEN, MUONG_TE)]
    province = in_province(LAI_CHAU)
    gates = {one.code: 18 + (index % 2) for index, one in enumerate(province)}
    ground = lay_out(draw, hubs, gates, DETOUR_MOUNTAINS, province)
    terms = draw_terms(draw, ground.hubs, SPARSE[1::2], slack_h=float(draw.uniform(12, 30)))
    sellers = draw_sellers(draw, ground.names[3:], big=60, steep=0.3, scale=0.5)
    return build(f"C/{seed}", draw, Region(ground, terms, sellers, draw_cards(draw, (40, 60), (15, 25))))


def family_l(seed: int) -> Instance:
    """A large region: the 15 communes nearest to Tân Phong, 300 sellers, ample vehicles, three waves a day."""
    draw = _draw(8, seed)
    hub = communes()[TAN_PHONG]
    near = sorted(in_province(LAI_CHAU), key=lambda one: _apart(one, hub))[:15]
    ground = lay_out(draw, [hub], {one.code: 20 for one in near}, DETOUR_MOUNTAINS, near)
    terms = draw_terms(draw, ground.hubs, SPARSE[1::2], days=3)
    sellers = draw_sellers(draw, ground.names[1:], big=30, steep=0.2, scale=0.5)
    return build(f"L/{seed}", draw, Region(ground, terms, sellers, draw_cards(draw, (15, 25), (5, 8))))


def cold(family: Callable[[int], Instance], seed: int) -> Instance:
    """The same days without any day before them to forecast from."""
    known = family(seed)
    return structs.replace(known, name=f"{known.name}-cold", forecast=Forecast())


def family_d(seed: int) -> Instance:
    """A ward of the Red River delta near its hub: dense, and an hour of waiting costs 3,000 đ."""
    draw = _draw(5, seed)
    everything = communes()
    hub = everything[DELTA_HUB]
    near = sorted(in_province(DELTA_WARD), key=lambda one: _apart(one, hub))
    ward = near[1 + seed % 5]
    ground = lay_out(draw, [hub], {ward.code: 40}, DETOUR_DELTA, [ward])
    terms = draw_terms(draw, ground.hubs, SPARSE)
    sellers = draw_sellers(draw, ground.names[1:], big=6, steep=0.0)
    cards = draw_cards(draw, (4, 8), (1, 3))
    return build(f"D/{seed}", draw, Region(ground, terms, sellers, cards, wait_price=3_000))


def family_e(variant: str, seed: int) -> Instance:
    """Bình Lư with 25 sellers under one stress; without a stress the fleet is ample."""
    draw = _draw(6, seed)
    ground = _commune_ground(draw, BINH_LU, 25)
    terms = draw_terms(draw, ground.hubs, SPARSE)
    sellers = draw_sellers(draw, ground.names[1:], big=6, steep=0.15)
    cards = draw_cards(draw, (3, 5), (1, 2))
    region = STRESSES[variant](Region(ground, terms, sellers, cards))
    return build(f"E-{variant}/{seed}", draw, region)


def _truck_down(region: Region) -> Region:
    return replace(region, cards=[region.cards[0], replace(region.cards[1], number=0)])


def _road_closed(region: Region) -> Region:
    return replace(region, closed=[(15 * HOUR, 19 * HOUR, place) for place in region.ground.names[1::2]])


def _ready_slip(region: Region) -> Region:
    return replace(region, terms=replace(region.terms, slip_h=0.8), information="door")


def _market_burst(region: Region) -> Region:
    return replace(region, terms=replace(region.terms, burst={2: 3.0}))


def _staggered_cutoffs(region: Region) -> Region:
    many = {hub: [int(hour * HOUR) for hour in (10.5, 13, 15.5, 18, 20)] for hub in region.ground.hubs}
    return replace(region, terms=replace(region.terms, cutoffs=many, slack_h=4.0))


def _express(region: Region) -> Region:
    return replace(region, terms=replace(region.terms, express_share=0.15))


def _mornings(region: Region) -> Region:
    return replace(region, terms=replace(region.terms, gate=(6 * HOUR + 1800, 12 * HOUR)))


def _capacity_short(region: Region) -> Region:
    few = [replace(region.cards[0], number=6), replace(region.cards[1], number=0)]
    return replace(region, cards=few, scope="day")


STRESSES: dict[str, Callable[[Region], Region]] = {
    "truck_down": _truck_down,
    "road_closed": _road_closed,
    "ready_slip": _ready_slip,
    "market_burst": _market_burst,
    "staggered_cutoffs": _staggered_cutoffs,
    "express": _express,
    "mornings": _mornings,
    "capacity_short": _capacity_short,
}
"""One stress at a time: what it changes in an ample region."""

FAMILIES: dict[str, Callable[[int], Instance]] = {
    "A": family_a,
    "A-fixed": family_a_fixed,
    "B": family_b,
    "C": family_c,
    "D": family_d,
    "L": family_l,
    "A-cold": partial(cold, family_a),
    "B-cold": partial(cold, family_b),
    **{f"E-{variant}": partial(family_e, variant) for variant in STRESSES},
    "G": family_g,
    "H": family_h,
}
"""Every family by name: from a seed to its instance."""


def _draw(family: int, seed: int) -> np.random.Generator:
    return np.random.default_rng([2026, family, seed])


def _commune_ground(draw: np.random.Generator, code: str, sellers: int) -> Ground:
    everything = communes()
    return lay_out(draw, [everything[TAN_PHONG]], {code: sellers}, DETOUR_MOUNTAINS, [everything[code]])


def _apart(one: Commune, other: Commune) -> float:
    return abs(one.centre[0] - other.centre[0]) + abs(one.centre[1] - other.centre[1])
