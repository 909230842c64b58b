"""Who placed the order, so that no other channel is shown its payment; empty = asked for before this was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("payments", sa.Column("placed_by", sa.Text, nullable=False, server_default=sa.text("''")))
