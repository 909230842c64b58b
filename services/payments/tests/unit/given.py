"""Commands and a memory that the tests of the handlers share."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.kernel import Outcome
from chassis.testing import Memory, carry_out
from payments.app.commands import (
    CancelPart,
    CollectCod,
    ExpirePayment,
    ReportBankTransfer,
    ReportCodRemittance,
    ReportRefundPaid,
    RequestPayment,
    VoidPayment,
)
from payments.app.handlers import handlers
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Part, Payment
from payments.domain.policy import Policy
from payments.domain.refund import Refund, order_of
from payments.domain.words import Method

NOW = datetime(2026, 2, 4, 6, 30, tzinfo=UTC)
ORDER = "DH2602040123456789AB"
HANDLERS = handlers(Policy())


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def due(method: Method = Method.QR, amounts: tuple[int, ...] = (185_000,), order_id: str = ORDER) -> RequestPayment:
    parts = tuple(Part(part_id=f"{order_id}-{n}", amount_vnd=amount) for n, amount in enumerate(amounts, 1))
    return RequestPayment(order_id=order_id, method=method, total_vnd=sum(amounts), parts=parts, placed_by="channel")


def transfer(
    amount_vnd: int = 185_000, id: str = "sepay/1", after: float = 5, code: str = ORDER, memo: str = ""
) -> ReportBankTransfer:
    return ReportBankTransfer(
        transfer_id=id,
        bank_time=NOW + minutes(after),
        amount_vnd=amount_vnd,
        incoming=True,
        memo=memo or f"MBVCB 12345 {code} chuyen tien",
        order_codes=(code,) if code else (),
    )


def void(reason: str = "BUYER_CANCELLED") -> VoidPayment:
    return VoidPayment(order_id=ORDER, reason=reason)


def part_off(number: int, amount_vnd: int) -> CancelPart:
    return CancelPart(order_id=ORDER, part_id=f"{ORDER}-{number}", amount_vnd=amount_vnd)


def delivered(number: int = 1, cash: int = 0, partner: str = "partner-a", time: datetime = NOW) -> CollectCod:
    return CollectCod(
        order_id=ORDER, parcel_id=f"{ORDER}-{number}", partner_id=partner, collected_vnd=cash, deliver_time=time
    )


def paid_back(refund_id: str, amount_vnd: int, transaction: str = "sepay/out-1") -> ReportRefundPaid:
    return ReportRefundPaid(
        order_id=order_of(refund_id),
        refund_id=refund_id,
        amount_vnd=amount_vnd,
        transaction=transaction,
        refund_time=NOW + minutes(60),
    )


def statement(
    *lines: tuple[str, int], id: str = "S1", settles: bool = False, partner: str = "partner-a", brought_by: str = ""
) -> ReportCodRemittance:
    return ReportCodRemittance(
        partner_id=partner,
        statement_id=id,
        remit_time=NOW + minutes(90),
        lines=lines,
        settles=settles or bool(brought_by),
        transfer_id=brought_by,
    )


EXPIRE = ExpirePayment(order_id=ORDER)


def done(memory: Memory, *commands: object, now: datetime = NOW) -> Outcome:
    """Carry out commands in order; the last outcome."""
    outcome = Outcome()
    for command in commands:
        outcome = carry_out(HANDLERS, memory, command, now)
    return outcome


def payment(memory: Memory) -> Payment:
    return memory.get(Payment, ORDER)


def names(memory: Memory) -> list[str]:
    return [type(fact).__name__ for fact in memory.facts]


def refunds(memory: Memory) -> dict[str, tuple[int, str]]:
    return {one.id: (one.amount_vnd, one.reason) for one in memory.all(Refund)}


def balances(memory: Memory) -> dict[str, int]:
    """Account -> balance, zeros left out."""
    total: Counter[str] = Counter()
    for entry in memory.all(LedgerEntry):
        for line in entry.lines:
            total[line.account] += line.amount_vnd
    return {account: amount for account, amount in total.items() if amount}


def only(memory: Memory, kind: type[Any]) -> Any:
    """The one aggregate of a kind."""
    (found,) = memory.all(kind)
    return found
