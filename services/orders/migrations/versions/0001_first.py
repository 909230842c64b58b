"""Tables of the first version."""

import sqlalchemy as sa
from alembic import op
from chassis.tables import create_tables_0001
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def aggregate_columns() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
    ]


def upgrade() -> None:
    create_tables_0001(op)
    create_orders()
    create_contacts()
    create_views()


def create_orders() -> None:
    op.create_table(
        "orders",
        *aggregate_columns(),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("wait", sa.Text, nullable=False),
        sa.Column("deadline_time", sa.DateTime(timezone=True)),
        sa.Column("overdue", sa.Boolean, nullable=False),
        sa.Column("cancel_reason", sa.Text, nullable=False),
        sa.Column("stock", sa.Text, nullable=False),
        sa.Column("payment", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("channel_order_id", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("destination", JSONB, nullable=False),
        sa.Column("payment_method", sa.Text, nullable=False),
        sa.Column("parts", JSONB, nullable=False),
        sa.Column("total_vnd", sa.BigInteger, nullable=False),
        sa.Column("place_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_time", sa.DateTime(timezone=True)),
        sa.Column("history", JSONB, nullable=False),
    )
    op.create_index(
        "orders_deadline", "orders", ["deadline_time"], postgresql_where=sa.text("deadline_time IS NOT NULL")
    )
    op.create_index("orders_session", "orders", ["session_id", "id"], postgresql_where=sa.text("session_id <> ''"))
    op.create_index("orders_overdue", "orders", ["id"], postgresql_where=sa.text("overdue"))


def create_contacts() -> None:
    op.create_table(
        "contacts",
        *aggregate_columns(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("erase_time", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "channel_orders",
        *aggregate_columns(),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("total_vnd", sa.BigInteger, nullable=False),
        sa.Column("place_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parts", JSONB, nullable=False),
    )


def create_views() -> None:
    op.create_table(
        "product_views",
        *aggregate_columns(),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.BigInteger, nullable=False),
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("prices", JSONB, nullable=False),
        sa.Column("size", JSONB, nullable=False),
        sa.Column("handling", JSONB, nullable=False),
    )
    op.create_table(
        "seller_views",
        *aggregate_columns(),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("pickup_points", JSONB, nullable=False),
    )
    op.create_table(
        "session_views",
        *aggregate_columns(),
        sa.Column("start_time", sa.DateTime(timezone=True)),
        sa.Column("end_time", sa.DateTime(timezone=True)),
        sa.Column("offers", JSONB, nullable=False),
    )
    op.execute(
        """
        CREATE VIEW for_sale AS
        SELECT p.id, p.version, p.trace, p.published, p.withdrawn, p.seller_id, p.prices, p.size, p.handling,
            coalesce(s.is_suspended, false) AS seller_is_suspended,
            coalesce(s.pickup_points, '[]') AS pickup_points
        FROM product_views p LEFT JOIN seller_views s ON s.id = p.seller_id"""
    )
