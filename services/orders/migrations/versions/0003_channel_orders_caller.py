"""Who placed a channel's order, so that nobody else is answered with it; empty = placed before this was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("channel_orders", sa.Column("placed_by", sa.Text, nullable=False, server_default=sa.text("''")))
