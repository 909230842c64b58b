"""Tables of the first version."""

import sqlalchemy as sa
from alembic import op
from chassis.tables import create_tables_0001
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_tables_0001(op)
    op.create_table(
        "counters",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("mood", sa.Text, nullable=False),
        sa.Column("ratio", sa.Double, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("counted_time", sa.DateTime(timezone=True)),
        sa.Column("notes", JSONB, nullable=False),
        sa.Column("box", JSONB),
        sa.CheckConstraint("total <= 1000000", name="counters_total_max"),
    )
    op.create_table(
        "limits",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("most", sa.BigInteger, nullable=False),
    )
