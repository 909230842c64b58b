"""When an order's stock was sold, so that a day's orders can be counted; unknown for those sold before."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("stock_holds", sa.Column("commit_time", sa.DateTime(timezone=True)))
    op.create_index(
        "stock_holds_committed", "stock_holds", ["commit_time"], postgresql_where=sa.text("commit_time IS NOT NULL")
    )
