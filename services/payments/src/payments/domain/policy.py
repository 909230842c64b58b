"""The rules that settings may change: payee, limits, waiting times, and the partners' remittance calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from payments.domain.vietqr import TransferCode, encode, fold

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittanceCalendar:
    """When a partner remits: so many working days (Monday to Friday, no holidays) after the delivery's local date."""

    working_days: int = 2
    holidays: frozenset[date] = frozenset()

    def due_date(self, deliver_time: datetime) -> date:
        """The local date on which cash collected at a UTC time is due."""
        day, left = deliver_time.astimezone(LOCAL).date(), self.working_days
        while left > 0:
            day += timedelta(days=1)
            left -= day.weekday() < SATURDAY and day not in self.holidays
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a payment may be and how long it waits. `calendars` is by partner; others have the `calendar`.

    The grace outlasts an outage of ours (ten minutes are promised) and the bank's next try after it, and with the QR's
    time stays below the hour after which orders gives up. `memo_time` is how long an unmatched memo is kept (R130).
    """

    payee_bank_bin: str = "970405"
    payee_account: str = "8600205123456"
    transfer_limit_vnd: int = 500_000_000
    cod_limit_vnd: int = 20_000_000
    qr_time: timedelta = timedelta(minutes=15)
    grace_time: timedelta = timedelta(minutes=20)
    memo_time: timedelta = timedelta(days=3 * 365)
    calendar: RemittanceCalendar = field(default_factory=RemittanceCalendar)
    calendars: Mapping[str, RemittanceCalendar] = field(default_factory=dict)

    def qr_payload(self, order_id: str, amount_vnd: int) -> str:
        """The dynamic VietQR of an order; raises VietQrError if payee, amount or id cannot stand in one."""
        return encode(
            TransferCode(
                bank_bin=self.payee_bank_bin, account=self.payee_account, amount_vnd=amount_vnd, memo=fold(order_id)
            )
        )

    def remit_due_date(self, partner_id: str, deliver_time: datetime) -> date:
        """The local date on which a partner owes cash collected at a time."""
        return self.calendars.get(partner_id, self.calendar).due_date(deliver_time)
