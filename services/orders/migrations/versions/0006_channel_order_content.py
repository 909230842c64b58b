"""What a channel's order asked for, as a digest; empty = placed before this was kept, then anything is a replay."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("channel_orders", sa.Column("content", sa.Text, nullable=False, server_default=sa.text("''")))
