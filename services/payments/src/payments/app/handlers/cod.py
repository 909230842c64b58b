"""Carries out cash on delivery: collected at the door, stated by the partner, seen at the bank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, cast

from chassis.kernel import NOTHING, Change, Key, Loaded, Moment, Outcome

from payments.app.commands import CollectCod, ReportCodRemittance
from payments.app.handlers.clearing import matched, matched_keys
from payments.app.handlers.posting import booked, payment_of
from payments.domain.cod import CodParcel, CodStatement, StatedLine, cod_parcel_id, order_of, statement_key
from payments.domain.errors import StatementMismatch
from payments.domain.events import CodCollected, CodRemitted
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.policy import Policy


def collect_cod(policy: Policy, command: CollectCod, loaded: Loaded, moment: Moment) -> Outcome:
    """Book a delivery: prepaid money is earned, cash is owed by the partner."""
    before = payment_of(loaded, command.order_id, moment)
    part = before.part(command.parcel_id)
    if part is not None and part.delivered:
        return NOTHING
    after = before.deliver(command.parcel_id, command.deliver_time)
    due_date = policy.remit_due_date(command.partner_id, command.deliver_time)
    expected_vnd = before.cod_vnd(command.parcel_id)
    owed = command.collected_vnd if expected_vnd is None else expected_vnd
    cash = _cash(loaded, command.partner_id, command.parcel_id, before)
    steps = [(before.books(), after.books())]
    cod: tuple[Change, ...] = ()
    facts: tuple[object, ...] = ()
    if owed or command.collected_vnd or cash.version:
        collected = cash.collect(owed, command.collected_vnd, due_date)
        steps, cod = [*steps, (cash.books(), collected.books())], (Change(collected),)
    if command.collected_vnd:
        facts = (_collected(command, due_date),)
        after = after.noted("CodCollected", command.deliver_time, f"{command.parcel_id} {command.collected_vnd}")
    entry = booked(_delivery_entry(command), after, moment, *steps, parcel_id=command.parcel_id)
    return Outcome((Change(after, facts), *cod, *entry))


def collect_cod_keys(command: CollectCod) -> Iterable[Key[Any]]:
    """The payment, the parcel's cash and the booking."""
    return (
        Key(Payment, command.order_id),
        Key(CodParcel, cod_parcel_id(command.partner_id, command.parcel_id)),
        Key(LedgerEntry, _delivery_entry(command)),
    )


def report_cod_remittance(command: ReportCodRemittance, loaded: Loaded, moment: Moment) -> Outcome:
    """Compare a statement with what is open, book every line, settle it when the money was seen, and clear it."""
    known = loaded.get(CodStatement, statement_key(command.partner_id, command.statement_id))
    if known is not None and not known.says(command.lines):
        raise StatementMismatch(partner_id=command.partner_id, statement_id=command.statement_id)
    stated, changes = _stated(command, loaded, moment) if known is None else _again(command, known, loaded, moment)
    statement, cleared = matched(command, stated, loaded, moment)
    if statement is known:
        return Outcome(reply=known)
    return Outcome((*changes, *cleared, Change(statement)), statement)


def report_cod_remittance_keys(command: ReportCodRemittance) -> Iterable[Key[Any]]:
    """The statement, and of every line the cash, the bookings and the payment."""
    yield Key(CodStatement, statement_key(command.partner_id, command.statement_id))
    for parcel_id, _amount in command.lines:
        yield Key(CodParcel, cod_parcel_id(command.partner_id, parcel_id))
        yield Key(LedgerEntry, _line_entry("remitted", command, parcel_id))
        yield Key(LedgerEntry, _line_entry("settled", command, parcel_id))
    for order_id in dict.fromkeys(order_of(parcel_id) for parcel_id, _amount in command.lines):
        yield Key(Payment, order_id)
    yield from matched_keys(command)


def _again(
    command: ReportCodRemittance, known: CodStatement, loaded: Loaded, moment: Moment
) -> tuple[CodStatement, tuple[Change, ...]]:
    """The money of a statement that was known is said to have arrived; the second time nothing changes."""
    if not command.settles or known.settled:
        return known, ()
    changes = [change for line in known.lines for change in _settled(command, line, loaded, moment)]
    return replace(known, settled=True), tuple(changes)


def _stated(command: ReportCodRemittance, loaded: Loaded, moment: Moment) -> tuple[CodStatement, tuple[Change, ...]]:
    payments: dict[str, Change] = {}
    changes: list[Change] = []
    lines: list[StatedLine] = []
    for parcel_id, amount_vnd in command.lines:
        order_id = order_of(parcel_id)
        payment = payment_of(loaded, order_id, moment)
        before = _cash(loaded, command.partner_id, parcel_id, payment)
        lines.append(_line(before, amount_vnd))
        if amount_vnd or before.version:
            changes += _remitted(command, before, amount_vnd, payment, moment)
        if amount_vnd and _may_have_collected(before, payment):
            payments[order_id] = _noted(command, lines[-1], payments.get(order_id) or Change(payment))
    statement = CodStatement(
        id=statement_key(command.partner_id, command.statement_id),
        partner_id=command.partner_id,
        statement_id=command.statement_id,
        remit_time=command.remit_time,
        settled=command.settles,
        lines=tuple(lines),
    )
    return statement, (*payments.values(), *changes)


def _may_have_collected(cash: CodParcel, payment: Payment) -> bool:
    """Whether the partner delivered the parcel, or nobody did yet as far as we know and there is cash to collect."""
    return cash.delivered or payment.awaits_cash(cash.parcel_id)


def _noted(command: ReportCodRemittance, line: StatedLine, so_far: Change) -> Change:
    """The payment of an order with one more of its parcels remitted."""
    payment = cast(Payment, so_far.aggregate)
    fact = CodRemitted(
        order_id=payment.id,
        parcel_id=line.parcel_id,
        partner_id=command.partner_id,
        amount_vnd=line.amount_vnd,
        statement_id=command.statement_id,
        remit_time=command.remit_time,
    )
    detail = f"{line.parcel_id} {line.amount_vnd} {command.statement_id}"
    return Change(payment.noted("CodRemitted", command.remit_time, detail), (*so_far.facts, fact))


def _remitted(
    command: ReportCodRemittance, before: CodParcel, amount_vnd: int, owner: Payment, moment: Moment
) -> tuple[Change, ...]:
    after = before.remit(amount_vnd)
    if command.settles:
        after = after.settle(amount_vnd)
    entry_id = _line_entry("remitted", command, before.parcel_id)
    steps = (before.books(), after.books())
    return (Change(after), *booked(entry_id, owner, moment, steps, parcel_id=before.parcel_id))


def _settled(command: ReportCodRemittance, line: StatedLine, loaded: Loaded, moment: Moment) -> tuple[Change, ...]:
    if not line.amount_vnd:
        return ()
    before = loaded.require(CodParcel, cod_parcel_id(command.partner_id, line.parcel_id))
    after = before.settle(line.amount_vnd)
    owner = Payment(id=before.order_id, trace=before.trace)
    steps = (before.books(), after.books())
    entry_id = _line_entry("settled", command, line.parcel_id)
    return (Change(after), *booked(entry_id, owner, moment, steps, parcel_id=line.parcel_id))


def _cash(loaded: Loaded, partner_id: str, parcel_id: str, owner: Payment) -> CodParcel:
    """The parcel's cash at a partner; a new one, of version 0, if nothing was heard of it."""
    id = cod_parcel_id(partner_id, parcel_id)
    found = loaded.get(CodParcel, id)
    return found or CodParcel(id=id, trace=owner.trace, parcel_id=parcel_id, order_id=owner.id, partner_id=partner_id)


def _line(cash: CodParcel, amount_vnd: int) -> StatedLine:
    return StatedLine(
        parcel_id=cash.parcel_id,
        amount_vnd=amount_vnd,
        open_vnd=cash.open_vnd,
        outcome=cash.outcome(amount_vnd),
    )


def _collected(command: CollectCod, due_date: date) -> CodCollected:
    return CodCollected(
        order_id=command.order_id,
        parcel_id=command.parcel_id,
        partner_id=command.partner_id,
        amount_vnd=command.collected_vnd,
        collect_time=command.deliver_time,
        remit_due_date=due_date,
    )


def _delivery_entry(command: CollectCod) -> str:
    return f"delivered/{command.parcel_id}"


def _line_entry(kind: str, command: ReportCodRemittance, parcel_id: str) -> str:
    return f"{kind}/{command.partner_id}/{command.statement_id}/{parcel_id}"
