"""The buyers: place orders through the channel, scan the QR and pay, change their minds, are at home or not."""

from __future__ import annotations

from functools import partial
from typing import Any

from chophien.common.v1 import common_pb2 as common
from chophien.orders.v1 import orders_service_pb2 as orders
from chophien.payments.v1 import payments_service_pb2 as payments

from simulation.actor import Actor, Stage
from simulation.line import NotNow, Refused
from simulation.script import COD, Order
from simulation.times import MINUTE, stamp
from simulation.vietqr import read_transfer

CHANNEL = "buyer-channel"
LATE_MINUTES = 20
"""A late payer's transfer is made this long after the QR was shown; the code is good for 15 minutes."""
LATE_NOTICE_MINUTES = 20
"""How long the bank keeps a notice that is told late; the system waits a little longer than that."""


class Buyers(Actor):
    """All buyers and the livestream channel through which they order."""

    def __init__(self, stage: Stage) -> None:
        """Plan every order of the script."""
        super().__init__(stage)
        self._placed = stage.world("placed")
        self._order_ids: list[str] = []
        self._doors = stage.world("doors")
        self._transfers = stage.world("transfers")
        for order in self.script.orders:
            self.plan(order.place_time, partial(self._place, order))
        self.plan(self.script.end, self._look_back)

    async def _place(self, order: Order) -> None:
        answer = await self.line.call(CHANNEL, self._request(order))
        self._order_ids.append(answer.order_id)
        part_ids = [part.part_id for part in answer.parts]
        self._placed.write(
            {
                "ref": order.ref,
                "counted": order.counted,
                "order_id": answer.order_id,
                "part_ids": part_ids,
                "sellers": {part.part_id: self._seller_at(order, part.pickup_point_id) for part in answer.parts},
                "total_vnd": answer.total_vnd,
            }
        )
        luck = {"door": order.door, "second_day": order.second_day}
        luck |= {"repeats_scans": order.repeats_scans, "reorders_scans": order.reorders_scans}
        for part_id in part_ids:
            self._doors.write({"parcel_id": part_id, **luck})
        if order.payment != COD and order.pay != "never":
            self.plan(self.now + MINUTE, partial(self._scan, order, answer.order_id))
        if order.cancel_after is not None:
            self.plan(self.now + order.cancel_after, partial(self._cancel, order, answer.order_id))

    def _request(self, order: Order) -> Any:
        session = self.script.session_id if order.in_session else ""
        return orders.PlaceOrderRequest(
            request_id=f"place-{order.ref}",
            channel="livestream" if order.in_session else "phone",
            channel_order_id=order.ref,
            buyer=orders.Buyer(name=order.buyer, phone=order.phone, address="Số 8, ngõ 3"),
            destination=common.Place(commune_code=order.destination, hamlet="thôn 1"),
            payment_method=common.PAYMENT_METHOD_COD if order.payment == COD else common.PAYMENT_METHOD_QR,
            lines=[
                common.Line(product_id=product, quantity=quantity, session_id=session)
                for product, quantity in order.lines
            ],
            client_time=stamp(order.place_time),
        )

    def _seller_at(self, order: Order, pickup_point_id: str) -> str:
        """A seller of the order who brings its goods to this gate."""
        points = {seller.id: seller.point.id for seller in self.script.sellers}
        sellers = (self.script.product(product).seller for product, _ in order.lines)
        return next(seller for seller in sellers if points[seller] == pickup_point_id)

    async def _scan(self, order: Order, order_id: str) -> None:
        """Ask for the QR until it is there, then pay in the banking app a little later."""
        try:
            answer = await self.line.call(CHANNEL, payments.GetPaymentQrRequest(order_id=order_id))
        except Refused as refused:
            if refused.reason == "NOT_FOUND":
                raise NotNow(order_id) from None
            if refused.reason != "NOT_PAYABLE_BY_QR":
                raise
            return
        memo, amount_vnd = read_transfer(answer.qr_payload)
        minutes = LATE_MINUTES if order.pay == "late" else order.pay_after_minutes
        self.plan(self.now + minutes * MINUTE, partial(self._pay, order, memo, amount_vnd))

    async def _pay(self, order: Order, memo: str, amount_vnd: int) -> None:
        if order.pay == "short":
            amount_vnd -= 10_000
        told = self.now + (LATE_NOTICE_MINUTES * MINUTE if order.pay == "late_notice" else 0 * MINUTE)
        for n in range(2 if order.pay == "twice" else 1):
            transfer = {"id": f"ft-{order.ref}-{n}", "memo": memo, "amount_vnd": amount_vnd}
            self._transfers.write({**transfer, "bank_time": self.now.isoformat(), "told_time": told.isoformat()})

    async def _cancel(self, order: Order, order_id: str) -> None:
        await self.line.call(CHANNEL, orders.CancelOrderRequest(request_id=f"cancel-{order.ref}", order_id=order_id))

    async def _look_back(self) -> None:
        """What became of every order, as its buyer is told."""
        for order_id in self._order_ids:
            await self.line.call(CHANNEL, orders.GetOrderRequest(order_id=order_id))
