"""Gates in Bình Lư and Bản Bo, and what is collected there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shipping.domain.goods import Handling, Place, Shipment, Size
from shipping.domain.partners import VehicleKind
from shipping.domain.pickup_point import Gate

PLACED = datetime(2026, 2, 4, 6, 30, tzinfo=UTC)
"""13:30 local on Wednesday 4 February 2026."""

ZONE, HAMLET, BAN_BO = ("03390", 22.3560, 103.6790), ("03390", 22.3700, 103.6600), ("03424", 22.2850, 103.6970)
POINTS = {"pp-binh-lu-zone": ZONE, "pp-hamlet": HAMLET, "pp-ban-bo": BAN_BO}


def gate(point: str, **changes: Any) -> Gate:
    commune, latitude, longitude = POINTS[point]
    made = Gate(
        effective_time=PLACED - timedelta(days=30),
        name=point,
        place=Place(commune, "", "Bản Thẳm"),
        latitude=latitude,
        longitude=longitude,
        contact_name="Lò Văn Páo",
        contact_phone="+84912345678",
        instructions="",
        largest_vehicle=VehicleKind.TRUCK,
    )
    return replace(made, **changes)


def shipment(order_id: str, point: str = "pp-binh-lu-zone", **changes: Any) -> Shipment:
    made = Shipment(
        order_id=order_id,
        contact_id=f"contact-{order_id}",
        seller_ids=("seller-1",),
        pickup_point_id=point,
        destination=Place("00004"),
        size=Size(1000, 30, 20, 15),
        handling=(Handling.DRY_FOOD,),
        cod_vnd=50_000,
        channel="livestream",
        place_time=PLACED,
    )
    return replace(made, **changes)
