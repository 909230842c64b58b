"""Translates the facts of orders into commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, timedelta
from typing import Any

from chassis.kernel import Invalid
from chophien.common.v1 import common_pb2
from chophien.orders.v1 import order_event_pb2

from catalog.app.commands import CommitStock, ReleasePart, ReleaseStock, ReserveStock
from catalog.domain.goods import Line
from catalog.domain.holds import HeldLine
from catalog.wire.words import QUANTITY_MAX, between, line_from


def order_event_commands(hold: timedelta) -> Mapping[str, Callable[[Any], object | None]]:
    """What each kind of OrderEvent asks of catalog; `hold` is how long stock is held from the placing on."""

    def reserve_stock(event: order_event_pb2.OrderEvent) -> ReserveStock:
        placed = event.order_placed
        place_time = placed.place_time.ToDatetime(UTC)
        return ReserveStock(
            order_id=_order_id(event),
            lines=_lines(event, placed.parts),
            seller_ids=tuple(dict.fromkeys(seller_id for part in placed.parts for seller_id in part.seller_ids)),
            place_time=place_time,
            expire_time=place_time + hold,
        )

    return {
        "order_placed": reserve_stock,
        "order_confirmed": commit_stock,
        "order_part_cancelled": release_part,
        "order_cancelled": release_stock,
    }


def commit_stock(event: order_event_pb2.OrderEvent) -> CommitStock:
    """OrderConfirmed makes the hold a sale."""
    return CommitStock(order_id=_order_id(event), lines=_lines(event, event.order_confirmed.parts))


def release_part(event: order_event_pb2.OrderEvent) -> ReleasePart:
    """OrderPartCancelled lets go of one part."""
    cancelled = event.order_part_cancelled
    lines = tuple(_line(line) for line in cancelled.restock_lines)
    return ReleasePart(order_id=_order_id(event), part_id=_part_id(event, cancelled.part_id), restock_lines=lines)


def release_stock(event: order_event_pb2.OrderEvent) -> ReleaseStock:
    """OrderCancelled lets go of all but the open parts."""
    return ReleaseStock(order_id=_order_id(event), open_part_ids=frozenset(event.order_cancelled.open_part_ids))


def _order_id(event: order_event_pb2.OrderEvent) -> str:
    # What a release still owes is remembered under the order's id or the part's: no order may be named as a part.
    if "-" in event.order_id:
        raise Invalid("order_id", "must have no dash, those of parts have one")
    return event.order_id


def _part_id(event: order_event_pb2.OrderEvent, part_id: str) -> str:
    if part_id.rpartition("-")[0] != event.order_id:
        raise Invalid("part_id", "must be of the order")
    return part_id


def _lines(event: order_event_pb2.OrderEvent, parts: Iterable[order_event_pb2.OrderPart]) -> tuple[HeldLine, ...]:
    return tuple(HeldLine(_part_id(event, part.part_id), _line(line)) for part in parts for line in part.lines)


def _line(message: common_pb2.Line) -> Line:
    # A fact with no pieces in a line is broken: it is set aside with its story, never counted.
    between(message.quantity, "quantity", 1, QUANTITY_MAX)
    return line_from(message)
