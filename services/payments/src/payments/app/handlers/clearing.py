"""Matches a courier's statement with the bank transfer that brought its money, and clears both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chassis.kernel import Change, Key, Loaded, Moment

from payments.app.commands import ReportCodRemittance
from payments.app.handlers.posting import booked
from payments.domain.cod import CodStatement
from payments.domain.errors import NotTheRemittance
from payments.domain.ledger import EMPTY, UNMATCHED_TRANSFERS, LedgerEntry, bank_clearing
from payments.domain.payment import Payment
from payments.domain.transfer import BankTransfer, brought


def matched(
    command: ReportCodRemittance, statement: CodStatement, loaded: Loaded, moment: Moment
) -> tuple[CodStatement, tuple[Change, ...]]:
    """The statement with the transfer that the command names, and what changes with that; nothing the second time."""
    if command.transfer_id in ("", statement.transfer_id):
        return statement, ()
    if statement.transfer_id:
        raise NotTheRemittance(transfer_id=command.transfer_id, brought_by=statement.transfer_id)
    remittance = brought(loaded.require(BankTransfer, command.transfer_id), statement.total_vnd)
    cleared = {UNMATCHED_TRANSFERS: statement.total_vnd, bank_clearing(statement.partner_id): -statement.total_vnd}
    owner = Payment(id="", trace=moment.trace)
    entry = booked(_entry(command), owner, moment, (EMPTY, cleared))
    return replace(statement, transfer_id=remittance.id), (Change(remittance), *entry)


def matched_keys(command: ReportCodRemittance) -> Iterable[Key[Any]]:
    """The transfer and the booking, if one is named."""
    if command.transfer_id:
        yield Key(BankTransfer, command.transfer_id)
        yield Key(LedgerEntry, _entry(command))


def _entry(command: ReportCodRemittance) -> str:
    return f"matched/{command.transfer_id}"
