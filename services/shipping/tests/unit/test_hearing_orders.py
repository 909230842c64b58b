"""What an order's facts ask of shipping, as far as it is the order's to ask."""

from __future__ import annotations

import pytest
from chassis.kernel import Invalid
from chophien.orders.v1.order_event_pb2 import OrderEvent
from shipping.wire.heard import cancel_order, cancel_part, create_parcels


def test_an_order_makes_parcels_of_its_own_parts_only() -> None:
    event = OrderEvent(order_id="DH1")
    event.order_confirmed.parts.add(part_id="DH2-1")
    with pytest.raises(Invalid):
        create_parcels(event)


@pytest.mark.parametrize("contact_id", ["", "Lò", "a b", "x" * 65])
def test_a_contact_that_orders_would_not_know_is_refused(contact_id: str) -> None:
    """Asked for it, orders would refuse the whole manifest of the run."""
    event = OrderEvent(order_id="DH1")
    event.order_confirmed.contact_id = contact_id
    event.order_confirmed.parts.add(part_id="DH1-1", pickup_point_id="pp-1")
    with pytest.raises(Invalid):
        create_parcels(event)


def test_an_order_cancels_its_own_parts_only() -> None:
    event = OrderEvent(order_id="DH1")
    event.order_cancelled.open_part_ids.extend(["DH2-1", "DH1-2"])
    command = cancel_order(event)
    assert command is not None and command.parcel_ids == ("DH1-2",)
    event.order_part_cancelled.part_id, event.order_part_cancelled.reason = "DH2-1", "BUYER_CANCELLED"
    with pytest.raises(Invalid):
        cancel_part(event)
