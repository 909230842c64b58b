"""The tables of payments: one per aggregate, columns named as its fields."""

from __future__ import annotations

from typing import Any

from chassis.store import AggregateStore, aggregate_columns
from chassis.tables import attach
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from payments.domain.cod import CodParcel, CodStatement
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.transfer import BankTransfer

metadata = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, metadata, *aggregate_columns(), *columns)


def _texts(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def _vnd(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def _flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Boolean, nullable=False) for name in names]


def _time(name: str, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _records(name: str) -> Column[Any]:
    return Column(name, JSONB, nullable=False)


payments = _table(
    "payments",
    *_texts("state", "method", "qr_payload"),
    Column("placed_by", Text, nullable=False, server_default=text("''")),
    *_vnd("total_vnd", "received_vnd", "refund_due_vnd", "refund_paid_vnd"),
    *_flags("paid"),
    _time("expire_time", nullable=True),
    _records("parts"),
    _records("history"),
)
Index("payments_waiting", payments.c.expire_time, postgresql_where=text("state = 'REQUESTED'"))

bank_transfers = _table(
    "bank_transfers", *_texts("order_id", "state", "memo"), *_vnd("amount_vnd"), _time("bank_time"), *_flags("incoming")
)
Index("bank_transfers_order", bank_transfers.c.order_id)
_is_unmatched = text("state = 'UNMATCHED'")
Index("bank_transfers_unmatched", bank_transfers.c.bank_time, bank_transfers.c.id, postgresql_where=_is_unmatched)
Index("bank_transfers_memo", bank_transfers.c.id, postgresql_where=text("memo <> ''"))

refunds = _table(
    "refunds",
    *_texts("order_id", "part_id", "reason", "paid_transaction"),
    *_vnd("amount_vnd"),
    _time("due_time"),
    _time("paid_time", nullable=True),
)
Index("refunds_order", refunds.c.order_id)
Index("refunds_unpaid", refunds.c.due_time, refunds.c.id, postgresql_where=text("paid_time IS NULL"))

cod_parcels = _table(
    "cod_parcels",
    *_texts("parcel_id", "order_id", "partner_id", "state"),
    *_flags("delivered", "stated"),
    *_vnd("expected_vnd", "collected_vnd", "remitted_vnd", "settled_vnd", "outstanding_vnd", "disputed_vnd"),
    Column("remit_due_date", Date),
)
Index("cod_parcels_order", cod_parcels.c.order_id)
Index("cod_parcels_partner", cod_parcels.c.partner_id, cod_parcels.c.id)
_is_open = text("outstanding_vnd <> 0 OR disputed_vnd <> 0")
Index("cod_parcels_open", cod_parcels.c.partner_id, postgresql_where=_is_open)

cod_statements = _table(
    "cod_statements",
    *_texts("partner_id", "statement_id"),
    _time("remit_time"),
    *_flags("settled"),
    _records("lines"),
    Column("transfer_id", Text, nullable=False, server_default=text("''")),
)

ledger_entries = _table("ledger_entries", *_texts("order_id", "parcel_id"), _time("post_time"), _records("lines"))
Index("ledger_entries_order", ledger_entries.c.order_id)
Index("ledger_entries_parcel", ledger_entries.c.parcel_id)
Index("ledger_entries_time", ledger_entries.c.post_time, ledger_entries.c.id)

# Kept by a trigger of the migration; account "" is the whole ledger.
ledger_balances = Table(
    "ledger_balances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("shard", Integer, primary_key=True),
    *_vnd("entries", "debit_vnd", "credit_vnd"),
)

attach(metadata)

PAYMENTS = AggregateStore(Payment, payments)
BANK_TRANSFERS = AggregateStore(BankTransfer, bank_transfers)
REFUNDS = AggregateStore(Refund, refunds)
COD_PARCELS = AggregateStore(CodParcel, cod_parcels)
COD_STATEMENTS = AggregateStore(CodStatement, cod_statements)
LEDGER_ENTRIES = AggregateStore(LedgerEntry, ledger_entries)

STORES = (PAYMENTS, BANK_TRANSFERS, REFUNDS, COD_PARCELS, COD_STATEMENTS, LEDGER_ENTRIES)
