"""Requests of callers, as commands and questions; what cannot be one is refused with Invalid."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from chassis.access import Caller
from chassis.kernel import Invalid
from chassis.paging import Place, place_of, token_of
from chophien.payments.v1 import payments_service_pb2 as pb

from payments.app.commands import ReportBankTransfer, ReportCodRemittance, ReportRefundPaid
from payments.app.views import Listed
from payments.domain.cod import CodParcel
from payments.domain.errors import NotYourStatement
from payments.domain.ledger import LedgerEntry
from payments.domain.memo import order_codes
from payments.domain.refund import Refund, order_of
from payments.domain.transfer import BankTransfer, transfer_id
from payments.wire.times import time_of

ID_LENGTH_MAX = 64
REFUND_ID_LENGTH_MAX = 200
MEMO_LENGTH_MAX = 200
AMOUNT_VND_MAX = 10**13 - 1
COD_VND_MAX = 1_000_000_000
"""Cash of one parcel, the bound of couriers' scans too; so no partner's slip outgrows the sums of the ledger."""

LINES_MAX = 1000
PAGE_SIZE = 50
PAGE_SIZE_MAX = 200

SEES_ALL = frozenset({"operator", "service"})
"""Roles that see every payment; others see those of orders they placed."""

_PROVIDER = re.compile(r"[a-z0-9-]{1,32}")
_VISIBLE = re.compile(r"[!-~]+")

T = TypeVar("T", LedgerEntry, CodParcel, BankTransfer, Refund, Listed)


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list: after the item of this time and id (None = from the start), at most `size`."""

    size: int
    after: Place | None = None


def report_bank_transfer(request: pb.ReportBankTransferRequest) -> ReportBankTransfer:
    """A bank's notice."""
    if request.direction not in (pb.TRANSFER_DIRECTION_IN, pb.TRANSFER_DIRECTION_OUT):
        raise Invalid("direction", "must be IN or OUT")
    memo = unicodedata.normalize("NFC", request.memo)
    if len(memo) > MEMO_LENGTH_MAX or "\x00" in memo:
        raise Invalid("memo", f"must have at most {MEMO_LENGTH_MAX} characters and no NUL")
    return ReportBankTransfer(
        transfer_id=_transaction(request.provider, request.provider_transaction_id),
        bank_time=time_of("bank_time", request.bank_time),
        amount_vnd=_amount("amount_vnd", request.amount_vnd, 1),
        incoming=request.direction == pb.TRANSFER_DIRECTION_IN,
        memo=memo,
        order_codes=order_codes(memo),
    )


def report_refund_paid(request: pb.ReportRefundPaidRequest) -> ReportRefundPaid:
    """A paid refund."""
    refund_id = identifier("refund_id", request.refund_id, REFUND_ID_LENGTH_MAX)
    return ReportRefundPaid(
        order_id=order_of(refund_id),
        refund_id=refund_id,
        amount_vnd=_amount("amount_vnd", request.amount_vnd, 1),
        transaction=_transaction(request.provider, request.provider_transaction_id),
        refund_time=time_of("refund_time", request.refund_time),
    )


def report_cod_remittance(request: pb.ReportCodRemittanceRequest, caller: Caller) -> ReportCodRemittance:
    """A statement; a partner speaks for itself only, and its word alone settles nothing."""
    by_partner = caller.role == "partner"
    if by_partner and request.partner_id not in ("", caller.partner_id):
        raise NotYourStatement(partner_id=caller.partner_id)
    if by_partner and (request.provider or request.provider_transaction_id):
        raise Invalid("provider", "may be stated by bank and operator only")
    if not 1 <= len(request.lines) <= LINES_MAX:
        raise Invalid("lines", f"must be 1 to {LINES_MAX}")
    lines = tuple(
        (slashless("lines.parcel_id", line.parcel_id), _amount("lines.amount_vnd", line.amount_vnd, 0, COD_VND_MAX))
        for line in request.lines
    )
    if len({parcel_id for parcel_id, _amount_vnd in lines}) < len(lines):
        raise Invalid("lines", "must name a parcel only once")
    return ReportCodRemittance(
        partner_id=slashless("partner_id", caller.partner_id if by_partner else request.partner_id),
        statement_id=slashless("statement_id", request.statement_id),
        remit_time=time_of("remit_time", request.remit_time),
        lines=lines,
        settles=not by_partner,
        transfer_id=_transaction_or_none(request.provider, request.provider_transaction_id),
    )


def only_placed_by(caller: Caller) -> str:
    """Whose payments the caller may see; empty = everybody's."""
    return "" if caller.role in SEES_ALL else caller.identity


def identifier(field: str, value: str, length_max: int = ID_LENGTH_MAX) -> str:
    """An id that is stated: visible ASCII of bounded length."""
    if len(value) > length_max or not _VISIBLE.fullmatch(value):
        raise Invalid(field, f"must be 1 to {length_max} visible ASCII characters")
    return value


def optional(field: str, value: str) -> str:
    """An id that may be left empty."""
    return identifier(field, value) if value else ""


def page(size: int, token: str) -> Page:
    """The piece of a list that is asked for."""
    if not 0 <= size <= PAGE_SIZE_MAX:
        raise Invalid("page_size", f"must be 0 to {PAGE_SIZE_MAX}")
    return Page(size or PAGE_SIZE, place_of(token))


def cut(listed: Sequence[T], page: Page) -> tuple[Sequence[T], str]:
    """The page out of a read that fetched one more, and the token of the next page; empty = this is the last."""
    if len(listed) <= page.size:
        return listed, ""
    last = listed[page.size - 1]
    return listed[: page.size], token_of((_time_of(last), last.id))


def _time_of(one: Listed) -> datetime:
    match one:
        case LedgerEntry():
            return one.post_time
        case BankTransfer():
            return one.bank_time
        case Refund():
            return one.due_time
        case CodParcel():
            return datetime.min.replace(tzinfo=UTC)  # Listed by id alone.


def _transaction(provider: str, provider_transaction_id: str) -> str:
    if not _PROVIDER.fullmatch(provider):
        raise Invalid("provider", "must be 1 to 32 of a-z 0-9 -")
    return transfer_id(provider, slashless("provider_transaction_id", provider_transaction_id))


def _transaction_or_none(provider: str, provider_transaction_id: str) -> str:
    return _transaction(provider, provider_transaction_id) if provider or provider_transaction_id else ""


def slashless(field: str, value: str) -> str:
    """An id that others may be made of, with slashes between."""
    if "/" in identifier(field, value):
        raise Invalid(field, "must not contain /")
    return value


def _amount(field: str, value: int, least: int, most: int = AMOUNT_VND_MAX) -> int:
    if not least <= value <= most:
        raise Invalid(field, f"must be {least} to {most}")
    return value
