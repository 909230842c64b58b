"""What an instance says but can hardly mean is said, and it is replayed as it stands."""

from __future__ import annotations

from typing import Any

import pytest

from bench.planner import formats
from bench.planner.examples.make import epochs
from bench.planner.instance import DAY_S, Instance

HOUR = 3600


def heard(raw: dict[str, Any]) -> tuple[Instance, list[str]]:
    notes: list[str] = []
    return formats.parse(raw, notes.append), notes


def changed(field: str, **row: Any) -> dict[str, Any]:
    """The example with the first row of a list changed."""
    raw = epochs()
    return raw | {field: [raw[field][0] | row, *raw[field][1:]]}


def test_a_usual_instance_raises_no_doubt() -> None:
    assert heard(epochs())[1] == []


def test_a_wave_that_no_vehicle_can_use_is_said() -> None:
    _, notes = heard(changed("vehicles", shift=[HOUR, 2 * HOUR]))
    assert notes == ["waves[1]: lies in no vehicle's shift; there are 2 such waves"]


def test_a_shift_that_begins_later_that_day_is_no_doubt() -> None:
    assert heard(changed("vehicles", shift=[5 * HOUR, 9 * HOUR]))[1] == []


def test_a_window_that_closes_before_its_parcel_is_ready_is_said() -> None:
    _, notes = heard(changed("parcels", ready=2 * HOUR, open=0, close=HOUR))
    assert notes == ["parcels[request-1].close: is before it is ready; nobody can collect it; there are 1 such parcels"]


def test_a_capacity_that_limits_no_load_is_said() -> None:
    _, notes = heard(changed("vehicles", capacity={"kg": 45}))
    assert notes == ["vehicles[car].capacity: limits kg, but parcels have demand"]
    assert heard(changed("vehicles", capacity={}))[1] == []


@pytest.mark.parametrize("field", ["duration_s", "distance_m"])
def test_a_profile_without_any_way_is_said(field: str) -> None:
    ways = epochs()["profiles"]["car"]["duration_s"]
    closed = [[0 if here == there else None for there in range(5)] for here in range(5)]
    _, notes = heard(epochs() | {"profiles": {"car": {"duration_s": ways, "distance_m": ways} | {field: closed}}})
    assert notes == [f"profiles[car].{field}: has no way at all, so nothing can be driven"]


def day(shift: int) -> list[dict[str, Any]]:
    """Parcels of an earlier day; one was known the evening before."""
    moved = shift * DAY_S
    return [
        {"place": "1", "known_at": hour * HOUR + moved, "ready": 8 * HOUR + moved, "load": 1,
         "latest": {"depot": 19 * HOUR + moved}, "open": 7 * HOUR + moved, "close": 18 * HOUR + moved}
        for hour in (-1, 7, 9)
    ]  # fmt: skip


@pytest.mark.parametrize("shift", [-5, -1, 1, 3])
def test_earlier_days_may_count_from_the_first_day(shift: int) -> None:
    """Their own midnight is meant: what was known at seven then comes at seven of any day."""
    plain, notes = heard(epochs() | {"forecast": {"days": [day(0), day(0)]}})
    assert not notes
    moved, notes = heard(epochs() | {"forecast": {"days": [day(shift), day(shift)]}})
    assert moved.forecast == plain.forecast
    assert len(notes) == 1 and notes[0].startswith("forecast.days[].known_at: ")
