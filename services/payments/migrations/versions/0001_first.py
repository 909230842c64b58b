"""The first tables: payments, transfers, refunds, cash, statements and the append-only ledger."""

import sqlalchemy as sa
from alembic import op
from chassis.tables import create_tables_0001
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_tables_0001(op)
    _payments()
    _transfers_and_refunds()
    _cash()
    _ledger()


def _table(name: str, *columns: sa.Column) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        *columns,
    )


def _columns(kind: object, *names: str) -> list[sa.Column]:
    return [sa.Column(name, kind, nullable=False) for name in names]


TIME = sa.DateTime(timezone=True)


def _payments() -> None:
    _table(
        "payments",
        *_columns(sa.Text, "state", "method", "qr_payload"),
        *_columns(sa.BigInteger, "total_vnd", "received_vnd", "refund_due_vnd", "refund_paid_vnd"),
        *_columns(sa.Boolean, "paid"),
        sa.Column("expire_time", TIME),
        *_columns(JSONB, "parts", "history"),
    )
    waiting = sa.text("state = 'REQUESTED'")
    op.create_index("payments_waiting", "payments", ["expire_time"], postgresql_where=waiting)


def _transfers_and_refunds() -> None:
    _table(
        "bank_transfers",
        *_columns(sa.Text, "order_id", "state", "memo"),
        *_columns(sa.BigInteger, "amount_vnd"),
        *_columns(TIME, "bank_time"),
        *_columns(sa.Boolean, "incoming"),
    )
    op.create_index("bank_transfers_order", "bank_transfers", ["order_id"])
    unmatched = sa.text("state = 'UNMATCHED'")
    op.create_index("bank_transfers_unmatched", "bank_transfers", ["bank_time", "id"], postgresql_where=unmatched)
    _table(
        "refunds",
        *_columns(sa.Text, "order_id", "part_id", "reason", "paid_transaction"),
        *_columns(sa.BigInteger, "amount_vnd"),
        *_columns(TIME, "due_time"),
        sa.Column("paid_time", TIME),
    )
    op.create_index("refunds_order", "refunds", ["order_id"])
    unpaid = sa.text("paid_time IS NULL")
    op.create_index("refunds_unpaid", "refunds", ["due_time", "id"], postgresql_where=unpaid)


def _cash() -> None:
    amounts = ("expected_vnd", "collected_vnd", "remitted_vnd", "settled_vnd", "outstanding_vnd", "disputed_vnd")
    _table(
        "cod_parcels",
        *_columns(sa.Text, "parcel_id", "order_id", "partner_id", "state"),
        *_columns(sa.Boolean, "delivered", "stated"),
        *_columns(sa.BigInteger, *amounts),
        sa.Column("remit_due_date", sa.Date),
    )
    op.create_index("cod_parcels_order", "cod_parcels", ["order_id"])
    op.create_index("cod_parcels_partner", "cod_parcels", ["partner_id", "id"])
    _table(
        "cod_statements",
        *_columns(sa.Text, "partner_id", "statement_id"),
        *_columns(TIME, "remit_time"),
        *_columns(sa.Boolean, "settled"),
        *_columns(JSONB, "lines"),
    )


def _ledger() -> None:
    _table(
        "ledger_entries",
        *_columns(sa.Text, "order_id", "parcel_id"),
        *_columns(TIME, "post_time"),
        *_columns(JSONB, "lines"),
    )
    op.create_index("ledger_entries_order", "ledger_entries", ["order_id"])
    op.create_index("ledger_entries_parcel", "ledger_entries", ["parcel_id"])
    op.create_index("ledger_entries_time", "ledger_entries", ["post_time", "id"])
    # What was booked stays booked, whatever the code above it does: a mistake is corrected by another entry.
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'ledger entries are never changed or removed'; END $$""")
    op.execute("""
        CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
