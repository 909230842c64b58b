"""What nobody can mean is no fact, and never reaches a handler."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from chassis.bounds import Implausible, check, date_of, time_of
from chophien.catalog.v1.seller_event_pb2 import SellerEvent
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from google.protobuf.timestamp_pb2 import Timestamp


def confirmed() -> Any:
    event = OrderEvent(order_id="DH1", version=3)
    part = event.order_confirmed.parts.add(part_id="DH1-1", goods_vnd=50_000, seller_ids=["seller-1"])
    part.lines.add(product_id="noodles", quantity=2, unit_price_vnd=25_000)
    event.order_confirmed.place_time.FromDatetime(datetime(2026, 2, 4, 6, tzinfo=UTC))
    return event


def test_a_good_fact_passes() -> None:
    check(confirmed())


@pytest.mark.parametrize(
    ("where", "field", "value"),
    [
        ("", "order_id", ""),
        ("", "order_id", "x" * 201),
        ("", "version", -1),
        ("", "version", 2**63 - 1),
        ("order_confirmed", "channel", "a\x00b"),
        ("order_confirmed", "channel", "x" * 2_001),
        ("order_confirmed.place_time", "seconds", -62_135_596_800),
        ("order_confirmed.place_time", "seconds", 2**63 - 1),
        ("order_confirmed.place_time", "nanos", -1),
        ("order_confirmed.parts.0", "goods_vnd", -1),
        ("order_confirmed.parts.0", "goods_vnd", 10**13),
        ("order_confirmed.parts.0", "seller_ids", ["seller-1", "\x00"]),
        ("order_confirmed.parts.0.lines.0", "quantity", -5),
        ("order_confirmed.parts.0.size", "weight_g", -1),
    ],
)
def test_what_nobody_can_mean_is_refused_and_not_quoted(where: str, field: str, value: Any) -> None:
    event = target = confirmed()
    for step in filter(None, where.split(".")):
        target = target[int(step)] if step.isdigit() else getattr(target, step)
    if isinstance(value, list):
        getattr(target, field)[:] = value
    else:
        setattr(target, field, value)
    with pytest.raises(Implausible) as refused:
        check(event)
    assert field in str(refused.value) or field in ("seconds", "nanos")
    assert "x" * 10 not in str(refused.value) and "\x00" not in str(refused.value)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(math.nan, 103.0), (math.inf, 103.0), (90.5, 103.0), (22.0, -181.0)]
)
def test_a_place_that_is_nowhere_is_refused(latitude: float, longitude: float) -> None:
    """NaN would be stored as null in JSON, and break whoever reads the row."""
    event = SellerEvent(seller_id="seller-1")
    where = event.seller_registered.pickup_point.location
    where.latitude, where.longitude = latitude, longitude
    with pytest.raises(Implausible, match=r"pickup_point\.location\.l(at|ong)itude"):
        check(event)


def test_what_is_not_said_is_not_missed() -> None:
    event = ParcelEvent(parcel_id="DH1-1")
    event.parcel_delivered.SetInParent()
    check(event)


def test_the_ends_of_time_are_no_times() -> None:
    """PostgreSQL has infinities there; they come back without a zone and compare with nothing."""
    assert time_of(Timestamp(seconds=1)) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    for seconds in (-62_135_596_800, -1, 253_402_300_799, 2**63 - 1, -(2**63)):
        with pytest.raises(ValueError, match="must be a time"):
            time_of(Timestamp(seconds=seconds))


def test_a_date_is_written_in_one_way() -> None:
    assert date_of("2026-02-04") == date(2026, 2, 4)
    for text in ("", "20260204", "2026-W06-3", "9999-12-31", "0001-01-01", "2026-02-30", "2026-02-04T00:00"):
        with pytest.raises(ValueError):
            date_of(text)
