"""Which bank transfer brought a statement's money; empty = nobody has said."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    transfer_id = sa.Column("transfer_id", sa.Text, nullable=False, server_default=sa.text("''"))
    op.add_column("cod_statements", transfer_id)
