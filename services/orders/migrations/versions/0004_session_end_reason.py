"""Why a session ended; empty = ended before this was kept, and its orders stay refused."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    reason = sa.Column("end_reason", sa.Text, nullable=False, server_default=sa.text("''"))
    op.add_column("session_views", reason)
