"""Which fact last said whether a seller may sell; 0 = none since the suspensions known so far."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    version = sa.Column("suspension_version", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    op.add_column("seller_views", version)
