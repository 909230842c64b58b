"""The one table of what payments can be told to do."""

from __future__ import annotations

from functools import partial

from chassis.kernel import Handler, Handlers, Key

from payments.app.commands import (
    CancelPart,
    CollectCod,
    ExpirePayment,
    ForgetMemo,
    ReportBankTransfer,
    ReportCodRemittance,
    ReportRefundPaid,
    RequestPayment,
    VoidPayment,
)
from payments.app.handlers import bank, cod, orders
from payments.domain.payment import Payment
from payments.domain.policy import Policy
from payments.domain.transfer import BankTransfer


def handlers(policy: Policy) -> Handlers:
    """Command class -> handler, under the rules of a policy."""
    return {
        RequestPayment: Handler(partial(orders.request_payment, policy), lambda c: (Key(Payment, c.order_id),)),
        CancelPart: Handler(orders.cancel_part, orders.cancel_part_keys),
        VoidPayment: Handler(orders.void_payment, orders.void_payment_keys),
        ExpirePayment: Handler(partial(orders.expire_payment, policy), orders.expire_payment_keys),
        ReportBankTransfer: Handler(bank.report_bank_transfer, bank.report_bank_transfer_keys),
        ForgetMemo: Handler(bank.forget_memo, lambda c: (Key(BankTransfer, c.transfer_id),)),
        ReportRefundPaid: Handler(bank.report_refund_paid, bank.report_refund_paid_keys),
        CollectCod: Handler(partial(cod.collect_cod, policy), cod.collect_cod_keys),
        ReportCodRemittance: Handler(cod.report_cod_remittance, cod.report_cod_remittance_keys),
    }
