"""Finds the few transfers that still have a memo, to forget it in time."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("bank_transfers_memo", "bank_transfers", ["id"], postgresql_where=sa.text("memo <> ''"))
