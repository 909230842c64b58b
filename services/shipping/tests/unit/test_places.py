"""Units with dates (R80, R83, R113), profiles, partners' limits (R84, R108, R110) and calendars (R93, R94)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from shipping.domain.calendar import label, local_date
from shipping.domain.goods import Size
from shipping.domain.partners import Leg
from shipping.domain.promise import World


def test_a_code_means_another_unit_before_the_reform(world: World) -> None:
    before, after = (
        world.units.resolve("03390", date(2025, 6, 30)),
        world.units.resolve("03390", date(2025, 7, 1)),
    )
    assert before is not None and (before.name, before.kind) == ("Tam Đường", "thi_tran")
    assert after is not None and (after.name, after.kind) == ("Bình Lư", "xa")


def test_there_are_3321_units_in_34_provinces_after_the_reform(world: World) -> None:
    units = world.units.in_force(date(2025, 7, 1))
    assert len(units) == 3321
    assert len({unit.province_code for unit in units}) == 34


def test_ten_communes_became_wards_on_30_april_2026(world: World) -> None:
    kinds = [unit.kind for unit in world.units.in_force(date(2026, 4, 30))]
    assert (kinds.count("xa"), kinds.count("phuong"), kinds.count("dac_khu")) == (2611, 697, 13)


def test_unknown_codes_mean_nothing(world: World) -> None:
    assert world.units.resolve("99999", date(2026, 2, 4)) is None


def test_neighbours_cross_provinces(world: World) -> None:
    assert world.units.neighbours("03390") == {"03405", "03424", "03430", "02728", "03004", "03006", "03037"}
    names = {
        unit.name for code in world.units.neighbours("24454") if (unit := world.units.resolve(code, date(2026, 2, 4)))
    }
    assert names == {"Krông Bông", "Hoà Sơn", "Tân Tiến", "Ea Ning", "Dray Bhăng"}


def test_binh_lu_prefers_sa_pa_over_the_pass_and_ban_bo_lai_chau(world: World) -> None:
    binh_lu, ban_bo = world.network.profile("03390"), world.network.profile("03424")
    assert binh_lu is not None and [(way.hub_id, way.road_id) for way in binh_lu.ways] == [
        ("hub-sa-pa", "o-quy-ho"),
        ("hub-lai-chau", ""),
    ]
    assert ban_bo is not None and ban_bo.area_hub_id == "hub-lai-chau"


def test_a_commune_without_a_profile_gets_the_nearest_hub(world: World) -> None:
    ha_noi, gone = world.network.profile("10330"), world.network.profile("99999")
    assert ha_noi is not None and ha_noi.area_hub_id == "hub-ha-noi"
    assert gone is None


def test_every_current_commune_has_a_profile(world: World) -> None:
    assert all(world.network.profile(unit.code) for unit in world.units.in_force(date(2026, 2, 4)))


def test_a_partner_that_only_delivers_never_collects(world: World) -> None:
    partner = world.partners["partner-b"]
    for code in ("03390", "03424", "10330"):
        unit = world.units.resolve(code, date(2026, 2, 4))
        assert unit is not None and partner.serves(Leg.DELIVERY, unit) and not partner.serves(Leg.PICKUP, unit)


@pytest.mark.parametrize(
    ("size", "divisor", "grams"),
    [
        (Size(0, 15, 15, 15), 5000, 675),
        (Size(0, 15, 15, 15), 6000, 563),
        (Size(500, 35, 20, 10), 5000, 1400),
        (Size(500, 35, 20, 10), 6000, 1167),
        (Size(2000, 10, 10, 10), 5000, 2000),
    ],
)
def test_chargeable_weight_is_the_larger_of_actual_and_volumetric(size: Size, divisor: int, grams: int) -> None:
    assert size.chargeable_g(divisor, 1) == grams


def test_a_tile_box_of_30_kg_is_over_the_limit_of_20(world: World) -> None:
    partner = world.partners["partner-a"]
    assert partner.carries(Size(20_000, 150, 40, 40))
    assert not partner.carries(Size(30_000, 60, 60, 10))
    assert not partner.carries(Size(1_000, 151, 10, 10))


def test_an_instant_at_17_utc_belongs_to_the_next_local_day() -> None:
    assert local_date(datetime(2024, 9, 13, 17, tzinfo=UTC)) == date(2024, 9, 14)
    assert label(datetime(2026, 2, 4, 7, 45, tzinfo=UTC)) == "2026-02-04T14:45"


def test_calendars_differ_by_leg_around_tet(world: World) -> None:
    partner = world.partners["partner-a"]
    assert not partner.calendars[Leg.PICKUP].open_on(date(2026, 2, 16))
    assert partner.calendars[Leg.PICKUP].open_on(date(2026, 2, 21))
    assert not partner.calendars[Leg.RETURN].open_on(date(2026, 2, 21))
