"""PaymentsService over gRPC: translate, dispatch or read, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from chassis.access import caller
from chassis.kernel import Invalid, NotFound
from chassis.wiring import Registered, Runtime
from chophien.payments.v1 import payments_service_pb2 as pb
from chophien.payments.v1 import payments_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.adapters import qr_picture, reads
from payments.app.views import Listed
from payments.domain.errors import NotPayableByQr
from payments.domain.policy import LOCAL
from payments.wire import answered, asked


class PaymentsServicer(pb_grpc.PaymentsServiceServicer):
    """Every RPC of the contract."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def GetPayment(self, request: pb.GetPaymentRequest, context: Any) -> pb.GetPaymentResponse:
        order_id = asked.identifier("order_id", request.order_id)
        async with self._runtime.engine.connect() as connection:
            view = await reads.payment_view(connection, order_id)
        _require(view.payment.is_shown_to(asked.only_placed_by(caller())), order_id)
        return answered.payment(view)

    async def GetPaymentQr(self, request: pb.GetPaymentQrRequest, context: Any) -> pb.GetPaymentQrResponse:
        order_id = asked.identifier("order_id", request.order_id)
        async with self._runtime.engine.connect() as connection:
            payment = await reads.payment(connection, order_id)
        _require(payment.shows_its_code_to(asked.only_placed_by(caller())), order_id)
        if not payment.takes_transfers(self._runtime.clock.now()):
            raise NotPayableByQr(order_id=order_id, state=payment.state)
        return answered.payment_qr(payment, await asyncio.to_thread(qr_picture.draw, payment.qr_payload))

    async def ReportBankTransfer(
        self, request: pb.ReportBankTransferRequest, context: Any
    ) -> pb.ReportBankTransferResponse:
        command = asked.report_bank_transfer(request)
        return await self._runtime.door.execute(command, request, answered.bank_transfer_reported)

    async def ListRefundsDue(self, request: pb.ListRefundsDueRequest, context: Any) -> pb.ListRefundsDueResponse:
        page = asked.page(request.page_size, request.page_token)
        order_id = asked.optional("order_id", request.order_id)
        async with self._runtime.engine.connect() as connection:
            refunds, token = asked.cut(await reads.refunds_due(connection, order_id, page), page)
        return answered.refunds_due(refunds, token)

    async def ReportRefundPaid(self, request: pb.ReportRefundPaidRequest, context: Any) -> pb.ReportRefundPaidResponse:
        command = asked.report_refund_paid(request)
        return await self._runtime.door.execute(command, request, answered.refund_paid)

    async def ReportCodRemittance(
        self, request: pb.ReportCodRemittanceRequest, context: Any
    ) -> pb.ReportCodRemittanceResponse:
        command = asked.report_cod_remittance(request, caller())
        return await self._runtime.door.execute(command, request, answered.cod_remittance)

    async def GetLedger(self, request: pb.GetLedgerRequest, context: Any) -> pb.GetLedgerResponse:
        page = asked.page(request.page_size, request.page_token)
        today = self._runtime.clock.now().astimezone(LOCAL).date()
        async with self._runtime.engine.connect() as connection:
            listed, token = asked.cut(await _listed(connection, request, page), page)
            return answered.ledger(await reads.totals(connection, today), listed, token, today)


def _require(shown: bool, order_id: str) -> None:
    """What is somebody else's is not there."""
    if not shown:
        raise NotFound(kind="Payment", id=order_id)


async def _listed(connection: AsyncConnection, request: pb.GetLedgerRequest, page: asked.Page) -> Sequence[Listed]:
    order_id = asked.optional("order_id", request.order_id)
    parcel_id = asked.optional("parcel_id", request.parcel_id)
    partner_id = asked.optional("partner_id", request.partner_id)
    match request.view:
        case pb.LEDGER_VIEW_UNSPECIFIED | pb.LEDGER_VIEW_ENTRIES:
            return await reads.entries(connection, order_id, parcel_id, page)
        case pb.LEDGER_VIEW_COD_PARCELS:
            return await reads.cod_parcels(connection, partner_id, order_id, parcel_id, page)
        case pb.LEDGER_VIEW_UNMATCHED_TRANSFERS:
            return await reads.unmatched_transfers(connection, page)
        case _:
            raise Invalid("view", "is not known")


def servicers(runtime: Runtime) -> Mapping[str, Registered]:
    """The one gRPC service of payments."""
    register = pb_grpc.add_PaymentsServiceServicer_to_server
    return {"chophien.payments.v1.PaymentsService": (register, PaymentsServicer(runtime))}
