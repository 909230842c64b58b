"""Every RPC and every heard fact on a real database."""

from __future__ import annotations

import asyncio
import uuid
import xml.etree.ElementTree as ElementTree
from typing import Any

import grpc
import pytest
from chassis.status import reason_of
from chassis.testing.house import TRACE
from chophien.common.v1.common_pb2 import PAYMENT_METHOD_QR
from chophien.payments.v1 import payments_service_pb2 as pb
from payments.domain.vietqr import parse
from sqlalchemy.exc import DBAPIError

from .conftest import House
from .speech import after, confirmed, delivered, due, notice, off, order_id, part_off, remittance


async def refused(call: Any) -> tuple[str, str]:
    """Status code and reason of a refusal."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code().name, reason_of(error.value)


async def balances(house: House) -> dict[str, int]:
    """Account -> balance; the trial balance must be 0."""
    ledger = await house.stub().GetLedger(pb.GetLedgerRequest())
    assert ledger.trial_balance_vnd == 0
    return {one.account: one.balance_vnd for one in ledger.accounts if one.balance_vnd}


async def test_a_qr_is_shown_paid_and_told(house: House) -> None:
    order = order_id()
    await house.hear(due(order, 185_000))
    code = await house.stub("channel").GetPaymentQr(pb.GetPaymentQrRequest(order_id=order))
    assert (parse(code.qr_payload).memo, code.amount_vnd, code.expire_time) == (order, 185_000, after(15))
    assert ElementTree.fromstring(code.qr_svg).tag.endswith("svg")
    reply = await house.stub("bank").ReportBankTransfer(notice(order, 185_000))
    assert (reply.state, reply.order_id) == (pb.TRANSFER_STATE_EXACT, order)
    await house.hear(confirmed(order), delivered(order, 1, 0))
    found = await house.stub("channel").GetPayment(pb.GetPaymentRequest(order_id=order))
    assert (found.state, found.payment_method) == (pb.PAYMENT_STATE_AUTHORIZED, PAYMENT_METHOD_QR)
    assert (found.due_vnd, found.received_vnd, len(found.transfers)) == (185_000, 185_000, 1)
    assert found.trace_id == TRACE[3:35]
    assert [entry.kind for entry in found.history] == [
        "PaymentRequested",
        "BankTransfer",
        "PaymentAuthorized",
        "ParcelDelivered",
    ]
    assert await house.said(order) == ["payment_requested", "payment_authorized"]
    assert await balances(house) == {"bank": 185_000, "sellers_payable": -185_000}
    assert await refused(house.stub().GetPaymentQr(pb.GetPaymentQrRequest(order_id=order))) == (
        "FAILED_PRECONDITION",
        "NOT_PAYABLE_BY_QR",
    )


async def test_seven_posts_of_one_transaction_are_seven_answers_and_one_entry(house: House) -> None:
    order = order_id()
    await house.hear(due(order, 185_000))
    posts = [notice(order, 185_000, "tx-1") for _ in range(7)]
    replies = await asyncio.gather(*(house.stub("bank").ReportBankTransfer(post) for post in posts))
    assert {(one.state, one.order_id) for one in replies} == {(pb.TRANSFER_STATE_EXACT, order)}
    assert (await house.stub().GetLedger(pb.GetLedgerRequest(order_id=order))).entry_count == 1
    assert await refused(house.stub("bank").ReportBankTransfer(notice(order, 1, "tx-1"))) == (
        "ALREADY_EXISTS",
        "TRANSFER_MISMATCH",
    )


async def test_what_goes_wrong_with_transfers_ends_in_refunds_and_a_queue(house: House) -> None:
    order, other, bank = order_id(), order_id(), house.stub("bank")
    await house.hear(due(order, 100_000, 85_000), due(other, 50_000))
    for amount, state in ((100_000, "SHORT"), (90_000, "OVER"), (185_000, "DUPLICATE")):
        assert (await bank.ReportBankTransfer(notice(order, amount))).state == pb.TransferState.Value(
            f"TRANSFER_STATE_{state}"
        )
    await house.tick(minutes=15)
    late = await bank.ReportBankTransfer(notice(other, 50_000, bank_time=after(15)))
    lost = await bank.ReportBankTransfer(notice("", 7_000, memo="tra no"))
    assert (late.state, lost.state) == (pb.TRANSFER_STATE_LATE, pb.TRANSFER_STATE_UNMATCHED)
    await house.hear(part_off(order, 1, 100_000), off(order))
    due_now = (await house.stub().ListRefundsDue(pb.ListRefundsDueRequest())).refunds
    assert sorted((one.reason, one.amount_vnd) for one in due_now) == [
        ("ORDER_CANCELLED", 85_000),
        ("OVERPAID", 5_000),
        ("PAID_LATE", 50_000),
        ("PAID_TWICE", 185_000),
        ("PART_CANCELLED", 100_000),
    ]
    queue = await house.stub().GetLedger(pb.GetLedgerRequest(view=pb.LEDGER_VIEW_UNMATCHED_TRANSFERS))
    assert (queue.unmatched_transfer_count, queue.unmatched_transfers[0].memo) == (1, "tra no")
    assert await balances(house) == {"bank": 432_000, "refunds_payable": -425_000, "unmatched_transfers": -7_000}


async def test_refunds_are_listed_by_page_and_paid_once(house: House) -> None:
    orders = [order_id() for _ in range(3)]
    await house.hear(*(due(order, 10_000) for order in orders))
    for order in orders:
        await house.stub("bank").ReportBankTransfer(notice(order, 10_000))
    await house.hear(*(off(order) for order in orders))
    stub, token = house.stub(), ""
    seen: list[pb.Refund] = []
    for _ in range(3):
        page = await stub.ListRefundsDue(pb.ListRefundsDueRequest(page_size=1, page_token=token))
        seen, token = [*seen, *page.refunds], page.next_page_token
    assert ({one.order_id for one in seen}, token) == (set(orders), "")

    def paid(transaction: str, amount: int = 10_000) -> pb.ReportRefundPaidRequest:
        return pb.ReportRefundPaidRequest(
            request_id=uuid.uuid4().hex,
            refund_id=seen[0].refund_id,
            amount_vnd=amount,
            provider="sepay",
            provider_transaction_id=transaction,
            refund_time=after(60),
        )

    both: Any = await asyncio.gather(
        stub.ReportRefundPaid(paid("out-1")), stub.ReportRefundPaid(paid("out-2")), return_exceptions=True
    )
    first, second = both
    assert first.refund.paid_time == after(60)
    assert isinstance(second, grpc.aio.AioRpcError) and reason_of(second) == "REFUND_ALREADY_PAID"
    assert (await stub.ReportRefundPaid(paid("out-1"))).refund == first.refund
    assert await refused(stub.ReportRefundPaid(paid("out-1", 1))) == ("FAILED_PRECONDITION", "REFUND_AMOUNT_WRONG")
    assert len((await stub.ListRefundsDue(pb.ListRefundsDueRequest())).refunds) == 2
    assert await balances(house) == {"bank": 20_000, "refunds_payable": -20_000}


async def test_cash_goes_from_the_door_to_the_bank(house: House) -> None:
    order = order_id()
    await house.hear(due(order, 100_000, 85_000, cod=True))
    assert await house.said(order) == ["payment_authorized"]
    found = await house.stub().GetPayment(pb.GetPaymentRequest(order_id=order))
    assert {part.cod_state for part in found.parts} == {pb.COD_STATE_DUE}
    await house.hear(delivered(order, 1, 100_000), delivered(order, 2, 85_000))
    await house.tick(days=5)
    ledger = await house.stub().GetLedger(pb.GetLedgerRequest(view=pb.LEDGER_VIEW_COD_PARCELS))
    assert (ledger.cod_outstanding_vnd, ledger.cod_partners[0].overdue_vnd) == (185_000, 185_000)
    assert [(one.state, one.remit_due_date, one.overdue) for one in ledger.cod_parcels] == [
        (pb.COD_STATE_COLLECTED, "2026-02-06", True)
    ] * 2
    request = remittance("S1", (f"{order}-1", 100_000), (f"{order}-2", 80_000), ("DH260204NOBODY-1", 1_000))
    reply = await house.stub("partner-a").ReportCodRemittance(request)
    assert [line.outcome for line in reply.lines] == [
        pb.REMITTANCE_OUTCOME_MATCHED,
        pb.REMITTANCE_OUTCOME_SHORT,
        pb.REMITTANCE_OUTCOME_UNKNOWN_PARCEL,
    ]
    assert (reply.total_vnd, reply.difference_vnd, reply.disputed_lines, reply.settled) == (181_000, 4_000, 2, False)
    request.request_id, request.partner_id = uuid.uuid4().hex, "partner-a"
    assert (await house.stub("bank").ReportCodRemittance(request)).settled
    await house.stub("bank").ReportBankTransfer(notice("", 181_000, "cod-1", memo="COD S1"))
    assert (await balances(house))["bank_clearing:partner-a"] == 181_000
    request.request_id, request.provider, request.provider_transaction_id = uuid.uuid4().hex, "sepay", "cod-1"
    assert (await house.stub().ReportCodRemittance(request)).settled
    assert await balances(house) == {
        "bank": 181_000,
        "cod_disputed:partner-a": 4_000,
        "sellers_payable": -185_000,
    }
    assert (await house.said(order))[1:] == ["cod_collected"] * 2 + ["cod_remitted"] * 2
    mine = pb.GetLedgerRequest(parcel_id=f"{order}-1")
    assert [one.entry_id for one in (await house.stub().GetLedger(mine)).entries] == [
        f"delivered/{order}-1",
        f"remitted/partner-a/S1/{order}-1",
        f"settled/partner-a/S1/{order}-1",
    ]


async def test_statements_are_their_partners_own_and_do_not_change(house: House) -> None:
    order = order_id()
    await house.hear(due(order, 100_000, cod=True), delivered(order, 1, 100_000))
    foreign = remittance("S1", (f"{order}-1", 100_000), partner="partner-a")
    assert await refused(house.stub("partner-b").ReportCodRemittance(foreign)) == (
        "PERMISSION_DENIED",
        "NOT_YOUR_STATEMENT",
    )
    await house.stub("partner-a").ReportCodRemittance(remittance("S1", (f"{order}-1", 100_000)))
    other = remittance("S1", (f"{order}-1", 99_000))
    assert await refused(house.stub("partner-a").ReportCodRemittance(other)) == ("ALREADY_EXISTS", "STATEMENT_MISMATCH")


async def test_cash_is_aged_from_the_day_after_its_due_date(house: House) -> None:
    """R67, two working days after the Wednesday of the test: due on Friday, aged on Saturday."""
    order = order_id()
    await house.hear(due(order, 100_000, cod=True), delivered(order, 1, 100_000))
    for days, aged_vnd in ((2, 0), (1, 100_000)):
        await house.tick(days=days)
        ledger = await house.stub().GetLedger(pb.GetLedgerRequest(view=pb.LEDGER_VIEW_COD_PARCELS, order_id=order))
        assert (ledger.cod_partners[0].overdue_vnd, ledger.cod_parcels[0].overdue) == (aged_vnd, aged_vnd > 0)


async def test_anothers_statement_does_not_hide_where_the_cash_is(house: House) -> None:
    order = order_id()
    await house.hear(due(order, 100_000, cod=True), delivered(order, 1, 100_000))
    claim = remittance("S7", (f"{order}-1", 100_000), partner="partner-b")
    assert (await house.stub().ReportCodRemittance(claim)).disputed_lines == 1
    found = await house.stub().GetPayment(pb.GetPaymentRequest(order_id=order))
    assert found.parts[0].cod_state == pb.COD_STATE_COLLECTED
    assert "cod_remitted" not in await house.said(order)


async def test_what_nobody_pays_expires_after_the_grace(house: House) -> None:
    paid_short, unpaid = order_id(), order_id()
    await house.hear(due(paid_short, 50_000), due(unpaid, 50_000))
    await house.stub("bank").ReportBankTransfer(notice(paid_short, 20_000))
    await house.tick(minutes=34.9)
    assert "payment_expired" not in await house.said(unpaid)
    await house.tick(minutes=0.2)
    assert await house.said(unpaid) == ["payment_requested", "payment_expired"]
    assert await house.said(paid_short) == ["payment_requested", "payment_expired", "refund_due"]
    late = await house.stub("bank").ReportBankTransfer(notice(unpaid, 50_000))
    assert late.state == pb.TRANSFER_STATE_LATE


async def test_a_code_is_not_shown_once_a_transfer_would_be_late(house: House) -> None:
    """The grace is for the bank's notices; who pays in it is late by the bank's time and only gets a refund."""
    order = order_id()
    await house.hear(due(order, 50_000))
    asked = pb.GetPaymentQrRequest(order_id=order)
    await house.tick(minutes=14.9)
    assert (await house.stub("channel").GetPaymentQr(asked)).expire_time == after(15)
    await house.tick(minutes=0.1)
    assert await refused(house.stub("channel").GetPaymentQr(asked)) == ("FAILED_PRECONDITION", "NOT_PAYABLE_BY_QR")


async def test_a_late_payment_due_meets_its_tombstone(house: House) -> None:
    order = order_id()
    await house.hear(off(order))
    await house.hear(due(order, 50_000))
    assert await house.said(order) == ["payment_declined"]


async def test_unknown_things_bad_input_and_wrong_callers_are_refused(house: House) -> None:
    stub = house.stub()
    assert await refused(stub.GetPayment(pb.GetPaymentRequest(order_id="DH-unknown"))) == ("NOT_FOUND", "NOT_FOUND")
    assert await refused(stub.GetPayment(pb.GetPaymentRequest())) == ("INVALID_ARGUMENT", "INVALID")
    assert await refused(stub.ListRefundsDue(pb.ListRefundsDueRequest(page_size=201))) == (
        "INVALID_ARGUMENT",
        "INVALID",
    )
    assert await refused(stub.ListRefundsDue(pb.ListRefundsDueRequest(page_token="x"))) == (
        "INVALID_ARGUMENT",
        "INVALID",
    )
    assert (await refused(stub.ReportBankTransfer(notice("", 1))))[0] == "PERMISSION_DENIED"
    assert (await refused(house.stub("channel").GetLedger(pb.GetLedgerRequest())))[0] == "PERMISSION_DENIED"
    assert (await refused(house.stub("seller-1").GetPayment(pb.GetPaymentRequest(order_id="x"))))[0] == (
        "PERMISSION_DENIED"
    )


async def test_the_ledger_cannot_be_changed_by_anybody(house: House) -> None:
    await house.stub("bank").ReportBankTransfer(notice("", 7_000, memo="tra no"))
    for statement in ("UPDATE ledger_entries SET order_id = 'x'", "DELETE FROM ledger_entries"):
        with pytest.raises(DBAPIError, match="never changed"):
            await house.rows(statement)
