"""Running balances of the ledger, kept by the database in the transaction that books."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Each connection adds to rows of one shard out of 16: bookings side by side do not wait for each other's commit.
ADD = """
    INSERT INTO ledger_balances AS b (account, shard, entries, debit_vnd, credit_vnd)
    SELECT coalesce(account, ''), pg_backend_pid() % 16, count(DISTINCT id),
           sum(greatest(vnd, 0)), sum(greatest(-vnd, 0))
    FROM (SELECT id, line->>'account' AS account, (line->>'amount_vnd')::bigint AS vnd
          FROM {booked}, jsonb_array_elements(lines) AS line) AS booked_lines
    GROUP BY GROUPING SETS ((account), ())
    HAVING count(*) > 0
    ORDER BY 1
    ON CONFLICT (account, shard) DO UPDATE SET entries = b.entries + excluded.entries,
        debit_vnd = b.debit_vnd + excluded.debit_vnd, credit_vnd = b.credit_vnd + excluded.credit_vnd"""


def upgrade() -> None:
    amounts = ("entries", "debit_vnd", "credit_vnd")
    op.create_table(
        "ledger_balances",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in amounts),
    )
    # From here on nothing is booked until this migration is committed, so that no entry is counted twice or never.
    op.execute(f"""
        CREATE FUNCTION add_to_balances() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {ADD.format(booked="booked")}; RETURN NULL; END $$""")
    op.execute("""
        CREATE TRIGGER ledger_entries_balances AFTER INSERT ON ledger_entries
        REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION add_to_balances()""")
    op.execute(ADD.format(booked="ledger_entries"))
