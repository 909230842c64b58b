"""The sellers: register, publish, count stock, go live, pack; each speaks with its own credential."""

from __future__ import annotations

from functools import partial
from typing import Any
from zlib import crc32

from chophien.catalog.v1 import catalog_service_pb2 as catalog
from chophien.catalog.v1 import product_event_pb2, seller_event_pb2
from chophien.common.v1 import common_pb2 as common
from chophien.shipping.v1 import shipping_service_pb2 as shipping

from simulation import cast
from simulation.actor import Actor, Stage
from simulation.line import NotNow, Refused
from simulation.script import Order
from simulation.times import MINUTE, THE_DAY, at

OFFER_SHARE = 0.9
"""Livestream price of an offered product as a share of its list price."""
ASKS_FOR = 20 * MINUTE
"""How long a seller asks for a parcel that is not there; then the order is taken to be off."""


class Sellers(Actor):
    """All sellers of the play in one process."""

    def __init__(self, stage: Stage) -> None:
        """Plan the morning, the session and the packing."""
        super().__init__(stage)
        self._placed = stage.world("placed")
        self._gate = stage.world("gate")
        for seller in self.script.sellers:
            self.plan(at("08:00"), partial(self._register, seller))
        for product in self.script.products:
            self.plan(at("08:05"), partial(self._publish, product))
            self.plan(at("08:10"), partial(self._count, product))
            if not product.listed:
                self.plan(at("08:20"), partial(self._withdraw, product))
        first, last = self.script.live
        self.plan(first - MINUTE, self._go_live)
        self.plan(last, self._end_live)

    async def listen(self) -> int:
        """Orders that came in through the sales channel are packed when the script says so."""
        fresh = self._placed.fresh()
        for entry in fresh:
            order = self.script.by_ref[entry["ref"]]
            if order.ready_time is None:
                continue
            for part_id in entry["part_ids"]:
                self.plan(order.ready_time, partial(self._pack, order, part_id, entry["sellers"][part_id]))
        return len(fresh)

    async def _register(self, seller: cast.Seller) -> None:
        point = seller.point
        request = catalog.RegisterSellerRequest(
            request_id=f"register-{seller.id}",
            seller_id=seller.id,
            legal_name=seller.name,
            kind=seller.kind,  # type: ignore[arg-type]
            tax_id=f"6200{crc32(seller.id.encode()) % 10**6:06}",
            registration_number=f"23A8{crc32(seller.id.encode()) % 10**6:06}",
            home=_place(point),
            public_phone="0213 387 " + f"{7000 + int(point.latitude * 10_000) % 999:04}",
            return_policy="Đổi trả trong 7 ngày nếu hàng lỗi",
            complaint_policy="Gọi số điện thoại của người bán, trả lời trong 3 ngày",
            price_includes_shipping=True,
            pickup_point=seller_event_pb2.PickupPoint(
                pickup_point_id=point.id,
                name=point.name,
                place=_place(point),
                location=common.GeoPoint(latitude=point.latitude, longitude=point.longitude),
                contact_name=point.contact,
                contact_phone="0987654321",
                instructions="Cạnh nhà văn hoá",
                largest_vehicle=common.VEHICLE_KIND_VAN,
            ),
        )
        await self.line.call(seller.id, request)

    async def _publish(self, product: cast.Product) -> None:
        length, width, height = product.size_cm
        request = catalog.PublishProductRequest(
            request_id=f"publish-{product.id}",
            product_id=product.id,
            seller_id=product.seller,
            name=product.name,
            list_price_vnd=product.price_vnd,
            size=common.Size(weight_g=product.weight_g, length_cm=length, width_cm=width, height_cm=height),
            handling=product.handling,  # type: ignore[arg-type]
            ocop=_ocop(product),
        )
        await self.line.call(product.seller, request)

    async def _count(self, product: cast.Product) -> None:
        request = catalog.SetStockRequest(
            request_id=f"count-{product.id}", product_id=product.id, on_hand_quantity=product.stock
        )
        await self.line.call(product.seller, request)

    async def _withdraw(self, product: cast.Product) -> None:
        request = catalog.WithdrawProductRequest(request_id=f"withdraw-{product.id}", product_id=product.id)
        await self.line.call(product.seller, request)

    async def _go_live(self) -> None:
        """The session is the first seller's, with all sellers of Bình Lư; the certified goods are on offer."""
        sellers = [seller.id for seller in self.script.sellers if seller.point.commune == cast.BINH_LU]
        request = catalog.StartLivestreamRequest(
            request_id=f"start-{self.script.session_id}",
            session_id=self.script.session_id,
            host_id="host-vang-a-pao",
            host_verification=catalog.HostVerification(method="VNEID", reference="vneid-ref-0001"),
            seller_ids=sellers,
        )
        await self.line.call("operator", request)
        for product in cast.OCOP_PRODUCTS:
            if product.listed:
                offer = catalog.OpenOfferRequest(
                    request_id=f"offer-{product.id}",
                    session_id=self.script.session_id,
                    product_id=product.id,
                    offer_price_vnd=int(product.price_vnd * OFFER_SHARE) // 1000 * 1000,
                )
                await self.line.call("operator", offer)

    async def _end_live(self) -> None:
        request = catalog.EndLivestreamRequest(
            request_id=f"end-{self.script.session_id}", session_id=self.script.session_id, reason="FINISHED"
        )
        await self.line.call("operator", request)

    async def _pack(self, order: Order, parcel_id: str, seller_id: str) -> None:
        """Mark it as ready, and put it at the gate, or not; a parcel that is not known yet is asked for a while."""
        assert order.ready_time is not None
        request = shipping.MarkReadyRequest(request_id=f"ready-{parcel_id}", parcel_id=parcel_id)
        try:
            await self.line.call(seller_id, request)
        except Refused as refused:
            if refused.reason not in ("NOT_FOUND", "PARCEL_CLOSED"):
                raise
            if refused.reason == "NOT_FOUND" and self.now < order.ready_time + ASKS_FOR:
                raise NotNow(parcel_id) from None
            return
        # A parcel that is missing at the first run is there for the next one.
        at_gate_from = order.ready_time if order.gate == "ready" else at("08:00", 1)
        self._gate.write({"parcel_id": parcel_id, "at_gate_from": at_gate_from.isoformat()})


def _place(point: cast.Point) -> common.Place:
    return common.Place(commune_code=point.commune, hamlet=point.hamlet)


def _ocop(product: cast.Product) -> Any:
    if product.ocop is None:
        return None
    stars, group = product.ocop
    issued = THE_DAY.replace(year=THE_DAY.year - 1).isoformat()
    return product_event_pb2.Ocop(stars=stars, group=group, decision_number="148/QĐ-UBND", issue_date=issued)
