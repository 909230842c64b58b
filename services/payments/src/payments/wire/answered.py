"""Replies and reads, as responses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chassis.telemetry import trace_id
from chophien.common.v1.common_pb2 import PAYMENT_METHOD_UNSPECIFIED, HistoryEntry
from chophien.payments.v1 import payments_service_pb2 as pb

from payments.app.views import Listed, PaymentView, Totals
from payments.domain.cod import CodParcel, CodStatement, StatedLine
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Part, Payment
from payments.domain.refund import Refund
from payments.domain.transfer import BankTransfer
from payments.domain.words import CodState, RemittanceOutcome
from payments.wire.said import METHODS
from payments.wire.times import stamp


def payment(view: PaymentView) -> pb.GetPaymentResponse:
    """One payment with all that belongs to it."""
    one = view.payment
    # Who delivered comes last and counts; others only claim.
    cash = {parcel.parcel_id: parcel.state for parcel in sorted(view.cod_parcels, key=lambda one: one.delivered)}
    return pb.GetPaymentResponse(
        order_id=one.id,
        state=pb.PaymentState.Value(f"PAYMENT_STATE_{one.state}"),
        payment_method=METHODS.get(one.method, PAYMENT_METHOD_UNSPECIFIED),
        due_vnd=one.due_vnd,
        received_vnd=one.received_vnd,
        refund_due_vnd=one.refund_due_vnd,
        refund_paid_vnd=one.refund_paid_vnd,
        expire_time=stamp(one.expire_time),
        parts=[_part(one, part, cash.get(part.part_id)) for part in sorted(one.parts, key=lambda part: part.part_id)],
        transfers=[transfer(each) for each in view.transfers],
        refunds=[refund(each) for each in view.refunds],
        history=[HistoryEntry(kind=each.kind, time=stamp(each.time), detail=each.detail) for each in one.history],
        trace_id=trace_id(one.trace),
    )


def _part(of: Payment, part: Part, cash: CodState | None) -> pb.PaymentPart:
    state = CodState.DUE if cash is None and of.awaits_cash(part.part_id) else cash
    return pb.PaymentPart(
        part_id=part.part_id,
        amount_vnd=part.amount_vnd,
        cancelled=part.cancelled,
        delivered=part.delivered,
        cod_state=_cod_state(state) if state else pb.COD_STATE_UNSPECIFIED,
    )


def payment_qr(one: Payment, svg: str) -> pb.GetPaymentQrResponse:
    """The code and its picture."""
    return pb.GetPaymentQrResponse(
        qr_payload=one.qr_payload, qr_svg=svg, amount_vnd=one.due_vnd, expire_time=stamp(one.expire_time)
    )


def transfer(one: BankTransfer) -> pb.Transfer:
    """A transfer as kept."""
    provider, _, provider_transaction_id = one.id.partition("/")
    return pb.Transfer(
        provider=provider,
        provider_transaction_id=provider_transaction_id,
        amount_vnd=one.amount_vnd,
        bank_time=stamp(one.bank_time),
        state=pb.TransferState.Value(f"TRANSFER_STATE_{one.state}"),
        order_id=one.order_id,
        memo=one.memo,
    )


def bank_transfer_reported(one: BankTransfer) -> pb.ReportBankTransferResponse:
    """How a notice ended."""
    state = pb.TransferState.Value(f"TRANSFER_STATE_{one.state}")
    return pb.ReportBankTransferResponse(state=state, order_id=one.order_id)


def refund(one: Refund) -> pb.Refund:
    """A refund as it stands."""
    return pb.Refund(
        refund_id=one.id,
        order_id=one.order_id,
        amount_vnd=one.amount_vnd,
        reason=one.reason,
        part_id=one.part_id,
        due_time=stamp(one.due_time),
        paid_time=stamp(one.paid_time),
    )


def refund_paid(one: Refund) -> pb.ReportRefundPaidResponse:
    """The refund, paid."""
    return pb.ReportRefundPaidResponse(refund=refund(one))


def refunds_due(refunds: Sequence[Refund], next_page_token: str) -> pb.ListRefundsDueResponse:
    """A page of refunds."""
    return pb.ListRefundsDueResponse(refunds=[refund(one) for one in refunds], next_page_token=next_page_token)


def cod_remittance(statement: CodStatement) -> pb.ReportCodRemittanceResponse:
    """A statement, line by line."""
    lines = statement.lines
    return pb.ReportCodRemittanceResponse(
        partner_id=statement.partner_id,
        statement_id=statement.statement_id,
        lines=[_line(line) for line in lines],
        total_vnd=sum(line.amount_vnd for line in lines),
        difference_vnd=sum(line.open_vnd - line.amount_vnd for line in lines),
        disputed_lines=sum(line.outcome is not RemittanceOutcome.MATCHED for line in lines),
        settled=statement.settled,
    )


def _line(line: StatedLine) -> pb.RemittanceLineResult:
    return pb.RemittanceLineResult(
        parcel_id=line.parcel_id,
        amount_vnd=line.amount_vnd,
        open_vnd=line.open_vnd,
        outcome=pb.RemittanceOutcome.Value(f"REMITTANCE_OUTCOME_{line.outcome}"),
    )


def ledger(totals: Totals, listed: Sequence[Listed], next_page_token: str, today: date) -> pb.GetLedgerResponse:
    """Totals and one page; `today` is the local business date, which decides what is overdue."""
    accounts = [
        pb.Account(
            account=one.account,
            debit_vnd=one.debit_vnd,
            credit_vnd=one.credit_vnd,
            balance_vnd=one.debit_vnd - one.credit_vnd,
        )
        for one in totals.accounts
    ]
    return pb.GetLedgerResponse(
        accounts=accounts,
        trial_balance_vnd=sum(account.balance_vnd for account in accounts),
        entry_count=totals.entry_count,
        cod_partners=[
            pb.CodPartner(
                partner_id=one.partner_id,
                outstanding_parcels=one.outstanding_parcels,
                outstanding_vnd=one.outstanding_vnd,
                overdue_vnd=one.overdue_vnd,
                disputed_parcels=one.disputed_parcels,
                disputed_vnd=one.disputed_vnd,
            )
            for one in totals.partners
        ],
        cod_outstanding_vnd=sum(one.outstanding_vnd for one in totals.partners),
        unmatched_transfer_count=totals.unmatched_transfer_count,
        entries=[_entry(one) for one in listed if isinstance(one, LedgerEntry)],
        cod_parcels=[_cod_parcel(one, today) for one in listed if isinstance(one, CodParcel)],
        unmatched_transfers=[transfer(one) for one in listed if isinstance(one, BankTransfer)],
        next_page_token=next_page_token,
    )


def _entry(one: LedgerEntry) -> pb.LedgerEntry:
    lines = [
        pb.EntryLine(account=line.account, debit_vnd=max(line.amount_vnd, 0), credit_vnd=max(-line.amount_vnd, 0))
        for line in one.lines
    ]
    return pb.LedgerEntry(
        entry_id=one.id, order_id=one.order_id, parcel_id=one.parcel_id, post_time=stamp(one.post_time), lines=lines
    )


def _cod_parcel(one: CodParcel, today: date) -> pb.CodParcel:
    due = one.remit_due_date
    return pb.CodParcel(
        parcel_id=one.parcel_id,
        order_id=one.order_id,
        partner_id=one.partner_id,
        state=_cod_state(one.state),
        expected_vnd=one.expected_vnd,
        collected_vnd=one.collected_vnd,
        remitted_vnd=one.remitted_vnd,
        outstanding_vnd=one.outstanding_vnd,
        disputed_vnd=one.disputed_vnd,
        remit_due_date=due.isoformat() if due else "",
        overdue=due is not None and due < today and one.outstanding_vnd > 0,
    )


def _cod_state(state: CodState) -> pb.CodState.ValueType:
    return pb.CodState.Value(f"COD_STATE_{state}")
