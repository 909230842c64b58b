"""Orders are found by the id their channel gave them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    given = sa.text("channel_order_id <> ''")
    op.create_index("orders_channel_order", "orders", ["channel_order_id"], postgresql_where=given)
