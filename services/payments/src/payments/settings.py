"""Reads the rules of payments from the environment; every setting has a safe default."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chassis.settings import SettingsError

from payments.domain.policy import Policy, RemittanceCalendar
from payments.domain.vietqr import VietQrError

CALENDARS = Path(__file__).parent / "reference" / "remittance_calendars.json"
WORKING_DAYS_MAX = 60


def read_policy(environ: Mapping[str, str] = os.environ) -> Policy:
    """The policy of this process; raises SettingsError naming everything that is wrong with it."""
    problems: list[str] = []
    default = Policy()

    def number(name: str, otherwise: int) -> int:
        value = environ.get(name, "").strip() or str(otherwise)
        if not (value.isascii() and value.isdigit() and int(value) > 0):
            problems.append(f"{name} must be a whole number above 0, not {value!r}")
            return otherwise
        return int(value)

    calendar, calendars = _calendars(Path(environ.get("CHOPHIEN_REMITTANCE_CALENDARS_FILE") or CALENDARS), problems)
    policy = Policy(
        payee_bank_bin=environ.get("CHOPHIEN_PAYEE_BANK_BIN", "").strip() or default.payee_bank_bin,
        payee_account=environ.get("CHOPHIEN_PAYEE_ACCOUNT", "").strip() or default.payee_account,
        transfer_limit_vnd=number("CHOPHIEN_TRANSFER_LIMIT_VND", default.transfer_limit_vnd),
        cod_limit_vnd=number("CHOPHIEN_COD_LIMIT_VND", default.cod_limit_vnd),
        qr_time=timedelta(minutes=number("CHOPHIEN_QR_MINUTES", 15)),
        grace_time=timedelta(minutes=number("CHOPHIEN_QR_GRACE_MINUTES", 20)),
        memo_time=timedelta(days=number("CHOPHIEN_UNMATCHED_MEMO_DAYS", default.memo_time.days)),
        calendar=calendar,
        calendars=calendars,
    )
    try:
        policy.qr_payload("DH", 1)
    except VietQrError as error:
        problems.append(f"CHOPHIEN_PAYEE_BANK_BIN and CHOPHIEN_PAYEE_ACCOUNT make no VietQR: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return policy


def _calendars(path: Path, problems: list[str]) -> tuple[RemittanceCalendar, Mapping[str, RemittanceCalendar]]:
    try:
        document = json.loads(path.read_text("utf-8"))
        holidays = frozenset(map(date.fromisoformat, document["holidays"]))
        partners = {name: _calendar(entry, holidays) for name, entry in document["partners"].items()}
        return _calendar(document["default"], holidays), partners
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problems.append(f"remittance calendars {path} cannot be used: {error!r}")
        return RemittanceCalendar(), {}


def _calendar(entry: Mapping[str, Any], holidays: frozenset[date]) -> RemittanceCalendar:
    working_days = int(entry["working_days"])
    if not 0 <= working_days <= WORKING_DAYS_MAX:
        raise ValueError(f"working_days must be 0 to {WORKING_DAYS_MAX}")
    return RemittanceCalendar(working_days=working_days, holidays=holidays)
