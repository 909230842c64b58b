"""Parcels that are called off: before their order is heard, before the pickup, after it, and at the end."""

from __future__ import annotations

from typing import Any

import pytest
from shipping.app import commands
from shipping.domain import events
from shipping.domain.errors import ParcelClosed
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ParcelState, ScanKind

Yard = Any


def cancel_order(order_id: str) -> commands.CancelParcels:
    every = tuple(f"{order_id}-{number}" for number in range(1, 51))
    return commands.CancelParcels(order_id=order_id, parcel_ids=every, reason="BUYER_CANCELLED", whole_order=True)


def cancel_part(order_id: str) -> commands.CancelParcels:
    return commands.CancelParcels(order_id=order_id, parcel_ids=(f"{order_id}-1",), reason="BUYER_CANCELLED")


@pytest.mark.parametrize("cancel", [cancel_order, cancel_part])
def test_a_cancel_before_the_order_leaves_a_tombstone(yard: Yard, cancel: Any) -> None:
    yard.twice(cancel("DH1"))
    assert yard.said("DH1-1") == []
    yard.confirm("DH1")
    assert yard.said("DH1-1") == ["ParcelRefused"]
    assert yard.last(events.ParcelRefused).reason == "ORDER_CANCELLED"


def test_one_tombstone_stands_for_every_part_of_an_order(yard: Yard, make_shipment: Any) -> None:
    yard.twice(cancel_order("DH1"))
    assert len(list(yard.memory.all(Parcel))) == 1
    yard.twice(
        commands.CreateParcels(order_id="DH1", parts=(("DH1-1", make_shipment("DH1")), ("DH1-2", make_shipment("DH1"))))
    )
    assert yard.said("DH1-1") == yard.said("DH1-2") == ["ParcelRefused"]


def test_a_tombstone_of_one_part_does_not_stop_the_others(yard: Yard, make_shipment: Any) -> None:
    yard.twice(cancel_part("DH1"))
    yard.twice(
        commands.CreateParcels(order_id="DH1", parts=(("DH1-1", make_shipment("DH1")), ("DH1-2", make_shipment("DH1"))))
    )
    assert yard.said("DH1-1") == ["ParcelRefused"] and yard.said("DH1-2") == ["ParcelCreated", "PromiseMade"]


@pytest.mark.parametrize("cancel", [cancel_order, cancel_part])
def test_a_parcel_that_is_not_collected_is_called_off(yard: Yard, cancel: Any) -> None:
    id = yard.confirm("DH1")
    yard.twice(cancel("DH1"))
    assert yard.parcel(id).state is ParcelState.CANCELLED and yard.said(id)[-1] == "ParcelCancelled"


def test_a_parcel_the_courier_has_comes_back_instead(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, [id], finished=True)
    yard.twice(commands.CancelParcels(order_id=yard.parcel(id).order_id, parcel_ids=(id,), reason="BUYER_CANCELLED"))
    assert yard.said(id)[-1] == "ParcelCancelRefused" and yard.parcel(id).return_wanted
    yard.do(yard.scan_command(id, ScanKind.RETURNED, yard.now, "s1"))
    assert yard.last(events.ParcelReturned).reason == "CANCELLED"


def test_a_delivered_parcel_cannot_be_called_off(yard: Yard) -> None:
    (id,) = yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.report(batch, [id])
    yard.do(yard.scan_command(id, ScanKind.DELIVERED, yard.now, "s1"))
    with pytest.raises(ParcelClosed):
        yard.do(commands.CancelParcel(parcel_id=id, reason="OPERATOR"))
    yard.twice(cancel_order(yard.parcel(id).order_id))
    assert yard.said(id)[-1] == "ParcelDelivered"


def test_a_cancelled_parcel_is_not_ready_any_more(yard: Yard) -> None:
    id = yard.confirm("DH1")
    yard.do(cancel_part("DH1"))
    with pytest.raises(ParcelClosed):
        yard.ready(id)


def test_a_parcel_called_off_before_it_existed_is_closed_for_its_seller_and_off_for_operators(yard: Yard) -> None:
    yard.do(cancel_part("DH1"))
    with pytest.raises(ParcelClosed) as refused:
        yard.ready("DH1-1")
    assert refused.value.details["state"] == "called_off"
    assert yard.twice(commands.CancelParcel(parcel_id="DH1-1", reason="OPERATOR")).reply is True
    assert yard.said("DH1-1") == [] and yard.parcel("DH1-1").state is ParcelState.CALLED_OFF
