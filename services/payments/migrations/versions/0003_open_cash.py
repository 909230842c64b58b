"""Finds the parcels whose cash a partner still owes or disputes, few among all that were ever delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    is_open = sa.text("outstanding_vnd <> 0 OR disputed_vnd <> 0")
    op.create_index("cod_parcels_open", "cod_parcels", ["partner_id"], postgresql_where=is_open)
