"""Does every đồng balance: ledger against bank and couriers outside, order by order and parcel by parcel?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tests.e2e.auditor.evidence import Evidence, Finding, Row, moment, number

RECEIVABLE = "cod_receivable:"


def ledger_balance_vnd(evidence: Evidence) -> int:
    """The sum over all accounts, in đồng."""
    return sum(line["amount_vnd"] for row in evidence.rows("payments", "ledger_entries") for line in row["lines"])


def unbalanced(evidence: Evidence) -> Iterator[Finding]:
    """Entries that do not sum to zero by themselves."""
    for row in evidence.rows("payments", "ledger_entries"):
        if wrong := sum(line["amount_vnd"] for line in row["lines"]):
            yield Finding("ledger_balance_vnd", f"entry {row['id']} is out by {wrong} đồng", abs(wrong))


def doubled(evidence: Evidence) -> Iterator[Finding]:
    """What the bank account and the couriers' accounts hold, against what bank and couriers did outside.

    A booking made twice, or not at all, shows as a difference of its order or parcel.
    """
    yield from _differences("bank account", booked(evidence, "bank"), _bank_outside(evidence))
    yield from _differences("courier's cash", booked(evidence, RECEIVABLE, by="parcel_id"), _cash_outside(evidence))


def _differences(name: str, inside: Counter[str], outside: Counter[str]) -> Iterator[Finding]:
    for id in sorted(inside.keys() | outside.keys()):
        if inside[id] != outside[id]:
            text = f"{name}: {inside[id]} đồng are booked for {id or 'no order'}, outside it was {outside[id]}"
            yield Finding("duplicate_effects", text)


def booked(evidence: Evidence, account: str, by: str = "order_id", until: datetime | None = None) -> Counter[str]:
    """Debits less credits on an account (or on all that begin with this), by order or parcel, until a business time."""
    sums: Counter[str] = Counter()
    for row in evidence.rows("payments", "ledger_entries"):
        if until is None or row["post_time"] <= until:
            for line in row["lines"]:
                if line["account"].startswith(account):
                    sums[row[by]] += line["amount_vnd"]
    return sums


def _bank_outside(evidence: Evidence) -> Counter[str]:
    """By order: transfers in, cash that arrived, refunds out; each once, however often it was told."""
    sums, refunds, cash = transferred(evidence), {}, {}
    for call in evidence.calls("ReportRefundPaid"):
        refunds[call["request"]["refund_id"]] = call
    for call in evidence.calls("ReportCodRemittance", ["bank"]):
        for line in call["request"]["lines"]:
            cash[line["parcel_id"]] = number(line, "amount_vnd")
    for call in refunds.values():
        sums[call["answer"]["refund"]["order_id"]] -= number(call["request"], "amount_vnd")
    for parcel, amount in cash.items():
        sums[parcel.rpartition("-")[0]] += amount
    return sums


def transferred(evidence: Evidence) -> Counter[str]:
    """By order: what the bank said came in, each transfer once."""
    transfers = {call["request"]["provider_transaction_id"]: call for call in evidence.calls("ReportBankTransfer")}
    sums: Counter[str] = Counter()
    for call in transfers.values():
        sums[call["answer"].get("order_id", "")] += number(call["request"], "amount_vnd")
    return sums


def _cash_outside(evidence: Evidence) -> Counter[str]:
    """By parcel: cash taken at doors, less what the couriers remitted."""
    sums = _doors(evidence)
    sums.subtract(_stated(evidence))
    return sums


def _doors(evidence: Evidence) -> Counter[str]:
    return Counter(
        {parcel: number(scan["request"], "cod_collected_vnd") for parcel, scan in delivered(evidence).items()}
    )


def _stated(evidence: Evidence) -> Counter[str]:
    """By parcel: cash on the couriers' own statements."""
    sums: Counter[str] = Counter()
    partners = [actor for actor in evidence.journals if actor.startswith("partner-")]
    statements = {call["request"]["statement_id"]: call for call in evidence.calls("ReportCodRemittance", partners)}
    for call in statements.values():
        for line in call["request"]["lines"]:
            sums[line["parcel_id"]] += number(line, "amount_vnd")
    return sums


def delivered(evidence: Evidence) -> dict[str, Row]:
    """By parcel, the scan with which a courier said that the buyer has it."""
    scans = (call for call in evidence.calls("ReportScan") if call["request"].get("kind") == "SCAN_KIND_DELIVERED")
    return {call["request"]["parcel_id"]: call for call in scans}


def cash_facts(evidence: Evidence, kind: str, until: datetime | None = None) -> Counter[str]:
    """By parcel, cash collected ("cod_collected") or remitted ("cod_remitted") until a business time, by the facts."""
    sums: Counter[str] = Counter()
    for fact in evidence.of(kind):
        when = fact.body.collect_time if kind == "cod_collected" else fact.body.remit_time
        if until is None or moment(when) <= until:
            sums[fact.body.parcel_id] += fact.body.amount_vnd
    return sums


def cash_differences(evidence: Evidence) -> Iterator[Finding]:
    """Parcel by parcel: cash at the doors, ParcelDelivered and CodCollected; then the statements and CodRemitted."""
    told: Counter[str] = Counter({f.key: f.body.cod_collected_vnd for f in evidence.of("parcel_delivered")})
    doors, collected = _doors(evidence), cash_facts(evidence, "cod_collected")
    stated, remitted = _stated(evidence), cash_facts(evidence, "cod_remitted")
    for parcel in sorted(doors.keys() | told.keys() | collected.keys() | stated.keys() | remitted.keys()):
        if len({doors[parcel], told[parcel], collected[parcel]}) > 1:
            amounts = f"{doors[parcel]} at the door, {told[parcel]} delivered, {collected[parcel]} collected"
            yield Finding("cash_differences", f"{parcel}: {amounts}, in đồng")
        if stated[parcel] != remitted[parcel]:
            yield Finding("cash_differences", f"{parcel}: {stated[parcel]} đồng stated, {remitted[parcel]} remitted")


def refund_differences(evidence: Evidence) -> Iterator[Finding]:
    """Refunds that were asked for twice, never paid, or paid with another amount."""
    due = Counter[str]()
    for fact in evidence.of("refund_due"):
        due[fact.body.refund_id] += fact.body.amount_vnd
    calls = evidence.calls("ReportRefundPaid")
    paid = {call["request"]["refund_id"]: number(call["request"], "amount_vnd") for call in calls}
    for refund in sorted(due.keys() | paid.keys()):
        if due[refund] != paid.get(refund, 0):
            yield Finding("refund_differences", f"{refund}: {due[refund]} đồng due, {paid.get(refund, 0)} paid out")
